package mongodb

import (
	"context"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var _ store.CatalogReader = (*Store)(nil)

// Clients answers all clients by id.
func (s *Store) Clients(ctx context.Context) ([]catalog.Client, error) {
	return read(ctx, s.collection(clientsCollection), bson.M{}, "_id", clientDocument.client)
}

// Client answers one client.
func (s *Store) Client(ctx context.Context, clientID int32) (catalog.Client, error) {
	found, err := readOne[clientDocument](ctx, s.collection(clientsCollection), bson.M{"_id": clientID})
	if errors.Is(err, store.ErrNotFound) {
		return catalog.Client{}, store.UnknownClient(clientID)
	}
	if err != nil {
		return catalog.Client{}, fault(ctx, fmt.Sprintf("client %d", clientID), err)
	}
	return found.client(), nil
}

func (d clientDocument) client() catalog.Client {
	return catalog.Client{ID: d.ID, Name: d.Name, TimeZone: d.TimeZone, CollectionEnabled: d.CollectionEnabled}
}

// Channels answers all channels of a client by id.
func (s *Store) Channels(ctx context.Context, clientID int32) ([]catalog.Channel, error) {
	return read(ctx, s.collection(channelsCollection), bson.M{"client_id": clientID}, "channel_id", func(d channelDocument) catalog.Channel {
		return catalog.Channel{
			ID: d.ChannelID, Name: d.Name, Number: d.Number, Categories: d.Categories, Enabled: d.Enabled, Deleted: d.Deleted,
		}
	})
}

// Tariffs answers all tariffs of a client by id.
func (s *Store) Tariffs(ctx context.Context, clientID int32) ([]catalog.Tariff, error) {
	return read(ctx, s.collection(tariffsCollection), bson.M{"client_id": clientID}, "tariff_id", func(d tariffDocument) catalog.Tariff {
		return catalog.Tariff{ID: d.TariffID, Name: d.Name, Deleted: d.Deleted}
	})
}

// Categories answers all categories of a client by id.
func (s *Store) Categories(ctx context.Context, clientID int32) ([]catalog.Category, error) {
	return read(ctx, s.collection(categoriesCollection), bson.M{"client_id": clientID}, "category_id", func(d categoryDocument) catalog.Category {
		return catalog.Category{ID: d.CategoryID, Name: d.Name, Deleted: d.Deleted}
	})
}

// Account answers the current state of an account; see store.CatalogReader.
func (s *Store) Account(ctx context.Context, clientID int32, accountID int64) (catalog.Account, error) {
	found, err := readOne[accountDocument](ctx, s.collection(accountsCollection),
		bson.M{"_id": entityID(clientID, accountID), "deleted": false})
	if err != nil {
		return catalog.Account{}, fault(ctx, fmt.Sprintf("account %d of client %d", accountID, clientID), err)
	}
	current := found.Current
	return catalog.Account{
		ID: found.AccountID, Active: current.Active, Tariffs: current.Tariffs,
		RegisteredAt: viewing.Millis(current.RegisteredAt), ChangedAt: viewing.Millis(current.ChangedAt),
	}, nil
}

// read answers the documents that match, in the order of a field, as what they stand for.
func read[D, T any](ctx context.Context, c *mongo.Collection, filter bson.M, order string, convert func(D) T) ([]T, error) {
	documents, err := find[D](ctx, c, filter, options.Find().SetSort(bson.M{order: 1}))
	if err != nil {
		return nil, fault(ctx, "read "+c.Name(), err)
	}
	return converted(documents, convert), nil
}

func converted[D, T any](documents []D, convert func(D) T) []T {
	all := make([]T, len(documents))
	for i, document := range documents {
		all[i] = convert(document)
	}
	return all
}
