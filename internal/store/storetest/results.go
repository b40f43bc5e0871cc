package storetest

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var resultTests = Tests{
	"read back byte for byte": testResultBody,
	"pages, newest first":     testResultPages,
	"kinds are kept apart":    testResultKinds,
	"saved again":             testSaveAgain,
	"deleted":                 testDeleteResult,
	"deleted by many at once": testDeleteAtOnce,
}

var allKinds = []store.Kind{store.ChannelSorting, store.ChannelSelection, store.ProgrammeSelection}

func testResultBody(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	bodies := []string{
		`{}`, `null`, `[1,2.50,1e3]`, `{"b":1, "a":2,  "b":1}`, `{"name":"日本 📺 \u0000 \" ' <&>"}`, "{\n\t\"x\": 1\n}",
		`"` + strings.Repeat("long ", 1<<18) + `"`,
	}
	var results []store.Result
	for i, body := range bodies {
		results = append(results, store.Result{
			ID: fmt.Sprint("id-", i), ClientID: 1, Kind: store.ChannelSorting, CreatedAt: Noon, Body: json.RawMessage(body),
		})
	}
	s.Must(s.Store.SaveResults(t.Context(), results))
	for range 2 {
		for i, want := range results {
			got, err := s.Store.Result(t.Context(), want.ID, store.ChannelSorting)
			s.Must(err)
			if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) || string(got.Body) != bodies[i] {
				t.Errorf("got %.200s\nwant %.200s", fmt.Sprint(got), fmt.Sprint(want))
			}
		}
		s.Reopen()
	}
}

// testResultPages stores results of equal times and unequal ids, in no order.
func testResultPages(t *testing.T, factory Factory) {
	w := NewWorld(t, 2)
	s := NewSubject(t, factory)
	var all []store.Result
	for i := range 30 {
		all = append(all, store.Result{
			ID:       fmt.Sprintf("%c%x", "aZ0-_"[i%5], i*7%30), // upper case sorts before lower case: by bytes
			ClientID: int32(i%2) + 1, Kind: allKinds[i%3], CreatedAt: Noon + viewing.Millis(i%4), Body: json.RawMessage(`{}`),
		})
	}
	Shuffle(w, all)
	for _, results := range Batches(w, all) {
		s.Must(s.Store.SaveResults(t.Context(), results))
	}
	slices.SortFunc(all, func(a, b store.Result) int {
		return cmp.Or(cmp.Compare(b.CreatedAt, a.CreatedAt), strings.Compare(b.ID, a.ID))
	})
	for limit := 1; limit <= 16; limit++ {
		for _, kinds := range [][]store.Kind{{store.ChannelSorting}, allKinds[1:], allKinds} {
			query := store.ResultQuery{ClientID: 1, Kinds: kinds, Limit: limit}
			want := slices.DeleteFunc(slices.Clone(all), func(r store.Result) bool {
				return r.ClientID != 1 || !slices.Contains(kinds, r.Kind)
			})
			if got := s.resultPages(query); printed(got) != printed(want) {
				t.Fatalf("%+v:\n%s", query, difference(printed(got), printed(want)))
			}
		}
	}
}

func (s *Subject) resultPages(query store.ResultQuery) []store.Result {
	s.T.Helper()
	var all []store.Result
	for {
		page, err := s.Store.Results(s.T.Context(), query)
		s.Must(err)
		if len(page) > query.Limit {
			s.T.Fatalf("a page of %d results, limit %d", len(page), query.Limit)
		}
		all = append(all, page...)
		if len(page) < query.Limit {
			return all
		}
		last := page[len(page)-1]
		query.After = &store.ResultKey{CreatedAt: last.CreatedAt, ID: last.ID}
	}
}

