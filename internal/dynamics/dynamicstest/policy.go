package dynamicstest

import (
	"testing"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/dynamics"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/store/storetest"
	"github.com/tvstats/tvstats/internal/viewing"
)

var policyTests = storetest.Tests{"kept figures of counted seconds": testKeptCounted}

// testKeptCounted: what was kept of an hour is computed anew when the next tune-in arrives late, on the next day, or a link of a
// chain does, and when the policy changes; not when something arrives that cannot matter. What was kept of viewing that is
// gone stays as it was and says its revision.
func testKeptCounted(t *testing.T, factory storetest.Factory) {
	s := newSubject(t, factory)
	const hour = viewing.HourLength
	day := storetest.Noon.Day()
	set := func(policy viewing.Policy) { s.Apply(catalog.Batch{ClientID: 1, Policy: &policy}) }
	now := storetest.Noon + 3*viewing.DayLength
	hours := func(what string, want int) {
		t.Helper()
		for _, computed := range []int{want, 0} {
			s.Equal("hours computed after "+what, s.run(cacheCustomersDynamic, now, 1).Computed, computed)
		}
		s.checkRecords(1, viewing.Window{From: (day - 1).Start(), To: (day + 3).Start()}, now)
	}
	set(viewing.Policy{OneChannelPerDevice: true})
	s.Append(storetest.Watch(1, 1, storetest.Noon, 20*3600), storetest.Watch(2, 1, storetest.Noon+2*hour, 600))
	hours("the first sessions", 2)
	s.Append(storetest.Watch(1, 2, storetest.Noon+19*hour, 60)) // the first counts for an hour less
	hours("a late tune-in on the next day", 2)
	s.Append(storetest.Watch(3, 2, storetest.Noon+25*hour, 60))
	hours("viewing after all ended", 1)
	s.Append(storetest.Watch(2, 1, storetest.Noon+2*hour+300_000, 600)) // they are one session
	hours("a link of a chain", 4)                                       // all that start before it ends, or within the longest session after it
	set(viewing.Policy{OneChannelPerDevice: true, MaxSessionSeconds: 3600})
	hours("another policy", 4)
	set(viewing.Policy{MaxSessionSeconds: 3600})
	hours("a third policy", 4)
	s.Must(s.dynamics().ExpireViewing(t.Context(), (day + 1).Start(), now))
	want := s.point(1, viewing.ByDay, day.Window())
	set(viewing.Policy{MaxSessionSeconds: 1})
	for _, g := range []viewing.Granularity{viewing.ByHour, viewing.ByDay} {
		points, err := s.dynamics().CustomersDynamic(t.Context(), dynamics.Question{ClientID: 1, Now: now}, day.Window(), g)
		s.Must(err)
		var sum store.Watch
		for _, point := range points {
			sum.Seconds += point.Figure.Watch.Seconds
			sum.Sessions += point.Figure.Watch.Sessions
			sum.Cut += point.Figure.Watch.Cut
			if point.Figure.Watch.Sessions > 0 {
				s.Equal("revision of what is gone", point.Figure.Revision, int64(3))
			}
		}
		sum.Accounts = want.Watch.Accounts
		s.Equal("what is gone", sum, want.Watch)
	}
	points, err := s.dynamics().CustomersDynamic(t.Context(), dynamics.Question{ClientID: 1, Now: now}, (day + 1).Window(), viewing.ByDay)
	s.Must(err)
	s.Equal("revision of what is stored", points[0].Figure.Revision, int64(4))
}
