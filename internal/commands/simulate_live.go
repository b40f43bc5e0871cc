package commands

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/app"
	"github.com/tvstats/tvstats/internal/cli"
	"github.com/tvstats/tvstats/internal/simulate"
	"github.com/tvstats/tvstats/internal/viewing"
	"github.com/tvstats/tvstats/sender"
)

// liveDays is how long a world goes on that is live. After that comes another one of the same operator, with its guide.
const liveDays = 7

// GoOn streams what boxes report as they report it, from where Simulate ended, until ctx ends.
func (c *SimulateCommand) GoOn(ctx context.Context, connection *grpc.ClientConn, world *simulate.World) error {
	for from := c.end(world); ; from = world.Span().From {
		if err := c.live(ctx, connection, world, from); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		default:
		}
		world = c.next(world)
		if _, err := PushCatalog(ctx, tvstatsv1.NewCatalogClient(connection), world); err != nil {
			return fmt.Errorf("push the catalog to %s: %w", connection.Target(), err)
		}
	}
}

// next is the world that begins where another one ends.
func (c *SimulateCommand) next(world *simulate.World) *simulate.World {
	begins := world.Span().To
	return c.world(viewing.Window{From: begins, To: begins + liveDays*viewing.DayLength})
}

// live streams what boxes of one world report from then on.
func (c *SimulateCommand) live(ctx context.Context, connection *grpc.ClientConn, world *simulate.World, from viewing.Millis) error {
	giving, stop := context.WithCancel(ctx)
	defer stop()
	batches := make(chan []*tvstatsv1.ViewEvent)
	go func() {
		defer close(batches)
		giveLive(giving, world, from, batches)
	}()
	config := sender.Config{GiveUp: max(c.RetryFor, 1), Acknowledged: c.Answered} // 0 would be for ever
	err := sender.New(tvstatsv1.NewViewStatsClient(connection), config).Run(ctx, batches)
	select {
	case <-ctx.Done():
		return nil // this is how it ends; where a service in this process ended by itself, that says why
	default:
		return err
	}
}

// giveLive gives what boxes report from then on, each report when it is due.
func giveLive(ctx context.Context, world *simulate.World, then viewing.Millis, batches chan<- []*tvstatsv1.ViewEvent) {
	for arrival := range world.Arrivals() {
		if arrival.At < then {
			continue // streamed already
		}
		if !app.WaitUntil(ctx, time.Now, arrival.At.Time()) || cli.Give(ctx, batches, []*tvstatsv1.ViewEvent{ArrivalProto(arrival)}) != nil {
			return
		}
	}
}
