package viewing_test

import (
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/tvstats/tvstats/internal/viewing"
)

func randomState(r *rand.Rand) viewing.State {
	var tariffs []int32
	for range r.IntN(4) {
		tariffs = append(tariffs, int32(1+r.IntN(5)))
	}
	return viewing.State{
		At: viewing.Millis(r.IntN(100)), WatchedSeconds: int32(r.IntN(100)), Ended: r.IntN(3) == 0,
		LastActivityAt: viewing.Millis(r.IntN(7) - 3), PositionAt: viewing.Millis(r.IntN(7) - 3), // often unknown
		Tariffs: viewing.Distinct(tariffs),
	}
}

func TestMergeIsCommutativeAssociativeIdempotent(t *testing.T) {
	t.Parallel()
	const seed = 7
	r := rand.New(rand.NewPCG(seed, 0))
	for i := range 10_000 {
		a, b, c := randomState(r), randomState(r), randomState(r)
		same := func(law string, x, y viewing.State) {
			t.Helper()
			if !reflect.DeepEqual(x, y) {
				t.Fatalf("seed %d, round %d: %s: %+v ≠ %+v (a=%+v b=%+v c=%+v)", seed, i, law, x, y, a, b, c)
			}
		}
		ab := viewing.Merge(a, b)
		same("a·b = b·a", ab, viewing.Merge(b, a))
		same("(a·b)·c = a·(b·c)", viewing.Merge(ab, c), viewing.Merge(a, viewing.Merge(b, c)))
		same("a·a = a", viewing.Merge(a, a), a)
		same("a·b·b = a·b", viewing.Merge(ab, b), ab)
	}
}

func TestDays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ instant, day string }{
		{"1970-01-01T00:00:00Z", "1970-01-01"},
		{"1969-12-31T23:59:59.999Z", "1969-12-31"},
		{"1969-12-31T00:00:00Z", "1969-12-31"},
		{"2024-02-29T23:59:59.999Z", "2024-02-29"},
		{"2026-03-10T00:00:00+02:00", "2026-03-09"},
	} {
		instant, err := time.Parse(time.RFC3339Nano, c.instant)
		if err != nil {
			t.Fatal(err)
		}
		at := viewing.At(instant)
		day := at.Day()
		if day.String() != c.day {
			t.Errorf("%s is on %s, want %s", c.instant, day, c.day)
		}
		if w := day.Window(); at < w.From || at >= w.To || w.To-w.From != viewing.DayLength {
			t.Errorf("%s is not in its day's window %+v", c.instant, w)
		}
	}
}
