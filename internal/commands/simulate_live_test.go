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

// TestLiveReportsComeWhenTheyAreDue, each once, from where the streaming of the past ended.
func TestLiveReportsComeWhenTheyAreDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := viewing.At(time.Now())
		viewers := &SimulateCommand{ClientID: 1, Boxes: 20, Days: 1, Seed: 3, Live: true}
		world := viewers.World(time.Now())
		if end := viewers.end(world); end != now {
			t.Fatalf("what is streamed at once ends at %v, now is %v", end, now)
		}
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

// TestWorldsFollowEachOther: the same operator goes on when a world ends.
func TestWorldsFollowEachOther(t *testing.T) {
	viewers := &SimulateCommand{ClientID: 4, Boxes: 20, Days: 3, Seed: 3, Live: true}
	first := viewers.World(time.Now())
	second := viewers.next(first)
	third := viewers.next(second)
	if second.Span().From != first.Span().To || third.Span().From != second.Span().To || third.Span().To != third.Span().From+liveDays*viewing.DayLength {
		t.Errorf("the worlds are of %v, %v and %v", first.Span(), second.Span(), third.Span())
	}
	if accounts := len(second.Catalog().Accounts); second.Catalog().ClientID != 4 || accounts == 0 {
		t.Errorf("the second has %d accounts of client %d", accounts, second.Catalog().ClientID)
	}
}
