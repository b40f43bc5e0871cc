package storetest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var audienceTests = Tests{
	"random worlds":                     testRandomAudiences,
	"a curve at the edges of its steps": testCurveEdges,
	"flows of one device":               testFlowsOfADevice,
	"programmes at odd milliseconds":    testOddProgrammes,
	"what is watched later":             testLags,
	"an empty store has no audience":    testNoAudience,
}

// testRandomAudiences asks random questions of random worlds, with reports that are folded, partly folded and not folded.
func testRandomAudiences(t *testing.T, factory Factory) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			w := NewWorld(t, seed)
			s := NewSubject(t, factory)
			for client := range int32(WorldClients) {
				s.Apply(w.guide(client + 1))
				s.Apply(catalog.Batch{ClientID: client + 1, Accounts: w.Histories()})
			}
			s.arrive(w, slices.Concat(w.Sessions(400)...), func() {
				if w.Chance(30) {
					s.checkAudiences(w, 1)
				}
			})
			s.Fold()
			s.checkAudiences(w, 6)
		})
	}
}

// checkAudiences asks n random questions of each kind.
func (s *Subject) checkAudiences(w *World, n int) {
	s.T.Helper()
	for _, q := range w.questions(n) {
		tariffs, at := some(w, numbers(worldTariffs+1), 20), w.Instant()
		got, err := s.Store.Subscribers(s.T.Context(), q.filter.ClientID, at, tariffs, q.filter.Now)
		if want := s.Twin.subscribers(q.filter.ClientID, at, tariffs, q.filter.Now); err != nil || got != want {
			s.T.Fatalf("%d with tariffs %v at %d: %d subscribers, want %d, %v", q.filter.ClientID, tariffs, at, got, want, err)
		}
		filter := q.filter
		filter.Channels = q.channels.Only
		s.checkFlows(filter, Pick(w, []viewing.Millis{0, 60_000, 3_600_000}), int32(w.IntN(3)))
		filter.Window = w.window()
		s.checkCurve(filter, Pick(w, []viewing.Millis{60_000, 3_600_000, 10_800_000, 86_400_000}))
		s.checkRatings(w.ratingQuery(q))
	}
}

// window is a random one that is not empty.
func (w *World) window() viewing.Window {
	from := w.Instant()
	return viewing.Window{From: from, To: from + 1 + viewing.Millis(w.Int64N(2*int64(viewing.DayLength)))}
}

// ratingQuery cuts days at an hour that is not that of UTC.
func (w *World) ratingQuery(q question) store.RatingQuery {
	rating := store.RatingQuery{
		Filter: q.filter, Starting: w.window(), Channels: q.channels, Reach: Pick(w, []viewing.Millis{1, 180_000, 3_600_000}),
	}
	for from := rating.Starting.From.Day().Start() - viewing.Millis(w.IntN(24))*viewing.HourLength; from < rating.Starting.To; from += viewing.DayLength {
		rating.Days = append(rating.Days, viewing.Window{From: from, To: from + viewing.DayLength})
	}
	return rating
}

func (s *Subject) checkFlows(filter viewing.Filter, gap viewing.Millis, channel int32) {
	s.T.Helper()
	got, err := s.Store.ChannelFlows(s.T.Context(), filter, gap, channel)
	s.Must(err)
	if got, want := linesOf(got), linesOf(s.Twin.channelFlows(filter, gap, channel)); got != want {
		s.T.Fatalf("flows of %+v, gap %d, channel %d:\n%s", filter, gap, channel, difference(got, want))
	}
}

func (s *Subject) checkCurve(filter viewing.Filter, step viewing.Millis) {
	s.T.Helper()
	got, err := s.Store.Curve(s.T.Context(), filter, step)
	s.Must(err)
	want := s.Twin.curve(filter, step)
	if !slices.Equal(got, want) {
		s.T.Fatalf("curve of %+v by %d:\n got %+v\nwant %+v", filter, step, got, want)
	}
}

