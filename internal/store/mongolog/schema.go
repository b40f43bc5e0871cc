package mongolog

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"

	"github.com/tvstats/tvstats/internal/store"
)

// schemaVersion is raised whenever a program of before could not work with the database any more, or this one not with one
// of before. Up to lastOfPipelines the database held one document a session and was asked by aggregation; programs of then
// look at the same number, and refuse this one.
const (
	schemaVersion   = 3
	lastOfPipelines = 2
)

// schemaID is the _id of the only document of the collection schema.
const schemaID = "schema"

// layout is what Migrate makes of a collection.
type layout struct {
	collection string
	indexes    []mongo.IndexModel
}

// layouts is the whole schema. The indexes are those that GridFS needs.
var layouts = []layout{
	{collection: logCollection},
	{collection: stateCollection},
	{collection: fencesCollection},
	{filesCollection, []mongo.IndexModel{index("filename_1_uploadDate_1", false, "filename", "uploadDate")}},
	{chunksCollection, []mongo.IndexModel{index("files_id_1_n_1", true, "files_id", "n")}},
}

func index(name string, unique bool, fields ...string) mongo.IndexModel {
	keys := make(bson.D, len(fields))
	for i, field := range fields {
		keys[i] = bson.E{Key: field, Value: 1}
	}
	named := options.Index().SetName(name)
	if unique {
		named.SetUnique(true)
	}
	return mongo.IndexModel{Keys: keys, Options: named}
}

// CheckSchema returns nil where the database has the schema of this program, store.ErrOldSchema where Migrate must run
// first, store.ErrNewerSchema where a newer program did.
func (l *Log) CheckSchema(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.connected(ctx, func(db *mongo.Database) error {
		version, err := l.version(ctx, db)
		if err != nil {
			return err
		}
		if version < schemaVersion {
			return fmt.Errorf("%w: %s has version %d, this program needs %d", store.ErrOldSchema, l.describe, version, schemaVersion)
		}
		var server greeting
		if err := db.RunCommand(ctx, bson.M{"isMaster": 1}).Decode(&server); err != nil {
			return l.fault(ctx, "ask whether the server has sessions", err)
		}
		l.sessions = server.SessionTimeout != nil
		l.usable.Store(db)
		return nil
	})
}

// version is that of the database's schema, 0 of an empty one. One with which this program can do nothing is an error.
func (l *Log) version(ctx context.Context, db *mongo.Database) (int, error) {
	var schema struct {
		Version int `bson:"version"`
	}
	err := db.Collection(schemaCollection).FindOne(ctx, bson.M{"_id": schemaID}).Decode(&schema)
	switch {
	case errors.Is(err, mongo.ErrNoDocuments):
		return 0, nil
	case err != nil:
		return 0, l.fault(ctx, "read the version of the schema", err)
	case schema.Version > schemaVersion:
		return 0, fmt.Errorf("%w: %s has version %d, this program knows %d; run the version that migrated it or a later one",
			store.ErrNewerSchema, l.describe, schema.Version, schemaVersion)
	case 0 < schema.Version && schema.Version <= lastOfPipelines:
		return 0, fmt.Errorf("%s is of an earlier release, which kept every session there (schema version %d), and is left as it is; "+
			"with that release run tvstats copy --from mongodb --to DIRECTORY, then with this one tvstats migrate and tvstats copy "+
			"--from DIRECTORY --to mongodb on another database", l.describe, schema.Version)
	}
	return schema.Version, nil
}

// Migrate brings the database to the schema of this program and reports each step. It may be interrupted,
// repeated, and run while programs of the same schema serve the database. With dryRun it reports what it would do.
func (l *Log) Migrate(ctx context.Context, dryRun bool, tell func(string)) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	version := 0
	var db *mongo.Database
	if err := l.connected(ctx, func(found *mongo.Database) (err error) {
		db = found
		version, err = l.version(ctx, db)
		return err
	}); err != nil {
		return err
	}
	m := &migration{db: db, tell: tell, dryRun: dryRun}
	return l.fault(ctx, "migrate", m.run(ctx, version))
}

// migration is one run of Migrate.
type migration struct {
	db     *mongo.Database
	tell   func(string)
	dryRun bool
}

func (m *migration) run(ctx context.Context, version int) error {
	existing, err := m.db.ListCollectionNames(ctx, bson.D{})
	if err != nil {
		return err
	}
	for _, l := range layouts {
		if err := m.bringForward(ctx, l, existing); err != nil {
			return fmt.Errorf("collection %s: %w", l.collection, err)
		}
	}
	if version == schemaVersion {
		return nil
	}
	if err := m.do("begin the log", func() error { return begin(ctx, m.db.Collection(stateCollection)) }); err != nil {
		return err
	}
	return m.do(fmt.Sprintf("set schema version %d", schemaVersion), func() error {
		_, err := m.db.Collection(schemaCollection).UpdateOne(ctx, bson.M{"_id": schemaID},
			bson.M{"$set": bson.M{"version": schemaVersion}}, options.Update().SetUpsert(true))
		return err
	})
}

// begin makes the documents of state that are not there yet. The log gets its id here.
func begin(ctx context.Context, state *mongo.Collection) error {
	for _, document := range []any{
		baseDocument{ID: baseID, LogID: uuid.NewString()},
		claimDocument{ID: claimID},
	} {
		if _, err := state.InsertOne(ctx, document); err != nil && !mongo.IsDuplicateKeyError(err) {
			return err
		}
	}
	return nil
}

// bringForward makes the collection and those of its indexes that are missing.
func (m *migration) bringForward(ctx context.Context, l layout, existing []string) error {
	collection := m.db.Collection(l.collection)
	var present []string
	if slices.Contains(existing, l.collection) {
		specifications, err := collection.Indexes().ListSpecifications(ctx)
		if err != nil {
			return err
		}
		for _, specification := range specifications {
			present = append(present, specification.Name)
		}
	} else if err := m.do("create collection "+l.collection, func() error { return m.db.CreateCollection(ctx, l.collection) }); err != nil {
		return err
	}
	for _, model := range l.indexes {
		name := *model.Options.Name
		if slices.Contains(present, name) {
			continue
		}
		if err := m.do(fmt.Sprintf("create index %s on %s", name, l.collection), func() error {
			_, err := collection.Indexes().CreateOne(ctx, model)
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

// do reports a step and, except in a dry run, does it.
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
