package dynamicstest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/dynamics"
	"github.com/tvstats/tvstats/internal/store/storetest"
	"github.com/tvstats/tvstats/internal/viewing"
)

// testSnapshot: it is used for its own instant, as long as nothing before that changes.
func testSnapshot(t *testing.T, factory storetest.Factory) {
	s := newSubject(t, factory)
	s.smallWorld()
	asOf := storetest.Noon + 7*60_000
	check := func(what string, computed int) {
		t.Helper()
		s.Same(what, s.run(saveStats, asOf, 1), dynamics.Done{Clients: 1, Computed: computed, Fresh: 1 - computed})
		for _, at := range []viewing.Millis{asOf - 1, asOf, asOf + 1, storetest.Noon, asOf.Day().Start(), asOf + 8*viewing.DayLength} {
			stats, err := s.dynamics().Stats(t.Context(), dynamics.Question{ClientID: 1}, at)
			s.Must(err)
			s.Same(fmt.Sprint(what, ": stats at ", at.Time()), stats, s.stats(1, at))
		}
	}
	check("the first", 1)
	check("the second", 0)
	s.Append(storetest.Watch(9, 1, storetest.Noon+2*viewing.HourLength, 60))
	check("after it nothing counts", 0)
	s.Append(storetest.Watch(9, 1, storetest.Noon-2*viewing.HourLength, 60))
	check("late viewing", 1)
	s.Apply(catalog.Batch{ClientID: 1, Payments: []catalog.Payment{{ID: 1, Deleted: true}}})
	check("a payment deleted", 1)
	longer := dynamics.New(s.Store, time.Hour, 24*time.Hour).At(s.Now)
	stats, err := longer.Stats(t.Context(), dynamics.Question{ClientID: 1}, asOf)
	s.Must(err)
	s.Equal("online within an hour", stats.Online, s.Twin.Online(1, asOf, time.Hour))
}

// testCommandsAtOnce runs the commands side by side while reports, accounts and payments come and are folded. Nothing fails,
// and in the end what was kept meanwhile is either right or is not used.
func testCommandsAtOnce(t *testing.T, factory storetest.Factory) {
	w := storetest.NewWorld(t, 2)
	s := newSubject(t, factory)
	reports := slices.Concat(w.Sessions(600)...)
	s.Must(s.Twin.AppendReports(t.Context(), reports))
	var pushes []catalog.Batch
	for _, states := range storetest.Batches(w, w.Histories()) {
		pushes = append(pushes, catalog.Batch{ClientID: 1, Accounts: states})
	}
	for _, payments := range storetest.Batches(w, w.Payments(300)) {
		pushes = append(pushes, catalog.Batch{ClientID: 1, Payments: payments})
	}
	s.Apply(catalog.Batch{ClientID: 1})

	var telling, others sync.WaitGroup
	done, stop := context.WithCancel(t.Context())
	for _, part := range storetest.Batches(w, reports) {
		telling.Go(func() { s.Tolerate(s.Store.AppendReports(t.Context(), part)) })
	}
	telling.Go(func() {
		for _, push := range pushes {
			s.Tolerate(s.Store.ApplyCatalog(t.Context(), push))
			s.Tolerate(s.Twin.ApplyCatalog(t.Context(), push))
		}
	})
	asOf := w.From + storetest.WorldDays*viewing.DayLength + 1
	for range 2 {
		for _, command := range s.commands(func(float64) {}) {
			others.Go(func() {
				for done.Err() == nil {
					_, err := command(s.dynamics(), dynamics.Command{AsOf: asOf})
					s.Tolerate(err)
				}
			})
		}
	}
	others.Go(func() {
		for done.Err() == nil {
			s.Tolerate(s.Store.Maintain(t.Context(), asOf))
		}
	})
	telling.Wait()
	stop()
	others.Wait()
	s.checkFigures(w)
	for number := cacheCustomersDynamic; number <= collectDailyStats; number++ {
		s.run(number, asOf)
	}
	s.checkFigures(w)
}

// testLostBeginning: a record is replaced also where its data was the client's first and is later now, or gone.
func testLostBeginning(t *testing.T, factory storetest.Factory) {
	s := newSubject(t, factory)
	day := storetest.Noon.Day()
	payment := catalog.Payment{ID: 1, AccountID: 1, AmountMinor: 500, Currency: "EUR", PaidAt: storetest.Noon}
	moved := payment
	moved.PaidAt += viewing.DayLength
	for _, step := range []struct {
		what     string
		payment  catalog.Payment
		computed int
		healed   []viewing.Day
	}{
		{"the first payment", payment, 1, nil},
		{"it moved", moved, 2, []viewing.Day{day}},
		{"it was deleted", catalog.Payment{ID: 1, Deleted: true}, 1, []viewing.Day{day + 1}},
		{"it came back", payment, 1, nil},
	} {
		s.Apply(catalog.Batch{ClientID: 1, Payments: []catalog.Payment{step.payment}})
		want := dynamics.Done{Clients: 1, Computed: step.computed}
		for _, healed := range step.healed {
			want.Healed = append(want.Healed, dynamics.ClientDay{ClientID: 1, Day: healed})
		}
		s.Same(step.what, s.run(collectDailyStats, (day+3).Start(), 1), want)
		s.checkRecords(1, viewing.Window{From: (day - 1).Start(), To: (day + 4).Start()}, (day + 3).Start())
	}
}

// testMissedDays: days without a run are recorded by the next one, those without data never; late data has the days recorded again that it
// changes.
func testMissedDays(t *testing.T, factory storetest.Factory) {
	s := newSubject(t, factory)
	s.smallWorld()
	day := storetest.Noon.Day()
	run := func(days viewing.Day) dynamics.Done { return s.run(collectDailyStats, (day + days).Start(), 1) }
	s.Same("the day itself has not ended", run(0), dynamics.Done{Clients: 1})
	s.Same("the first record", run(1), dynamics.Done{Clients: 1, Computed: 1})
	s.Same("days without data", run(11), dynamics.Done{Clients: 1, Fresh: 1})
	payment := catalog.Payment{ID: 1, AccountID: 1, AmountMinor: 500, Currency: "EUR", PaidAt: storetest.Noon + 3*viewing.DayLength}
	heals := func(what string, computed, fresh, left int, days ...viewing.Day) {
		t.Helper()
		want := dynamics.Done{Clients: 1, Computed: computed, Fresh: fresh}
		for _, later := range days {
			want.Healed = append(want.Healed, dynamics.ClientDay{ClientID: 1, Day: day + later})
		}
		s.Same(what, run(11), want)
		s.checkRecords(1, viewing.Window{From: day.Start(), To: (day + 20).Start()}, (day + 11).Start())
		s.Same(what+", a second time", run(11), dynamics.Done{Clients: 1, Fresh: left})
	}
	s.Apply(catalog.Batch{ClientID: 1, Payments: []catalog.Payment{payment}})
	heals("a payment that moved", 2, 0, 2, 0)
	s.Apply(catalog.Batch{ClientID: 1, Payments: []catalog.Payment{{ID: 1, Deleted: true}}})
	heals("a payment that was deleted", 1, 1, 1, 3)
	s.Append(storetest.Watch(1, 1, storetest.Noon, 600))
	heals("a report that came twice", 0, 1, 1)
	s.Append(storetest.Watch(5, 1, (day+2).Start()-1000, 2))
	heals("viewing across midnight", 2, 1, 3)
	s.Apply(catalog.Batch{ClientID: 1, Accounts: []catalog.Account{{ID: 1, ChangedAt: (day + 9).Start()}}})
	heals("an account switched off", 1, 3, 4)
}
