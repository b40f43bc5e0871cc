// Package simulate makes up an operator of television and the viewing of its subscribers: enough like the real thing to
// try the service on, and the same to the last report wherever the same Config is simulated.
//
// # The model
//
// An operator offers a fixed lineup. How popular a channel is follows Zipf's law over an order of channels that the seed
// draws, with broad channels more often in front; a household likes the channels of one category better still. Every
// channel has a guide without gaps.
//
// Households have one or two boxes. A few are new, a few leave during the span, and a few were never active in it. A box
// is switched on by a Poisson process whose rate follows the hour and the day of the week, times the household's own
// appetite. While it is on, viewers zap (seconds) and settle on a programme that holds them (a lognormal of minutes, now
// and then a set left on for hours), live, behind the broadcast, or in the archive; what is not live is often paused.
//
// A box reports when it tunes in, every minute and when it leaves. Its clock is off by some seconds. Some last reports
// are lost, some reports are lost, come twice, or late and so out of order; some old boxes do not report how long they
// played. Rarely a clock is set back while the box plays: until it has caught up its reports contradict themselves and
// are rightly rejected, which is the only way in which they are invalid.
//
// Memory follows the number of boxes, never the length of the span.
package simulate

import (
	"math"
	"math/rand/v2"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/viewing"
)

// Config says what to simulate.
type Config struct {
	Seed     uint64
	ClientID int32
	Boxes    int
	Span     viewing.Window // viewing happens in it; its end is the present
}

// World is one simulated operator. It does not change, and serves any number of goroutines.
type World struct {
	config     Config
	popularity popularity
	households []household
}

// New founds a world.
func New(config Config) *World {
	w := &World{config: config}
	w.popularity = newPopularity(w.random(forPopularity, 0))
	w.households = w.settle()
	return w
}

// Span is when its viewing happens.
func (w *World) Span() viewing.Window { return w.config.Span }

// Catalog is all that the operator's middleware knows but the guide, which may be long: see Guide.
func (w *World) Catalog() catalog.Batch {
	client := catalog.NewClient(w.config.ClientID)
	client.Name = "Simulated television"
	batch := catalog.Batch{
		ClientID: client.ID, Client: &client,
		Categories: categories(), Tariffs: tariffs(), Channels: channels(),
	}
	for _, h := range w.households {
		batch.Accounts = append(batch.Accounts, h.states...)
	}
	return batch
}

// What a source of chance is for. Each has one of its own, so that a change to one part of the model leaves the others
// as they were.
const (
	forPopularity = iota + 1
	forHousehold
	forBox
	forGuide
	forInterest
	forNetwork
)

// random is the n-th source of chance for a purpose.
func (w *World) random(purpose, n uint64) *rand.Rand {
	return rand.New(rand.NewPCG(w.config.Seed, purpose<<56|n)) //nolint:gosec // a simulation must be repeatable
}

// lognormal draws a span of time of which half of all are shorter than median.
func lognormal(r *rand.Rand, median viewing.Millis, sigma float64) viewing.Millis {
	return viewing.Millis(float64(median) * math.Exp(sigma*r.NormFloat64()))
}

// between draws a span of time evenly from [shortest, longest).
func between(r *rand.Rand, shortest, longest viewing.Millis) viewing.Millis {
	return shortest + viewing.Millis(r.Int64N(int64(longest-shortest)))
}

// chance is true with the given probability.
func chance(r *rand.Rand, probability float64) bool { return r.Float64() < probability }

const (
	second = viewing.Millis(1000)
	minute = 60 * second
	hour   = 60 * minute
)
