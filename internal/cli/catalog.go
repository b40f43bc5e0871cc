package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/reflect/protoreflect"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/flags"
)

// Catalog pushes what an operator has in tables to the catalog. The same files again change nothing.
type Catalog struct {
	Connection
	imported
	timeFlags
	ClientID   int32     `required:"" placeholder:"ID" help:"Operator whose catalog it is."`
	Name       string    `help:"Name of the operator, to be set or changed; goes with --client-time-zone."`
	ClientZone timeZone  `name:"client-time-zone" placeholder:"ZONE" help:"Zone of the operator's calendar, for example Europe/Riga; goes with --name. UTC by default."`
	Channels   string    `type:"path" placeholder:"FILE" help:"CSV of channels: channel_id, name; perhaps number, categories (ids with spaces between), enabled, deleted."`
	Categories string    `type:"path" placeholder:"FILE" help:"CSV of categories: category_id, name; perhaps deleted."`
	Tariffs    string    `type:"path" placeholder:"FILE" help:"CSV of tariffs: tariff_id, name; perhaps deleted."`
	Accounts   string    `type:"path" placeholder:"FILE" help:"CSV of accounts: account_id; perhaps active (true where there is no such column), tariffs (ids with spaces between), registered_at, changed_at, excluded, deleted."`
	Payments   string    `type:"path" placeholder:"FILE" help:"CSV of payments: payment_id, account_id, paid_at, and amount (12.50) or amount_minor (1250), negative for a refund; perhaps currency, deleted."`
	Currency   string    `placeholder:"CODE" help:"Currency of payments whose row names none, for example EUR."`
	Delimiter  delimiter `placeholder:"CHARACTER" help:"What separates the fields, a character or \"tab\"; by default what the header has most of, of comma, semicolon, tab and |."`
	Column     columns   `mapsep:"," placeholder:"FIELD=NAME" help:"Where the files call a field otherwise: field=name, as a comma list or repeated."`
}

// Validate reports every flag that cannot work. The command line calls it.
func (c *Catalog) Validate() error {
	var none error
	if c.Channels+c.Categories+c.Tariffs+c.Accounts+c.Payments+c.Name == "" {
		none = errors.New("nothing to import: give --channels, --categories, --tariffs, --accounts, --payments or --name")
	}
	if c.Name == "" && c.ClientZone.location != nil {
		none = errors.New("--client-time-zone goes with --name: both are replaced together")
	}
	return errors.Join(c.Connection.Validate(), c.imported.Validate(), flags.Within("--client-id", c.ClientID, 1, 1<<31-1), none,
		currencyFlag(c.Currency))
}

// catalogFile is a file of entities of one kind.
type catalogFile struct {
	name     string
	list     protoreflect.Name // of SyncRequest
	required []string          // columns
}

// files are those that were given, in the order in which they are pushed.
func (c *Catalog) files() []catalogFile {
	var given []catalogFile
	for _, f := range []catalogFile{
		{c.Categories, "categories", []string{"category_id", "name"}},
		{c.Tariffs, "tariffs", []string{"tariff_id", "name"}},
		{c.Channels, "channels", []string{"channel_id", "name"}},
		{c.Accounts, "accounts", []string{"account_id"}},
		{c.Payments, "payments", []string{"payment_id", "account_id", "paid_at"}},
	} {
		if f.name != "" {
			given = append(given, f)
		}
	}
	return given
}

// Run pushes the files to the server.
func (c *Catalog) Run(ctx context.Context) error {
	connection, err := c.Dial()
	if err != nil {
		return err
	}
	defer connection.Close() //nolint:errcheck // nothing is under way any more
	return c.push(ctx, connection, os.Stdout, os.Stderr)
}

