package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"google.golang.org/grpc"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/flags"
	"github.com/tvstats/tvstats/internal/viewing"
)

// Replay streams the viewing in a file to a server.
type Replay struct {
	Streaming
	ClientID int32  `default:"1" help:"Operator of events that name none."`
	Device   string `default:"unknown" help:"Kind of device of events that name none: 1 to 32 of a-z 0-9 _ . -"`
	File     string `arg:"" help:"What to replay, - for standard input; gzip is recognised. Either CSV, whose header names the columns user_id, channel_id, started_at (RFC 3339) and watched_seconds, perhaps client_id, device and device_uid, in any order and among others: a row is a whole session. Or one ViewEvent as JSON a line."`
}

// Validate reports every flag that cannot work. The command line calls it.
func (c *Replay) Validate() error {
	var device error
	if !viewing.ValidDevice(c.Device) {
		device = fmt.Errorf("--device=%q: allowed are 1 to 32 of a-z 0-9 _ . -", c.Device)
	}
	return errors.Join(c.Streaming.Validate(), flags.Within("--client-id", c.ClientID, 1, 1<<31-1), device)
}

// Run streams what is in the file to the server.
func (c *Replay) Run(ctx context.Context) error {
	connection, err := c.Dial()
	if err != nil {
		return err
	}
	defer connection.Close() //nolint:errcheck // nothing is under way any more
	return c.replay(ctx, connection, os.Stdout, os.Stderr)
}

func (c *Replay) replay(ctx context.Context, connection *grpc.ClientConn, out io.Writer, bar *os.File) error {
	in, err := openInput(c.File)
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // it was only read
	shown := NewProgress(bar, in.size, in.Position)
	r := &replay{input: in, defaults: eventDefaults{c.ClientID, c.Device}, size: c.Batch, shown: shown}
	began := time.Now()
	total, err := c.Stream(ctx, tvstatsv1.NewViewStatsClient(connection), r.read, shown)
	shown.Close()
	PrintTally(out, &total, time.Since(began))
	if r.bad > 0 {
		fmt.Fprintf(out, "  not sent %s: lines that cannot be read\n", Count(r.bad))
	}
	return err
}

// replay is one reading of a file.
type replay struct {
	input    *input
	defaults eventDefaults
	size     int // of a batch
	shown    *Progress
	bad      int64 // lines
}

// maxBadLines are told; more are only counted.
const maxBadLines = 20

// read is the source of events: it passes over lines that it cannot read. What comes before an error that ends it is sent.
func (r *replay) read(ctx context.Context, batches chan<- []*tvstatsv1.ViewEvent) error {
	var failed error
	var events []*tvstatsv1.ViewEvent
	for event, err := range readEvents(r.input.Lines(), r.defaults) {
		if bad := (*badLine)(nil); errors.As(err, &bad) {
			r.tell(bad)
			continue
		}
		if err != nil {
			failed = fmt.Errorf("%s: %w", r.input.file.Name(), err)
			break
		}
		if events = append(events, event); len(events) == r.size {
			if err := Give(ctx, batches, events); err != nil {
				return err
			}
			events = nil
		}
	}
	if len(events) > 0 {
		failed = errors.Join(failed, Give(ctx, batches, events))
	}
	return failed
}

func (r *replay) tell(bad *badLine) {
	r.bad++
	switch {
	case r.bad <= maxBadLines:
		r.shown.Note("%v", bad)
	case r.bad == maxBadLines+1:
		r.shown.Note("More lines cannot be read; they are only counted.")
	}
}
