package mongodb

import (
	"context"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"

	"github.com/tvstats/tvstats/internal/store"
)

// schemaVersion is raised whenever a program of before could not work with the database any more, or this one not with
// one of before.
const schemaVersion = 2

// schemaID is the _id of the only document of the collection schema.
const schemaID = "schema"

// layout is what Migrate makes of a collection.
type layout struct {
	collection string
	sharded    bool // by _id, which begins with the client
	hashed     bool // sharded by a hash of _id instead: what comes at a time goes to all shards
	indexes    []index
}

// index of a collection, besides that of _id.
type index struct {
	name string
	keys bson.D
}

// layouts is the whole schema. Viewing is found by _id, see ids.go, or by account.
var layouts = []layout{
	{collection: clientsCollection},
	{collection: channelsCollection, indexes: []index{{"client_channel", keys("client_id", "channel_id")}}},
	{collection: tariffsCollection, indexes: []index{{"client_tariff", keys("client_id", "tariff_id")}}},
	{collection: categoriesCollection, indexes: []index{{"client_category", keys("client_id", "category_id")}}},
	{collection: accountsCollection, sharded: true, indexes: []index{
		{"client_active_deleted", keys("client_id", "active", "deleted", "account_id")},
		{"client_began", keys("client_id", "began_at")},
	}},
	{collection: programmesCollection, sharded: true, indexes: []index{
		{"client_start", keys("client_id", "start_at", "channel_id", "programme_id")},
		{"client_end", keys("client_id", "end_at")},
	}},
	{collection: paymentsCollection, sharded: true, indexes: []index{{"client_paid", keys("client_id", "deleted", "paid_at")}}},
	{collection: reportsCollection, sharded: true, hashed: true, indexes: []index{{"written", keys("written_at")}}},
	{collection: sessionsCollection, sharded: true, indexes: []index{
		{"client_account_started", keys("client_id", "account_id", "started_at")},
	}},
	{collection: daysCollection, indexes: []index{
		{"rolled_day", keys("rolled", "day")},
		{"expired_day", keys("expired", "day")},
		{"writing_touched", keys("writing", "touched_at")},
	}},
	{collection: rollupsCollection, sharded: true},
	{collection: resultsCollection, indexes: []index{{"client_created", keys("client_id", "created_at", "_id")}}},
	{collection: figuresCollection, sharded: true, indexes: []index{{"client_kind_start", keys("client_id", "kind", "start_at")}}},
	{collection: erasuresCollection},
	{collection: jobsCollection, indexes: []index{
		{"created", keys("created_at", "_id")},
		{"state_created", keys("state", "created_at", "_id")},
	}},
}

// shardKey is how documents are spread over shards by their _ids.
func (l layout) shardKey() any {
	if l.hashed {
		return "hashed"
	}
	return 1
}

func keys(fields ...string) bson.D {
	keys := make(bson.D, len(fields))
	for i, field := range fields {
		keys[i] = bson.E{Key: field, Value: 1}
	}
	return keys
}

// CheckSchema answers nil where the database has the schema of this program, store.ErrOldSchema where Migrate must run
// first, store.ErrNewerSchema where a newer program did.
func (s *Store) CheckSchema(ctx context.Context) error {
	version, err := s.schemaVersion(ctx)
	switch {
	case err != nil:
		return err
	case version > schemaVersion:
		return fmt.Errorf("%w: %s has version %d, this program knows %d; run the version that migrated it or a later one",
			store.ErrNewerSchema, s.describe, version, schemaVersion)
	case version < schemaVersion:
		return fmt.Errorf("%w: %s has version %d, this program needs %d", store.ErrOldSchema, s.describe, version, schemaVersion)
	}
	s.usable.Store(true)
	return nil
}

func (s *Store) schemaVersion(ctx context.Context) (int, error) {
	var schema struct {
		Version int `bson:"version"`
	}
	err := s.collection(schemaCollection).FindOne(ctx, bson.M{"_id": schemaID}).Decode(&schema)
	if errors.Is(err, mongo.ErrNoDocuments) {
		return 0, nil
	}
	return schema.Version, fault(ctx, "read the version of the schema", err)
}

// writable stands before every write: nothing is written into a database that was never found to be ours.
func (s *Store) writable(ctx context.Context) error {
	if err := ctx.Err(); err != nil || s.usable.Load() {
		return err
	}
	return s.CheckSchema(ctx)
}

// Migrate brings the database to the schema of this program and tells each thing that it does. It may be interrupted,
// repeated, and run while programs of the same schema serve the database; those of an earlier one must have ended. With
// dryRun it tells what it would do.
func (s *Store) Migrate(ctx context.Context, dryRun bool, tell func(string)) error {
	version, err := s.schemaVersion(ctx)
	if err != nil {
		return err
	}
	if version > schemaVersion {
		return s.CheckSchema(ctx)
	}
	m := &migration{store: s, tell: tell, dryRun: dryRun}
	if err := m.run(ctx, version); err != nil {
		return fault(ctx, "migrate", err)
	}
	return nil
}

// migration is one run of Migrate.
type migration struct {
	store  *Store
	tell   func(string)
	dryRun bool
}

func (m *migration) run(ctx context.Context, version int) error {
	server, err := m.store.greet(ctx)
	if err != nil {
		return err
	}
	existing, err := m.store.db.ListCollectionNames(ctx, bson.D{})
	if err != nil {
		return err
	}
	for _, l := range layouts {
		if err := m.bringForward(ctx, l, existing); err != nil {
			return fmt.Errorf("collection %s: %w", l.collection, err)
		}
	}
	if server.isCluster() {
		if err := m.shard(ctx); err != nil {
			return err
		}
	}
	if version == schemaVersion {
		return nil
	}
	if version == 1 {
		if err := m.fromVersion1(ctx); err != nil {
			return err
		}
	}
	return m.do(fmt.Sprintf("set schema version %d", schemaVersion), func() error {
		_, err := m.store.collection(schemaCollection).UpdateOne(ctx, bson.M{"_id": schemaID},
			bson.M{"$max": bson.M{"version": schemaVersion}}, options.Update().SetUpsert(true))
		return err
	})
}

// do tells what is done and, but in a dry run, does it.
func (m *migration) do(what string, do func() error) error {
	m.tell(what)
	if m.dryRun {
		return nil
	}
	if err := do(); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}
