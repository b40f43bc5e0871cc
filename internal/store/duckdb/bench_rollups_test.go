package duckdb

import (
	"errors"
	"testing"

	"github.com/tvstats/tvstats/internal/measure"
	"github.com/tvstats/tvstats/internal/viewing"
)

// BenchmarkRollups compares sums and counts from the sessions of 30 days with the same from rollups, five of 100,000 accounts being excluded.
func BenchmarkRollups(b *testing.B) {
	s := benchStore(b)
	if _, err := s.db.ExecContext(b.Context(), `UPDATE accounts SET excluded = account_id % 20000 = 7`); err != nil {
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
	lastDay := byTime // for which sessions of a week before may matter
	lastDay.Filter.Window.From = benchNow - viewing.DayLength
	lastDay.Measures = []measure.Measure{measure.Watch, measure.Accounts}
	queries := []struct {
		name string
		measure.Query
	}{
		{"by channel", all}, {"filtered", filtered}, {"without excluded accounts", without}, {"by channel and day", byDay}, {"by time", byTime},
		{"accounts of a day by time", lastDay},
	}
	var grown int64
	for _, from := range []string{"sessions", "rollups"} {
		if from == "rollups" {
			grown = rollUpAll(b, s)
		}
		for _, query := range queries {
			b.Run(query.name+"/"+from, func(b *testing.B) {
				for b.Loop() {
					if rows, err := s.Aggregate(b.Context(), query.Query); err != nil || len(rows) == 0 {
						b.Fatal(len(rows), err)
					}
				}
				b.ReportMetric(float64(grown)/float64(*benchSessions), "rollup-bytes/session")
			})
		}
	}
}

// rollUpAll rolls up all days and returns the space that it takes.
func rollUpAll(b *testing.B, s *Store) int64 {
	b.Helper()
	before, err := s.Size(b.Context()) // a checkpoint was made when the store was filled
	if err == nil {
		err = s.rollUpMissing(b.Context())
	}
	if err == nil {
		_, err = s.db.ExecContext(b.Context(), `CHECKPOINT`)
	}
	after, sizeErr := s.Size(b.Context())
	if err := errors.Join(err, sizeErr); err != nil {
		b.Fatal(err)
	}
	return after - before
}
