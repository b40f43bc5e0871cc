package mongodb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/bson/primitive"
	"go.mongodb.org/mongo-driver/mongo/options"

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

// SaveResults stores the results; see store.ResultStore. Where it fails it takes back what it had stored, if the server
// lets it.
func (s *Store) SaveResults(ctx context.Context, results []store.Result) error {
	if err := s.writable(ctx); err != nil || len(results) == 0 {
		return err
	}
	documents, ids := make([]any, len(results)), make([]string, len(results))
	for i, r := range results {
		documents[i] = resultDocument{r.ID, r.ClientID, r.Kind, date(r.CreatedAt), string(r.Body)}
		ids[i] = r.ID
	}
	_, err := s.collection(resultsCollection).InsertMany(ctx, documents)
	if err == nil {
		return nil
	}
	undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), selectionTimeout)
	defer cancel()
	_, undoErr := s.collection(resultsCollection).DeleteMany(undo, bson.M{"_id": bson.M{"$in": ids}})
	return fault(ctx, "save results", errors.Join(err, undoErr))
}

// Result answers one result; see store.ResultStore.
func (s *Store) Result(ctx context.Context, id string, kinds ...store.Kind) (store.Result, error) {
	found, err := readOne[resultDocument](ctx, s.collection(resultsCollection), oneOf(id, kinds))
	return found.result(), fault(ctx, fmt.Sprintf("result %q", id), err)
}

// Results answers a page of results, newest first; see store.ResultStore.
func (s *Store) Results(ctx context.Context, query store.ResultQuery) ([]store.Result, error) {
	if query.Limit == 0 {
		return nil, nil
	}
	match := bson.M{"client_id": query.ClientID, "kind": bson.M{"$in": asInts(query.Kinds)}}
	if last := query.After; last != nil {
		created := date(last.CreatedAt)
		match["$or"] = bson.A{
			bson.M{"created_at": bson.M{"$lt": created}},
			bson.M{"created_at": created, "_id": bson.M{"$lt": last.ID}},
		}
	}
	found, err := find[resultDocument](ctx, s.collection(resultsCollection), match, options.Find().
		SetSort(bson.D{{Key: "created_at", Value: -1}, {Key: "_id", Value: -1}}).SetLimit(int64(query.Limit)))
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
	return fault(ctx, fmt.Sprintf("result %q", id), err)
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
