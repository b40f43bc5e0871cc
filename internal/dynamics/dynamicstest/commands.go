package dynamicstest

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/dynamics"
	"github.com/tvstats/tvstats/internal/store/storetest"
	"github.com/tvstats/tvstats/internal/viewing"
)

var commandTests = storetest.Tests{
	"figures are right with and without the caches":      testFiguresRight,
	"a second run finds everything fresh":                testSecondRun,
	"late data is computed anew and nothing else":        testLateData,
	"missed days are recorded, changed ones again":       testMissedDays,
	"days are recorded again that lost their first data": testLostBeginning,
	"a snapshot is of its instant":                       testSnapshot,
	"commands run together while data comes":             testCommandsAtOnce,
}

const onlineTimeout = 5 * time.Minute

// dynamics computes from the store under test.
func (s *subject) dynamics() *dynamics.Dynamics {
	return dynamics.New(s.Store, onlineTimeout, 24*time.Hour).At(s.Now)
}

// command is a method of dynamics.Dynamics that keeps figures.
type command func(*dynamics.Dynamics, dynamics.Command) (dynamics.Done, error)

// commands returns the four; progress receives how far they are.
func (s *subject) commands(progress dynamics.Progress) []command {
	ctx := s.T.Context()
	return []command{
		func(d *dynamics.Dynamics, c dynamics.Command) (dynamics.Done, error) {
			return d.CacheCustomersDynamic(ctx, c, progress)
		},
		func(d *dynamics.Dynamics, c dynamics.Command) (dynamics.Done, error) {
			return d.CacheMaxOnline(ctx, c, progress)
		},
		func(d *dynamics.Dynamics, c dynamics.Command) (dynamics.Done, error) {
			return d.SaveStats(ctx, c, progress)
		},
		func(d *dynamics.Dynamics, c dynamics.Command) (dynamics.Done, error) {
			return d.CollectDailyStats(ctx, c, progress)
		},
	}
}

// run runs a command for the clients, none for all.
func (s *subject) run(number int, asOf viewing.Millis, clients ...int32) dynamics.Done {
	s.T.Helper()
	before := 0.0
	done, err := s.commands(func(done float64) {
		if done < before || done > 1 {
			s.T.Errorf("progress went from %f to %f", before, done)
		}
		before = done
	})[number](s.dynamics(), dynamics.Command{ClientIDs: clients, AsOf: asOf})
	s.Must(err)
	if before != 1 {
		s.T.Errorf("progress ended at %f", before)
	}
	return done
}

// The numbers of the commands.
const (
	cacheCustomersDynamic = iota
	cacheMaxOnline
	saveStats
	collectDailyStats
)

// testFiguresRight requests all figures before any command ran, after each, and while data still comes.
func testFiguresRight(t *testing.T, factory storetest.Factory) {
	for _, seed := range storetest.Seeds(2) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			w := storetest.NewWorld(t, seed)
			s := newSubject(t, factory)
			steps := w.DynamicsSteps(s.Subject)
			for _, link := range w.Drifting(8) {
				steps = append(steps, func() { s.Append(link) })
			}
			storetest.Shuffle(w, steps)
			for i, step := range steps {
				step()
				if policy := w.Policy(); w.Chance(5) {
					s.Apply(catalog.Batch{ClientID: w.Int32N(storetest.WorldClients) + 1, Policy: &policy})
				}
				if i%20 > 0 && i < len(steps)-1 {
					continue
				}
				s.checkFigures(w)
				asOf := w.From + storetest.WorldDays*viewing.DayLength + 1
				s.run(w.IntN(4), storetest.Pick(w, []viewing.Millis{asOf, w.Instant()}))
				s.checkFigures(w)
				if w.Chance(30) {
					s.Fold()
				}
			}
		})
	}
}

