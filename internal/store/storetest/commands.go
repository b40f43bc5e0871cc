package storetest

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/dynamics"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var commandTests = []test{
	{"figures are right with and without the caches", testFiguresRight},
	{"a second run finds everything fresh", testSecondRun},
	{"late data is computed anew and nothing else", testLateData},
	{"missed days are recorded, changed ones heal", testMissedDays},
	{"days heal that lost all that they began with", testLostBeginning},
	{"a snapshot is of its instant", testSnapshot},
	{"commands run together while data comes", testCommandsAtOnce},
}

const onlineTimeout = 5 * time.Minute

// dynamics computes from the store under test.
func (s *subject) dynamics() *dynamics.Dynamics {
	return dynamics.New(s.store, onlineTimeout, 24*time.Hour).At(s.now)
}

// command is a method of dynamics.Dynamics that keeps figures.
type command func(*dynamics.Dynamics, dynamics.Command) (dynamics.Done, error)

// commands returns the four; progress receives how far they are.
func (s *subject) commands(progress dynamics.Progress) []command {
	ctx := s.t.Context()
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
	s.t.Helper()
	before := 0.0
	done, err := s.commands(func(done float64) {
		if done < before || done > 1 {
			s.t.Errorf("progress went from %f to %f", before, done)
		}
		before = done
	})[number](s.dynamics(), dynamics.Command{ClientIDs: clients, AsOf: asOf})
	s.must(err)
	if before != 1 {
		s.t.Errorf("progress ended at %f", before)
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

// testFiguresRight asks for all figures before any command ran, after each, and while data still comes.
func testFiguresRight(t *testing.T, factory Factory) {
	for _, seed := range Seeds(2) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			w := newWorld(t, seed)
			s := newSubject(t, factory)
			steps := w.dynamicsSteps(s)
			for _, link := range w.drifting(8) {
				steps = append(steps, func() { s.append(link) })
			}
			shuffle(w, steps)
			for i, step := range steps {
				step()
				if policy := w.policy(); w.chance(5) {
					s.apply(catalog.Batch{ClientID: w.Int32N(worldClients) + 1, Policy: &policy})
				}
				if i%20 > 0 && i < len(steps)-1 {
					continue
				}
				s.checkFigures(w)
				asOf := w.from + worldDays*viewing.DayLength + 1
				s.run(w.IntN(4), pick(w, []viewing.Millis{asOf, w.instant()}))
				s.checkFigures(w)
				if w.chance(30) {
					s.fold()
				}
			}
		})
	}
}

// checkFigures holds what a client reads against the twin.
func (s *subject) checkFigures(w *world) {
	s.t.Helper()
	s.at(pick(w, []viewing.Millis{endOfTime, w.instant()}))
	ctx, d, client := s.t.Context(), s.dynamics(), w.Int32N(worldClients)+1
	days := viewing.Window{From: w.from - 2*viewing.DayLength, To: w.from + (worldDays+2)*viewing.DayLength}
	q := dynamics.Question{ClientID: client, Now: w.from + 99*viewing.DayLength}
	online, err := d.MaxOnline(ctx, q, days.From.Day(), days.To.Day()-1)
	s.must(err)
	for i, peak := range s.twin.peaks(client, days) {
		s.equal(fmt.Sprint("max online of ", peak.Start.Day()), online[i], dynamics.Dated[dynamics.Covered[dynamics.MaxOnline]]{
			Period: peak.Start.Day().Window(), Figure: dynamics.Covered[dynamics.MaxOnline]{
				Figure: dynamics.MaxOnline{Accounts: peak.Accounts, Devices: peak.Devices}, Cover: dynamics.Cover{Coverage: viewing.Complete},
			},
		})
	}
	for granularity := viewing.ByHour; granularity <= viewing.ByMonth; granularity++ {
		window := days
		if granularity == viewing.ByHour { // the twin looks at everything for each of them
			window.From = w.from + viewing.Millis(w.IntN(worldDays))*viewing.DayLength
			window.To = window.From + viewing.DayLength
		}
		points, err := d.CustomersDynamic(ctx, q, window, granularity)
		s.must(err)
		for i, period := range granularity.Periods(window) {
			s.samePoint(client, granularity, period, points[i].Figure)
		}
	}
	s.checkRecords(client, days, w.from+viewing.Millis(w.IntN(worldDays+2))*viewing.DayLength+5)
	asOf := pick(w, []viewing.Millis{w.instant(), w.from + worldDays*viewing.DayLength + 1})
	stats, err := d.Stats(ctx, q, asOf)
	s.must(err)
	s.same(fmt.Sprint("stats at ", asOf.Time()), stats, s.twin.stats(client, asOf))
}

