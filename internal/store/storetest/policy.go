package storetest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/dynamics"
	"github.com/tvstats/tvstats/internal/measure"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var policyTests = []test{
	{"random policies", testRandomPolicies},
	{"chains over days", testChainsOverDays},
	{"kept figures of counted seconds", testKeptCounted},
}

// testRandomPolicies asks random queries under random policies, of devices whose sessions drift, overlap and go on for days,
// while reports come in any order and are folded, partly folded and not folded.
func testRandomPolicies(t *testing.T, factory Factory) {
	for seed := range uint64(2) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			w := newWorld(t, seed)
			s := newSubject(t, factory)
			for client := range int32(worldClients) {
				s.apply(w.lineup(client + 1))
				s.apply(w.accounts(client + 1))
				s.apply(w.guide(client + 1))
			}
			reports := slices.Concat(slices.Concat(w.sessions(80)...), w.drifting(8))
			shuffle(w, reports)
			for _, batch := range batches(w, reports) {
				s.append(batch...)
				if w.chance(30) {
					s.must(s.store.Maintain(t.Context(), w.instant()))
				}
				if w.chance(50) {
					s.checkPolicies(w, 2)
				}
			}
			s.fold()
			s.checkPolicies(w, 15)
		})
	}
}

// checkPolicies asks n random queries and questions, all of them under a policy.
func (s *subject) checkPolicies(w *world, n int) {
	s.t.Helper()
	queries := w.aggregates(n)
	for i := range queries {
		queries[i].Filter.Policy = w.policy()
	}
	s.checkAggregates(queries...)
	questions := w.questions(n/3 + 1)
	for i := range questions {
		questions[i].filter.Policy = w.policy()
	}
	s.check(questions...)
}

// drifting makes chains of sessions on one channel of a device, whose starts drift: each begins around the end of one before,
// sometimes to the millisecond; now and then another channel is tuned to between them.
func (w *world) drifting(chains int) []viewing.Report {
	var reports []viewing.Report
	for range chains {
		first := w.session()[0]
		end := first.StartedAt
		for range 1 + w.IntN(30) {
			next := first
			next.StartedAt = end - pick(w, []viewing.Millis{-1, 0, 1, 1000, 60_000, 3_600_000})
			if w.chance(5) {
				next.ChannelID = w.Int32N(worldChannels) + 1
			}
			if w.chance(20) {
				next.Device = pick(w, worldDevices)
			}
			next.WatchedSeconds = pick(w, []int32{0, 1, 3600, 20_000, 80_000})
			next.At = next.StartedAt + viewing.Millis(next.WatchedSeconds)*1000
			next.LastActivityAt = viewing.Unknown
			if w.chance(50) {
				next.LastActivityAt = next.StartedAt + viewing.Millis(w.Int64N(80_000_000))
			}
			next.Tariffs = some(w, numbers(worldTariffs), 20)
			reports = append(reports, next)
			end = max(end, next.At)
		}
	}
	return reports
}

// testKeptCounted: what was kept of an hour is computed anew when the next tune-in arrives late, on the next day, or a link of a
// chain does, and when the policy changes; not when something arrives that cannot matter. What was kept of viewing that is
// gone stays as it was and says its revision.
func testKeptCounted(t *testing.T, factory Factory) {
	s := newSubject(t, factory)
	const hour = viewing.HourLength
	day := noon.Day()
	set := func(policy viewing.Policy) { s.apply(catalog.Batch{ClientID: 1, Policy: &policy}) }
	now := noon + 3*viewing.DayLength
	hours := func(what string, want int) {
		t.Helper()
		for _, computed := range []int{want, 0} {
			s.equal("hours computed after "+what, s.run(cacheCustomersDynamic, now, 1).Computed, computed)
		}
		s.checkRecords(1, viewing.Window{From: (day - 1).Start(), To: (day + 3).Start()}, now)
	}
	set(viewing.Policy{OneChannelPerDevice: true})
	s.append(watch(1, 1, noon, 20*3600), watch(2, 1, noon+2*hour, 600))
	hours("the first sessions", 2)
	s.append(watch(1, 2, noon+19*hour, 60)) // the first counts for an hour less
	hours("a late tune-in on the next day", 2)
	s.append(watch(3, 2, noon+25*hour, 60))
	hours("viewing after all ended", 1)
	s.append(watch(2, 1, noon+2*hour+300_000, 600)) // they are one session
	hours("a link of a chain", 4)                   // all that start before it ends, or within the longest session after it
	set(viewing.Policy{OneChannelPerDevice: true, MaxSessionSeconds: 3600})
	hours("another policy", 4)
	set(viewing.Policy{MaxSessionSeconds: 3600})
	hours("a third policy", 4)
	s.must(s.dynamics().ExpireViewing(t.Context(), (day + 1).Start(), now))
	want := s.twin.point(1, viewing.ByDay, day.Window())
	set(viewing.Policy{MaxSessionSeconds: 1})
	for _, g := range []viewing.Granularity{viewing.ByHour, viewing.ByDay} {
		points, err := s.dynamics().CustomersDynamic(t.Context(), dynamics.Question{ClientID: 1, Now: now}, day.Window(), g)
		s.must(err)
		var sum store.Watch
		for _, point := range points {
			sum.Seconds += point.Figure.Watch.Seconds
			sum.Sessions += point.Figure.Watch.Sessions
			sum.Cut += point.Figure.Watch.Cut
			if point.Figure.Watch.Sessions > 0 {
				s.equal("revision of what is gone", point.Figure.Revision, int64(3))
			}
		}
		sum.Accounts = want.Watch.Accounts
		s.equal("what is gone", sum, want.Watch)
	}
	points, err := s.dynamics().CustomersDynamic(t.Context(), dynamics.Question{ClientID: 1, Now: now}, (day + 1).Window(), viewing.ByDay)
	s.must(err)
	s.equal("revision of what is stored", points[0].Figure.Revision, int64(4))
}

// testChainsOverDays asks for each day of a chain that goes on for five weeks, and of another that breaks off, before and after
// a link of it arrives.
func testChainsOverDays(t *testing.T, factory Factory) {
	s := newSubject(t, factory)
	const hour = viewing.DayLength / 24
	var late []viewing.Report
	for account, every := range []viewing.Millis{23 * hour, 30 * hour, 24*hour - 1, 24 * hour, 24*hour + 1} {
		for n := range viewing.Millis(35) {
			link := watch(int64(account)+1, 1, noon+n*every, 86_400)
			link.LastActivityAt = link.StartedAt + hour
			if n%9 == 8 {
				late = append(late, link)
			} else {
				s.append(link)
			}
		}
		s.append(watch(int64(account)+1, 2, noon+36*every-hour, 60)) // the next tune-in
	}
	check := func() {
		t.Helper()
		for day := viewing.Millis(0); day < 46; day += 9 {
			for _, policy := range []viewing.Policy{
				{OneChannelPerDevice: true}, {OneChannelPerDevice: true, MaxSessionSeconds: 9 * 86_400}, {OneChannelPerDevice: true, InactivitySeconds: 3600},
			} {
				window := viewing.Window{From: noon + (day-2)*viewing.DayLength, To: noon + (day-1)*viewing.DayLength}
				query := byChannel(viewing.Filter{ClientID: 1, Now: endOfTime, Window: window, Policy: policy})
				s.checkAggregates(query)
				query.Count, query.Measures = measure.ByTime, []measure.Measure{measure.Watch, measure.Sessions, measure.Cut, measure.Reach}
				s.checkAggregates(query)
			}
		}
	}
	check()
	s.fold()
	s.append(late...)
	check()
	s.fold()
	check()
}
