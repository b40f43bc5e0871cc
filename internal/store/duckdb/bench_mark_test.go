package duckdb

import (
	"testing"
	"time"

	"github.com/tvstats/tvstats/internal/viewing"
)

// BenchmarkMark compares what a mark takes, which is written once a second beside the intake, with the commit of a group of reports; and
// the commits of a store that writes its mark with those of one that does not.
func BenchmarkMark(b *testing.B) {
	open := func(b *testing.B) *Store {
		b.Helper()
		s, err := Open(b.Context(), Options{Dir: b.TempDir()})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { s.Close() }) //nolint:errcheck // its directory goes with it
		return s
	}
	b.Run("commit, with marks", func(b *testing.B) {
		commitGroups(b, open(b))
	})
	b.Run("commit, without", func(b *testing.B) {
		s := open(b)
		s.marker.stop()
		defer func() { s.marker.end = make(chan struct{}) }() // Close ends it again
		commitGroups(b, s)
	})
	b.Run("mark", func(b *testing.B) {
		s := open(b)
		s.marker.stop()
		defer func() { s.marker.end = make(chan struct{}) }()
		next := mark{}
		for range maxHistory { // the longest that a mark can be
			s.marker.written.History = append(s.marker.written.History, marked{At: time.Now()})
		}
		for b.Loop() {
			next.Reports++
			if err := s.marker.write(next); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// commitGroups appends 1,000 reports after the other.
func commitGroups(b *testing.B, s *Store) {
	b.Helper()
	reports := make([]viewing.Report, 1000)
	for n := int64(0); b.Loop(); n++ {
		for i := range reports {
			started := benchFirst + viewing.Millis(n)
			reports[i] = viewing.Report{
				Identity: viewing.Identity{ClientID: 1, AccountID: int64(i), DeviceUID: "box", Device: "mag250", ChannelID: 1, Mode: viewing.Live, StartedAt: started},
				State:    viewing.State{At: started + 60_000, WatchedSeconds: 60},
			}
		}
		if err := s.AppendReports(b.Context(), reports); err != nil {
			b.Fatal(err)
		}
	}
}
