package dynamicstest

import (
	"context"
	"fmt"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/dynamics"
	"github.com/tvstats/tvstats/internal/measure"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/store/storetest"
	"github.com/tvstats/tvstats/internal/viewing"
)

var removalTests = storetest.Tests{
	"figures outlive their data":                   testFiguresOutlive,
	"year 1 costs what it holds":                   testYearOne,
	"what is gone says so":                         testCoverage,
	"viewing is removed while it is read":          testRemovedMeanwhile,
	"snapshots do not grow for ever":               testSnapshotsBounded,
	"what is anonymous moves":                      testAnonymousMoves,
	"an account is erased while it is reported on": testErasedWhileReported,
}

// gonePeriod is a period whose viewing figures must no longer change.
type gonePeriod struct {
	zone string
	g    viewing.Granularity
	viewing.Window
}

// testFiguresOutlive removes viewing of a random world at random moments, by erasure and retention, while states, payments and
// viewing come late and commands run: watch figures of gone days stay, ledger and payments are those of the twin, and everything
// adds up, in both calendars.
func testFiguresOutlive(t *testing.T, factory storetest.Factory) {
	for _, seed := range storetest.Seeds(3) {
		zone := []string{"UTC", "Europe/Berlin", "Asia/Kathmandu"}[seed]
		t.Run(zone, func(t *testing.T) {
			w := storetest.NewWorld(t, seed*2+8)
			s := newSubject(t, factory)
			named := catalog.NewClient(1)
			named.TimeZone = zone
			s.Apply(catalog.Batch{ClientID: 1, Client: &named})
			now := w.From + storetest.WorldDays*viewing.DayLength + 30*viewing.HourLength
			s.At(now)
			kept := map[gonePeriod]string{}
			next := int64(1)
			for _, step := range w.DynamicsSteps(s.Subject) {
				step()
				switch {
				case w.Chance(15) && next <= storetest.WorldAccounts:
					s.remember(kept, zone, w, now)
					_, err := s.dynamics().EraseAccount(t.Context(), 1, next, now)
					s.Must(err)
					s.Twin.Erase(1, next, now)
					now += 7
					s.At(now)
					next++
				case w.Chance(10):
					s.remember(kept, zone, w, now)
					s.Must(s.dynamics().ExpireViewing(t.Context(), w.Instant()-viewing.DayLength, now))
				case w.Chance(30):
					s.run(w.IntN(4), now, 1)
				case w.Chance(20):
					s.Must(s.Store.Maintain(t.Context(), w.Instant()))
				}
			}
			s.checkSums(zone, w, now)
			s.remember(kept, zone, w, now)
		})
	}
}

// calendarOf is the calendar of a zone.
func (s *subject) calendarOf(zone string) viewing.Calendar {
	s.T.Helper()
	loaded, err := time.LoadLocation(zone)
	s.Must(err)
	return viewing.CalendarOf(loaded)
}

// worldWindow holds the days of the world, and one around it.
func worldWindow(w *storetest.World) viewing.Window {
	return viewing.Window{From: w.From - viewing.DayLength, To: w.From + (storetest.WorldDays+1)*viewing.DayLength}
}

// figuresOf reads the viewing figures of all periods of a calendar as text.
func (s *subject) figuresOf(zone string, w *storetest.World, now viewing.Millis) map[gonePeriod]string {
	s.T.Helper()
	q := dynamics.Question{ClientID: 1, Calendar: s.calendarOf(zone), Now: now}
	all := map[gonePeriod]string{}
	for g := viewing.ByHour; g <= viewing.ByDay; g++ {
		points, err := s.dynamics().CustomersDynamic(s.T.Context(), q, worldWindow(w), g)
		s.Must(err)
		for _, p := range points {
			all[gonePeriod{zone, g, p.Period}] = fmt.Sprintf("%+v", p.Figure.Watch)
		}
	}
	days := worldWindow(w)
	online, err := s.dynamics().MaxOnline(s.T.Context(), q, q.Calendar.Day(days.From), q.Calendar.Day(days.To))
	s.Must(err)
	for _, day := range online {
		all[gonePeriod{zone, 0, day.Period}] = fmt.Sprintf("%+v", day.Figure.Figure)
	}
	return all
}

