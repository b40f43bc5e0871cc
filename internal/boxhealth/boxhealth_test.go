package boxhealth

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/tvstats/tvstats/internal/viewing"
)

const noon viewing.Millis = 1_700_006_400_000 + 12*viewing.HourLength

// report is one of box 1 on the channel.
func report(channel int32, started, at viewing.Millis) viewing.Report {
	return viewing.Report{
		Identity: viewing.Identity{ClientID: 1, AccountID: 1, DeviceUID: "box", Device: "mag250", ChannelID: channel, Mode: viewing.Live, StartedAt: started},
		State:    viewing.State{At: at},
	}
}

const second, minute viewing.Millis = 1000, 60_000

func TestSilence(t *testing.T) {
	t.Parallel()
	w := New(1000)
	for _, at := range []viewing.Millis{5 * minute, 10 * minute, 15*minute + 1, 9*viewing.HourLength + 5*minute, 9*viewing.HourLength + 6*minute} {
		for range 2 { // a report that comes again adds nothing
			w.Reports([]viewing.Report{report(1, noon, noon+at), report(1, noon, noon)})
		}
	}
	if got := w.Counts(); got != (Counts{Silences: 2}) {
		t.Errorf("got %+v", got)
	}
}

// TestSeveralAtOnce compares what is counted with a walk through all seconds, for sessions of random boxes whose reports come
// in any order, several times.
func TestSeveralAtOnce(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 14))
		w := New(1000)
		var reports []viewing.Report
		for range 1 + r.IntN(7) {
			channel, started := int32(1+r.IntN(3)), noon+viewing.Millis(r.IntN(60))*second
			for range 1 + r.IntN(3) {
				reports = append(reports, report(channel, started, started+viewing.Millis(r.IntN(60))*second))
			}
		}
		var channels, sessions int
		for at := noon; at < noon+2*minute; at += second {
			on := map[int32]map[viewing.Millis]bool{}
			for _, one := range reports {
				if at >= one.StartedAt && at < one.At {
					if on[one.ChannelID] == nil {
						on[one.ChannelID] = map[viewing.Millis]bool{}
					}
					on[one.ChannelID][one.StartedAt] = true
				}
			}
			if len(on) > 1 {
				channels++
			}
			for _, started := range on {
				if len(started) > 1 {
					sessions++
				}
			}
		}
		for range 2 {
			r.Shuffle(len(reports), func(i, j int) { reports[i], reports[j] = reports[j], reports[i] })
			w.Reports(reports)
		}
		if got, want := w.Counts(), (Counts{ChannelsAtOnce: float64(channels), SessionsAtOnce: float64(sessions)}); got != want {
			t.Errorf("seed %d: got %+v, want %+v", seed, got, want)
		}
	}
}

func TestManySessionsInAnHour(t *testing.T) {
	t.Parallel()
	w := New(1000)
	zap := func(from viewing.Millis, sessions int) {
		for i := range viewing.Millis(sessions) {
			started := from + i*second
			for range 2 {
				w.Reports([]viewing.Report{report(1+int32(i%5), started, started+second)})
			}
		}
	}
	zap(noon, 203)
	zap(noon, 203)                      // all of it again
	zap(noon+viewing.HourLength, 200)   // as many as a person may
	zap(noon+2*viewing.HourLength, 201) // one more
	if got := w.Counts(); got.Above != 4 {
		t.Errorf("got %+v", got)
	}
}

