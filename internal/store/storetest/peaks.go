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
	s := NewSubject(t, factory)
	midnight := Noon + viewing.DayLength/2
	second := func(r viewing.Report, uid string) viewing.Report {
		r.DeviceUID = uid
		return r
	}
	s.Append(
		Watch(1, 1, Noon, 100), second(Watch(1, 2, Noon+50_000, 100), "other box"), Watch(1, 3, Noon+150_000, 10), // one account
		Watch(2, 1, Noon+100_000, 0), Watch(3, 1, Noon+100_000, 0), Watch(4, 1, Noon+100_000, 0), // never online
		Watch(5, 1, Noon+160_000, 60), Watch(6, 1, Noon+220_000, 60), // touch: one at a time
		Watch(7, 1, Noon+500_000, 600), Watch(7, 2, Noon+510_000, 10), Watch(7, 3, Noon+520_000, 10), // contained
		Watch(8, 1, Noon+700_000, 1), Watch(9, 1, Noon+700_001, 1), Watch(10, 1, Noon+700_999, 1), // within a second
		Watch(11, 1, midnight-60_000, 120), Watch(12, 1, midnight-1, 1), Watch(13, 1, midnight-60_000, 60), // across midnight
		Watch(14, 1, midnight+viewing.DayLength/2, 6*86_400), // for days
		second(Watch(15, 1, midnight+1000, 5), "shared box"), second(Watch(16, 1, midnight+1000, 5), "shared box"),
	)
	for range 2 {
		for _, window := range []viewing.Window{
			{From: Noon - viewing.DayLength, To: Noon + 9*viewing.DayLength}, {From: Noon, To: Noon + 1}, {From: Noon + 55_000, To: Noon + 60_001},
			{From: Noon + 700_500, To: midnight}, {From: midnight, To: midnight + 1}, {From: midnight - 1, To: midnight + 60_000}, {From: Noon, To: Noon},
		} {
			s.checkPeaks(1, window)
		}
		s.Fold()
	}
}

// testCrowdedPeaks packs sessions that begin and end to the millisecond into the seconds around a midnight, of few accounts
// and boxes: some accounts have a box of their own, others several, and some boxes are of several accounts.
func testCrowdedPeaks(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	for seed := range uint64(4) {
		w := NewWorld(t, seed)
		client, midnight := int32(seed)+1, w.From+2*viewing.DayLength
		around := func() viewing.Millis {
			at := viewing.Millis(w.IntN(12_000))
			return midnight - 6000 + at - at%Pick(w, []viewing.Millis{1, 1, 250, 1000})
		}
		own := int64(seed) * 5 // accounts up to this one have a box of their own
		reports := make([]viewing.Report, 250)
		for i := range reports {
			span := []viewing.Millis{around(), around()}
			slices.Sort(span)
			report := Watch(w.Int64N(20)+1, int32(i)+1, span[0], 0)
			report.ClientID, report.At, report.DeviceUID = client, span[1], fmt.Sprint("box-", w.IntN(30))
			if report.AccountID <= own {
				report.DeviceUID = fmt.Sprint("own-", report.AccountID)
			}
			if w.Chance(70) {
				report.At = min(report.At, report.StartedAt+viewing.Millis(w.IntN(800)))
			}
			reports[i] = report
		}
		s.Append(reports...)
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
	s := NewSubject(t, factory)
	var reports []viewing.Report
	for turn := range int64(400) {
		begin := Noon + viewing.Millis(turn)*1000
		reports = append(reports, Watch(turn+1, 1, begin, 1), Watch(turn+1001, 1, begin+500, 1))
	}
	s.Append(reports...)
	day := Noon.Day().Window()
	for _, from := range []viewing.Millis{day.From, Noon + 100_250, Noon + 399_999} {
		s.checkPeaks(1, viewing.Window{From: from, To: day.To})
	}
	s.Append(Watch(9999, 1, Noon+300_200, 0)) // of no length
	s.checkPeaks(1, day)
	s.Append(Watch(9999, 1, Noon+300_200, 1))
	s.checkPeaks(1, day)
}

// testRealPeaks sweeps over real viewing.
func testRealPeaks(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	sessions := readBrightTV(t)
	s.Append(sessions...)
	first := slices.MinFunc(sessions, func(a, b viewing.Report) int { return int(a.StartedAt - b.StartedAt) })
	window := viewing.Window{From: first.StartedAt, To: first.StartedAt + 92*viewing.DayLength}
	s.checkPeaks(1, window)
	s.Fold()
	s.checkPeaks(1, window)
}