// remember holds what is read of days that were gone before against what was noted of them, and notes what is read of those that
// are gone now: after a removal they are those of which a figure is kept.
func (s *subject) remember(kept map[gonePeriod]string, zone string, w *storetest.World, now viewing.Millis) {
	s.T.Helper()
	read := map[string]map[gonePeriod]string{}
	for _, name := range []string{zone, "UTC"} {
		read[name] = s.figuresOf(name, w, now)
	}
	for period, text := range kept {
		if got := read[period.zone][period]; got != text {
			s.T.Fatalf("%+v was %s and is %s", period, text, got)
		}
	}
	for _, kind := range store.GoneKinds[:4] {
		calendar := "UTC"
		if kind == store.GoneWatchClientDay || kind == store.GoneOnlineClientDay {
			calendar = zone
		}
		figures, err := s.Store.Figures(s.T.Context(), kind, 1, storetest.AnyTime)
		s.Must(err)
		for _, figure := range figures {
			s.note(kept, figure, read[calendar], calendar)
		}
	}
}

// note notes the day of a figure, and its hours.
func (s *subject) note(kept map[gonePeriod]string, figure store.Figure, all map[gonePeriod]string, zone string) {
	s.T.Helper()
	day := s.calendarOf(zone).Window(s.calendarOf(zone).Day(figure.Start))
	online := figure.Kind == store.GoneOnlineDay || figure.Kind == store.GoneOnlineClientDay
	for period, text := range all {
		if period.From >= day.From && period.To <= day.To && online == (period.g == 0) {
			kept[period] = text
		}
	}
}

// checkSums holds ledger and payments of all periods against the twin, and what adds up against the periods below.
func (s *subject) checkSums(zone string, w *storetest.World, now viewing.Millis) {
	s.T.Helper()
	for _, name := range []string{zone, "UTC"} {
		q := dynamics.Question{ClientID: 1, Calendar: s.calendarOf(name), Now: now}
		for g := viewing.ByHour; g <= viewing.ByMonth; g++ {
			points, err := s.dynamics().CustomersDynamic(s.T.Context(), q, worldWindow(w), g)
			s.Must(err)
			for i, p := range points {
				what := fmt.Sprintf("%s, granularity %d, %s", name, g, p.Period.From.Time())
				want := s.point(1, g, p.Period)
				s.Same(what, p.Figure.Ledger, want.Ledger)
				s.Same(what, p.Figure.Payments, want.Payments)
				if i > 0 {
					s.Equal(what, p.Figure.OpeningActive, points[i-1].Figure.ClosingActive())
				}
			}
			if g > viewing.ByHour {
				s.addUp(name, q, g, points)
			}
		}
	}
}

// addUp compares each point with the sum of the periods below.
func (s *subject) addUp(name string, q dynamics.Question, g viewing.Granularity, points []dynamics.Dated[dynamics.Point]) {
	s.T.Helper()
	parts, err := s.dynamics().CustomersDynamic(s.T.Context(), q,
		viewing.Window{From: points[0].Period.From, To: points[len(points)-1].Period.To}, g-1)
	s.Must(err)
	for _, whole := range points {
		what := fmt.Sprintf("sum of %s, granularity %d, %s", name, g, whole.Period.From.Time())
		sum := store.Watch{Accounts: whole.Figure.Watch.Accounts}
		first, last := parts[0].Figure, parts[0].Figure
		for ; len(parts) > 0 && parts[0].Period.From < whole.Period.To; parts = parts[1:] {
			last = parts[0].Figure
			sum.Seconds += last.Watch.Seconds
			sum.Sessions += last.Watch.Sessions
		}
		s.Equal(what+": viewing", whole.Figure.Watch, sum)
		s.Equal(what+": opening", whole.Figure.OpeningActive, first.OpeningActive)
		s.Equal(what+": closing", whole.Figure.ClosingActive(), last.ClosingActive())
	}
}

