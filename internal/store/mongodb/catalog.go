package mongodb

import (
	"context"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/bson/primitive"
	"go.mongodb.org/mongo-driver/mongo"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/store"
)

var _ store.CatalogWriter = (*Store)(nil)

// The documents of the catalog.
type (
	clientDocument struct {
		ID                int32  `bson:"_id"`
		Name              string `bson:"name"`
		TimeZone          string `bson:"time_zone"`
		CollectionEnabled bool   `bson:"collection_enabled"`
		AccountsRevision  int64  `bson:"accounts_revision"` // raised after accounts have changed
	}

	channelDocument struct {
		ID         string  `bson:"_id"`
		ClientID   int32   `bson:"client_id"`
		ChannelID  int32   `bson:"channel_id"`
		Name       string  `bson:"name"`
		Number     int32   `bson:"number"`
		Categories []int32 `bson:"categories"`
		Enabled    bool    `bson:"enabled"`
		Deleted    bool    `bson:"deleted"`
	}

	tariffDocument struct {
		ID       string `bson:"_id"`
		ClientID int32  `bson:"client_id"`
		TariffID int32  `bson:"tariff_id"`
		Name     string `bson:"name"`
		Deleted  bool   `bson:"deleted"`
	}

	categoryDocument struct {
		ID         string `bson:"_id"`
		ClientID   int32  `bson:"client_id"`
		CategoryID int32  `bson:"category_id"`
		Name       string `bson:"name"`
		Deleted    bool   `bson:"deleted"`
	}

	programmeDocument struct {
		ID          string             `bson:"_id"`
		ClientID    int32              `bson:"client_id"`
		ProgrammeID int64              `bson:"programme_id"`
		ChannelID   int32              `bson:"channel_id"`
		Title       string             `bson:"title"`
		StartAt     primitive.DateTime `bson:"start_at"`
		EndAt       primitive.DateTime `bson:"end_at"`
		Deleted     bool               `bson:"deleted"`
	}
)

// ApplyCatalog upserts the batch, one collection after the other; see store.CatalogWriter. Whatever interrupts it, the
// same batch again completes it.
func (s *Store) ApplyCatalog(ctx context.Context, batch catalog.Batch) error {
	if err := s.writable(ctx); err != nil {
		return err
	}
	erased, err := s.erasedNow(ctx)
	if err != nil {
		return fault(ctx, "read erased accounts", err)
	}
	batch = erased.Batch(batch)
	err = followedUp(ctx,
		func(ctx context.Context) error { return s.applyCatalog(ctx, batch) },
		func(ctx context.Context) error { return s.mourn(ctx, erased, accountsIn(batch)) })
	return fault(ctx, "apply the catalog", err)
}

// accountsIn are the accounts that a batch tells of.
func accountsIn(batch catalog.Batch) []accountOf {
	var accounts []accountOf
	for _, a := range batch.Accounts {
		accounts = append(accounts, accountOf{batch.ClientID, a.ID})
	}
	for _, p := range batch.Payments {
		accounts = append(accounts, accountOf{batch.ClientID, p.AccountID})
	}
	return accounts
}

func (s *Store) applyCatalog(ctx context.Context, batch catalog.Batch) error {
	if err := s.applyClient(ctx, batch); err != nil {
		return err
	}
	for collection, documents := range entityDocuments(batch) {
		models := make([]mongo.WriteModel, 0, len(documents))
		for id, document := range documents {
			models = append(models, mongo.NewReplaceOneModel().SetFilter(bson.M{"_id": id}).SetReplacement(document).SetUpsert(true))
		}
		if err := bulkUpsert(ctx, s.collection(collection), models); err != nil {
			return err
		}
	}
	if err := s.applyPayments(ctx, batch.ClientID, batch.Payments); err != nil {
		return err
	}
	return s.applyAccounts(ctx, batch.ClientID, batch.Accounts)
}

// entityDocuments are the documents that simply replace what was known, by collection and _id.
func entityDocuments(batch catalog.Batch) map[string]map[string]any {
	id := batch.ClientID
	return map[string]map[string]any{
		channelsCollection: documents(batch.Channels, func(c *catalog.Channel) (string, any) {
			return entityID(id, c.ID), channelDocument{entityID(id, c.ID), id, c.ID, c.Name, c.Number, c.Categories, c.Enabled, c.Deleted}
		}),
		tariffsCollection: documents(batch.Tariffs, func(t *catalog.Tariff) (string, any) {
			return entityID(id, t.ID), tariffDocument{entityID(id, t.ID), id, t.ID, t.Name, t.Deleted}
		}),
		categoriesCollection: documents(batch.Categories, func(c *catalog.Category) (string, any) {
			return entityID(id, c.ID), categoryDocument{entityID(id, c.ID), id, c.ID, c.Name, c.Deleted}
		}),
		programmesCollection: documents(batch.Programmes, func(p *catalog.Programme) (string, any) {
			return entityID(id, p.ID), programmeDocument{
				entityID(id, p.ID), id, p.ID, p.ChannelID, p.Title, date(p.Start), date(p.End), p.Deleted,
			}
		}),
	}
}

// documents are the entities by _id; of two with one _id the later one stays.
func documents[T any](entities []T, document func(*T) (string, any)) map[string]any {
	all := make(map[string]any, len(entities))
	for i := range entities {
		id, one := document(&entities[i])
		all[id] = one
	}
	return all
}
