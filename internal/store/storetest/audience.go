package storetest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var audienceTests = []test{
	{"random worlds", testRandomAudiences},
	{"a curve at the edges of its steps", testCurveEdges},
	{"flows of one device", testFlowsOfADevice},
	{"programmes at odd milliseconds", testOddProgrammes},
	{"what is watched later", testLags},
	{"an empty store has no audience", testNoAudience},
}

// testRandomAudiences asks random questions of random worlds, with reports that are folded, partly folded and not folded.
func testRandomAudiences(t *testing.T, factory Factory) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			w := newWorld(t, seed)
			s := newSubject(t, factory)
			for client := range int32(worldClients) {
				s.apply(w.guide(client + 1))
				s.apply(catalog.Batch{ClientID: client + 1, Accounts: w.histories()})
			}
			reports := slices.Concat(w.sessions(400)...)
			shuffle(w, reports)
			for _, batch := range batches(w, reports) {
				s.append(batch...)
				if w.chance(30) {
					s.must(s.store.Maintain(t.Context(), w.instant()))
				}
				if w.chance(30) {
					s.checkAudiences(w, 1)
				}
			}
			s.fold()
			s.checkAudiences(w, 6)
		})
	}
}

// checkAudiences asks n random questions of each kind.
func (s *subject) checkAudiences(w *world, n int) {
	s.t.Helper()
	for _, q := range w.questions(n) {
		tariffs, at := some(w, numbers(worldTariffs+1), 20), w.instant()
		got, err := s.store.Subscribers(s.t.Context(), q.filter.ClientID, at, tariffs, q.filter.Now)
		if want := s.twin.subscribers(q.filter.ClientID, at, tariffs, q.filter.Now); err != nil || got != want {
			s.t.Fatalf("%d with tariffs %v at %d: %d subscribers, want %d, %v", q.filter.ClientID, tariffs, at, got, want, err)
		}
		filter := q.filter
		filter.Channels = q.channels.Only
		s.checkFlows(filter, pick(w, []viewing.Millis{0, 60_000, 3_600_000}), int32(w.IntN(3)))
		filter.Window = w.window()
		s.checkCurve(filter, pick(w, []viewing.Millis{60_000, 3_600_000, 10_800_000, 86_400_000}))
		s.checkRatings(w.ratingQuery(q))
	}
}

// window is a random one that is not empty.
func (w *world) window() viewing.Window {
	from := w.instant()
	return viewing.Window{From: from, To: from + 1 + viewing.Millis(w.Int64N(2*int64(viewing.DayLength)))}
}

// ratingQuery cuts days at an hour that is not that of UTC.
func (w *world) ratingQuery(q question) store.RatingQuery {
	rating := store.RatingQuery{
		Filter: q.filter, Starting: w.window(), Channels: q.channels, Reach: pick(w, []viewing.Millis{1, 180_000, 3_600_000}),
	}
	for from := rating.Starting.From.Day().Start() - viewing.Millis(w.IntN(24))*viewing.HourLength; from < rating.Starting.To; from += viewing.DayLength {
		rating.Days = append(rating.Days, viewing.Window{From: from, To: from + viewing.DayLength})
	}
	return rating
}

func (s *subject) checkFlows(filter viewing.Filter, gap viewing.Millis, channel int32) {
	s.t.Helper()
	got, err := s.store.ChannelFlows(s.t.Context(), filter, gap, channel)
	s.must(err)
	if got, want := linesOf(got), linesOf(s.twin.channelFlows(filter, gap, channel)); got != want {
		s.t.Fatalf("flows of %+v, gap %d, channel %d:\n%s", filter, gap, channel, difference(got, want))
	}
}

func (s *subject) checkCurve(filter viewing.Filter, step viewing.Millis) {
	s.t.Helper()
	got, err := s.store.Curve(s.t.Context(), filter, step)
	s.must(err)
	want := s.twin.curve(filter, step)
	if !slices.Equal(got, want) {
		s.t.Fatalf("curve of %+v by %d:\n got %+v\nwant %+v", filter, step, got, want)
	}
}

func (s *subject) checkRatings(q store.RatingQuery) {
	s.t.Helper()
	got, err := s.store.Ratings(s.t.Context(), q)
	s.must(err)
	want := s.twin.ratings(q)
	if g, w := linesOf(got.Programmes), linesOf(want.Programmes); g != w || got.Cut != want.Cut {
		s.t.Fatalf("ratings of %+v: cut %d, want %d\n%s", q, got.Cut, want.Cut, difference(g, w))
	}
}

// linesOf is the elements in an order that they have themselves, one a line.
func linesOf[T any](all []T) string {
	lines := make([]string, len(all))
	for i, one := range all {
		lines[i] = fmt.Sprintf("%+v\n", one)
	}
	slices.Sort(lines)
	return fmt.Sprint(lines)
}

