package mongolog_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/store/mongolog"
	"github.com/tvstats/tvstats/internal/store/mongolog/mongotest"
)

func migrate(t *testing.T, l *mongolog.Log, dryRun bool) ([]string, error) {
	t.Helper()
	var steps []string
	err := l.Migrate(t.Context(), dryRun, func(step string) { steps = append(steps, step) })
	return steps, err
}

// TestMigrate: a dry run does nothing, a run what the dry run said, the second nothing; before it nothing else works, and
// after it the log has an id that stays.
func TestMigrate(t *testing.T) {
	t.Parallel()
	l := open(t, mongotest.URI(t))
	if _, err := l.Look(t.Context()); !errors.Is(err, store.ErrOldSchema) {
		t.Errorf("got %v", err)
	}
	dry, err := migrate(t, l, true)
	if err != nil || !slices.Contains(dry, "create collection log") || !slices.Contains(dry, "begin the log") {
		t.Errorf("the dry run: %q, %v", dry, err)
	}
	if err := l.CheckSchema(t.Context()); !errors.Is(err, store.ErrOldSchema) {
		t.Errorf("after the dry run: %v", err)
	}
	if done, err := migrate(t, l, false); err != nil || !slices.Equal(done, dry) {
		t.Errorf("done was %q, %v; the dry run said %q", done, err, dry)
	}
	_, before := read(t, l, 1)
	if again, err := migrate(t, l, false); err != nil || len(again) > 0 {
		t.Errorf("the second run: %q, %v", again, err)
	}
	if _, after := read(t, l, 1); after != before || after.LogID == "" {
		t.Errorf("the base was %+v, and is %+v", before, after)
	}
}

// TestOtherSchemas: neither what an earlier release left nor what a later one made is touched.
func TestOtherSchemas(t *testing.T) {
	t.Parallel()
	for version, want := range map[int]string{1: "tvstats copy --from mongodb --to DIRECTORY", 2: "tvstats copy --from mongodb --to DIRECTORY", 4: store.ErrNewerSchema.Error()} {
		uri := mongotest.URI(t)
		collections := withSchema(t, uri, version)
		l := open(t, uri)
		_, migrated := migrate(t, l, false)
		_, looked := l.Look(t.Context())
		for _, err := range []error{migrated, looked, l.CheckSchema(t.Context())} {
			if err == nil || !strings.Contains(err.Error(), want) || errors.Is(err, store.ErrOldSchema) {
				t.Errorf("version %d: got %v", version, err)
			}
		}
		if names := collections(); !slices.Equal(names, []string{"schema"}) {
			t.Errorf("version %d: now there are %v", version, names)
		}
	}
}

// withSchema gives the database a schema of the version, and returns a function that lists its collections.
func withSchema(t *testing.T, uri string, version int) func() []string {
	t.Helper()
	client, err := mongo.Connect(t.Context(), options.Client().ApplyURI(uri))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Disconnect(t.Context()) })
	db := client.Database(mongotest.Database(t, uri))
	if _, err := db.Collection("schema").InsertOne(t.Context(), bson.M{"_id": "schema", "version": version}); err != nil {
		t.Fatal(err)
	}
	return func() []string {
		names, err := db.ListCollectionNames(t.Context(), bson.D{})
		if err != nil {
			t.Error(err)
		}
		return names
	}
}
