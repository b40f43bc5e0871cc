package sender

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

// TestGatherBySizeAndAge reports in bursts and pauses, on a clock of its own.
func TestGatherBySizeAndAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		events := make(chan *tvstatsv1.ViewEvent)
		go func() {
			defer close(events)
			account := int64(0)
			for _, burst := range []int{7, 2, 1, 6} {
				for range burst {
					account++
					events <- &tvstatsv1.ViewEvent{AccountId: account}
				}
				time.Sleep(time.Minute)
			}
		}()
		var sizes []int
		next := int64(1)
		for batch := range Gather(t.Context(), events, 3, time.Second) {
			sizes = append(sizes, len(batch))
			for _, event := range batch {
				if event.AccountId != next {
					t.Errorf("event %d where %d was next", event.AccountId, next)
				}
				next++
			}
		}
		if want := []int{3, 3, 1, 2, 1, 3, 3}; !slices.Equal(sizes, want) {
			t.Errorf("batches of %v, want %v", sizes, want)
		}
	})
}

func TestGatherEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		events := make(chan *tvstatsv1.ViewEvent, 3)
		for range 3 {
			events <- &tvstatsv1.ViewEvent{}
		}
		ctx, cancel := context.WithCancel(t.Context())
		batches := Gather(ctx, events, 2, time.Hour)
		synctest.Wait() // a batch waits to be taken
		cancel()
		synctest.Wait()
		if _, open := <-batches; open {
			t.Error("a batch came after the end")
		}
	})
}
