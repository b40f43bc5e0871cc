package mongodb

import (
	"context"

	"go.mongodb.org/mongo-driver/bson"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/viewing"
)

// applyClient makes the client exist, as it was told of or else as it was.
func (s *Store) applyClient(ctx context.Context, batch catalog.Batch) error {
	if batch.Client == nil {
		return s.ensureClient(ctx, batch.ClientID)
	}
	c := batch.Client
	return s.upsertClient(ctx, c.ID, bson.M{
		"$set":         bson.M{"name": c.Name, "time_zone": c.TimeZone, "collection_enabled": c.CollectionEnabled},
		"$setOnInsert": bson.M{"accounts_revision": int64(0)},
	})
}

// ensureClients makes the clients of the reports exist.
func (s *Store) ensureClients(ctx context.Context, reports []viewing.Report) error {
	for i := range reports {
		if err := s.ensureClient(ctx, reports[i].ClientID); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) ensureClient(ctx context.Context, id int32) error {
	if _, exists := s.clients.Load(id); exists {
		return nil
	}
	client := catalog.NewClient(id)
	return s.upsertClient(ctx, id, bson.M{"$setOnInsert": bson.M{
		"name": client.Name, "time_zone": client.TimeZone, "collection_enabled": client.CollectionEnabled,
		"accounts_revision": int64(0),
	}})
}

func (s *Store) upsertClient(ctx context.Context, id int32, update bson.M) error {
	err := upsertOne(ctx, s.collection(clientsCollection), bson.M{"_id": id}, update)
	if err == nil {
		s.clients.Store(id, struct{}{})
	}
	return err
}
