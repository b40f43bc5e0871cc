package mongodb

import (
	"context"
	"maps"
	"slices"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"

	"github.com/tvstats/tvstats/internal/viewing"
)

// revision is a document as it shall be, and what that changes. It takes the place of the one that was read, and only of
// that: every change raises the document's revision, which is 0 before it is stored.
type revision struct {
	id       string
	read     int64 // the revision of the document that was read
	document any   // with the revision read + 1
	hours    []viewing.Millis
}

// revise changes documents that depend on what they were before. prepare reads them and answers what must change. It is
// asked again until nothing must: what others changed meanwhile was not overwritten.
func (s *Store) revise(
	ctx context.Context, clientID int32, kind string, c *mongo.Collection, prepare func() ([]revision, error),
) error {
	for {
		revisions, err := prepare()
		if err != nil || len(revisions) == 0 {
			return err
		}
		err = s.counting(ctx, kind, hoursIn(clientID, revisions), func() error { return replace(ctx, c, revisions) })
		if err != nil {
			return err
		}
	}
}

// hoursIn are the hours that the revisions change, each once.
func hoursIn(clientID int32, revisions []revision) []clientHour {
	hours := map[clientHour]struct{}{}
	for _, r := range revisions {
		for _, at := range r.hours {
			hours[clientHour{clientID, viewing.ByHour.Start(at)}] = struct{}{}
		}
	}
	return slices.Collect(maps.Keys(hours))
}

// replace stores those of the revisions that nobody else was faster with.
func replace(ctx context.Context, c *mongo.Collection, revisions []revision) error {
	models := make([]mongo.WriteModel, len(revisions))
	for i, r := range revisions {
		models[i] = mongo.NewReplaceOneModel().SetFilter(bson.M{"_id": r.id, "revision": r.read}).SetReplacement(r.document).
			SetUpsert(r.read == 0)
	}
	_, err := c.BulkWrite(ctx, models, options.BulkWrite().SetOrdered(false))
	if _, others := beaten(models, err); others == nil {
		return nil
	}
	return err
}

// byID reads documents by their _ids.
func byID[D any](ctx context.Context, c *mongo.Collection, ids []string, id func(*D) string) (map[string]D, error) {
	found := make(map[string]D, len(ids))
	cursor, err := c.Find(ctx, bson.M{"_id": bson.M{"$in": ids}})
	err = eachOf(ctx, cursor, err, func(document *D) error {
		found[id(document)] = *document
		return nil
	})
	return found, err
}