// checkFigures holds what a client reads against the twin.
func (s *subject) checkFigures(w *storetest.World) {
	s.T.Helper()
	s.At(storetest.Pick(w, []viewing.Millis{storetest.EndOfTime, w.Instant()}))
	ctx, d, client := s.T.Context(), s.dynamics(), w.Int32N(storetest.WorldClients)+1
	days := viewing.Window{From: w.From - 2*viewing.DayLength, To: w.From + (storetest.WorldDays+2)*viewing.DayLength}
	q := dynamics.Question{ClientID: client, Now: w.From + 99*viewing.DayLength}
	online, err := d.MaxOnline(ctx, q, days.From.Day(), days.To.Day()-1)
	s.Must(err)
	for i, peak := range s.Twin.Peaks(client, days) {
		s.Equal(fmt.Sprint("max online of ", peak.Start.Day()), online[i], dynamics.Dated[dynamics.Covered[dynamics.MaxOnline]]{
			Period: peak.Start.Day().Window(), Figure: dynamics.Covered[dynamics.MaxOnline]{
				Figure: dynamics.MaxOnline{Accounts: peak.Accounts, Devices: peak.Devices}, Cover: dynamics.Cover{Coverage: viewing.Complete},
			},
		})
	}
	for granularity := viewing.ByHour; granularity <= viewing.ByMonth; granularity++ {
		window := days
		if granularity == viewing.ByHour { // the twin looks at everything for each of them
			window.From = w.From + viewing.Millis(w.IntN(storetest.WorldDays))*viewing.DayLength
			window.To = window.From + viewing.DayLength
		}
		points, err := d.CustomersDynamic(ctx, q, window, granularity)
		s.Must(err)
		for i, period := range granularity.Periods(window) {
			s.samePoint(client, granularity, period, points[i].Figure)
		}
	}
	s.checkRecords(client, days, w.From+viewing.Millis(w.IntN(storetest.WorldDays+2))*viewing.DayLength+5)
	asOf := storetest.Pick(w, []viewing.Millis{w.Instant(), w.From + storetest.WorldDays*viewing.DayLength + 1})
	stats, err := d.Stats(ctx, q, asOf)
	s.Must(err)
	s.Same(fmt.Sprint("stats at ", asOf.Time()), stats, s.stats(client, asOf))
}

func (s *subject) samePoint(client int32, g viewing.Granularity, period viewing.Window, got dynamics.Point) {
	s.T.Helper()
	s.Equal("coverage", got.Cover, dynamics.Cover{Coverage: viewing.Complete})
	got.Cover = dynamics.Cover{}
	what := fmt.Sprintf("point of %s to %s", period.From.Time(), period.To.Time())
	s.Same(what, got, s.point(client, g, period))
	if got.ClosingActive() != s.Twin.Flows(client, math.MinInt64, period.To).Active() {
		s.T.Fatalf("%s does not balance: %+v", what, got)
	}
}

// checkRecords: those days are there that had ended and are not before all data.
func (s *subject) checkRecords(client int32, days viewing.Window, now viewing.Millis) {
	s.T.Helper()
	records, err := s.dynamics().DailyStats(s.T.Context(), dynamics.Question{ClientID: client, Now: now}, days.From.Day(), days.To.Day()-1)
	s.Must(err)
	first := s.Twin.Beginning(client)
	for _, day := range viewing.ByDay.Periods(days) {
		if day.To > now || day.To <= first {
			continue
		}
		if len(records) == 0 {
			s.T.Fatalf("the record of %s is missing", day.From.Time())
		}
		records[0].Figure.Cover = dynamics.Cover{}
		s.Same(fmt.Sprint("record of ", day.From.Time()), records[0], dynamics.Dated[dynamics.Record]{Period: day, Figure: dynamics.Record{
			Point: s.point(client, viewing.ByDay, day), MaxOnline: s.Twin.Peaks(client, day)[0].Accounts.Count,
		}})
		records = records[1:]
	}
	if len(records) > 0 {
		s.T.Fatalf("records that should not be: %+v", records)
	}
}

// point is the point of a series by the twin.
func (s *subject) point(client int32, g viewing.Granularity, period viewing.Window) dynamics.Point {
	before := s.Twin.Flows(client, math.MinInt64, period.From)
	flows := s.Twin.Flows(client, period.From, period.To)
	ledger := dynamics.Ledger{OpeningActive: before.Active(), Flows: flows, TotalAccounts: before.Existing() + flows.Existing()}
	if g == viewing.ByDay {
		ledger.ActiveByTariff = s.Twin.ActiveByTariff(client, period.To)
	}
	return dynamics.Point{
		Ledger: ledger, Payments: s.Twin.PaymentsIn(client, period.From, period.To),
		Watch:    s.Twin.WatchByPeriod(client, []viewing.Millis{period.From, period.To})[0],
		Revision: s.Twin.Policy(client).PolicyRevision,
	}
}

