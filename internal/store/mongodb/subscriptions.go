package mongodb

import (
	"context"
	"errors"
	"maps"
	"sync"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo/options"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var _ store.Subscriptions = (*Store)(nil)

// CollectionEnabled tells whether the client's viewing may be stored. It asks the server: another process may have been
// told.
func (s *Store) CollectionEnabled(ctx context.Context, clientID int32) (bool, error) {
	client, err := s.clientState(ctx, clientID)
	if errors.Is(err, store.ErrNotFound) {
		return true, nil
	}
	return client.CollectionEnabled, err
}

func (s *Store) clientState(ctx context.Context, clientID int32) (clientDocument, error) {
	return persist(ctx, func(ctx context.Context) (clientDocument, error) {
		client, err := readOne[clientDocument](ctx, s.collection(clientsCollection), bson.M{"_id": clientID},
			options.FindOne().SetProjection(bson.M{"collection_enabled": 1, "accounts_revision": 1}))
		return client, fault(ctx, "read client", err)
	})
}

// tariffCache holds tariffs of accounts, by client. What it holds of a client is right as long as the client's revision of
// accounts stays, which is asked for every batch: also after another process has changed an account.
type tariffCache struct {
	mu      sync.Mutex
	clients map[int32]*clientTariffs
}

type clientTariffs struct {
	revision int64
	accounts map[int64][]int32
}

// StampTariffs gives reports without tariffs those of their accounts; see store.Subscriptions.
func (s *Store) StampTariffs(ctx context.Context, reports []viewing.Report) error {
	bare := map[int32][]*viewing.Report{}
	for i := range reports {
		if r := &reports[i]; len(r.Tariffs) == 0 {
			bare[r.ClientID] = append(bare[r.ClientID], r)
		}
	}
	for client, reports := range bare {
		if err := s.stampClient(ctx, client, reports); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) stampClient(ctx context.Context, clientID int32, reports []*viewing.Report) error {
	client, err := s.clientState(ctx, clientID)
	if errors.Is(err, store.ErrNotFound) || err == nil && client.AccountsRevision == 0 {
		return nil // it has no accounts
	}
	if err != nil {
		return err
	}
	missing := s.tariffs.stamp(clientID, client.AccountsRevision, reports)
	if len(missing) == 0 {
		return nil
	}
	tariffs, err := persist(ctx, func(ctx context.Context) (map[int64][]int32, error) {
		return s.tariffsOf(ctx, clientID, missing)
	})
	if err != nil {
		return err
	}
	s.tariffs.add(clientID, client.AccountsRevision, tariffs)
	for _, r := range missing {
		r.Tariffs = tariffs[r.AccountID]
	}
	return nil
}

// tariffsOf reads the tariffs of the accounts of the reports; an account that has none, or is not known, has nil.
func (s *Store) tariffsOf(ctx context.Context, clientID int32, reports []*viewing.Report) (map[int64][]int32, error) {
	tariffs := make(map[int64][]int32, len(reports))
	ids := make([]string, 0, len(reports))
	for _, r := range reports {
		if _, listed := tariffs[r.AccountID]; !listed {
			tariffs[r.AccountID] = nil
			ids = append(ids, entityID(clientID, r.AccountID))
		}
	}
	cursor, err := s.collection(accountsCollection).Find(ctx, bson.M{"_id": bson.M{"$in": ids}, "deleted": false},
		options.Find().SetProjection(bson.M{"account_id": 1, "tariffs": 1}))
	err = eachOf(ctx, cursor, err, func(a *accountDocument) error {
		if len(a.Current.Tariffs) > 0 {
			tariffs[a.AccountID] = a.Current.Tariffs
		}
		return nil
	})
	return tariffs, fault(ctx, "read tariffs of accounts", err)
}

// stamp stamps what it can and answers the other reports.
func (c *tariffCache) stamp(clientID int32, revision int64, reports []*viewing.Report) (missing []*viewing.Report) {
	c.mu.Lock()
	defer c.mu.Unlock()
	cached := c.clients[clientID]
	if cached == nil || cached.revision != revision {
		return reports
	}
	for _, r := range reports {
		tariffs, known := cached.accounts[r.AccountID]
		if !known {
			missing = append(missing, r)
			continue
		}
		r.Tariffs = tariffs
	}
	return missing
}

// add keeps what was read while the revision was, or came after, the given one.
func (c *tariffCache) add(clientID int32, revision int64, tariffs map[int64][]int32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.clients == nil {
		c.clients = map[int32]*clientTariffs{}
	}
	cached := c.clients[clientID]
	if cached == nil || cached.revision < revision {
		cached = &clientTariffs{revision: revision, accounts: map[int64][]int32{}}
		c.clients[clientID] = cached
	}
	if cached.revision == revision {
		maps.Copy(cached.accounts, tariffs)
	}
}
