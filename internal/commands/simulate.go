package commands

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/cli"
	"github.com/tvstats/tvstats/internal/flags"
	"github.com/tvstats/tvstats/internal/rpc/convert"
	"github.com/tvstats/tvstats/internal/simulate"
	"github.com/tvstats/tvstats/internal/viewing"
)

// SimulateCommand streams simulated viewing to a running server.
type SimulateCommand struct {
	cli.Streaming
	ClientID int32  `default:"1" help:"Operator to simulate. Its catalog is pushed first, and replaces what has the same ids."`
	Boxes    int    `default:"300" help:"Set-top boxes and applications, 1 to 10000000; a box makes about 190 reports a day."`
	Days     int    `default:"7" help:"Days of 24 h of viewing, up to now; 1 to 3660."`
	Rate     int    `default:"0" help:"Reports a second over all streams; 0 is as fast as they are acknowledged."`
	Seed     uint64 `default:"1" help:"The same seed and flags make the same operator and subscribers."`
	Live     bool   `help:"Go on until interrupted: then the boxes report as they watch."`
}

// Validate reports every flag that cannot work. The command line calls it.
func (c *SimulateCommand) Validate() error {
	return errors.Join(c.Streaming.Validate(),
		flags.Within("--client-id", c.ClientID, 1, 1<<31-1),
		flags.Within("--boxes", c.Boxes, 1, 10_000_000),
		flags.Within("--days", c.Days, 1, 3660),
		flags.Within("--rate", c.Rate, 0, 1_000_000_000),
	)
}

// Run pushes a simulated catalog to the server and streams simulated viewing after it.
func (c *SimulateCommand) Run(ctx context.Context) error {
	connection, err := c.Dial()
	if err != nil {
		return err
	}
	defer connection.Close() //nolint:errcheck // nothing is under way any more
	world := c.World(time.Now())
	if err := c.Simulate(ctx, connection, world, os.Stdout, os.Stderr); err != nil || !c.Live {
		return err
	}
	fmt.Println("The boxes go on watching, until this is interrupted.")
	return c.GoOn(ctx, connection, world)
}

// World is the simulated operator, with the viewing of the days before now, and of some after it where it is live.
func (c *SimulateCommand) World(now time.Time) *simulate.World {
	span := viewing.DaysBefore(viewing.At(now), c.Days)
	if c.Live {
		span.To += liveDays * viewing.DayLength
	}
	return c.world(span)
}

func (c *SimulateCommand) world(span viewing.Window) *simulate.World {
	return simulate.New(simulate.Config{Seed: c.Seed, ClientID: c.ClientID, Boxes: c.Boxes, Span: span})
}

// Simulate pushes the catalog of the world and streams its viewing; what was done is written to out, progress shown on bar.
func (c *SimulateCommand) Simulate(
	ctx context.Context, connection *grpc.ClientConn, world *simulate.World, out io.Writer, bar *os.File,
) error {
	entities, err := PushCatalog(ctx, tvstatsv1.NewCatalogClient(connection), world)
	if err != nil {
		return fmt.Errorf("push the catalog to %s: %w", connection.Target(), err)
	}
	fmt.Fprintf(out, "catalog of client %d pushed: %s entities\n", c.ClientID, cli.Count(entities))

	var reached atomic.Int64
	shown := cli.NewProgress(bar, "reports", int64(c.end(world)-world.Span().From), reached.Load)
	began := time.Now()
	total, err := c.Stream(ctx, tvstatsv1.NewViewStatsClient(connection), c.reports(world, &reached), shown)
	shown.Close()
	cli.PrintTally(out, &total, time.Since(began))
	if len(total.Rejected) > 0 {
		fmt.Fprintln(out, "  Some rejections belong to the simulation: clocks that were set back while the box played.")
	}
	return err
}

// reports is the viewing of a world in batches, no faster than the rate. reached is how far into the span it has come.
func (c *SimulateCommand) reports(world *simulate.World, reached *atomic.Int64) cli.Source {
	size, limit := c.Batch, rate.NewLimiter(rate.Inf, 0)
	if c.Rate > 0 {
		size = min(size, max(1, c.Rate/10)) // several batches a second also where the rate is low
		limit = rate.NewLimiter(rate.Limit(c.Rate), size)
	}
	return func(ctx context.Context, batches chan<- []*tvstatsv1.ViewEvent) error {
		for arrivals := range chunks(before(world.Arrivals(), c.end(world)), size) {
			if err := limit.WaitN(ctx, len(arrivals)); err != nil {
				return err
			}
			if err := cli.Give(ctx, batches, convert.All(arrivals, ArrivalProto)); err != nil {
				return err
			}
			reached.Store(int64(arrivals[len(arrivals)-1].At - world.Span().From))
		}
		return nil
	}
}

// end is when the days end whose reports are streamed at once.
func (c *SimulateCommand) end(world *simulate.World) viewing.Millis {
	return world.Span().From + viewing.Millis(c.Days)*viewing.DayLength
}

// before are the reports that arrive before then.
func before(arrivals iter.Seq[simulate.Arrival], then viewing.Millis) iter.Seq[simulate.Arrival] {
	return func(yield func(simulate.Arrival) bool) {
		for arrival := range arrivals {
			if arrival.At >= then || !yield(arrival) {
				return
			}
		}
	}
}

// ArrivalProto is a simulated report as a box sends it.
func ArrivalProto(a simulate.Arrival) *tvstatsv1.ViewEvent {
	e := &a.Event
	event := &tvstatsv1.ViewEvent{
		ClientId: e.ClientID, AccountId: e.AccountID, DeviceUid: e.DeviceUID, Device: e.Device, ChannelId: e.ChannelID,
		StartedAt: timestampProto(e.Started), At: timestampProto(e.Reported),
		Mode: tvstatsv1.ViewMode(e.ModeNumber), ProgrammeId: e.ProgrammeID, Ended: e.Ended, Tariffs: e.Tariffs,
	}
	if e.WatchedSet {
		event.WatchedSeconds = new(e.Watched)
	}
	return event
}

func timestampProto(t viewing.Timestamp) *timestamppb.Timestamp {
	return &timestamppb.Timestamp{Seconds: t.Seconds, Nanos: t.Nanos}
}
