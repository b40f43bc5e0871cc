package commands

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/proto"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/viewing"
)

// TestLiveReportsComeWhenTheyAreDue, each once, from where the demo's streaming of the past ended.
func TestLiveReportsComeWhenTheyAreDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := viewing.At(time.Now())
		viewers := &SimulateCommand{ClientID: 1, Boxes: 20, Days: 1, Seed: 3}
		world := (&demoCommand{}).goingOn(viewers, now)
		ctx, cancel := context.WithTimeout(t.Context(), 12*time.Hour)
		defer cancel()
		batches := make(chan []*tvstatsv1.ViewEvent)
		go func() {
			defer close(batches)
			giveLive(ctx, world, now, batches)
		}()
		past, live := 0, 0
		for arrival := range before(world.Arrivals(), now+viewing.DayLength/2) {
			if arrival.At < now {
				past++
				continue
			}
			batch := <-batches
			if len(batch) != 1 || !proto.Equal(batch[0], ArrivalProto(arrival)) || viewing.At(time.Now()) != arrival.At {
				t.Fatalf("at %v came %v, want %v at %v", time.Now(), batch, arrival.Event, arrival.At.Time())
			}
			live++
		}
		if batch, more := <-batches; more {
			t.Errorf("after the context ended came %v", batch)
		}
		if past == 0 || live == 0 {
			t.Errorf("%d reports are past and %d live", past, live)
		}
	})
}
