// Package limit bounds what each of many callers takes, so that one that takes too much does not slow the others.
package limit

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Bounds are those of one caller; 0 is no bound.
type Bounds struct {
	PerSecond int // calls that it may begin in a second; as many may come at once
	Open      int // streams that it may have open
}

// maxCallers bounds the memory of a Gate. Callers beyond it share one place.
const maxCallers = 50_000

// sweepEvery is how often a Gate looks for callers that it can forget.
const sweepEvery = time.Second

// Gate holds every caller to the bounds. It serves any number of goroutines.
type Gate struct {
	bounds  Bounds
	now     func() time.Time
	mu      sync.Mutex
	callers map[string]*caller
	swept   time.Time
}

type caller struct {
	calls *rate.Limiter
	open  int
}

// NewGate makes a gate that goes by the clock.
func NewGate(bounds Bounds, now func() time.Time) *Gate {
	return &Gate{bounds: bounds, now: now, callers: map[string]*caller{}}
}

// Call returns how long the caller must wait until it may begin a call; 0 lets it begin now.
func (g *Gate) Call(name string) time.Duration {
	if g.bounds.PerSecond == 0 {
		return 0
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	reservation := g.caller(name, now).calls.ReserveN(now, 1)
	wait := reservation.DelayFrom(now)
	if wait > 0 {
		reservation.CancelAt(now)
	}
	return wait
}

// Open counts a stream of the caller until the returned function is called, once; nil where it has too many.
func (g *Gate) Open(name string) (closed func()) {
	if g.bounds.Open == 0 {
		return func() {}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	c := g.caller(name, g.now())
	if c.open >= g.bounds.Open {
		return nil
	}
	c.open++
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		c.open--
	}
}

// caller returns the caller's place, which is new where it has none. g.mu is held.
func (g *Gate) caller(name string, now time.Time) *caller {
	if c, known := g.callers[name]; known {
		return c
	}
	if len(g.callers) >= maxCallers {
		g.sweep(now)
	}
	if len(g.callers) >= maxCallers {
		name = "" // no caller's name
		if c, known := g.callers[name]; known {
			return c
		}
	}
	c := &caller{calls: rate.NewLimiter(rate.Limit(g.bounds.PerSecond), max(g.bounds.PerSecond, 1))}
	g.callers[name] = c
	return c
}

// sweep forgets the callers that have nothing open and could begin as many calls as a new one. g.mu is held.
func (g *Gate) sweep(now time.Time) {
	if now.Sub(g.swept) < sweepEvery {
		return
	}
	g.swept = now
	for name, c := range g.callers {
		if c.open == 0 && c.calls.TokensAt(now) >= float64(c.calls.Burst()) {
			delete(g.callers, name)
		}
	}
}
