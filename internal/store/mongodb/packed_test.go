package mongodb

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// TestPacked unpacks what was packed, and notices rows that are cut.
func TestPacked(t *testing.T) {
	const seed = 1
	r := rand.New(rand.NewPCG(seed, 1))
	for range 200 {
		var rows packed
		var in, out [][]int64
		ends := map[int]bool{0: true}
		for range r.IntN(20) {
			row := []int64{r.Int64() >> r.IntN(63), -r.Int64() >> r.IntN(63), math.MinInt64}
			in = append(in, row)
			rows.add(row[0], row[1:]...)
			ends[len(rows.code)] = true
		}
		err := unpack(rows.code, 3, func(row []int64) { out = append(out, append([]int64{}, row...)) })
		if err != nil || fmt.Sprint(in) != fmt.Sprint(out) {
			t.Errorf("seed %d, %v became %v: %v", seed, in, out, err)
		}
		for end := range rows.code {
			if err := unpack(rows.code[:end], 3, func([]int64) {}); errors.Is(err, errCut) == ends[end] {
				t.Errorf("seed %d, %v cut after %d bytes: %v", seed, in, end, err)
			}
		}
	}
}
