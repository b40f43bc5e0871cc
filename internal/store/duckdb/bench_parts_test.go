package duckdb

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// BenchmarkParts writes the whole state, while reports are appended at 20,000 a second, and loads it. The latencies are those
// of taking in a group of 200 meanwhile.
func BenchmarkParts(b *testing.B) {
	s := benchStore(b)
	var manifest store.Manifest
	content := map[string][]byte{}
	b.Run("write", func(b *testing.B) {
		var took []time.Duration
		for b.Loop() {
			clear(content)
			stop, ended := make(chan bool), make(chan []time.Duration)
			go func() { ended <- appendSteadily(b, s, stop) }()
			state, err := s.Snapshot(b.Context())
			if err == nil {
				manifest, err = state.WriteParts(b.Context(), func(part store.Part, from io.Reader) (err error) {
					content[part.Name], err = io.ReadAll(from)
					return err
				})
			}
			if err != nil {
				b.Fatal(err)
			}
			close(stop)
			took = append(took, <-ended...)
			if err := state.Close(); err != nil {
				b.Fatal(err)
			}
		}
		slices.Sort(took)
		size := 0
		for _, part := range content {
			size += len(part)
		}
		b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-append-ms")
		b.ReportMetric(float64(took[len(took)-1].Microseconds())/1000, "max-append-ms")
		b.ReportMetric(float64(size)/float64(*benchSessions), "bytes/session")
	})
	b.Run("load", func(b *testing.B) {
		for b.Loop() {
			err := Load(b.Context(), Options{Dir: b.TempDir()}, manifest, func(part store.Part) (io.ReadCloser, error) {
				return io.NopCloser(bytes.NewReader(content[part.Name])), nil
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}

// appendSteadily appends 200 reports every 10 ms until stop is closed, and returns how long each took.
func appendSteadily(b *testing.B, s *Store, stop <-chan bool) (took []time.Duration) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	reports := make([]viewing.Report, 200)
	for n := int64(0); ; n++ {
		select {
		case <-stop:
			return took
		case <-tick.C:
		}
		for i := range reports {
			started := benchFirst + benchDays*viewing.DayLength + viewing.Millis(n)
			reports[i] = viewing.Report{
				Identity: viewing.Identity{ClientID: 1, AccountID: n*200 + int64(i), DeviceUID: fmt.Sprint(i), Device: "device 1", ChannelID: 1,
					Mode: viewing.Live, StartedAt: started},
				State: viewing.State{At: started + 60_000, WatchedSeconds: 60},
			}
		}
		begun := time.Now()
		if err := s.AppendReports(b.Context(), reports); err != nil {
			b.Error(err)
			return took
		}
		took = append(took, time.Since(begun))
	}
}
