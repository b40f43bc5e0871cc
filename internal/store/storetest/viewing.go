package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/viewing"
)

var viewingTests = Tests{
	"random sessions and filters":  testRandom,
	"exact medians":                testMedians,
	"ties":                         testTies,
	"programmes get what overlaps": testOverlap,
}

// testRandom asks many questions of each of several worlds, while days are folded now and then.
func testRandom(t *testing.T, factory Factory) {
	for _, seed := range Seeds(4) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			w := NewWorld(t, seed)
			s := NewSubject(t, factory)
			for client := range int32(WorldClients) {
				s.Apply(w.guide(client + 1))
				s.Apply(w.accounts(client + 1))
			}
			s.arrive(w, slices.Concat(w.Sessions(500)...), func() { s.check(w.questions(2)...) })
			s.Fold()
			s.check(w.questions(Rounds(20))...)
		})
	}
}

// Noon of a day that the tests by hand use.
var Noon = viewing.At(time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC))

// Watch is a live session of client 1 as its only report has it.
func Watch(account int64, channel int32, started viewing.Millis, seconds int32) viewing.Report {
	return viewing.Report{
		Identity: viewing.Identity{
			ClientID: 1, AccountID: account, DeviceUID: fmt.Sprint("box ", account), Device: "mag250",
			ChannelID: channel, Mode: viewing.Live, StartedAt: started,
		},
		State: viewing.State{At: started + viewing.Millis(seconds)*1000, WatchedSeconds: seconds},
	}
}

// testMedians goes through even and odd numbers of sessions, of lengths near each other, far apart and all equal.
func testMedians(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	lengths := [][]int32{
		{5}, {5, 6}, {0, 0, 0, 0}, {7, 7, 7}, {1, 86_400}, {63, 64}, {63, 64, 65}, {64, 127, 128, 4000}, {1, 1, 1, 50_000, 50_000, 50_000},
		{10, 20, 30, 40, 50, 60, 70, 80, 90},
	}
	for channel, seconds := range lengths {
		for i, length := range seconds {
			s.Append(Watch(int64(i)+1, int32(channel)+1, Noon, length))
		}
	}
	s.check(whole(1))
	s.Fold()
	s.check(whole(1))
}

// testTies requests fewer programmes than are equal.
func testTies(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	guide := catalog.Batch{ClientID: 1}
	for i, seconds := range []int32{300, 200, 200, 200, 100, 100} {
		channel := int32(i) + 1
		guide.Programmes = append(guide.Programmes,
			catalog.Programme{ID: int64(channel), ChannelID: channel, Start: Noon, End: Noon + 600_000})
		s.Append(Watch(1, channel, Noon, seconds))
	}
	s.Append(Watch(2, 5, Noon, 0), Watch(2, 6, Noon+500_000, 100)) // one that watched nothing, one more that equals two
	s.Apply(guide)
	for limit := range 8 {
		q := whole(1)
		q.limit = limit
		s.check(q)
	}
}

// testOverlap puts sessions before, into, across and around a programme, in each mode, to the millisecond.
func testOverlap(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	const hour = 3_600_000
	s.Apply(catalog.Batch{ClientID: 1, Programmes: []catalog.Programme{
		{ID: 1, ChannelID: 1, Title: "before", Start: Noon - hour, End: Noon},
		{ID: 2, ChannelID: 1, Title: "it", Start: Noon, End: Noon + hour},
		{ID: 3, ChannelID: 1, Title: "at the same time", Start: Noon + hour/2, End: Noon + 2*hour},
		{ID: 4, ChannelID: 2, Title: "elsewhere", Start: Noon, End: Noon + hour},
		{ID: 5, ChannelID: 1, Title: "for days", Start: Noon - 100*hour, End: Noon + 60*hour},
		{ID: 6, ChannelID: 1, Title: "a second", Start: Noon, End: Noon + 1000},
	}})
	account := int64(0)
	for _, started := range []viewing.Millis{
		Noon - 2*hour, Noon - 1, Noon, Noon + 1, Noon + 999, Noon + hour - 1, Noon + hour, Noon - 30*hour,
	} {
		for _, seconds := range []int32{0, 1, 2, 3599, 3600, 3601, 20 * 3600} {
			for mode := viewing.Live; mode <= viewing.Timeshift; mode++ {
				account++
				report := Watch(account, 1, started, seconds)
				report.Mode = mode
				report.ProgrammeID = []int64{0, 0, 0, 1, 4, 99, 2}[account%7]
				s.Append(report)
			}
		}
	}
	s.check(whole(1))
	s.Fold()
	s.check(whole(1))
}
