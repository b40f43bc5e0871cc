package storetest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/tvstats/tvstats/internal/viewing"
)

// testPeaks holds what a sweep could get wrong: two devices of an account, sessions that touch, overlap and contain each
// other, that cross midnight or last no time, ties, and a second in which the number rises and falls.
func testPeaks(t *testing.T, factory Factory) {
	s := newSubject(t, factory)
	midnight := noon + viewing.DayLength/2
	second := func(r viewing.Report, uid string) viewing.Report {
		r.DeviceUID = uid
		return r
	}
	s.append(
		watch(1, 1, noon, 100), second(watch(1, 2, noon+50_000, 100), "other box"), watch(1, 3, noon+150_000, 10), // one account
		watch(2, 1, noon+100_000, 0), watch(3, 1, noon+100_000, 0), watch(4, 1, noon+100_000, 0), // never online
		watch(5, 1, noon+160_000, 60), watch(6, 1, noon+220_000, 60), // touch: one at a time
		watch(7, 1, noon+500_000, 600), watch(7, 2, noon+510_000, 10), watch(7, 3, noon+520_000, 10), // contained
		watch(8, 1, noon+700_000, 1), watch(9, 1, noon+700_001, 1), watch(10, 1, noon+700_999, 1), // within a second
		watch(11, 1, midnight-60_000, 120), watch(12, 1, midnight-1, 1), watch(13, 1, midnight-60_000, 60), // across midnight
		watch(14, 1, midnight+viewing.DayLength/2, 6*86_400), // for days
		second(watch(15, 1, midnight+1000, 5), "shared box"), second(watch(16, 1, midnight+1000, 5), "shared box"),
	)
	for range 2 {
		for _, window := range []viewing.Window{
			{From: noon - viewing.DayLength, To: noon + 9*viewing.DayLength}, {From: noon, To: noon + 1}, {From: noon + 55_000, To: noon + 60_001},
			{From: noon + 700_500, To: midnight}, {From: midnight, To: midnight + 1}, {From: midnight - 1, To: midnight + 60_000}, {From: noon, To: noon},
		} {
			s.checkPeaks(1, window)
		}
		s.fold()
	}
}

// testCrowdedPeaks packs sessions that begin and end to the millisecond into the seconds around a midnight, of few accounts
// and boxes, some of which have the same box.
func testCrowdedPeaks(t *testing.T, factory Factory) {
	s := newSubject(t, factory)
	for seed := range uint64(4) {
		w := newWorld(t, seed)
		client, midnight := int32(seed)+1, w.from+2*viewing.DayLength
		around := func() viewing.Millis {
			at := viewing.Millis(w.IntN(12_000))
			return midnight - 6000 + at - at%pick(w, []viewing.Millis{1, 1, 250, 1000})
		}
		reports := make([]viewing.Report, 250)
		for i := range reports {
			span := []viewing.Millis{around(), around()}
			slices.Sort(span)
			report := watch(w.Int64N(20)+1, int32(i)+1, span[0], 0)
			report.ClientID, report.At, report.DeviceUID = client, span[1], fmt.Sprint("box-", w.IntN(30))
			if w.chance(70) {
				report.At = min(report.At, report.StartedAt+viewing.Millis(w.IntN(800)))
			}
			reports[i] = report
		}
		s.append(reports...)
		s.checkPeaks(client, viewing.Window{From: midnight - viewing.DayLength, To: midnight + viewing.DayLength})
		for range 12 {
			window := []viewing.Millis{around(), around()}
			slices.Sort(window)
			s.checkPeaks(client, viewing.Window{From: window[0], To: window[1]})
		}
	}
}

// testEqualPeaks reaches the greatest number in hundreds of seconds, by boxes that take turns: one switches on at the
// instant at which another is switched off. The first second counts, and only from where it begins to.
func testEqualPeaks(t *testing.T, factory Factory) {
	s := newSubject(t, factory)
	var reports []viewing.Report
	for turn := range int64(400) {
		begin := noon + viewing.Millis(turn)*1000
		reports = append(reports, watch(turn+1, 1, begin, 1), watch(turn+1001, 1, begin+500, 1))
	}
	s.append(reports...)
	day := noon.Day().Window()
	for _, from := range []viewing.Millis{day.From, noon + 100_250, noon + 399_999} {
		s.checkPeaks(1, viewing.Window{From: from, To: day.To})
	}
	s.append(watch(9999, 1, noon+300_200, 0)) // of no length
	s.checkPeaks(1, day)
	s.append(watch(9999, 1, noon+300_200, 1))
	s.checkPeaks(1, day)
}

// testRealPeaks sweeps over real viewing.
func testRealPeaks(t *testing.T, factory Factory) {
	s := newSubject(t, factory)
	sessions := readBrightTV(t)
	s.append(sessions...)
	first := slices.MinFunc(sessions, func(a, b viewing.Report) int { return int(a.StartedAt - b.StartedAt) })
	window := viewing.Window{From: first.StartedAt, To: first.StartedAt + 92*viewing.DayLength}
	s.checkPeaks(1, window)
	s.fold()
	s.checkPeaks(1, window)
}
