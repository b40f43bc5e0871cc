package duckdb

import (
	"testing"

	"github.com/tvstats/tvstats/internal/measure"
	"github.com/tvstats/tvstats/internal/viewing"
)

// BenchmarkPolicy compares what a ranking reads, accounts and reach included, under each part of a policy with the same
// without a policy, on folded days.
func BenchmarkPolicy(b *testing.B) {
	s := benchStore(b)
	for _, days := range []int{1, benchDays} {
		for _, bench := range []struct {
			name   string
			policy viewing.Policy
		}{
			{"off", viewing.Policy{}},
			{"longest", viewing.Policy{MaxSessionSeconds: 3600}},
			{"inactivity", viewing.Policy{InactivitySeconds: 3600}},
			{"one channel", viewing.Policy{OneChannelPerDevice: true}},
		} {
			query := benchQuery(benchFilter(days))
			query.Measures = append(query.Measures, measure.Accounts, measure.Reach, measure.Cut)
			query.Reach, query.Filter.Policy = 180_000, bench.policy
			b.Run(map[int]string{1: "a day/", benchDays: "a month/"}[days]+bench.name, func(b *testing.B) {
				for b.Loop() {
					if rows, err := s.Aggregate(b.Context(), query); err != nil || len(rows) == 0 {
						b.Fatal(len(rows), err)
					}
				}
			})
		}
	}
}