func TestProgrammesOfOtherChannels(t *testing.T) {
	t.Parallel()
	w := New(1000)
	catchup := func(programme int64, channel int32, started viewing.Millis, mode viewing.Mode) viewing.Report {
		r := report(channel, started, started+minute)
		r.Mode, r.ProgrammeID = mode, programme
		return r
	}
	reports := []viewing.Report{
		catchup(10, 1, noon, viewing.Catchup),            // as the guide has it
		catchup(10, 2, noon+minute, viewing.Catchup),     // not
		catchup(10, 2, noon+minute, viewing.Catchup),     // the same session again
		catchup(10, 2, noon+2*minute, viewing.Catchup),   // another one
		catchup(99, 2, noon+3*minute, viewing.Catchup),   // nobody knows it
		catchup(10, 2, noon+4*minute, viewing.Timeshift), // no catch-up
		catchup(0, 2, noon+5*minute, viewing.Catchup),    // no programme
		catchup(20, 2, noon+6*minute, viewing.Catchup),   // as the guide has it
		catchup(20, 3, noon+7*minute, viewing.Catchup),   // not
	}
	guide := func(_ context.Context, client int32, _ []int64) (map[int64]int32, error) {
		return map[int32]map[int64]int32{1: {10: 1, 20: 2}}[client], nil
	}
	w.Reports(reports)
	for range 2 {
		if err := w.CheckProgrammes(t.Context(), guide); err != nil {
			t.Fatal(err)
		}
		if got := w.Counts(); got.Foreign != 3 {
			t.Errorf("got %+v", got)
		}
	}
	w.Reports([]viewing.Report{catchup(10, 2, noon+8*minute, viewing.Catchup)})
	failed := errors.New("away")
	err := w.CheckProgrammes(t.Context(), func(context.Context, int32, []int64) (map[int64]int32, error) { return nil, failed })
	if !errors.Is(err, failed) {
		t.Errorf("got %v", err)
	}
}

func TestDevicesThatFallSilent(t *testing.T) {
	t.Parallel()
	w := New(1000)
	one := func(account int64, at viewing.Millis, ended bool) viewing.Report {
		r := report(1, noon-2*viewing.HourLength, at)
		r.AccountID, r.Ended = account, ended
		return r
	}
	w.Reports([]viewing.Report{
		one(1, noon, false), one(2, noon-5*minute, false), // they play
		one(3, noon-5*minute-1, false), one(4, noon-60*minute, false), // they are silent
		one(5, noon-60*minute-1, false), one(6, noon, true), one(7, noon-30*minute, true), // they are off
	})
	if playing, silent := w.Devices(noon); playing != 2 || silent != 2 {
		t.Errorf("%d play, %d are silent", playing, silent)
	}
	w.Reports([]viewing.Report{one(3, noon+minute, false)})
	if playing, silent := w.Devices(noon + minute); playing != 2 || silent != 1 {
		t.Errorf("%d play, %d are silent", playing, silent)
	}
}

// TestDevicesAreForgotten: however many there are, no more are remembered than configured; those that report all the time are.
func TestDevicesAreForgotten(t *testing.T) {
	t.Parallel()
	const most = 64 * 20
	w := New(most)
	faithful := report(1, noon, noon)
	for i := range int64(20 * most) {
		r := report(1, noon, noon+minute)
		r.AccountID = 2 + i
		faithful.At += second
		w.Reports([]viewing.Report{r, faithful})
	}
	playing, silent := w.Devices(noon + minute)
	if playing+silent > most || playing+silent < most/4 {
		t.Errorf("%d devices are known, %d may be", playing+silent, most)
	}
	faithful.At += 6 * minute
	w.Reports([]viewing.Report{faithful})
	if got := w.Counts(); got.Silences != 1 {
		t.Errorf("what reported all the time is forgotten: %+v", got)
	}
}

func BenchmarkReports(b *testing.B) {
	for _, devices := range []int{1000, 100_000} {
		b.Run(fmt.Sprint(devices), func(b *testing.B) {
			w := New(500_000)
			batch := make([]viewing.Report, 1000)
			now := noon
			for i := 0; b.Loop(); i++ {
				now += viewing.Millis(time.Minute.Milliseconds())
				for j := range batch {
					batch[j] = report(1, noon, now)
					batch[j].AccountID = int64((i*1000 + j) % devices)
				}
				w.Reports(batch)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/report")
		})
	}
}
