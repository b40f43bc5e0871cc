package commands

import (
	"context"
	"fmt"
	"io"
	"time"

	"google.golang.org/grpc"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/app"
	"github.com/tvstats/tvstats/internal/cli"
	"github.com/tvstats/tvstats/internal/simulate"
	"github.com/tvstats/tvstats/internal/viewing"
	"github.com/tvstats/tvstats/sender"
)

// liveDays is how long the boxes of a demo that serves go on.
const liveDays = 7

// goingOn is a world of the demo's days that goes on after now; viewers stream it up to now.
func (*demoCommand) goingOn(viewers *SimulateCommand, now viewing.Millis) *simulate.World {
	viewers.until = now
	span := viewing.DaysBefore(now, viewers.Days)
	span.To += liveDays * viewing.DayLength
	return simulate.New(simulate.Config{Seed: viewers.Seed, ClientID: viewers.ClientID, Boxes: viewers.Boxes, Span: span})
}

// serve prints where the console is, and streams what boxes report as they report it, until it is interrupted.
func (*demoCommand) serve(
	ctx context.Context, viewers *SimulateCommand, connection *grpc.ClientConn, world *simulate.World, web string, out io.Writer,
) error {
	fmt.Fprintf(out, "\nThe console: http://%s/\nThe boxes go on watching. Ctrl-C ends the demo and removes its store.\n", web)
	batches := make(chan []*tvstatsv1.ViewEvent)
	go func() {
		defer close(batches)
		giveLive(ctx, world, viewers.until, batches)
	}()
	err := sender.New(tvstatsv1.NewViewStatsClient(connection), sender.Config{GiveUp: viewers.RetryFor}).Run(ctx, batches)
	select {
	case <-ctx.Done():
		return nil // this is how it ends; where the service ended by itself, that says why
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