func (s *Subject) checkRatings(q store.RatingQuery) {
	s.T.Helper()
	got, err := s.Store.Ratings(s.T.Context(), q)
	s.Must(err)
	want := s.Twin.ratings(q)
	if g, w := linesOf(got.Programmes), linesOf(want.Programmes); g != w || got.Cut != want.Cut {
		s.T.Fatalf("ratings of %+v: cut %d, want %d\n%s", q, got.Cut, want.Cut, difference(g, w))
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
	s := NewSubject(t, factory)
	const step = 60_000
	for i, started := range []viewing.Millis{Noon - step, Noon - 1, Noon, Noon + 1, Noon + step - 1, Noon + step, Noon + 5*step, Noon + 9*step + 500} {
		for j, seconds := range []int32{0, 1, 59, 60, 61, 300, 3600} {
			report := Watch(int64(i+j)%4+1, 1, started, seconds)
			report.DeviceUID = fmt.Sprint("box-", i, j)
			s.Append(report)
		}
	}
	for _, length := range []viewing.Millis{1, step, 9*step + 501, 10 * step} {
		filter := viewing.Filter{ClientID: 1, Now: EndOfTime, Window: viewing.Window{From: Noon, To: Noon + length}}
		for _, by := range []viewing.Millis{1000, step, step - 1, 20 * step} {
			s.checkCurve(filter, by)
		}
	}
}

// testFlowsOfADevice: one device switches, pauses for as long as is allowed and for a millisecond more, stays, and tunes in twice at
// one instant.
func testFlowsOfADevice(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	at := Noon
	for i, pause := range []viewing.Millis{0, 60_000, 60_001, -30_000, 60_000, 0, -60_000} {
		s.Append(Watch(1, int32(i%3+1), at, 60))
		at += 60_000 + pause
	}
	s.Append(Watch(1, 1, at, 60), Watch(1, 2, at, 60), Watch(1, 2, at, 60))
	long, short := Watch(2, 1, Noon, 600), Watch(2, 1, Noon, 60) // in the order of their kinds of device, whichever is shorter
	long.Device, short.Device = "a kind", "b kind"
	s.Append(short, long, Watch(2, 2, Noon+600_000, 60))
	for _, gap := range []viewing.Millis{0, 60_000, 60_001} {
		for channel := range int32(4) {
			s.checkFlows(whole(1).filter, gap, channel)
		}
	}
}

// testOddProgrammes: programmes that begin and end at no full minute have their share of the live time of all channels to the
// millisecond.
func testOddProgrammes(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	for i := range viewing.Millis(40) {
		s.Append(Watch(int64(i), int32(i%3)+1, Noon+i*7919, int32(i*11)))
	}
	var guide []catalog.Programme
	for i := range viewing.Millis(20) {
		guide = append(guide, catalog.Programme{ID: int64(i) + 1, ChannelID: int32(i%3) + 1, Start: Noon + i*10_007, End: Noon + i*20_011 + 60_000})
	}
	s.Apply(catalog.Batch{ClientID: 1, Programmes: guide})
	s.checkRatings(oneDay())
}

// testLags: a programme is watched on its day and after, a millisecond before and after the ends of the day and of seven and 28
// days, with and without a position, and ahead of time.
func testLags(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	s.Apply(catalog.Batch{ClientID: 1, Programmes: []catalog.Programme{{ID: 9, ChannelID: 1, Start: Noon, End: Noon + viewing.HourLength}}})
	account := int64(0)
	for _, lag := range []viewing.Millis{-viewing.HourLength, 0, viewing.DayLength / 2, 7 * viewing.DayLength, 28 * viewing.DayLength} {
		for _, more := range []viewing.Millis{-1, 0, 1} {
			for _, programme := range []int64{0, 9} {
				for _, position := range []viewing.Millis{viewing.Unknown, Noon + 60_000} {
					account++
					report := Watch(account, 1, Noon+60_000+lag+more, int32(account))
					report.Mode, report.ProgrammeID, report.PositionAt = viewing.Catchup, programme, min(position, report.StartedAt)
					s.Append(report)
				}
			}
		}
	}
	s.checkRatings(oneDay())
	s.Fold()
	s.checkRatings(oneDay())
}

// oneDay is the query for the ratings of the day of Noon.
func oneDay() store.RatingQuery {
	day := Noon.Day().Window()
	filter := whole(1).filter
	filter.Window = day
	return store.RatingQuery{Filter: filter, Starting: day, Days: []viewing.Window{day}, Reach: 180_000}
}

func testNoAudience(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	s.checkRatings(oneDay())
	s.checkCurve(oneDay().Filter, viewing.HourLength)
	s.checkFlows(oneDay().Filter, 0, 0)
	if count, err := s.Store.Subscribers(t.Context(), 1, Noon, nil, Noon); err != nil || count != 0 {
		t.Errorf("%d subscribers, %v", count, err)
	}
}
