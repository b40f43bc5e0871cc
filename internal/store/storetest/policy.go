package storetest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/tvstats/tvstats/internal/measure"
	"github.com/tvstats/tvstats/internal/viewing"
)

var policyTests = Tests{
	"random policies":  testRandomPolicies,
	"chains over days": testChainsOverDays,
}

// testRandomPolicies asks random queries under random policies, of devices whose sessions drift, overlap and go on for days,
// while reports come in any order and are folded, partly folded and not folded.
func testRandomPolicies(t *testing.T, factory Factory) {
	for seed := range uint64(2) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			w := NewWorld(t, seed)
			s := NewSubject(t, factory)
			for client := range int32(WorldClients) {
				s.Apply(w.lineup(client + 1))
				s.Apply(w.accounts(client + 1))
				s.Apply(w.guide(client + 1))
			}
			s.arrive(w, slices.Concat(slices.Concat(w.Sessions(80)...), w.Drifting(8)), func() {
				if w.Chance(50) {
					s.checkPolicies(w, 2)
				}
			})
			s.Fold()
			s.checkPolicies(w, 15)
		})
	}
}

// checkPolicies asks n random queries and questions, all of them under a policy.
func (s *Subject) checkPolicies(w *World, n int) {
	s.T.Helper()
	queries := w.aggregates(n)
	for i := range queries {
		queries[i].Filter.Policy = w.Policy()
	}
	s.checkAggregates(queries...)
	questions := w.questions(n/3 + 1)
	for i := range questions {
		questions[i].filter.Policy = w.Policy()
	}
	s.check(questions...)
}

// Drifting makes chains of sessions on one channel of a device, whose starts drift: each begins around the end of one before,
// sometimes to the millisecond; now and then another channel is tuned to between them.
func (w *World) Drifting(chains int) []viewing.Report {
	var reports []viewing.Report
	for range chains {
		first := w.session()[0]
		end := first.StartedAt
		for range 1 + w.IntN(30) {
			next := first
			next.StartedAt = end - Pick(w, []viewing.Millis{-1, 0, 1, 1000, 60_000, 3_600_000})
			if w.Chance(5) {
				next.ChannelID = w.Int32N(worldChannels) + 1
			}
			if w.Chance(20) {
				next.Device = Pick(w, worldDevices)
			}
			next.WatchedSeconds = Pick(w, []int32{0, 1, 3600, 20_000, 80_000})
			next.At = next.StartedAt + viewing.Millis(next.WatchedSeconds)*1000
			next.LastActivityAt = viewing.Unknown
			if w.Chance(50) {
				next.LastActivityAt = next.StartedAt + viewing.Millis(w.Int64N(80_000_000))
			}
			next.Tariffs = some(w, numbers(worldTariffs), 20)
			reports = append(reports, next)
			end = max(end, next.At)
		}
	}
	return reports
}

// testChainsOverDays requests each day of a chain that goes on for five weeks, and of another that breaks off, before and after
// a link of it arrives.
func testChainsOverDays(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	const hour = viewing.DayLength / 24
	var late []viewing.Report
	for account, every := range []viewing.Millis{23 * hour, 30 * hour, 24*hour - 1, 24 * hour, 24*hour + 1} {
		for n := range viewing.Millis(35) {
			link := Watch(int64(account)+1, 1, Noon+n*every, 86_400)
			link.LastActivityAt = link.StartedAt + hour
			if n%9 == 8 {
				late = append(late, link)
			} else {
				s.Append(link)
			}
		}
		s.Append(Watch(int64(account)+1, 2, Noon+36*every-hour, 60)) // the next tune-in
	}
	step := viewing.Millis(9)
	if !Whole() {
		step = 23
	}
	check := func() {
		t.Helper()
		for day := viewing.Millis(0); day < 47; day += step {
			for _, policy := range []viewing.Policy{
				{OneChannelPerDevice: true}, {OneChannelPerDevice: true, MaxSessionSeconds: 9 * 86_400}, {OneChannelPerDevice: true, InactivitySeconds: 3600},
			} {
				window := viewing.Window{From: Noon + (day-2)*viewing.DayLength, To: Noon + (day-1)*viewing.DayLength}
				query := byChannel(viewing.Filter{ClientID: 1, Now: EndOfTime, Window: window, Policy: policy})
				s.checkAggregates(query)
				query.Count, query.Measures = measure.ByTime, []measure.Measure{measure.Watch, measure.Sessions, measure.Cut, measure.Reach}
				s.checkAggregates(query)
			}
		}
	}
	check()
	s.Fold()
	s.Append(late...)
	check()
	s.Fold()
	check()
}