// same compares two values as text, which does not tell nil from empty.
func (s *subject) same(what string, got, want any) {
	s.t.Helper()
	if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
		s.t.Fatalf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}

func (s *subject) samePoint(client int32, g viewing.Granularity, period viewing.Window, got dynamics.Point) {
	s.t.Helper()
	s.equal("coverage", got.Cover, dynamics.Cover{Coverage: viewing.Complete})
	got.Cover = dynamics.Cover{}
	what := fmt.Sprintf("point of %s to %s", period.From.Time(), period.To.Time())
	s.same(what, got, s.twin.point(client, g, period))
	if got.ClosingActive() != s.twin.flows(client, math.MinInt64, period.To).Active() {
		s.t.Fatalf("%s does not balance: %+v", what, got)
	}
}

// checkRecords: those days are there that had ended and are not before all data.
func (s *subject) checkRecords(client int32, days viewing.Window, now viewing.Millis) {
	s.t.Helper()
	records, err := s.dynamics().DailyStats(s.t.Context(), dynamics.Question{ClientID: client, Now: now}, days.From.Day(), days.To.Day()-1)
	s.must(err)
	first := s.twin.first(client)
	for _, day := range viewing.ByDay.Periods(days) {
		if day.To > now || day.To <= first {
			continue
		}
		if len(records) == 0 {
			s.t.Fatalf("the record of %s is missing", day.From.Time())
		}
		records[0].Figure.Cover = dynamics.Cover{}
		s.same(fmt.Sprint("record of ", day.From.Time()), records[0], dynamics.Dated[dynamics.Record]{Period: day, Figure: dynamics.Record{
			Point: s.twin.point(client, viewing.ByDay, day), MaxOnline: s.twin.peaks(client, day)[0].Accounts.Count,
		}})
		records = records[1:]
	}
	if len(records) > 0 {
		s.t.Fatalf("records that should not be: %+v", records)
	}
}

// first is the first instant with any data.
func (w *twin) first(client int32) viewing.Millis {
	first := store.Never
	for _, session := range w.all(client) {
		first = min(first, session.StartedAt)
	}
	for _, change := range w.changes(client, w.known) {
		if change.exist {
			first = min(first, change.at)
		}
	}
	for key, payment := range w.payments {
		if key.client == client && !payment.Deleted {
			first = min(first, payment.PaidAt)
		}
	}
	return first
}

func (w *twin) point(client int32, g viewing.Granularity, period viewing.Window) dynamics.Point {
	before := w.flows(client, math.MinInt64, period.From)
	flows := w.flows(client, period.From, period.To)
	ledger := dynamics.Ledger{OpeningActive: before.Active(), Flows: flows, TotalAccounts: before.Existing() + flows.Existing()}
	if g == viewing.ByDay {
		ledger.ActiveByTariff = w.activeByTariff(client, period.To)
	}
	return dynamics.Point{
		Ledger: ledger, Payments: w.paymentsIn(client, period.From, period.To),
		Watch:    w.watchByPeriod(client, []viewing.Millis{period.From, period.To})[0],
		Revision: w.policies[client].PolicyRevision,
	}
}

