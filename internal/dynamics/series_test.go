package dynamics

import (
	"fmt"
	"testing"

	"github.com/tvstats/tvstats/internal/viewing"
)

// TestBatches: what is right is left out, and a batch ends before it has too many periods or reports; one period alone may
// have more.
func TestBatches(t *testing.T) {
	t.Parallel()
	s := series[int]{mostPeriods: 3, mostReports: 10}
	for _, test := range []struct {
		name    string
		reports []int64 // of each period; -1 = its figure is right
		want    [][]int
	}{
		{"none", nil, nil},
		{"all right", []int64{-1, -1}, nil},
		{"by number", []int64{0, 0, 0, 0, 0, 0, 0}, [][]int{{0, 1, 2}, {3, 4, 5}, {6}}},
		{"by reports", []int64{4, 6, 1, 10, 0, 9, 2}, [][]int{{0, 1}, {2}, {3, 4}, {5}, {6}}},
		{"one too large", []int64{1, 99, 1}, [][]int{{0}, {1}, {2}}},
		{"gaps", []int64{-1, 1, -1, 1, 1, -1, 1}, [][]int{{1, 3, 4}, {6}}},
	} {
		candidates := make([]candidate[int], len(test.reports))
		for i, reports := range test.reports {
			candidates[i].Figure, candidates[i].reports, candidates[i].right = i, reports, reports < 0
		}
		var got [][]int
		for batch := range s.stale(candidates) {
			var numbers []int
			for _, c := range batch {
				numbers = append(numbers, c.Figure)
			}
			got = append(got, numbers)
		}
		if fmt.Sprint(got) != fmt.Sprint(test.want) {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}

func TestRuns(t *testing.T) {
	t.Parallel()
	periods := []viewing.Window{{From: 0, To: 1}, {From: 1, To: 2}, {From: 4, To: 5}, {From: 6, To: 7}, {From: 7, To: 9}}
	want := [][]viewing.Window{periods[:2], periods[2:3], periods[3:]}
	if got := runs(periods); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
