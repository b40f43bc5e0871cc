package mongodb

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// randomSession is a short or a long one; one in four starts on a minute, and one in four chose a programme.
func randomSession(r *rand.Rand, account int64, days int) viewing.Report {
	start := sceneDay.Start() + viewing.Millis(r.Int64N(int64(days)*int64(viewing.DayLength)))
	start -= start % []viewing.Millis{1, 1, 1, minute}[r.IntN(4)]
	seconds := []int32{r.Int32N(100), r.Int32N(100), r.Int32N(30) * 60, r.Int32N(30_000)}[r.IntN(4)]
	report := viewing.Report{
		Identity: viewing.Identity{
			ClientID: 1, AccountID: account, DeviceUID: "box", Device: fmt.Sprint("device-", r.IntN(3)), ChannelID: r.Int32N(fineChannel) + 1,
			Mode: viewing.Live, StartedAt: start,
		},
		State: viewing.State{
			At: start + viewing.Millis(seconds)*1000, WatchedSeconds: seconds, Tariffs: [][]int32{nil, {1}, {2}, {1, 2}, {2, 3}}[r.IntN(5)],
		},
	}
	if r.IntN(4) == 0 {
		report.Mode, report.ProgrammeID = viewing.Catchup, r.Int64N(50)
	}
	return report
}

// fineChannel is the one whose programmes start and end between two minutes.
const fineChannel = 6

// guideOf is one for all channels, each with its own width of slots. Every programme overlaps the next one.
func guideOf(days int) []catalog.Programme {
	var guide []catalog.Programme
	for channel, minutes := range []viewing.Millis{60, 15, 7, 240, 5, 90} {
		for at := sceneDay.Start(); at < (sceneDay + viewing.Day(days)).Start(); at += minutes * minute {
			p := catalog.Programme{ID: int64(len(guide)) + 1, ChannelID: int32(channel) + 1, Start: at, End: at + 2*minutes*minute}
			if p.ChannelID == fineChannel {
				p.Start, p.End = p.Start+1, p.End+999
			}
			guide = append(guide, p)
		}
	}
	return guide
}

// randomBounds are instants for windows to begin and end at: in the middle of hours, on hours and at midnight, ascending.
func randomBounds(r *rand.Rand, days int) []viewing.Millis {
	var bounds []viewing.Millis
	for _, step := range []viewing.Millis{1, 1, 60_000, viewing.HourLength, viewing.HourLength, viewing.DayLength, viewing.DayLength} {
		at := viewing.Millis(r.Int64N(int64(days)*int64(viewing.DayLength)) + 1)
		bounds = append(bounds, sceneDay.Start()+at-at%step)
	}
	slices.Sort(bounds)
	return slices.Compact(bounds)
}

func randomFilter(r *rand.Rand, bounds []viewing.Millis) viewing.Filter {
	first := r.IntN(len(bounds) - 1)
	filter := viewing.Filter{ClientID: 1, Window: viewing.Window{From: bounds[first], To: bounds[first+1+r.IntN(len(bounds)-first-1)]}}
	if r.IntN(2) == 0 {
		filter.Devices = []string{fmt.Sprint("device-", r.IntN(4))}
	}
	if r.IntN(2) == 0 {
		filter.Tariffs = []int32{r.Int32N(4) + 1, r.Int32N(4) + 1}
	}
	filter.MinSeconds = []int64{0, 0, 1, r.Int64N(100)}[r.IntN(4)]
	filter.ActiveOnly = r.IntN(2) == 0
	return filter
}

// chosen are the sessions, none of which was reported twice, that pass the filter.
func chosen(sessions []viewing.Report, filter viewing.Filter, active map[int64]bool) []viewing.Report {
	return slices.DeleteFunc(slices.Clone(sessions), func(s viewing.Report) bool {
		return s.StartedAt < filter.Window.From || s.StartedAt >= filter.Window.To || int64(s.WatchedSeconds) < filter.MinSeconds ||
			filter.ActiveOnly && !active[s.AccountID] ||
			len(filter.Devices) > 0 && !slices.Contains(filter.Devices, s.Device) ||
			len(filter.Tariffs) > 0 && !slices.ContainsFunc(filter.Tariffs, func(id int32) bool { return slices.Contains(s.Tariffs, id) })
	})
}

// plainly is the ranking by looking at every session.
func plainly(sessions []viewing.Report) []viewing.ChannelWatch {
	lengths := map[int32][]int32{}
	for _, s := range sessions {
		lengths[s.ChannelID] = append(lengths[s.ChannelID], s.WatchedSeconds)
	}
	var watched []viewing.ChannelWatch
	for _, channel := range slices.Sorted(maps.Keys(lengths)) {
		seconds := slices.Sorted(slices.Values(lengths[channel]))
		n := len(seconds)
		watch := viewing.ChannelWatch{ChannelID: channel, Sessions: int64(n), MedianSeconds: float64(seconds[(n-1)/2]+seconds[n/2]) / 2}
		for _, s := range seconds {
			watch.Seconds += int64(s)
		}
		watched = append(watched, watch)
	}
	return watched
}

// plainlyProgrammes is the ranking of programmes by looking at every session for each.
func plainlyProgrammes(sessions []viewing.Report, guide []catalog.Programme) []viewing.ProgrammeWatch {
	var watched []viewing.ProgrammeWatch
	for _, p := range guide {
		watch, millis := viewing.ProgrammeWatch{ProgrammeID: p.ID, ChannelID: p.ChannelID, Title: p.Title}, viewing.Millis(0)
		for _, s := range sessions {
			end := s.StartedAt + viewing.Millis(s.WatchedSeconds)*1000
			given := min(end, p.End) - max(s.StartedAt, p.Start)
			if s.ProgrammeID == p.ID {
				given = end - s.StartedAt
			} else if s.ProgrammeID != 0 || s.Mode != viewing.Live || s.ChannelID != p.ChannelID {
				given = 0
			}
			if given > 0 {
				millis += given
				watch.Sessions++
			}
		}
		if watch.Seconds = int64(millis / 1000); watch.Sessions > 0 {
			watched = append(watched, watch)
		}
	}
	return watched
}

func ranking(t *testing.T, s *Store, filter viewing.Filter) string {
	t.Helper()
	watched, err := s.ChannelWatch(t.Context(), filter)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(watched, func(a, b viewing.ChannelWatch) int { return cmp.Compare(a.ChannelID, b.ChannelID) })
	return fmt.Sprint(watched)
}

func programmes(t *testing.T, s *Store, filter viewing.Filter) string {
	t.Helper()
	watched, err := s.ProgrammeWatch(t.Context(), filter, store.ChannelSet{}, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(watched, func(a, b viewing.ProgrammeWatch) int { return cmp.Compare(a.ProgrammeID, b.ProgrammeID) })
	return fmt.Sprint(watched)
}