func (c *Catalog) push(ctx context.Context, connection *grpc.ClientConn, out io.Writer, bar *os.File) (err error) {
	shown := NewProgress(bar, "entities", -1, func() int64 { return 0 })
	report, err := c.open(shown)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, report.Close()) }()
	p := &catalogPush{Catalog: c, report: report}
	err = Push(ctx, tvstatsv1.NewCatalogClient(connection), p.requests(),
		func(_ *tvstatsv1.SyncRequest, response *tvstatsv1.SyncResponse) error {
			p.answered(response)
			shown.Acknowledged(int(response.Applied))
			return nil
		})
	shown.Close()
	failed := errors.Join(p.failed, err)
	if failed == nil || p.sent+report.rejected > 0 {
		fmt.Fprintf(out, "%s entities pushed, %s rows not imported\n", Count(p.applied), Count(report.rejected))
	}
	if failed != nil {
		return failed
	}
	return c.verdict(p.sent, report.rejected)
}

// catalogPush is one import.
type catalogPush struct {
	*Catalog
	report  *report
	applied int64
	sent    int64 // refused ones, too
	failed  error // why a file could not be read to its end
	lines   []int // of the entities of the request that is under way
}

// requests reads the files; each request is good until the next one.
func (p *catalogPush) requests() iter.Seq[*tvstatsv1.SyncRequest] {
	return func(yield func(*tvstatsv1.SyncRequest) bool) {
		if p.Name != "" && !yield(&tvstatsv1.SyncRequest{ClientId: p.ClientID, Client: &tvstatsv1.Client{Name: p.Name, TimeZone: p.zone()}}) {
			return
		}
		for _, f := range p.files() {
			if p.failed = p.read(f, yield); p.failed != nil {
				if !errors.Is(p.failed, errNoMore) {
					p.failed = fmt.Errorf("%s: %w", f.name, p.failed)
				} else {
					p.failed = nil
				}
				return
			}
		}
	}
}

func (c *Catalog) zone() string {
	if c.ClientZone.location == nil {
		return ""
	}
	return c.ClientZone.location.String()
}

// errNoMore means that no more requests are read.
var errNoMore = errors.New("no more requests are wanted")

// read makes requests of a file.
func (p *catalogPush) read(f catalogFile, yield func(*tvstatsv1.SyncRequest) bool) error {
	in, err := openInput(f.name)
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // it was only read
	p.lines = nil
	request := &tvstatsv1.SyncRequest{ClientId: p.ClientID}
	list := request.ProtoReflect().Mutable(request.ProtoReflect().Descriptor().Fields().ByName(f.list)).List()
	rows := entityReader{file: f, called: p.Column, delimiter: p.Delimiter.rune, times: p.timeReader(), currency: p.Currency}
	rows.times.layouts = append(rows.times.layouts, time.DateOnly, "02.01.2006") // a day alone is its first instant
	for l, err := range in.Lines() {
		entity, err := rows.entity(l, err, list)
		if bad := (*badLine)(nil); errors.As(err, &bad) {
			p.report.reject(bad.number, string(f.list)+": "+bad.reason.Error())
			continue
		}
		if err != nil {
			return err
		}
		if !entity.IsValid() { // the header
			if unused := rows.unused(list.NewElement().Message().Descriptor().Fields()); len(unused) > 0 {
				p.report.note(l.number, fmt.Sprintf("%s: no field has the names of these columns, which are passed over: %.200q; --column says which is meant", f.list, unused))
			}
			continue
		}
		list.Append(entity)
		p.lines = append(p.lines, l.number)
		if list.Len() == PushChunk {
			if !yield(request) {
				return errNoMore
			}
			list.Truncate(0)
			p.lines = nil
		}
	}
	if list.Len() > 0 && !yield(request) {
		return errNoMore
	}
	return nil
}

// answered counts what the service did with the request that was under way.
func (p *catalogPush) answered(response *tvstatsv1.SyncResponse) {
	p.applied += int64(response.Applied)
	p.sent += int64(response.Applied) + int64(len(response.Rejected))
	if response.Message != "" {
		p.report.note(0, response.Message)
	}
	for _, r := range response.Rejected {
		line := 0
		if int(r.Index) < len(p.lines) {
			line = p.lines[r.Index]
		}
		p.report.reject(line, r.Entity+": "+r.Reason+": "+r.Message)
	}
}
