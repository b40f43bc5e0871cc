package storetest

import (
	"errors"
	"slices"
	"testing"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// pages reads all pages of a query.
func (s *Subject) pages(query store.ProgrammeQuery) []catalog.Programme {
	s.T.Helper()
	var all []catalog.Programme
	for {
		page, err := s.Store.Programmes(s.T.Context(), query)
		s.Must(err)
		if len(page) > query.Limit {
			s.T.Fatalf("a page of %d programmes, limit %d", len(page), query.Limit)
		}
		all = append(all, page...)
		if len(page) < query.Limit {
			return all
		}
		last := page[len(page)-1]
		query.After = &catalog.Programme{Start: last.Start, ChannelID: last.ChannelID, ID: last.ID}
	}
}

// testProgrammePages reads programmes that are equal in start and channel, in pages of all sizes.
func testProgrammePages(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	batch := catalog.Batch{ClientID: 1}
	for id := range int64(12) {
		start := viewing.Millis(id%3-1) * 3_600_000 // before, at and after the start of 1970
		batch.Programmes = append(batch.Programmes, catalog.Programme{
			ID: 100 - id, ChannelID: int32(id%2) + 1, Title: "t", Start: start, End: start + 1,
		})
	}
	s.Apply(batch)
	s.Apply(catalog.Batch{ClientID: 1, Programmes: []catalog.Programme{{ID: 95, Deleted: true}, {ID: 7, Deleted: true}}})
	s.Apply(catalog.Batch{ClientID: 2, Programmes: []catalog.Programme{{ID: 95, ChannelID: 1, Title: "another client's", End: 1}}})
	want := s.Twin.page(store.ProgrammeQuery{ClientID: 1, Starting: AnyTime})
	for limit := 1; limit <= len(want)+1; limit++ {
		if got := s.pages(store.ProgrammeQuery{ClientID: 1, Starting: AnyTime, Limit: limit}); !slices.Equal(got, want) {
			t.Fatalf("pages of %d:\n%s", limit, difference(printed(got), printed(want)))
		}
	}
}

// page is what Programmes returns without After and Limit.
func (w *Twin) page(query store.ProgrammeQuery) []catalog.Programme {
	page := slices.DeleteFunc(w.guide(query.ClientID, store.ChannelSet{Only: query.Channels}), func(p catalog.Programme) bool {
		return p.Start < query.Starting.From || p.Start >= query.Starting.To
	})
	slices.SortFunc(page, byStart)
	return page
}

func testRandomProgrammes(t *testing.T, factory Factory) {
	w := NewWorld(t, 1)
	s := NewSubject(t, factory)
	for client := range int32(WorldClients) {
		s.Apply(w.guide(client + 1))
	}
	for _, q := range w.questions(30) {
		query := store.ProgrammeQuery{
			ClientID: q.filter.ClientID, Starting: q.filter.Window, Channels: q.channels.Only, Limit: 1 + w.IntN(50),
		}
		if got, want := s.pages(query), s.Twin.page(query); !slices.Equal(got, want) {
			t.Fatalf("%+v:\n%s", query, difference(printed(got), printed(want)))
		}
	}
	for id := range int64(400) {
		want, known := s.Twin.programmes[entity{1, id}]
		got, err := s.Store.Programme(t.Context(), 1, id)
		if there := known && !want.Deleted; there && got != want || there != (err == nil) || !there && !errors.Is(err, store.ErrNotFound) {
			t.Errorf("programme %d: got %+v, %v, want %+v", id, got, err, want)
		}
	}
}
