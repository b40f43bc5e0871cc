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
	imported
	timeFlags
	ClientID  int32     `placeholder:"ID" help:"Operator of events that name none; to be given unless the file names one in each."`
	Device    string    `default:"unknown" help:"Kind of device of events that name none: 1 to 32 of a-z 0-9 _ . -"`
	Delimiter delimiter `placeholder:"CHARACTER" help:"What separates the fields of CSV, a character or \"tab\"; by default what the header has most of, of comma, semicolon, tab and |."`
	Column    columns   `mapsep:"," placeholder:"FIELD=NAME" help:"Where the file calls a field otherwise: field=name, as a comma list or repeated, for example --column account_id=subscriber. With it JSON lines are plain objects under these names."`
	File      string    `arg:"" help:"What to stream, - for standard input; gzip, xz, bzip2 and ZIP are recognised. Either CSV with a header, or one JSON object a line, as mongoexport writes it too. The fields are those of ViewEvent, in any order and among others: account_id (or user_id), channel_id, started_at, and at or watched_seconds; perhaps client_id, device, device_uid, mode, programme_id, tariffs, last_activity_at, position_at. A CSV row is a whole session."`
}

// Validate reports every flag that cannot work. The command line calls it.
func (c *Viewing) Validate() error {
	var device error
	if !viewing.ValidDevice(c.Device) {
		device = fmt.Errorf("--device=%q: allowed are 1 to 32 of a-z 0-9 _ . -", c.Device)
	}
	return errors.Join(c.Streaming.Validate(), c.imported.Validate(), flags.Within("--client-id", c.ClientID, 0, 1<<31-1), device,
		c.Column.validate())
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
	defer func() { err = errors.Join(err, report.Close()) }()
	events := eventReader{c.ClientID, c.Device, c.Column, c.Delimiter.rune, c.timeReader()}
	r := &viewingFile{input: in, reader: events, size: c.Batch, report: report}
	c.Answered = r.answered
	began := time.Now()
	total, err := c.Stream(ctx, tvstatsv1.NewViewStatsClient(connection), r.read, shown)
	shown.Close()
	PrintTally(out, &total, time.Since(began))
	if r.bad > 0 {
		fmt.Fprintf(out, "  not sent %s: lines that cannot be read\n", Count(r.bad))
	}
	if r.others > 0 {
		fmt.Fprintf(out, "  %s were of other clients than --client-id=%d: their lines name them\n", Count(r.others), c.ClientID)
	}
	if err != nil {
		return err
	}
	return c.verdict(total.Events(), report.rejected)
}

// viewingFile is one reading of a file.
type viewingFile struct {
	input  *input
	reader eventReader
	size   int // of a batch
	report *report
	bad    int64    // lines
	others int64    // events that name another client than the command line
	lines  sync.Map // []int, the lines of a batch that is under way, by its first event
}

// read is the source of events: it skips lines that it cannot read. What comes before an error that ends it is sent.
func (f *viewingFile) read(ctx context.Context, batches chan<- []*tvstatsv1.ViewEvent) error {
	var failed error
	var events []*tvstatsv1.ViewEvent
	var lines []int
	for line, err := range f.reader.events(f.input.Lines()) {
		if bad := (*badLine)(nil); errors.As(err, &bad) {
			f.bad++
			f.report.reject(bad.number, bad.reason.Error())
			continue
		}
		if err != nil {
			failed = fmt.Errorf("%s: %w", f.input.file.Name(), err)
			break
		}
		if f.reader.clientID != 0 && line.event.ClientId != f.reader.clientID {
			f.others++
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

// answered reports which lines the service refused, and forgets those of the batch.
func (f *viewingFile) answered(events []*tvstatsv1.ViewEvent, rejected []*tvstatsv1.RejectedEvent) {
	lines, _ := f.lines.LoadAndDelete(events[0])
	for _, r := range rejected {
		f.report.reject(lines.([]int)[r.Index], r.Reason+": "+r.Message)
	}
}