// stats are the figures of a dashboard by the twin.
func (s *subject) stats(client int32, asOf viewing.Millis) dynamics.Stats {
	twin, midnight := s.Twin.AsOf(asOf), asOf.Day().Start()
	accounts := twin.Flows(client, math.MinInt64, asOf)
	stats := dynamics.Stats{
		Total: accounts.Existing(), Active: accounts.Active(), NewToday: twin.Flows(client, midnight, asOf).New,
		NewIn7Days: twin.Flows(client, asOf-7*viewing.DayLength, asOf).New, NewIn30Days: twin.Flows(client, asOf-30*viewing.DayLength, asOf).New,
		Online: twin.Online(client, asOf, onlineTimeout), Viewers: twin.ViewerCounts(client, asOf),
		ActiveByTariff: twin.ActiveByTariff(client, asOf), PaymentsToday: twin.PaymentsIn(client, midnight, asOf),
	}
	stats.MaxEverDay = asOf.Day()
	for _, peak := range twin.Peaks(client, viewing.Window{From: twin.Beginning(client), To: asOf}) {
		if peak.Start.Day() == asOf.Day() {
			stats.MaxToday = dynamics.MaxOnline{Accounts: peak.Accounts, Devices: peak.Devices}
		}
		if peak.Accounts.Count > stats.MaxEver.Accounts.Count {
			stats.MaxEver.Accounts, stats.MaxEverDay = peak.Accounts, peak.Start.Day()
		}
		if peak.Devices.Count > stats.MaxEver.Devices.Count {
			stats.MaxEver.Devices = peak.Devices
		}
	}
	return stats
}

// smallWorld gives client 1 some viewing, an account and a payment on the day of storetest.Noon, and client 2 nothing.
func (s *subject) smallWorld() {
	s.T.Helper()
	s.Append(storetest.Watch(1, 1, storetest.Noon, 600), storetest.Watch(2, 1, storetest.Noon+300_000, 600))
	s.Apply(catalog.Batch{ClientID: 1,
		Accounts: []catalog.Account{{ID: 1, ChangedAt: storetest.Noon, Active: true, Tariffs: []int32{1}}},
		Payments: []catalog.Payment{{ID: 1, AccountID: 1, AmountMinor: 500, Currency: "EUR", PaidAt: storetest.Noon}},
	})
	s.Apply(catalog.Batch{ClientID: 2})
}

// testSecondRun: nothing is computed twice, whatever was folded, reopened or sent again.
func testSecondRun(t *testing.T, factory storetest.Factory) {
	s := newSubject(t, factory)
	s.smallWorld()
	asOf := storetest.Noon + 10*viewing.DayLength + 1
	first := []dynamics.Done{{Clients: 2, Computed: 1}, {Clients: 2, Computed: 1}, {Clients: 2, Computed: 2}, {Clients: 2, Computed: 1}}
	for round := range 3 {
		for number, want := range first {
			if round > 0 {
				want.Computed, want.Fresh = 0, want.Computed
			}
			s.Same(fmt.Sprintf("round %d, command %d", round, number), s.run(number, asOf), want)
		}
		s.Fold()
		s.Reopen()
		s.Apply(catalog.Batch{ClientID: 1, Accounts: []catalog.Account{{ID: 1, ChangedAt: storetest.Noon, Active: true, Tariffs: []int32{1}}}})
	}
}

// testLateData: a late payment changes one hour, a late session its hour and the greatest number online of its day and of
// the days that it can reach into, an account all that comes after.
func testLateData(t *testing.T, factory storetest.Factory) {
	s := newSubject(t, factory)
	s.smallWorld()
	asOf := storetest.Noon + 20*viewing.DayLength
	run := func(number int) int { return s.run(number, asOf, 1).Computed }
	run(cacheCustomersDynamic)
	run(cacheMaxOnline)
	s.Apply(catalog.Batch{ClientID: 1, Payments: []catalog.Payment{{ID: 2, AccountID: 1, Currency: "EUR", PaidAt: storetest.Noon + viewing.DayLength}}})
	s.Equal("hours after a late payment", run(cacheCustomersDynamic), 1)
	s.Apply(catalog.Batch{ClientID: 1, Payments: []catalog.Payment{{ID: 2, AccountID: 1, Currency: "EUR", PaidAt: storetest.Noon + 5*viewing.DayLength}}})
	s.Equal("hours after it moved", run(cacheCustomersDynamic), 2)
	s.Equal("days after payments", run(cacheMaxOnline), 0)
	s.Append(storetest.Watch(3, 1, storetest.Noon+100_000, 900))
	s.Equal("hours after a late session", run(cacheCustomersDynamic), 1)
	s.Equal("days after a late session", run(cacheMaxOnline), 1)
	s.Apply(catalog.Batch{ClientID: 1, Accounts: []catalog.Account{{ID: 2, ChangedAt: asOf - viewing.DayLength}}})
	s.Equal("hours after a late account", run(cacheCustomersDynamic), 1)
	s.Equal("hours of a client without data", s.run(cacheCustomersDynamic, asOf, 2).Computed, 0)
	s.Append(storetest.Watch(3, 1, storetest.Noon+100_000, 900)) // comes twice
	s.Equal("hours after a report that came twice", run(cacheCustomersDynamic) <= 1, true)
}
