package simulate

import (
	"math/rand/v2"
	"time"

	"github.com/tvstats/tvstats/internal/viewing"
)

// rhythm is how readily a box is switched on in each hour (UTC, where the simulated operator lives).
type rhythm [24]float64

var (
	workday = rhythm{4, 2, 1, 1, 1, 2, 6, 10, 9, 7, 6, 6, 8, 8, 8, 10, 14, 20, 28, 34, 32, 24, 15, 8}
	weekend = rhythm{6, 4, 2, 1, 1, 1, 3, 6, 12, 16, 17, 16, 17, 17, 17, 18, 20, 24, 30, 34, 32, 26, 18, 11}
)

// busiest is the greatest value of any hour.
const busiest = 34

// switchedOnADay is how often a household of appetite 1 switches a box on, on a workday.
const switchedOnADay = 2.6

func readiness(at viewing.Millis) float64 {
	t := at.Time()
	if day := t.Weekday(); day == time.Saturday || day == time.Sunday {
		return weekend[t.Hour()]
	}
	return workday[t.Hour()]
}

// workdayTotal makes readiness a rate.
var workdayTotal = func() (total float64) {
	for _, ready := range workday {
		total += ready
	}
	return total
}()

// nextEvening draws when a box that is off at a moment is switched on next: a Poisson process whose rate follows the
// clock, by thinning one of the busiest hour's rate.
func nextEvening(r *rand.Rand, at viewing.Millis, appetite float64) viewing.Millis {
	perHour := appetite * switchedOnADay * busiest / workdayTotal
	for {
		at += 1 + viewing.Millis(r.ExpFloat64()/perHour*float64(hour))
		if r.Float64()*busiest < readiness(at) {
			return at
		}
	}
}
