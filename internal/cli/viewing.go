package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"google.golang.org/grpc"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/flags"
	"github.com/tvstats/tvstats/internal/viewing"
)

// Viewing streams the viewing in a file to a server. The same file again changes nothing: its sessions are the same.
type Viewing struct {
	Streaming
	rejectedFile
	ClientID int32   `default:"1" help:"Operator of events that name none."`
	Device   string  `default:"unknown" help:"Kind of device of events that name none: 1 to 32 of a-z 0-9 _ . -"`
	Column   columns `mapsep:"," placeholder:"FIELD=NAME" help:"Where the file calls a field otherwise: field=name, as a comma list or repeated, for example --column account_id=subscriber. With it JSON lines are plain objects under these names."`
	File     string  `arg:"" help:"What to stream, - for standard input; gzip is recognised. Either CSV with a header, or one JSON object a line. The fields are those of ViewEvent, in any order and among others: account_id (or user_id), channel_id, started_at, and at or watched_seconds; perhaps client_id, device, device_uid, mode, programme_id, tariffs. Times are RFC 3339, \"2026-03-01 20:00:00\" in UTC, or Unix seconds or milliseconds. A CSV row is a whole session."`
}

// Validate reports every flag that cannot work. The command line calls it.
func (c *Viewing) Validate() error {
	var device error
	if !viewing.ValidDevice(c.Device) {
		device = fmt.Errorf("--device=%q: allowed are 1 to 32 of a-z 0-9 _ . -", c.Device)
	}
	return errors.Join(c.Streaming.Validate(), flags.Within("--client-id", c.ClientID, 1, 1<<31-1), device, c.Column.validate())
}

// Run streams what is in the file to the server.
func (c *Viewing) Run(ctx context.Context) error {
	connection, err := c.Dial()
	if err != nil {
		return err
	}
	defer connection.Close() //nolint:errcheck // nothing is under way any more
	return c.stream(ctx, connection, os.Stdout, os.Stderr)
}

func (c *Viewing) stream(ctx context.Context, connection *grpc.ClientConn, out io.Writer, bar *os.File) (err error) {
	in, err := openInput(c.File)
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // it was only read
	shown := NewProgress(bar, "reports", in.size, in.Position)
	report, err := c.open(shown)
	if err != nil {
		return err
	}
	r := &viewingFile{input: in, reader: eventReader{c.ClientID, c.Device, c.Column}, size: c.Batch, report: report}
	c.Answered = r.answered
	began := time.Now()
	total, err := c.Stream(ctx, tvstatsv1.NewViewStatsClient(connection), r.read, shown)
	shown.Close()
	PrintTally(out, &total, time.Since(began))
	if err == nil && total.Batches == 0 {
		fmt.Fprintf(out, "nothing was sent: %s has no line that says what was watched\n", c.File)
	}
	if r.bad > 0 {
		fmt.Fprintf(out, "  not sent %s: lines that cannot be read\n", Count(r.bad))
	}
	return errors.Join(err, report.Close())
}

// viewingFile is one reading of a file.
type viewingFile struct {
	input  *input
	reader eventReader
	size   int // of a batch
	report *report
	bad    int64    // lines
	lines  sync.Map // []int, the lines of a batch that is under way, by its first event
}

// read is the source of events: it passes over lines that it cannot read. What comes before an error that ends it is sent.
func (f *viewingFile) read(ctx context.Context, batches chan<- []*tvstatsv1.ViewEvent) error {
	var failed error
	var events []*tvstatsv1.ViewEvent
	var lines []int
	for line, err := range f.reader.events(f.input.Lines()) {
		if bad := (*badLine)(nil); errors.As(err, &bad) {
			f.bad++
			f.report.tell(bad.number, bad.reason.Error())
			continue
		}
		if err != nil {
			failed = fmt.Errorf("%s: %w", f.input.file.Name(), err)
			break
		}
		events, lines = append(events, line.event), append(lines, line.number)
		if len(events) == f.size {
			if err := f.give(ctx, batches, events, lines); err != nil {
				return err
			}
			events, lines = nil, nil
		}
	}
	return errors.Join(failed, f.give(ctx, batches, events, lines))
}

func (f *viewingFile) give(
	ctx context.Context, batches chan<- []*tvstatsv1.ViewEvent, events []*tvstatsv1.ViewEvent, lines []int,
) error {
	if len(events) == 0 {
		return nil
	}
	f.lines.Store(events[0], lines)
	return Give(ctx, batches, events)
}

// answered tells which lines the service refused, and forgets those of the batch.
func (f *viewingFile) answered(events []*tvstatsv1.ViewEvent, rejected []*tvstatsv1.RejectedEvent) {
	lines, _ := f.lines.LoadAndDelete(events[0])
	for _, r := range rejected {
		f.report.tell(lines.([]int)[r.Index], r.Reason+": "+r.Message)
	}
}
