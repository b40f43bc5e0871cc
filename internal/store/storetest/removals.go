package storetest

import (
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/dynamics"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var removalTests = []test{
	{"figures outlive their data", testFiguresOutlive},
	{"a plan that was overtaken is refused", testOvertaken},
	{"year 1 costs what it holds", testYearOne},
	{"what is gone says so", testCoverage},
	{"snapshots do not grow for ever", testSnapshotsBounded},
	{"what is anonymous moves", testAnonymousMoves},
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
func testFiguresOutlive(t *testing.T, factory Factory) {
	for _, seed := range Seeds(3) {
		zone := []string{"UTC", "Europe/Berlin", "Asia/Kathmandu"}[seed]
		t.Run(zone, func(t *testing.T) {
			w := newWorld(t, seed*2+8)
			s := newSubject(t, factory)
			named := catalog.NewClient(1)
			named.TimeZone = zone
			s.apply(catalog.Batch{ClientID: 1, Client: &named})
			now := w.from + worldDays*viewing.DayLength + 30*viewing.HourLength
			s.at(now)
			kept := map[gonePeriod]string{}
			next := int64(1)
			for _, step := range w.dynamicsSteps(s) {
				step()
				switch {
				case w.chance(15) && next <= worldAccounts:
					s.remember(kept, zone, w, now)
					_, err := s.dynamics().EraseAccount(t.Context(), 1, next, now)
					s.must(err)
					s.twin.erase(1, next, now)
					now += 7
					s.at(now)
					next++
				case w.chance(10):
					s.remember(kept, zone, w, now)
					s.must(s.dynamics().ExpireViewing(t.Context(), w.instant()-viewing.DayLength, now))
				case w.chance(30):
					s.run(w.IntN(4), now, 1)
				case w.chance(20):
					s.must(s.store.Maintain(t.Context(), w.instant()))
				}
			}
			s.checkSums(zone, w, now)
			s.remember(kept, zone, w, now)
		})
	}
}

// calendarOf is the calendar of a zone.
func (s *subject) calendarOf(zone string) viewing.Calendar {
	s.t.Helper()
	loaded, err := time.LoadLocation(zone)
	s.must(err)
	return viewing.CalendarOf(loaded)
}

// worldWindow holds the days of the world, and one around it.
func (w *world) worldWindow() viewing.Window {
	return viewing.Window{From: w.from - viewing.DayLength, To: w.from + (worldDays+1)*viewing.DayLength}
}

// figuresOf reads the viewing figures of all periods of a calendar as text.
func (s *subject) figuresOf(zone string, w *world, now viewing.Millis) map[gonePeriod]string {
	s.t.Helper()
	q := dynamics.Question{ClientID: 1, Calendar: s.calendarOf(zone), Now: now}
	all := map[gonePeriod]string{}
	for g := viewing.ByHour; g <= viewing.ByDay; g++ {
		points, err := s.dynamics().CustomersDynamic(s.t.Context(), q, w.worldWindow(), g)
		s.must(err)
		for _, p := range points {
			all[gonePeriod{zone, g, p.Period}] = fmt.Sprintf("%+v", p.Figure.Watch)
		}
	}
	days := w.worldWindow()
	online, err := s.dynamics().MaxOnline(s.t.Context(), q, q.Calendar.Day(days.From), q.Calendar.Day(days.To))
	s.must(err)
	for _, day := range online {
		all[gonePeriod{zone, 0, day.Period}] = fmt.Sprintf("%+v", day.Figure.Figure)
	}
	return all
}

// remember holds what is read of days that were gone before against what was noted of them, and notes what is read of those that
// are gone now: after a removal they are those of which a figure is kept.
func (s *subject) remember(kept map[gonePeriod]string, zone string, w *world, now viewing.Millis) {
	s.t.Helper()
	read := map[string]map[gonePeriod]string{}
	for _, name := range []string{zone, "UTC"} {
		read[name] = s.figuresOf(name, w, now)
	}
	for period, text := range kept {
		if got := read[period.zone][period]; got != text {
			s.t.Fatalf("%+v was %s and is %s", period, text, got)
		}
	}
	for _, kind := range store.GoneKinds[:4] {
		calendar := "UTC"
		if kind == store.GoneWatchClientDay || kind == store.GoneOnlineClientDay {
			calendar = zone
		}
		figures, err := s.store.Figures(s.t.Context(), kind, 1, anyTime)
		s.must(err)
		for _, figure := range figures {
			s.note(kept, figure, read[calendar], calendar)
		}
	}
}

// note notes the day of a figure, and its hours.
func (s *subject) note(kept map[gonePeriod]string, figure store.Figure, all map[gonePeriod]string, zone string) {
	s.t.Helper()
	day := s.calendarOf(zone).Window(s.calendarOf(zone).Day(figure.Start))
	online := figure.Kind == store.GoneOnlineDay || figure.Kind == store.GoneOnlineClientDay
	for period, text := range all {
		if period.From >= day.From && period.To <= day.To && online == (period.g == 0) {
			kept[period] = text
		}
	}
}

// checkSums holds ledger and payments of all periods against the twin, and what adds up against the periods below.
func (s *subject) checkSums(zone string, w *world, now viewing.Millis) {
	s.t.Helper()
	for _, name := range []string{zone, "UTC"} {
		q := dynamics.Question{ClientID: 1, Calendar: s.calendarOf(name), Now: now}
		for g := viewing.ByHour; g <= viewing.ByMonth; g++ {
			points, err := s.dynamics().CustomersDynamic(s.t.Context(), q, w.worldWindow(), g)
			s.must(err)
			for i, p := range points {
				what := fmt.Sprintf("%s, granularity %d, %s", name, g, p.Period.From.Time())
				want := s.twin.point(1, g, p.Period)
				s.same(what, p.Figure.Ledger, want.Ledger)
				s.same(what, p.Figure.Payments, want.Payments)
				if i > 0 {
					s.equal(what, p.Figure.OpeningActive, points[i-1].Figure.ClosingActive())
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
	s.t.Helper()
	parts, err := s.dynamics().CustomersDynamic(s.t.Context(), q,
		viewing.Window{From: points[0].Period.From, To: points[len(points)-1].Period.To}, g-1)
	s.must(err)
	for _, whole := range points {
		what := fmt.Sprintf("sum of %s, granularity %d, %s", name, g, whole.Period.From.Time())
		sum := store.Watch{Accounts: whole.Figure.Watch.Accounts}
		first, last := parts[0].Figure, parts[0].Figure
		for ; len(parts) > 0 && parts[0].Period.From < whole.Period.To; parts = parts[1:] {
			last = parts[0].Figure
			sum.Seconds += last.Watch.Seconds
			sum.Sessions += last.Watch.Sessions
		}
		s.equal(what+": viewing", whole.Figure.Watch, sum)
		s.equal(what+": opening", whole.Figure.OpeningActive, first.OpeningActive)
		s.equal(what+": closing", whole.Figure.ClosingActive(), last.ClosingActive())
	}
}

// testOvertaken: data that arrives between the plan and the removal, and viewing that was not planned, refuse it.
func testOvertaken(t *testing.T, factory Factory) {
	s := newSubject(t, factory)
	s.append(watch(1, 1, noon, 60), watch(2, 1, noon, 60))
	removal := store.Removal{ClientID: 1, AccountID: 1, Before: store.Never}
	plan := func() store.Kept {
		kept := s.losing(removal)
		kept.Window = noon.Day().Window()
		kept.Figures = []store.Figure{{Kind: store.GoneWatchDay, ClientID: 1, Start: kept.Window.From, Body: []byte(`{}`)}}
		_, hours, err := s.store.Versions(t.Context(), 1, kept.Window, s.now)
		s.must(err)
		for _, hour := range hours {
			kept.Viewing += hour.Viewing
		}
		return kept
	}
	refused := func(what string, kept store.Kept) {
		t.Helper()
		if _, err := s.store.EraseAccount(t.Context(), 1, 1, noon, kept); !errors.Is(err, store.ErrMoved) {
			t.Errorf("%s: error %v, want %v", what, err, store.ErrMoved)
		}
		s.check(whole(1))
	}
	overtaken := plan()
	s.append(watch(2, 1, noon, 90))
	refused("viewing of another", overtaken)
	overtaken = plan()
	overtaken.Late = true
	s.append(watch(1, 1, noon+5*viewing.HourLength, 60))
	refused("viewing of another hour", overtaken)
	fits := plan()
	got, err := s.store.EraseAccount(t.Context(), 1, 1, noon, fits)
	s.must(err)
	s.equal("erased", got, s.twin.erase(1, 1, noon))
	s.check(whole(1))
}

// testYearOne: every command stores and computes what its data costs, whatever lies between its ends.
func testYearOne(t *testing.T, factory Factory) {
	s := newSubject(t, factory)
	s.append(watch(1, 1, year1+viewing.DayLength, 60), watch(1, 1, noon, 60))
	s.apply(catalog.Batch{ClientID: 1,
		Accounts: []catalog.Account{{ID: 1, ChangedAt: year1 + viewing.DayLength, Active: true}, {ID: 2, ChangedAt: noon}},
		Payments: []catalog.Payment{{ID: 1, AccountID: 1, Currency: "EUR", PaidAt: year1 + 9*viewing.DayLength}},
	})
	asOf := noon + 20*viewing.DayLength
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
		figures, err := s.store.Figures(t.Context(), kind, 1, viewing.Window{From: math.MinInt64, To: math.MaxInt64})
		s.must(err)
		stored += len(figures)
	}
	if stored > 14 {
		t.Errorf("%d figures are stored", stored)
	}
	s.must(s.dynamics().ExpireViewing(t.Context(), noon, asOf))
	stats, err := s.dynamics().Stats(t.Context(), dynamics.Question{ClientID: 1, Now: asOf}, asOf)
	s.must(err)
	s.equal("greatest ever", stats.MaxEver.Accounts, store.Peak{Count: 1, At: year1 + viewing.DayLength})
}

// testCoverage: a day that had not ended, and the month around it, say that viewing of them is gone, and from when on it is not.
func testCoverage(t *testing.T, factory Factory) {
	s := newSubject(t, factory)
	yesterday := noon - viewing.DayLength
	s.append(watch(1, 1, yesterday, 60), watch(1, 1, noon, 60), watch(2, 1, yesterday, 60), watch(2, 1, noon, 60))
	now := noon + viewing.HourLength
	_, err := s.dynamics().EraseAccount(t.Context(), 1, 1, now)
	s.must(err)
	q := dynamics.Question{ClientID: 1, Now: now + 9*viewing.DayLength}
	for _, want := range []struct {
		g        viewing.Granularity
		at       viewing.Millis
		accounts int64
		sessions int64
		coverage viewing.Coverage
	}{
		{viewing.ByHour, yesterday, 2, 2, viewing.Complete}, {viewing.ByDay, yesterday, 2, 2, viewing.Complete},
		{viewing.ByHour, noon, 1, 1, viewing.Expired}, {viewing.ByDay, noon, 1, 1, viewing.Expired}, {viewing.ByDay, now + 8*viewing.DayLength, 0, 0, viewing.Provisional},
	} {
		points, err := s.dynamics().CustomersDynamic(t.Context(), q, viewing.Window{From: want.at, To: want.at + 1}, want.g)
		s.must(err)
		got := points[0].Figure
		if got.Watch.Accounts != want.accounts || got.Watch.Sessions != want.sessions || got.Coverage != want.coverage ||
			(got.Coverage == viewing.Expired) != (got.DataFrom == viewing.ByHour.Next(viewing.ByHour.Start(noon))) {
			t.Errorf("%+v: got %+v", want, got)
		}
	}
}

// testSnapshotsBounded saves more than are kept, of which many were there before.
func testSnapshotsBounded(t *testing.T, factory Factory) {
	s := newSubject(t, factory)
	s.smallWorld()
	before := make([]store.Figure, 108)
	for i := range before {
		before[i] = store.Figure{Kind: store.Snapshot, ClientID: 1, Start: noon + viewing.Millis(i), Stamp: "before", Body: []byte(`{}`)}
	}
	s.must(s.store.SaveFigures(t.Context(), before))
	for i := range viewing.Millis(3) {
		s.run(saveStats, noon+108+i, 1)
	}
	kept, err := s.store.Figures(t.Context(), store.Snapshot, 1, anyTime)
	s.must(err)
	s.equal("snapshots", len(kept), 100)
	s.equal("the last of them", kept[99].Start, noon+110)
}

// testAnonymousMoves carries what names nobody into another store, twice.
func testAnonymousMoves(t *testing.T, factory Factory) {
	from, to := newSubject(t, factory), newSubject(t, factory)
	from.smallWorld()
	now := noon + 3*viewing.DayLength
	_, err := from.dynamics().EraseAccount(t.Context(), 1, 1, now)
	from.must(err)
	anonymous, err := from.store.Anonymous(t.Context(), 1)
	from.must(err)
	if len(anonymous.Ledger) != 2 || len(anonymous.Payments) != 1 || len(anonymous.Figures) == 0 || len(anonymous.Lost) == 0 {
		t.Fatalf("got %+v", anonymous)
	}
	for range 2 {
		to.must(to.store.AddAnonymous(t.Context(), 1, anonymous))
		got, err := to.store.Anonymous(t.Context(), 1)
		to.must(err)
		to.equal("anonymous", got, anonymous)
		to.reopen()
	}
}