// testCurveEdges puts sessions on, beside and across the ends of steps, some of the same account over each other and one right
// after the other, some without any time.
func testCurveEdges(t *testing.T, factory Factory) {
	s := newSubject(t, factory)
	const step = 60_000
	for i, started := range []viewing.Millis{noon - step, noon - 1, noon, noon + 1, noon + step - 1, noon + step, noon + 5*step, noon + 9*step + 500} {
		for j, seconds := range []int32{0, 1, 59, 60, 61, 300, 3600} {
			report := watch(int64(i+j)%4+1, 1, started, seconds)
			report.DeviceUID = fmt.Sprint("box-", i, j)
			s.append(report)
		}
	}
	for _, length := range []viewing.Millis{1, step, 9*step + 501, 10 * step} {
		filter := viewing.Filter{ClientID: 1, Now: endOfTime, Window: viewing.Window{From: noon, To: noon + length}}
		for _, by := range []viewing.Millis{1000, step, step - 1, 20 * step} {
			s.checkCurve(filter, by)
		}
	}
}

// testFlowsOfADevice: one device switches, pauses for as long as is allowed and for a millisecond more, stays, and tunes in twice at
// one instant.
func testFlowsOfADevice(t *testing.T, factory Factory) {
	s := newSubject(t, factory)
	at := noon
	for i, pause := range []viewing.Millis{0, 60_000, 60_001, -30_000, 60_000, 0, -60_000} {
		s.append(watch(1, int32(i%3+1), at, 60))
		at += 60_000 + pause
	}
	s.append(watch(1, 1, at, 60), watch(1, 2, at, 60), watch(1, 2, at, 60))
	long, short := watch(2, 1, noon, 600), watch(2, 1, noon, 60) // in the order of their kinds of device, whichever is shorter
	long.Device, short.Device = "a kind", "b kind"
	s.append(short, long, watch(2, 2, noon+600_000, 60))
	for _, gap := range []viewing.Millis{0, 60_000, 60_001} {
		for channel := range int32(4) {
			s.checkFlows(whole(1).filter, gap, channel)
		}
	}
}

// testOddProgrammes: programmes that begin and end at no full minute have their share of the live time of all channels to the
// millisecond.
func testOddProgrammes(t *testing.T, factory Factory) {
	s := newSubject(t, factory)
	for i := range viewing.Millis(40) {
		s.append(watch(int64(i), int32(i%3)+1, noon+i*7919, int32(i*11)))
	}
	var guide []catalog.Programme
	for i := range viewing.Millis(20) {
		guide = append(guide, catalog.Programme{ID: int64(i) + 1, ChannelID: int32(i%3) + 1, Start: noon + i*10_007, End: noon + i*20_011 + 60_000})
	}
	s.apply(catalog.Batch{ClientID: 1, Programmes: guide})
	s.checkRatings(oneDay())
}

// testLags: a programme is watched on its day and after, a millisecond before and after the ends of the day and of seven and 28
// days, with and without a position, and ahead of time.
func testLags(t *testing.T, factory Factory) {
	s := newSubject(t, factory)
	s.apply(catalog.Batch{ClientID: 1, Programmes: []catalog.Programme{{ID: 9, ChannelID: 1, Start: noon, End: noon + viewing.HourLength}}})
	account := int64(0)
	for _, lag := range []viewing.Millis{-viewing.HourLength, 0, viewing.DayLength / 2, 7 * viewing.DayLength, 28 * viewing.DayLength} {
		for _, more := range []viewing.Millis{-1, 0, 1} {
			for _, programme := range []int64{0, 9} {
				for _, position := range []viewing.Millis{viewing.Unknown, noon + 60_000} {
					account++
					report := watch(account, 1, noon+60_000+lag+more, int32(account))
					report.Mode, report.ProgrammeID, report.PositionAt = viewing.Catchup, programme, min(position, report.StartedAt)
					s.append(report)
				}
			}
		}
	}
	s.checkRatings(oneDay())
	s.fold()
	s.checkRatings(oneDay())
}

// oneDay asks for the ratings of the day of noon.
func oneDay() store.RatingQuery {
	day := noon.Day().Window()
	filter := whole(1).filter
	filter.Window = day
	return store.RatingQuery{Filter: filter, Starting: day, Days: []viewing.Window{day}, Reach: 180_000}
}

func testNoAudience(t *testing.T, factory Factory) {
	s := newSubject(t, factory)
	s.checkRatings(oneDay())
	s.checkCurve(oneDay().Filter, viewing.HourLength)
	s.checkFlows(oneDay().Filter, 0, 0)
	if count, err := s.store.Subscribers(t.Context(), 1, noon, nil, noon); err != nil || count != 0 {
		t.Errorf("%d subscribers, %v", count, err)
	}
}
