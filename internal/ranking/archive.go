package ranking

import (
	"context"
	"encoding/json"
	"fmt"

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

// Sortings answers a page of a client's sortings, newest first; after is the last one of the page before.
func (a *Archive) Sortings(ctx context.Context, clientID int32, after *store.ResultKey, limit int) ([]Sorting, error) {
	results, err := a.results.Results(ctx, store.ResultQuery{
		ClientID: clientID, Kinds: []store.Kind{store.ChannelSorting}, After: after, Limit: limit,
	})
	if err != nil {
		return nil, err
	}
	return decodeAll(results, decodeSorting)
}

// Sorting answers one sorting, or store.ErrNotFound.
func (a *Archive) Sorting(ctx context.Context, id string) (Sorting, error) {
	result, err := a.results.Result(ctx, id, store.ChannelSorting)
	if err != nil {
		return Sorting{}, fmt.Errorf("sorting: %w", err)
	}
	return decodeSorting(result)
}

// DeleteSorting removes one sorting, or answers store.ErrNotFound.
func (a *Archive) DeleteSorting(ctx context.Context, id string) error {
	if err := a.results.DeleteResult(ctx, id, store.ChannelSorting); err != nil {
		return fmt.Errorf("sorting: %w", err)
	}
	return nil
}

// Selections answers a page of a client's selections of the kinds (none = all), newest first.
func (a *Archive) Selections(
	ctx context.Context, clientID int32, kinds []store.Kind, after *store.ResultKey, limit int,
) ([]Selection, error) {
	if len(kinds) == 0 {
		kinds = selectionKinds
	}
	results, err := a.results.Results(ctx, store.ResultQuery{ClientID: clientID, Kinds: kinds, After: after, Limit: limit})
	if err != nil {
		return nil, err
	}
	return decodeAll(results, decodeSelection)
}

// Selection answers one selection, or store.ErrNotFound.
func (a *Archive) Selection(ctx context.Context, id string) (Selection, error) {
	result, err := a.results.Result(ctx, id, selectionKinds...)
	if err != nil {
		return Selection{}, fmt.Errorf("selection: %w", err)
	}
	return decodeSelection(result)
}

// DeleteSelection removes one selection, or answers store.ErrNotFound.
func (a *Archive) DeleteSelection(ctx context.Context, id string) error {
	if err := a.results.DeleteResult(ctx, id, selectionKinds...); err != nil {
		return fmt.Errorf("selection: %w", err)
	}
	return nil
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

func decodeAll[T any](results []store.Result, decode func(store.Result) (T, error)) ([]T, error) {
	decoded := make([]T, 0, len(results))
	for _, result := range results {
		content, err := decode(result)
		if err != nil {
			return nil, err
		}
		decoded = append(decoded, content)
	}
	return decoded, nil
}