func testResultKinds(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	for i, kind := range allKinds {
		s.Must(s.Store.SaveResults(t.Context(), []store.Result{
			{ID: fmt.Sprint("id-", i), ClientID: 1, Kind: kind, CreatedAt: Noon, Body: json.RawMessage(`{}`)},
		}))
	}
	for i, kind := range allKinds {
		others := slices.DeleteFunc(slices.Clone(allKinds), func(k store.Kind) bool { return k == kind })
		id := fmt.Sprint("id-", i)
		if got, err := s.Store.Result(t.Context(), id, kind); err != nil || got.Kind != kind {
			t.Errorf("%s as kind %d: %+v, error %v", id, kind, got, err)
		}
		if got, err := s.Store.Result(t.Context(), id, others...); !isNotFound(err, id) {
			t.Errorf("%s as kinds %v: %+v, error %v, want ErrNotFound that names it", id, others, got, err)
		}
		if err := s.Store.DeleteResult(t.Context(), id, others...); !isNotFound(err, id) {
			t.Errorf("delete %s as kinds %v: error %v, want ErrNotFound that names it", id, others, err)
		}
		if got, err := s.Store.Result(t.Context(), id, allKinds...); err != nil || got.ID != id {
			t.Errorf("%s as any kind: %+v, error %v", id, got, err)
		}
	}
}

func isNotFound(err error, id string) bool {
	return errors.Is(err, store.ErrNotFound) && strings.Contains(err.Error(), id)
}

// testSaveAgain saves what is there already, with other words, beside something new: what was first stays, once.
func testSaveAgain(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	first := store.Result{ID: "a", ClientID: 1, Kind: store.ChannelSorting, CreatedAt: Noon, Body: json.RawMessage(`{"first":1}`)}
	again, second := first, first
	again.CreatedAt, again.Body = Noon+1, json.RawMessage(`{}`)
	second.ID = "b"
	s.Must(s.Store.SaveResults(t.Context(), []store.Result{first}))
	var saving sync.WaitGroup
	for range writers {
		saving.Go(func() { s.Tolerate(s.Store.SaveResults(t.Context(), []store.Result{again, second})) })
	}
	saving.Wait()
	got := s.resultPages(store.ResultQuery{ClientID: 1, Kinds: allKinds, Limit: 10})
	if want := []store.Result{second, first}; printed(got) != printed(want) {
		t.Error(difference(printed(got), printed(want)))
	}
}

func testDeleteResult(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	var results []store.Result
	for _, id := range []string{"a", "b", "c"} {
		results = append(results, store.Result{
			ID: id, ClientID: 1, Kind: store.ChannelSorting, CreatedAt: Noon, Body: json.RawMessage(`{}`),
		})
	}
	s.Must(s.Store.SaveResults(t.Context(), results))
	s.Must(s.Store.DeleteResult(t.Context(), "b", store.ChannelSorting))
	for range 2 {
		if got, err := s.Store.Result(t.Context(), "b", allKinds...); !isNotFound(err, "b") {
			t.Errorf("the deleted result is %+v, error %v", got, err)
		}
		if err := s.Store.DeleteResult(t.Context(), "b", allKinds...); !isNotFound(err, "b") {
			t.Errorf("deleted again: %v", err)
		}
		got := s.resultPages(store.ResultQuery{ClientID: 1, Kinds: allKinds, Limit: 10})
		if want := []store.Result{results[2], results[0]}; printed(got) != printed(want) {
			t.Errorf("left are %+v, want %+v", got, want)
		}
		s.Reopen()
	}
}

// testDeleteAtOnce: of those who delete one result together one has done it, and the others hear that it is gone.
func testDeleteAtOnce(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	for i := range 20 {
		id := fmt.Sprint("id-", i)
		s.Must(s.Store.SaveResults(t.Context(), []store.Result{
			{ID: id, ClientID: 1, Kind: store.ChannelSorting, CreatedAt: Noon, Body: json.RawMessage(`{}`)},
		}))
		var deleted atomic.Int32
		var callers sync.WaitGroup
		for range 8 {
			callers.Go(func() {
				switch err := s.Store.DeleteResult(t.Context(), id, allKinds...); {
				case err == nil:
					deleted.Add(1)
				case !isNotFound(err, id):
					t.Errorf("delete %s: %v", id, err)
				}
			})
		}
		callers.Wait()
		if deleted.Load() != 1 {
			t.Errorf("%s was deleted %d times", id, deleted.Load())
		}
	}
}
