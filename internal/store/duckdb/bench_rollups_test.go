package duckdb

import (
	"testing"

	"github.com/tvstats/tvstats/internal/measure"
	"github.com/tvstats/tvstats/internal/viewing"
)

// BenchmarkRollups compares sums and counts from the sessions of 30 days with the same from rollups, one in 2,000 accounts being excluded.
func BenchmarkRollups(b *testing.B) {
	s := benchStore(b)
	var err error
	if s.dictionary, err = loadDictionary(b.Context(), s.db); err != nil {
		b.Fatal(err)
	}
	if _, err := s.db.ExecContext(b.Context(), `UPDATE accounts SET excluded = account_id % 2000 = 7`); err != nil {
		b.Fatal(err)
	}
	all := measure.Query{
		Filter: benchFilter(benchDays), GroupBy: []measure.Dimension{measure.Channel}, Measures: []measure.Measure{measure.Watch, measure.Sessions},
	}
	all.Filter.Excluded = true
	filtered, without, byDay, byTime := all, all, all, all
	filtered.Filter.Devices, filtered.Filter.Modes = []string{"device 1", "device 2"}, []viewing.Mode{viewing.Live}
	without.Filter.Excluded = false
	var days []viewing.Millis
	for at := all.Filter.Window.From; at <= all.Filter.Window.To; at += viewing.DayLength {
		days = append(days, at)
	}
	byDay.GroupBy, byDay.Slices = []measure.Dimension{measure.Channel, measure.Period}, measure.Slices(days)
	byTime.Count = measure.ByTime
	queries := []struct {
		name string
		measure.Query
	}{{"by channel", all}, {"filtered", filtered}, {"without excluded accounts", without}, {"by channel and day", byDay}, {"by time", byTime}}
	for _, from := range []string{"sessions", "rollups"} {
		if from == "rollups" {
			if err := s.rollUpMissing(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
		for _, query := range queries {
			b.Run(query.name+"/"+from, func(b *testing.B) {
				for b.Loop() {
					if rows, err := s.Aggregate(b.Context(), query.Query); err != nil || len(rows) == 0 {
						b.Fatal(len(rows), err)
					}
				}
			})
		}
	}
}
