package storetest

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var convergenceTests = Tests{
	"any order, repetition, loss, fold and restart": testConvergence,
	"sets of tariffs unite":                         testTariffsUnite,
}

// testConvergence gives several stores the same data in different ways: each must return what the twin does, which got it once,
// whole and in order.
func testConvergence(t *testing.T, factory Factory) {
	for _, seed := range Seeds(5) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			w := NewWorld(t, seed)
			s := NewSubject(t, factory)
			sessions := w.Sessions(300)
			s.Must(s.Twin.AppendReports(t.Context(), slices.Concat(sessions...)))
			steps := w.reportSteps(sessions)
			for client := range int32(WorldClients) {
				for _, batch := range []catalog.Batch{w.guide(client + 1), w.accounts(client + 1)} {
					s.Must(s.Twin.ApplyCatalog(t.Context(), batch))
					steps = append(steps, w.catalogSteps(batch)...)
				}
			}
			Shuffle(w, steps)
			for _, step := range steps {
				s.Must(step(t.Context(), s.Store))
				if w.Chance(15) {
					s.Must(s.Store.Maintain(t.Context(), w.Instant()))
				}
				if w.Chance(5) {
					s.Reopen()
				}
			}
			questions := w.questions(Rounds(20))
			s.check(questions...)
			s.checkSilence(questions)
			s.Fold()
			s.check(questions...)
			s.checkSilence(questions)
		})
	}
}

// checkSilence requests the silent devices of the questions' windows and kinds of device and nothing else, which a store may find in
// less than the sessions.
func (s *Subject) checkSilence(questions []question) {
	s.T.Helper()
	for _, q := range questions {
		plain := whole(q.filter.ClientID)
		plain.filter.Window, plain.filter.Devices = q.filter.Window, q.filter.Devices
		since := q.filter.Window.To - q.silence
		got, err := s.Store.SilentDevices(s.T.Context(), plain.filter, since)
		s.Must(err)
		want, err := s.Twin.SilentDevices(s.T.Context(), plain.filter, since)
		s.Must(err)
		if got != want {
			s.T.Errorf("silent devices of %+v since %d: %d, want %d", plain.filter, since, got, want)
		}
	}
}

// step is a call that changes a store.
type step func(context.Context, store.Store) error

// reportSteps leaves out reports that add nothing, doubles others, and appends them in any order and grouping.
func (w *World) reportSteps(sessions [][]viewing.Report) []step {
	var all []viewing.Report
	for _, reports := range sessions {
		all = append(all, w.thin(reports)...)
	}
	all = append(all, some(w, all, 50)...)
	Shuffle(w, all)
	var steps []step
	for _, batch := range Batches(w, all) {
		steps = append(steps, func(ctx context.Context, s store.Store) error { return s.AppendReports(ctx, batch) })
	}
	return steps
}

// thin drops random reports as long as the session stays what it is.
func (w *World) thin(reports []viewing.Report) []viewing.Report {
	whole := merged(reports)
	kept := slices.Clone(reports)
	for range reports {
		i := w.IntN(len(kept))
		without := slices.Delete(slices.Clone(kept), i, i+1)
		if len(without) > 0 && reflect.DeepEqual(merged(without), whole) {
			kept = without
		}
	}
	return kept
}

func merged(reports []viewing.Report) viewing.State {
	state := reports[0].State
	for _, report := range reports[1:] {
		state = viewing.Merge(state, report.State)
	}
	return state
}

// catalogSteps applies the batch in parts, each perhaps twice. Only parts for different entities may change places.
func (w *World) catalogSteps(batch catalog.Batch) []step {
	var parts []catalog.Batch
	for _, programmes := range Batches(w, batch.Programmes) {
		parts = append(parts, catalog.Batch{ClientID: batch.ClientID, Programmes: programmes})
	}
	for _, accounts := range Batches(w, batch.Accounts) {
		parts = append(parts, catalog.Batch{ClientID: batch.ClientID, Accounts: accounts})
	}
	var steps []step
	for _, part := range append(parts, some(w, parts, 50)...) {
		steps = append(steps, func(ctx context.Context, s store.Store) error { return s.ApplyCatalog(ctx, part) })
	}
	return steps
}

// testTariffsUnite gives sessions up to three different sets of tariffs, before and after their day is folded.
func testTariffsUnite(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	sets := [][]int32{nil, {1}, {2}, {1, 2}, {2, 3}, {1, 2, 3, 4}, {7}}
	var questions []question
	for tariff := range int32(8) {
		q := whole(1)
		q.filter.Tariffs = []int32{tariff, 8}
		questions = append(questions, q)
	}
	for round := range 3 {
		for i := range len(sets) * len(sets) {
			report := Watch(int64(i)+1, int32(i)+1, Noon, 60)
			report.Tariffs = sets[[]int{i % len(sets), i / len(sets), (i + 3) % len(sets)}[round]]
			s.Append(report)
		}
		s.check(questions...)
		s.Fold()
		s.check(questions...)
	}
	s.Reopen()
	s.check(questions...)
}
