package ranking

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// selectionKinds are the kinds of results that are selections.
var selectionKinds = []store.Kind{store.ChannelSelection, store.ProgrammeSelection}

// Archive reads stored sortings and selections back.
type Archive struct {
	results store.ResultStore
}

// NewArchive reads from results.
func NewArchive(results store.ResultStore) *Archive { return &Archive{results: results} }

// resultsAtOnce is how many results are read together. They are large: a thousand, of which a page may not even have room
// for all, are never in memory.
const resultsAtOnce = 64

// Sortings goes through a client's sortings, newest first; after is the last one that is known already.
func (a *Archive) Sortings(ctx context.Context, clientID int32, after *store.ResultKey) iter.Seq2[Sorting, error] {
	return decodeAll(a.newest(ctx, clientID, []store.Kind{store.ChannelSorting}, after), decodeSorting)
}

// Sorting returns one sorting, or store.ErrNotFound.
func (a *Archive) Sorting(ctx context.Context, id string) (Sorting, error) {
	result, err := a.results.Result(ctx, id, store.ChannelSorting)
	if err != nil {
		return Sorting{}, fmt.Errorf("sorting: %w", err)
	}
	return decodeSorting(result)
}

// DeleteSorting removes one sorting, or returns store.ErrNotFound.
func (a *Archive) DeleteSorting(ctx context.Context, id string) error {
	if err := a.results.DeleteResult(ctx, id, store.ChannelSorting); err != nil {
		return fmt.Errorf("sorting: %w", err)
	}
	return nil
}

// Selections goes through a client's selections of the kinds (none = all), newest first; after is the last one that is
// known already.
func (a *Archive) Selections(
	ctx context.Context, clientID int32, kinds []store.Kind, after *store.ResultKey,
) iter.Seq2[Selection, error] {
	if len(kinds) == 0 {
		kinds = selectionKinds
	}
	return decodeAll(a.newest(ctx, clientID, kinds, after), decodeSelection)
}

// Selection returns one selection, or store.ErrNotFound.
func (a *Archive) Selection(ctx context.Context, id string) (Selection, error) {
	result, err := a.results.Result(ctx, id, selectionKinds...)
	if err != nil {
		return Selection{}, fmt.Errorf("selection: %w", err)
	}
	return decodeSelection(result)
}

// DeleteSelection removes one selection, or returns store.ErrNotFound.
func (a *Archive) DeleteSelection(ctx context.Context, id string) error {
	if err := a.results.DeleteResult(ctx, id, selectionKinds...); err != nil {
		return fmt.Errorf("selection: %w", err)
	}
	return nil
}

// newest reads results as they are taken, and ends with an error where it cannot.
func (a *Archive) newest(
	ctx context.Context, clientID int32, kinds []store.Kind, after *store.ResultKey,
) iter.Seq2[store.Result, error] {
	query := store.ResultQuery{ClientID: clientID, Kinds: kinds, After: after, Limit: resultsAtOnce}
	return func(yield func(store.Result, error) bool) {
		for {
			results, err := a.results.Results(ctx, query)
			if err != nil {
				yield(store.Result{}, err)
				return
			}
			for _, result := range results {
				if !yield(result, nil) {
					return
				}
			}
			if len(results) < query.Limit {
				return
			}
			last := results[len(results)-1]
			query.After = &store.ResultKey{CreatedAt: last.CreatedAt, ID: last.ID}
		}
	}
}

// Question is what a stored result, of any kind, was built from, and the client that it is of; store.ErrNotFound where there is
// none. now becomes the time of the question.
func (a *Archive) Question(ctx context.Context, id string, now viewing.Millis) (Question, error) {
	result, err := a.results.Result(ctx, id, store.ChannelSorting, store.ChannelSelection, store.ProgrammeSelection)
	if err != nil {
		return Question{}, fmt.Errorf("explain: %w", err)
	}
	var content struct{ Question Question }
	if err := decode(result, &content); err != nil {
		return Question{}, err
	}
	q := content.Question
	q.ClientID, q.Kind, q.Now = result.ClientID, result.Kind, now
	return q, nil
}

func newResult(id string, clientID int32, kind store.Kind, createdAt viewing.Millis, content any) (store.Result, error) {
	body, err := json.Marshal(content)
	if err != nil {
		return store.Result{}, fmt.Errorf("encode result: %w", err)
	}
	return store.Result{ID: id, ClientID: clientID, Kind: kind, CreatedAt: createdAt, Body: body}, nil
}

func decodeSorting(r store.Result) (Sorting, error) {
	s := Sorting{ID: r.ID, ClientID: r.ClientID, CreatedAt: r.CreatedAt}
	err := decode(r, &s)
	return s, err
}

func decodeSelection(r store.Result) (Selection, error) {
	s := Selection{ID: r.ID, ClientID: r.ClientID, Kind: r.Kind, CreatedAt: r.CreatedAt}
	err := decode(r, &s)
	return s, err
}

func decode(r store.Result, content any) error {
	if err := json.Unmarshal(r.Body, content); err != nil {
		return fmt.Errorf("decode stored result %s: %w", r.ID, err)
	}
	return nil
}

func decodeAll[T any](results iter.Seq2[store.Result, error], decode func(store.Result) (T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for result, err := range results {
			var content T
			if err == nil {
				content, err = decode(result)
			}
			if !yield(content, err) || err != nil {
				return
			}
		}
	}
}