// testYearOne: every command stores and computes what its data costs, whatever lies between its ends.
func testYearOne(t *testing.T, factory storetest.Factory) {
	s := newSubject(t, factory)
	s.Append(storetest.Watch(1, 1, storetest.Year1+viewing.DayLength, 60), storetest.Watch(1, 1, storetest.Noon, 60))
	s.Apply(catalog.Batch{ClientID: 1,
		Accounts: []catalog.Account{{ID: 1, ChangedAt: storetest.Year1 + viewing.DayLength, Active: true}, {ID: 2, ChangedAt: storetest.Noon}},
		Payments: []catalog.Payment{{ID: 1, AccountID: 1, Currency: "EUR", PaidAt: storetest.Year1 + 9*viewing.DayLength}},
	})
	asOf := storetest.Noon + 20*viewing.DayLength
	for round := range 2 {
		for number, want := range []int{cacheCustomersDynamic: 1, cacheMaxOnline: 2, saveStats: 1, collectDailyStats: 3} {
			done := s.run(number, asOf, 1)
			if got := done.Computed + done.Fresh; got != want || round > 0 && done.Computed > 0 {
				t.Errorf("round %d: command %d did %+v, want %d", round, number, done, want)
			}
		}
	}
	stored := 0
	for kind := range store.FigureKind(32) {
		figures, err := s.Store.Figures(t.Context(), kind, 1, viewing.Window{From: math.MinInt64, To: math.MaxInt64})
		s.Must(err)
		stored += len(figures)
	}
	if stored > 14 {
		t.Errorf("%d figures are stored", stored)
	}
	s.Must(s.dynamics().ExpireViewing(t.Context(), storetest.Noon, asOf))
	stats, err := s.dynamics().Stats(t.Context(), dynamics.Question{ClientID: 1, Now: asOf}, asOf)
	s.Must(err)
	s.Equal("greatest ever", stats.MaxEver.Accounts, store.Peak{Count: 1, At: storetest.Year1 + viewing.DayLength})
}

// testCoverage: a day that had not ended, and the month around it, say that viewing of them is gone, and from when on it is not.
func testCoverage(t *testing.T, factory storetest.Factory) {
	s := newSubject(t, factory)
	yesterday := storetest.Noon - viewing.DayLength
	s.Append(storetest.Watch(1, 1, yesterday, 60), storetest.Watch(1, 1, storetest.Noon, 60), storetest.Watch(2, 1, yesterday, 60), storetest.Watch(2, 1, storetest.Noon, 60))
	now := storetest.Noon + viewing.HourLength
	_, err := s.dynamics().EraseAccount(t.Context(), 1, 1, now)
	s.Must(err)
	q := dynamics.Question{ClientID: 1, Now: now + 9*viewing.DayLength}
	for _, want := range []struct {
		g        viewing.Granularity
		at       viewing.Millis
		accounts int64
		sessions int64
		coverage viewing.Coverage
	}{
		{viewing.ByHour, yesterday, 2, 2, viewing.Complete}, {viewing.ByDay, yesterday, 2, 2, viewing.Complete},
		{viewing.ByHour, storetest.Noon, 1, 1, viewing.Expired}, {viewing.ByDay, storetest.Noon, 1, 1, viewing.Expired}, {viewing.ByDay, now + 8*viewing.DayLength, 0, 0, viewing.Provisional},
	} {
		points, err := s.dynamics().CustomersDynamic(t.Context(), q, viewing.Window{From: want.at, To: want.at + 1}, want.g)
		s.Must(err)
		got := points[0].Figure
		if got.Watch.Accounts != want.accounts || got.Watch.Sessions != want.sessions || got.Coverage != want.coverage ||
			(got.Coverage == viewing.Expired) != (got.DataFrom == viewing.ByHour.Next(viewing.ByHour.Start(storetest.Noon))) {
			t.Errorf("%+v: got %+v", want, got)
		}
	}
}

// testSnapshotsBounded saves more than are kept, of which many were there before.
func testSnapshotsBounded(t *testing.T, factory storetest.Factory) {
	s := newSubject(t, factory)
	s.smallWorld()
	before := make([]store.Figure, 108)
	for i := range before {
		before[i] = store.Figure{Kind: store.Snapshot, ClientID: 1, Start: storetest.Noon + viewing.Millis(i), Stamp: "before", Body: []byte(`{}`)}
	}
	s.Must(s.Store.SaveFigures(t.Context(), before))
	for i := range viewing.Millis(3) {
		s.run(saveStats, storetest.Noon+108+i, 1)
	}
	kept, err := s.Store.Figures(t.Context(), store.Snapshot, 1, storetest.AnyTime)
	s.Must(err)
	s.Equal("snapshots", len(kept), 100)
	s.Equal("the last of them", kept[99].Start, storetest.Noon+110)
}

// testAnonymousMoves copies what has no personal data into another store, twice.
func testAnonymousMoves(t *testing.T, factory storetest.Factory) {
	from, to := newSubject(t, factory), newSubject(t, factory)
	from.smallWorld()
	now := storetest.Noon + 3*viewing.DayLength
	_, err := from.dynamics().EraseAccount(t.Context(), 1, 1, now)
	from.Must(err)
	anonymous, err := from.Store.Anonymous(t.Context(), 1)
	from.Must(err)
	if len(anonymous.Ledger) != 2 || len(anonymous.Payments) != 1 || len(anonymous.Figures) == 0 || len(anonymous.Lost) == 0 {
		t.Fatalf("got %+v", anonymous)
	}
	for range 2 {
		to.Must(to.Store.AddAnonymous(t.Context(), 1, anonymous))
		got, err := to.Store.Anonymous(t.Context(), 1)
		to.Must(err)
		to.Equal("anonymous", got, anonymous)
		to.Reopen()
	}
}

