package duckdb

import (
	"fmt"
	"testing"

	"github.com/tvstats/tvstats/internal/measure"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// BenchmarkAudience asks the questions of service Audience: rows by channel and hour with all their measures, the ratings of 30 days
// with 240,000 programmes, and the curve of a channel and the flows of a day.
func BenchmarkAudience(b *testing.B) {
	s := benchStore(b)
	all, day := benchFilter(benchDays), benchFilter(1)
	channel := day
	channel.Channels = []int32{1}
	var hours, days []viewing.Millis
	for at := all.Window.From; at <= all.Window.To; at += viewing.HourLength {
		hours = append(hours, at)
		if at == at.Day().Start() {
			days = append(days, at)
		}
	}
	rows := func(dimensions []measure.Dimension, boundaries []viewing.Millis) error {
		_, err := s.Aggregate(b.Context(), measure.Query{
			Filter: all, Count: measure.ByTime, GroupBy: dimensions, Slices: measure.Slices(boundaries), Reach: 180_000,
			Measures: []measure.Measure{measure.Watch, measure.Cut, measure.Sessions, measure.Accounts, measure.Reach},
		})
		return err
	}
	if _, err := s.db.ExecContext(b.Context(), fmt.Sprintf(`UPDATE programmes
		SET start_at = %d + programme_id %% 1000 * 5400000, end_at = %[1]d + (programme_id %% 1000 + 1) * 5400000`, benchFirst)); err != nil {
		b.Fatal(err) // an hour and a half each in place of half an hour: the guide of all the days
	}
	rated := store.RatingQuery{Filter: all, Starting: all.Window, Reach: 180_000}
	for at := range viewing.Day(benchDays) {
		rated.Days = append(rated.Days, (benchFirst.Day() + at).Window())
	}
	for _, c := range []struct {
		name string
		ask  func() error
	}{
		{"by channel and day", func() error { return rows([]measure.Dimension{measure.Channel, measure.Period}, days) }},
		{"by channel", func() error { return rows([]measure.Dimension{measure.Channel}, nil) }},
		{"by hour", func() error { return rows([]measure.Dimension{measure.Period}, hours) }},
		{"ratings", func() error {
			_, err := s.Ratings(b.Context(), rated)
			return err
		}},
		{"curve of a day", func() error {
			_, err := s.Curve(b.Context(), channel, 60_000)
			return err
		}},
		{"flow of a day", func() error {
			_, err := s.ChannelFlows(b.Context(), day, 60_000, 0)
			return err
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				if err := c.ask(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
