package mongodb

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"
)

// bringForward makes the collection and those of its indexes that are missing.
func (m *migration) bringForward(ctx context.Context, l layout, existing []string) error {
	collection := m.store.collection(l.collection)
	var present []string
	if slices.Contains(existing, l.collection) {
		var err error
		if present, err = indexNames(ctx, collection); err != nil {
			return err
		}
	} else if err := m.do("create collection "+l.collection, func() error {
		return m.store.db.CreateCollection(ctx, l.collection)
	}); err != nil {
		return err
	}
	for _, i := range l.indexes {
		if slices.Contains(present, i.name) {
			continue
		}
		if err := m.do(fmt.Sprintf("create index %s on %s (%s)", i.name, l.collection, i), func() error {
			_, err := collection.Indexes().CreateOne(ctx, mongo.IndexModel{Keys: i.keys, Options: options.Index().SetName(i.name)})
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

// String lists the fields of the index, those in descending order with a minus.
func (i index) String() string {
	fields := make([]string, len(i.keys))
	for n, key := range i.keys {
		if fields[n] = key.Key; key.Value == -1 {
			fields[n] = "-" + key.Key
		}
	}
	return strings.Join(fields, ", ")
}

func indexNames(ctx context.Context, collection *mongo.Collection) ([]string, error) {
	specifications, err := collection.Indexes().ListSpecifications(ctx)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(specifications))
	for i, specification := range specifications {
		names[i] = specification.Name
	}
	return names, nil
}

// shard spreads the large collections over the cluster. Their _id begins with the client and, for viewing, the day: a
// build asks only the shards that hold its days.
func (m *migration) shard(ctx context.Context) error {
	sharded, err := m.sharded(ctx)
	if err != nil {
		return err
	}
	for _, l := range layouts {
		if !l.sharded || slices.Contains(sharded, m.namespace(l)) {
			continue
		}
		what := fmt.Sprintf("shard %s by _id: %v", l.collection, l.shardKey())
		if err := m.do(what, func() error { return m.shardCollection(ctx, l) }); err != nil {
			return err
		}
	}
	return nil
}

func (m *migration) namespace(l layout) string { return m.store.db.Name() + "." + l.collection }

func (m *migration) shardCollection(ctx context.Context, l layout) error {
	admin, key := m.store.client.Database("admin"), bson.M{"_id": l.shardKey()}
	// Since 6.0 the first command does nothing; before, it must come first. All may be repeated.
	if err := admin.RunCommand(ctx, bson.M{"enableSharding": m.store.db.Name()}).Err(); err != nil {
		return err
	}
	if l.hashed { // unless the collection is empty its shard key must be an index already, as _id itself always is
		if _, err := m.store.collection(l.collection).Indexes().CreateOne(ctx, mongo.IndexModel{Keys: key}); err != nil {
			return err
		}
	}
	return admin.RunCommand(ctx, bson.D{{Key: "shardCollection", Value: m.namespace(l)}, {Key: "key", Value: key}}).Err()
}

// sharded are the namespaces of the cluster that are sharded already.
func (m *migration) sharded(ctx context.Context) ([]string, error) {
	cursor, err := m.store.client.Database("config").Collection("collections").Find(ctx,
		bson.M{"dropped": bson.M{"$ne": true}})
	if err != nil {
		return nil, err
	}
	var collections []struct {
		Namespace string `bson:"_id"`
	}
	err = cursor.All(ctx, &collections)
	namespaces := make([]string, len(collections))
	for i, collection := range collections {
		namespaces[i] = collection.Namespace
	}
	return namespaces, err
}