// testErasedWhileReported erases an account while others report its viewing and that of another account: nothing of it is left,
// and nothing of the other is missing.
func testErasedWhileReported(t *testing.T, factory storetest.Factory) {
	s := newSubject(t, factory)
	var all sync.WaitGroup
	for channel := range int32(4) {
		all.Go(func() {
			for i := range viewing.Millis(25) {
				at := storetest.Noon + i
				s.Tolerate(s.Store.AppendReports(t.Context(), []viewing.Report{storetest.Watch(1, channel+1, at, 60), storetest.Watch(2, channel+1, at, 60)}))
			}
		})
	}
	all.Go(func() {
		_, err := s.dynamics().EraseAccount(t.Context(), 1, 1, storetest.Noon)
		s.Tolerate(err)
	})
	all.Wait()
	left, err := s.Store.Losing(t.Context(), store.Removal{ClientID: 1, AccountID: 1, Before: store.Never})
	s.Must(err)
	s.Equal("viewing left of the erased account", len(left), 0)
	q := dynamics.Question{ClientID: 1, Now: storetest.Noon + 9*viewing.DayLength}
	points, err := s.dynamics().CustomersDynamic(t.Context(), q, viewing.Window{From: storetest.Noon, To: storetest.Noon + 1}, viewing.ByHour)
	s.Must(err)
	s.Equal("viewing of the other", points[0].Figure.Watch, store.Watch{Accounts: 1, Sessions: 100, Seconds: 6000})
}

// interrupted is a store in which something happens just before viewing is looked at for the first time.
type interrupted struct {
	store.Store
	first  sync.Once
	happen func()
}

// Aggregate lets it happen.
func (i *interrupted) Aggregate(ctx context.Context, query measure.Query) ([]measure.Row, error) {
	i.first.Do(i.happen)
	return i.Store.Aggregate(ctx, query)
}

// Peaks lets it happen.
func (i *interrupted) Peaks(
	ctx context.Context, clientID int32, midnight viewing.Millis, window viewing.Window, now viewing.Millis,
) ([]store.DayPeak, error) {
	i.first.Do(i.happen)
	return i.Store.Peaks(ctx, clientID, midnight, window, now)
}

// testRemovedMeanwhile: a figure is of all viewing, stored or kept, when it is removed after a read has begun and before it has looked.
func testRemovedMeanwhile(t *testing.T, factory storetest.Factory) {
	for name, read := range map[string]func(*dynamics.Dynamics, dynamics.Question, viewing.Day) (any, error){
		"series": func(d *dynamics.Dynamics, q dynamics.Question, day viewing.Day) (any, error) {
			return d.CustomersDynamic(t.Context(), q, day.Window(), viewing.ByHour)
		},
		"records": func(d *dynamics.Dynamics, q dynamics.Question, day viewing.Day) (any, error) {
			return d.DailyStats(t.Context(), q, day, day)
		},
		"greatest number online": func(d *dynamics.Dynamics, q dynamics.Question, day viewing.Day) (any, error) {
			return d.MaxOnline(t.Context(), q, day, day)
		},
		"stats": func(d *dynamics.Dynamics, q dynamics.Question, _ viewing.Day) (any, error) {
			stats, err := d.Stats(t.Context(), q, q.Now)
			return stats.MaxEver, err
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSubject(t, factory)
			day := storetest.Noon.Day()
			s.Append(storetest.Watch(1, 1, storetest.Noon, 60), storetest.Watch(2, 1, storetest.Noon, 60))
			q := dynamics.Question{ClientID: 1, Now: (day + 9).Start()}
			s.At(q.Now)
			want, err := read(s.dynamics(), q, day)
			s.Must(err)
			removing := &interrupted{Store: s.Store, happen: func() { s.Must(s.dynamics().ExpireViewing(t.Context(), (day + 1).Start(), q.Now)) }}
			got, err := read(dynamics.New(removing, onlineTimeout, 24*time.Hour).At(q.Now), q, day)
			s.Must(err)
			s.Equal("while viewing is removed", got, want)
		})
	}
}
