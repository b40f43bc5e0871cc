package commands

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/cli"
)

func TestSimulateKeepsToItsRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &SimulateCommand{Streaming: cli.Streaming{Batch: 1000}, ClientID: 1, Boxes: 50, Days: 1, Seed: 1, Rate: 200}
		var reached atomic.Int64
		world := c.World(time.Now())
		ctx, cancel := context.WithCancel(t.Context())
		batches, ended := make(chan []*tvstatsv1.ViewEvent), make(chan error, 1)
		go func() { ended <- c.reports(world, &reached)(ctx, batches) }()
		began, got := time.Now(), 0
		for got < 2000 {
			got += len(<-batches)
		}
		if took := time.Since(began); took < 9*time.Second || took > 10*time.Second {
			t.Errorf("%d reports came in %v, at 200 a second", got, took)
		}
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("the source ended with %v", err)
		}
		if at := reached.Load(); at <= 0 || at >= int64(24*time.Hour/time.Millisecond) {
			t.Errorf("it is at %d ms of its day", at)
		}
	})
}

func TestChunksHoldEverythingOnce(t *testing.T) {
	for items := range 8 {
		var sizes []int
		next := 0
		for chunk := range chunks(func(yield func(int) bool) {
			for i := range items {
				if !yield(i) {
					return
				}
			}
		}, 3) {
			sizes = append(sizes, len(chunk))
			for _, item := range chunk {
				if item != next {
					t.Errorf("item %d where %d was next", item, next)
				}
				next++
			}
		}
		if next != items || len(sizes) != (items+2)/3 {
			t.Errorf("%d items came in chunks of %v", items, sizes)
		}
	}
}
