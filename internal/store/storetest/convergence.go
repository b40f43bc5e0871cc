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

var convergenceTests = []test{
	{"any order, repetition, loss, fold and restart", testConvergence},
	{"sets of tariffs unite", testTariffsUnite},
}

// testConvergence tells several stores the same in different ways: each must answer as the twin, to which it was told once,
// whole and in order.
func testConvergence(t *testing.T, factory Factory) {
	for _, seed := range Seeds(5) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			w := newWorld(t, seed)
			s := newSubject(t, factory)
			sessions := w.sessions(300)
			s.must(s.twin.AppendReports(t.Context(), slices.Concat(sessions...)))
			steps := w.reportSteps(sessions)
			for client := range int32(worldClients) {
				for _, batch := range []catalog.Batch{w.guide(client + 1), w.accounts(client + 1)} {
					s.must(s.twin.ApplyCatalog(t.Context(), batch))
					steps = append(steps, w.catalogSteps(batch)...)
				}
			}
			shuffle(w, steps)
			for _, step := range steps {
				s.must(step(t.Context(), s.store))
				if w.chance(15) {
					s.must(s.store.Maintain(t.Context(), w.instant()))
				}
				if w.chance(5) {
					s.reopen()
				}
			}
			questions := w.questions(Rounds(20))
			s.check(questions...)
			s.checkSilence(questions)
			s.fold()
			s.check(questions...)
			s.checkSilence(questions)
		})
	}
}

// checkSilence asks for the silent devices of the questions' windows and kinds of device and nothing else, which a store may find in
// less than the sessions.
func (s *subject) checkSilence(questions []question) {
	s.t.Helper()
	for _, q := range questions {
		plain := whole(q.filter.ClientID)
		plain.filter.Window, plain.filter.Devices = q.filter.Window, q.filter.Devices
		since := q.filter.Window.To - q.silence
		got, err := s.store.SilentDevices(s.t.Context(), plain.filter, since)
		s.must(err)
		want, err := s.twin.SilentDevices(s.t.Context(), plain.filter, since)
		s.must(err)
		if got != want {
			s.t.Errorf("silent devices of %+v since %d: %d, want %d", plain.filter, since, got, want)
		}
	}
}

// step is a call that tells a store something.
type step func(context.Context, store.Store) error

// reportSteps leaves out reports that add nothing, doubles others, and tells them in any order and grouping.
func (w *world) reportSteps(sessions [][]viewing.Report) []step {
	var told []viewing.Report
	for _, reports := range sessions {
		told = append(told, w.thin(reports)...)
	}
	told = append(told, some(w, told, 50)...)
	shuffle(w, told)
	var steps []step
	for _, batch := range batches(w, told) {
		steps = append(steps, func(ctx context.Context, s store.Store) error { return s.AppendReports(ctx, batch) })
	}
	return steps
}

// thin drops random reports as long as the session stays what it is.
func (w *world) thin(reports []viewing.Report) []viewing.Report {
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

// catalogSteps tells the batch in parts, each perhaps twice. Only parts for different entities may change places.
func (w *world) catalogSteps(batch catalog.Batch) []step {
	var parts []catalog.Batch
	for _, programmes := range batches(w, batch.Programmes) {
		parts = append(parts, catalog.Batch{ClientID: batch.ClientID, Programmes: programmes})
	}
	for _, accounts := range batches(w, batch.Accounts) {
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
	s := newSubject(t, factory)
	sets := [][]int32{nil, {1}, {2}, {1, 2}, {2, 3}, {1, 2, 3, 4}, {7}}
	var questions []question
	for tariff := range int32(8) {
		q := whole(1)
		q.filter.Tariffs = []int32{tariff, 8}
		questions = append(questions, q)
	}
	for round := range 3 {
		for i := range len(sets) * len(sets) {
			report := watch(int64(i)+1, int32(i)+1, noon, 60)
			report.Tariffs = sets[[]int{i % len(sets), i / len(sets), (i + 3) % len(sets)}[round]]
			s.append(report)
		}
		s.check(questions...)
		s.fold()
		s.check(questions...)
	}
	s.reopen()
	s.check(questions...)
}
