package mongodb

import (
	"context"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"
)

// find gathers the documents that match.
func find[T any](ctx context.Context, c *mongo.Collection, filter bson.M, o ...*options.FindOptions) ([]T, error) {
	cursor, err := c.Find(ctx, filter, o...)
	if err != nil {
		return nil, err
	}
	var all []T
	return all, cursor.All(ctx, &all)
}

// eachOf calls use for every document that the cursor holds. The document is valid until use returns.
func eachOf[T any](ctx context.Context, cursor *mongo.Cursor, err error, use func(*T) error) error {
	if err != nil {
		return err
	}
	defer cursor.Close(context.WithoutCancel(ctx)) //nolint:errcheck // cursor.Err tells all that closing could
	for cursor.Next(ctx) {
		var document T
		if err := cursor.Decode(&document); err != nil {
			return err
		}
		if err := use(&document); err != nil {
			return err
		}
	}
	return cursor.Err()
}

// aggregate runs the stages on the server and calls use for every document that comes out. What exceeds the server's
// memory goes to its disk.
func aggregate[T any](ctx context.Context, c *mongo.Collection, use func(*T) error, stages ...bson.M) error {
	cursor, err := c.Aggregate(ctx, stages, options.Aggregate().SetAllowDiskUse(true))
	return eachOf(ctx, cursor, err, use)
}
