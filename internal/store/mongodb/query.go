package mongodb

import (
	"context"
	"errors"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"

	"github.com/tvstats/tvstats/internal/store"
)

// find gathers the documents that match.
func find[T any](ctx context.Context, c *mongo.Collection, filter bson.M, o ...*options.FindOptions) ([]T, error) {
	cursor, err := c.Find(ctx, filter, o...)
	if err != nil {
		return nil, err
	}
	var all []T
	err = cursor.All(ctx, &all)
	return all, err
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

// newestFirst is the order of lists of results and jobs.
func newestFirst(limit int) *options.FindOptions {
	return options.Find().SetSort(bson.D{{Key: "created_at", Value: -1}, {Key: "_id", Value: -1}}).SetLimit(int64(limit))
}

// older is the condition that a document comes after the last one of the page before.
func older(last *store.ResultKey) bson.M {
	created := date(last.CreatedAt)
	return bson.M{"$or": bson.A{
		bson.M{"created_at": bson.M{"$lt": created}},
		bson.M{"created_at": created, "_id": bson.M{"$lt": last.ID}},
	}}
}

// readOne answers the document that matches, or store.ErrNotFound.
func readOne[D any](ctx context.Context, c *mongo.Collection, filter bson.M, o ...*options.FindOneOptions) (D, error) {
	var document D
	err := c.FindOne(ctx, filter, o...).Decode(&document)
	return document, notFound(err)
}

// notFound makes the driver's way to say that nothing matches the store's.
func notFound(err error) error {
	if errors.Is(err, mongo.ErrNoDocuments) {
		return store.ErrNotFound
	}
	return err
}