func (w *twin) stats(client int32, asOf viewing.Millis) dynamics.Stats {
	foreseeing := *w
	foreseeing.known = max(w.now, asOf-1)
	w = &foreseeing
	midnight := asOf.Day().Start()
	accounts := w.flows(client, math.MinInt64, asOf)
	stats := dynamics.Stats{
		Total: accounts.Existing(), Active: accounts.Active(), NewToday: w.flows(client, midnight, asOf).New,
		NewIn7Days: w.flows(client, asOf-7*viewing.DayLength, asOf).New, NewIn30Days: w.flows(client, asOf-30*viewing.DayLength, asOf).New,
		Online: w.online(client, asOf, onlineTimeout), Audience: w.audience(client, asOf),
		ActiveByTariff: w.activeByTariff(client, asOf), PaymentsToday: w.paymentsIn(client, midnight, asOf),
	}
	stats.MaxEverDay = asOf.Day()
	for _, peak := range w.peaks(client, viewing.Window{From: w.first(client), To: asOf}) {
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

// smallWorld tells client 1 some viewing, an account and a payment on the day of noon, and client 2 nothing.
func (s *subject) smallWorld() {
	s.t.Helper()
	s.append(watch(1, 1, noon, 600), watch(2, 1, noon+300_000, 600))
	s.apply(catalog.Batch{ClientID: 1,
		Accounts: []catalog.Account{{ID: 1, ChangedAt: noon, Active: true, Tariffs: []int32{1}}},
		Payments: []catalog.Payment{{ID: 1, AccountID: 1, AmountMinor: 500, Currency: "EUR", PaidAt: noon}},
	})
	s.apply(catalog.Batch{ClientID: 2})
}

// testSecondRun: nothing is computed twice, whatever was folded, reopened or told again.
func testSecondRun(t *testing.T, factory Factory) {
	s := newSubject(t, factory)
	s.smallWorld()
	asOf := noon + 10*viewing.DayLength + 1
	first := []dynamics.Done{{Clients: 2, Computed: 1}, {Clients: 2, Computed: 1}, {Clients: 2, Computed: 2}, {Clients: 2, Computed: 1}}
	for round := range 3 {
		for number, want := range first {
			if round > 0 {
				want.Computed, want.Fresh = 0, want.Computed
			}
			s.same(fmt.Sprintf("round %d, command %d", round, number), s.run(number, asOf), want)
		}
		s.fold()
		s.reopen()
		s.apply(catalog.Batch{ClientID: 1, Accounts: []catalog.Account{{ID: 1, ChangedAt: noon, Active: true, Tariffs: []int32{1}}}})
	}
}

// testLateData: a late payment changes one hour, a late session its hour and the greatest number online of its day and of
// the days that it can reach into, an account all that comes after.
func testLateData(t *testing.T, factory Factory) {
	s := newSubject(t, factory)
	s.smallWorld()
	asOf := noon + 20*viewing.DayLength
	run := func(number int) int { return s.run(number, asOf, 1).Computed }
	run(cacheCustomersDynamic)
	run(cacheMaxOnline)
	s.apply(catalog.Batch{ClientID: 1, Payments: []catalog.Payment{{ID: 2, AccountID: 1, Currency: "EUR", PaidAt: noon + viewing.DayLength}}})
	s.equal("hours after a late payment", run(cacheCustomersDynamic), 1)
	s.apply(catalog.Batch{ClientID: 1, Payments: []catalog.Payment{{ID: 2, AccountID: 1, Currency: "EUR", PaidAt: noon + 5*viewing.DayLength}}})
	s.equal("hours after it moved", run(cacheCustomersDynamic), 2)
	s.equal("days after payments", run(cacheMaxOnline), 0)
	s.append(watch(3, 1, noon+100_000, 900))
	s.equal("hours after a late session", run(cacheCustomersDynamic), 1)
	s.equal("days after a late session", run(cacheMaxOnline), 1)
	s.apply(catalog.Batch{ClientID: 1, Accounts: []catalog.Account{{ID: 2, ChangedAt: asOf - viewing.DayLength}}})
	s.equal("hours after a late account", run(cacheCustomersDynamic), 1)
	s.equal("hours of a client without data", s.run(cacheCustomersDynamic, asOf, 2).Computed, 0)
	s.append(watch(3, 1, noon+100_000, 900)) // comes twice
	s.equal("hours after a report that came twice", run(cacheCustomersDynamic) <= 1, true)
}
