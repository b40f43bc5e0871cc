package mongodb

import (
	"context"
	"encoding/json"
	"fmt"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/bson/primitive"
	"go.mongodb.org/mongo-driver/mongo"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var _ store.ResultStore = (*Store)(nil)

// resultDocument is a sorting or a selection.
type resultDocument struct {
	ID        string             `bson:"_id"`
	ClientID  int32              `bson:"client_id"`
	Kind      store.Kind         `bson:"kind"`
	CreatedAt primitive.DateTime `bson:"created_at"`
	Body      string             `bson:"body"` // JSON, as text: it is answered byte for byte
}

func (d resultDocument) result() store.Result {
	return store.Result{
		ID: d.ID, ClientID: d.ClientID, Kind: d.Kind, CreatedAt: viewing.Millis(d.CreatedAt), Body: json.RawMessage(d.Body),
	}
}

// SaveResults stores the results; see store.ResultStore. Where it fails some may be stored: the same call completes them.
func (s *Store) SaveResults(ctx context.Context, results []store.Result) error {
	if err := s.writable(ctx); err != nil || len(results) == 0 {
		return err
	}
	models := make([]mongo.WriteModel, len(results))
	for i, r := range results {
		models[i] = mongo.NewUpdateOneModel().SetFilter(bson.M{"_id": r.ID}).SetUpsert(true).SetUpdate(bson.M{
			"$setOnInsert": resultDocument{r.ID, r.ClientID, r.Kind, date(r.CreatedAt), string(r.Body)},
		})
	}
	return fault(ctx, "save results", bulkUpsert(ctx, s.collection(resultsCollection), models))
}

// Result answers one result; see store.ResultStore.
func (s *Store) Result(ctx context.Context, id string, kinds ...store.Kind) (store.Result, error) {
	found, err := readOne[resultDocument](ctx, s.collection(resultsCollection), oneOf(id, kinds))
	return found.result(), fault(ctx, fmt.Sprintf("result %.60q", id), err)
}

// Results answers a page of results, newest first; see store.ResultStore.
func (s *Store) Results(ctx context.Context, query store.ResultQuery) ([]store.Result, error) {
	if query.Limit == 0 {
		return nil, nil
	}
	match := bson.M{"client_id": query.ClientID, "kind": bson.M{"$in": asInts(query.Kinds)}}
	if query.After != nil {
		match["$or"] = older(query.After)["$or"]
	}
	found, err := find[resultDocument](ctx, s.collection(resultsCollection), match, newestFirst(query.Limit))
	return converted(found, resultDocument.result), fault(ctx, "read results", err)
}

// DeleteResult removes one result; see store.ResultStore.
func (s *Store) DeleteResult(ctx context.Context, id string, kinds ...store.Kind) error {
	if err := s.writable(ctx); err != nil {
		return err
	}
	outcome, err := s.collection(resultsCollection).DeleteOne(ctx, oneOf(id, kinds))
	if err == nil && outcome.DeletedCount == 0 {
		err = store.ErrNotFound
	}
	return fault(ctx, fmt.Sprintf("result %.60q", id), err)
}

// oneOf is the condition for the result of one of the kinds.
func oneOf(id string, kinds []store.Kind) bson.M {
	return bson.M{"_id": id, "kind": bson.M{"$in": asInts(kinds)}}
}

// asInts are the kinds as the server compares them; as they are they would become bytes.
func asInts(kinds []store.Kind) []int32 {
	ints := make([]int32, len(kinds))
	for i, kind := range kinds {
		ints[i] = int32(kind)
	}
	return ints
}
