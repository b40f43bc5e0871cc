package limit

import (
	"fmt"
	"testing"
	"time"
)

// clock is moved by the test.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func TestTheGreedyWaitAndOthersDoNot(t *testing.T) {
	t.Parallel()
	c := &clock{time.Unix(1_000_000_000, 0)}
	g := NewGate(Bounds{PerSecond: 10}, c.now)
	for range 3 {
		for i := range 10 {
			if wait := g.Call("greedy"); wait != 0 {
				t.Fatalf("call %d must wait %v", i, wait)
			}
		}
		for range 5 { // those that are refused cost nothing
			if wait := g.Call("greedy"); wait != 100*time.Millisecond {
				t.Errorf("the eleventh call must wait %v, want 100ms", wait)
			}
		}
		if wait := g.Call("other"); wait != 0 {
			t.Errorf("another caller must wait %v", wait)
		}
		c.at = c.at.Add(time.Second)
	}
}

func TestStreamsAreCountedWhileTheyAreOpen(t *testing.T) {
	t.Parallel()
	g := NewGate(Bounds{Open: 2}, time.Now)
	first, second := g.Open("greedy"), g.Open("greedy")
	if first == nil || second == nil || g.Open("greedy") != nil {
		t.Error("two streams are allowed, a third is not")
	}
	if g.Open("other") == nil {
		t.Error("another caller gets no stream")
	}
	first()
	if g.Open("greedy") == nil || g.Open("greedy") != nil {
		t.Error("a stream that was closed makes room for one")
	}
}

func TestNoBounds(t *testing.T) {
	t.Parallel()
	g := NewGate(Bounds{}, time.Now)
	for range 1000 {
		if g.Call("a") != 0 || g.Open("a") == nil {
			t.Fatal("a call was refused")
		}
	}
}

// TestMemoryIsBounded: however many callers come, only so many are remembered, and those who are gone make room.
func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	c := &clock{time.Unix(1_000_000_000, 0)}
	g := NewGate(Bounds{PerSecond: 1, Open: 1}, c.now)
	closed := g.Open("stays")
	for i := range 3 * maxCallers {
		g.Call(fmt.Sprint("caller ", i))
	}
	if got := len(g.callers); got > maxCallers+1 {
		t.Errorf("%d callers are remembered", got)
	}
	c.at = c.at.Add(2 * time.Second)
	if wait := g.Call("new"); wait != 0 || len(g.callers) != 2 {
		t.Errorf("a new caller waits %v; %d are remembered", wait, len(g.callers))
	}
	if g.Open("stays") != nil {
		t.Error("a caller with an open stream was forgotten")
	}
	closed()
}
