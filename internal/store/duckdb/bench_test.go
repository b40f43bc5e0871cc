package duckdb

import (
	"database/sql"
	"flag"
	"testing"

	"github.com/tvstats/tvstats/internal/measure"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// benchSessions is the size of the benchmarks' store; the documented figures are those of 20 million.
var benchSessions = flag.Int("sessions", 300_000, "folded sessions in the store of the benchmarks")

const (
	benchDays  = 30
	benchFirst = viewing.Millis(1_700_006_400_000) // the start of a UTC day
)

// benchStore holds 30 days of folded sessions of 100,000 accounts on 500 channels, and a guide of half hours for ten of
// them: 240,000 programmes.
func benchStore(b *testing.B) *Store {
	b.Helper()
	s, err := Open(b.Context(), Options{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() }) //nolint:errcheck // its directory goes with it
	if err := fillDays(b.Context(), s, filling{sessions: *benchSessions, accounts: 100_000}); err != nil {
		b.Fatal(err)
	}
	return s
}

// benchNow is when the benchmarks ask.
const benchNow = benchFirst + benchDays*viewing.DayLength

func benchFilter(days int) viewing.Filter {
	return viewing.Filter{ClientID: 1, Now: benchNow, Window: viewing.Window{From: benchFirst, To: benchFirst + viewing.Millis(days)*viewing.DayLength}}
}

// benchQuery is what a ranking by any of the first four criteria needs.
func benchQuery(filter viewing.Filter) measure.Query {
	return measure.Query{
		Filter: filter, GroupBy: []measure.Dimension{measure.Channel},
		Measures: []measure.Measure{measure.Watch, measure.Sessions, measure.Median},
	}
}

// BenchmarkPlaces compares what a ranking of channels reads, with all that its places say, with what it needs for its order
// alone, and programmes by reach.
func BenchmarkPlaces(b *testing.B) {
	s := benchStore(b)
	filter := benchFilter(benchDays)
	whole := benchQuery(filter)
	whole.Measures = append(whole.Measures, measure.Accounts, measure.Reach, measure.Greatest)
	whole.Reach = 180_000
	for name, query := range map[string]measure.Query{"order": benchQuery(filter), "whole": whole} {
		b.Run("channels/"+name, func(b *testing.B) {
			for b.Loop() {
				if _, err := s.Aggregate(b.Context(), query); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("silent devices", func(b *testing.B) {
		for b.Loop() {
			if _, err := s.SilentDevices(b.Context(), filter, filter.Window.To-viewing.DayLength); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkChannels compares what a ranking reads with the plain SQL for the same figures on the same file.
func BenchmarkChannels(b *testing.B) {
	s := benchStore(b)
	size, err := s.Size(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	active := benchFilter(benchDays)
	active.ActiveOnly = true
	for name, filter := range map[string]viewing.Filter{"all": benchFilter(benchDays), "active": active} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := s.Aggregate(b.Context(), benchQuery(filter)); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(size)/float64(*benchSessions), "bytes/session")
		})
		b.Run(name+"/plain SQL", func(b *testing.B) {
			for b.Loop() {
				err := s.read(b.Context(), func(tx *sql.Tx) error {
					where, err := s.identityConditions(b.Context(), tx, filter)
					if err != nil {
						return err
					}
					_, err = tx.ExecContext(b.Context(), `SELECT channel_id, sum(watched_seconds), count(*), median(watched_seconds)
						FROM sessions WHERE `+where+` GROUP BY ALL`)
					return err
				})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkProgrammeWatch attributes ten days of viewing to the guide.
func BenchmarkProgrammeWatch(b *testing.B) {
	s := benchStore(b)
	for b.Loop() {
		if _, err := s.ProgrammeWatch(b.Context(), store.ProgrammeWatchQuery{Filter: benchFilter(10), Reach: 180_000, Limit: 17}); err != nil {
			b.Fatal(err)
		}
	}
}
