package commands

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/app"
	"github.com/tvstats/tvstats/internal/cli"
	"github.com/tvstats/tvstats/internal/flags"
	"github.com/tvstats/tvstats/internal/simulate"
	"github.com/tvstats/tvstats/internal/viewing"
)

type demoCommand struct {
	Boxes int    `default:"300" help:"Set-top boxes and applications, 1 to 100000."`
	Seed  uint64 `default:"1" help:"Another seed makes another operator and other subscribers."`
	Serve bool   `help:"Go on until interrupted, with the console: its address is printed, and the boxes go on watching."`
}

// Validate reports every flag that cannot work. The command line calls it.
func (c *demoCommand) Validate() error { return flags.Within("--boxes", c.Boxes, 1, 100_000) }

// Run shows the service at work. The store is a temporary one, and is removed however the demo ends.
func (c *demoCommand) Run(ctx context.Context) error {
	return c.demo(ctx, os.Stdout, os.Stderr)
}

// demoDays is the length of the simulated viewing.
const demoDays = 7

func (c *demoCommand) demo(ctx context.Context, out io.Writer, bar *os.File) (err error) {
	dir, err := os.MkdirTemp("", "tvstats-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	return withServer(ctx, dir, func(ctx context.Context, at app.Addresses) error {
		connection, err := (&cli.Connection{Server: at.GRPC}).Dial()
		if err != nil {
			return err
		}
		defer connection.Close() //nolint:errcheck // nothing is under way any more
		fmt.Fprintf(out, "A server with an empty store listens on %s. %s simulated boxes report their last %d days to it.\n",
			at.GRPC, cli.Count(int64(c.Boxes)), demoDays)
		viewers := &SimulateCommand{
			Streaming: cli.Streaming{Streams: 4, Batch: 1000, RetryFor: 10 * time.Second},
			ClientID:  1, Boxes: c.Boxes, Days: demoDays, Seed: c.Seed, Live: c.Serve,
		}
		world := viewers.World(time.Now())
		if err := viewers.Simulate(ctx, connection, world, out, bar); err != nil {
			return err
		}
		show := &demoResults{client: tvstatsv1.NewViewStatsClient(connection), world: world, known: cli.Names{}, out: out}
		for _, channel := range world.Catalog().Channels {
			show.known[channel.ID] = channel
		}
		if err := show.all(ctx); err != nil {
			return err
		}
		if c.Serve {
			fmt.Fprintf(out, "\nThe console: http://%s/\nThe boxes go on watching. Ctrl-C ends the demo and removes its store.\n", at.Web)
			return viewers.GoOn(ctx, connection, world)
		}
		_, err = fmt.Fprintf(out, demoIsGone, calledBy(os.Args[0]))
		return err
	})
}

// withServer runs the real server in this process, on free ports and with its store in dir, while something uses it.
func withServer(ctx context.Context, dir string, use func(ctx context.Context, at app.Addresses) error) error {
	cfg := app.DefaultConfig()
	cfg.DataDir, cfg.Listen, cfg.HTTPListen = dir, "127.0.0.1:0", "127.0.0.1:0"
	cfg.WebListen = "127.0.0.1:0"
	cfg.LogLevel, cfg.DrainTimeout = "error", 2*time.Second // that the streams break off on Ctrl-C is expected

	serving, stop := context.WithCancel(context.WithoutCancel(ctx)) // it stops last, also when ctx ends
	using, cancel := context.WithCancelCause(ctx)
	started, ended := make(chan app.Addresses, 1), make(chan error, 1)
	go func() {
		err := app.Serve(serving, cfg, cfg.Logger(os.Stderr), time.Now, func(at app.Addresses) { started <- at })
		cancel(err) // if it ended by itself nobody need wait for it
		ended <- err
	}()
	var err error
	select {
	case at := <-started:
		err = use(using, at)
	case <-using.Done():
		err = context.Cause(using)
	}
	stop()
	if failed := <-ended; err == nil {
		err = failed
	}
	return err
}

// demoResults requests one result of each kind and shows it.
type demoResults struct {
	client tvstatsv1.ViewStatsClient
	world  *simulate.World
	known  cli.Names
	out    io.Writer
}

const demoPlaces = 10

func (d *demoResults) all(ctx context.Context) error {
	for _, show := range []func(context.Context) error{d.sorting, d.channels, d.programmes} {
		if err := show(ctx); err != nil {
			return err
		}
	}
	return nil
}

const demoIsGone = `
The store of this demo is gone. To keep one, run "%[1]s serve", in another terminal "%[1]s simulate", and ask:
  %[1]s create_epg_selection_by_popularity --client_id=1 --days_number=7
The console is at http://127.0.0.1:8080/ then; "%[1]s demo --serve" shows it with this demo's viewing.
`

// calledBy is how people call the program again that was called by the name. What go run makes lies in a folder of Go's own.
func calledBy(name string) string {
	if strings.Contains(name, "/go-build") {
		return "go run ./server"
	}
	return name
}

func (d *demoResults) sorting(ctx context.Context) error {
	began := time.Now()
	response, err := d.client.CreateChannelSortingByPopularity(ctx, &tvstatsv1.CreateChannelSortingByPopularityRequest{
		ClientIds: []int32{1}, DaysNumber: demoDays, Criterion: tvstatsv1.Criterion_CRITERION_WATCH_TIME,
	})
	if err != nil {
		return fmt.Errorf("sorting of channels: %w", err)
	}
	d.title("Channel sorting by watch time", began)
	return cli.PrintChannels(d.out, response.Sortings[0].Channels, demoPlaces, d.known)
}

func (d *demoResults) channels(ctx context.Context) error {
	began := time.Now()
	response, err := d.client.CreateChannelSelectionByPopularity(ctx, &tvstatsv1.CreateChannelSelectionByPopularityRequest{
		ClientId: 1, DaysNumber: demoDays, Criterion: tvstatsv1.Criterion_CRITERION_MEDIAN_WATCH_TIME,
		AccountsActive: true, MinWatchSeconds: 60, SelectionSize: demoPlaces,
	})
	if err != nil {
		return fmt.Errorf("selection of channels: %w", err)
	}
	d.title("Channel selection by median watch time, of active accounts' sessions of a minute or more", began)
	return cli.PrintChannels(d.out, response.Selection.Channels, demoPlaces, d.known)
}

func (d *demoResults) programmes(ctx context.Context) error {
	began := time.Now()
	response, err := d.client.CreateEpgSelectionByPopularity(ctx, &tvstatsv1.CreateEpgSelectionByPopularityRequest{
		ClientId: 1, DaysNumber: demoDays, SelectionSize: demoPlaces,
	})
	if err != nil {
		return fmt.Errorf("selection of programmes: %w", err)
	}
	d.title("Programme selection, live and catch-up viewing", began)
	starts := map[int64]viewing.Millis{}
	for programme := range d.world.Guide() {
		starts[programme.ID] = programme.Start
	}
	for _, p := range response.Selection.Programmes { // the same title is on again and again
		p.Title += starts[p.ProgrammeId].Time().Format(", Mon 2 Jan 15:04")
	}
	return cli.PrintProgrammes(d.out, response.Selection.Programmes, d.known)
}

func (d *demoResults) title(text string, began time.Time) {
	fmt.Fprintf(d.out, "\n%s (%d days, built in %d ms)\n", text, demoDays, time.Since(began).Milliseconds())
}
