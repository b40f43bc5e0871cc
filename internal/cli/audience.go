package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/flags"
)

// Audiences has the commands that ask how many watched what.
type Audiences struct {
	Audience audience `cmd:"" group:"Audience" help:"How much was watched by how many, by channel, day, device and so on."`
	Ratings  ratings  `cmd:"" group:"Audience" help:"The audience of the guide's programmes, live and later."`
	Curve    curve    `cmd:"" group:"Audience" help:"The live audience of a channel or programme, step by step."`
	Flow     flow     `cmd:"" group:"Audience" help:"From which channel to which channel devices switched."`
}

// shownAs is how a command shows what it received.
type shownAs struct {
	Connection
	csvFlags
	Output string `enum:"table,json,csv,xlsx" default:"table" help:"${enum}. JSON is what grpcurl prints."`
	Out    string `short:"o" default:"-" type:"path" placeholder:"FILE" help:"File to write, - for standard output."`
}

// answered is what a command received: as a message, as rows and as a table for people.
type answered struct {
	contents
	table func(io.Writer) error
}

// run asks and shows.
func (s *shownAs) run(ctx context.Context, ask func(context.Context, *grpc.ClientConn) (answered, error)) error {
	connection, err := s.Dial()
	if err != nil {
		return err
	}
	defer connection.Close() //nolint:errcheck // nothing is under way any more
	answer, err := ask(ctx, connection)
	if err != nil {
		return err
	}
	for _, note := range notes(answer.answer) {
		fmt.Fprintln(os.Stderr, "note:", note)
	}
	if s.Out == "-" {
		return s.write(os.Stdout, answer)
	}
	return replaceFile("--out", s.Out, func(file io.Writer) error { return s.write(file, answer) })
}

func (s *shownAs) write(out io.Writer, a answered) error {
	if s.Output == "table" {
		return a.table(out)
	}
	return (&exported{csvFlags: s.csvFlags, Format: s.Output}).write(out, a.contents)
}

// spanned is the client and the time that a question is about.
type spanned struct {
	ClientID int32   `default:"1" help:"Operator."`
	From     instant `help:"First instant, 2026-03-01, \"2026-03-01 20:00\", yesterday or -7d; by default 7 days before --to, for a curve one day."`
	To       instant `help:"End, not included; by default now."`
}

// Validate reports every flag that cannot work, and fills in those that were not given.
func (s *spanned) Validate() error { return s.fill(7) }

// fill is Validate with the number of days before --to at which --from is by default.
func (s *spanned) fill(days int) error {
	if s.To.proto == nil {
		s.To.proto = timestamppb.New(time.Now().Truncate(time.Second))
	}
	if s.From.proto == nil {
		s.From.proto = timestamppb.New(s.To.proto.AsTime().AddDate(0, 0, -days))
	}
	return flags.Within("--client-id", s.ClientID, 1, 1<<31-1)
}

// asked is what the About sheet says of it.
func (s *spanned) asked() [][2]any {
	return [][2]any{{"client_id", int64(s.ClientID)}, {"from", s.From.proto.AsTime()}, {"to", s.To.proto.AsTime()}}
}

// filtering is which viewing counts.
type filtering struct {
	Devices         []string `placeholder:"DEVICE" help:"Only viewing on these kinds of device; as a comma list or repeated. All by default."`
	Tariffs         []int32  `placeholder:"ID" help:"Only sessions that carry any of these tariffs. All by default."`
	Channels        []int32  `placeholder:"ID" help:"Only these channels. All by default."`
	Categories      []int32  `placeholder:"ID" help:"Only channels in any of these categories. All by default."`
	Modes           []string `enum:"live,catchup,timeshift" placeholder:"MODE" help:"Only these modes: ${enum}. All by default."`
	AccountsActive  onOff    `help:"Only sessions of accounts that are active now."`
	MinWatchSeconds int64    `placeholder:"SECONDS" help:"Leave out sessions of which fewer seconds count; by default as the client's policy says."`
}

func (f *filtering) filter() *tvstatsv1.ViewingFilter {
	filter := &tvstatsv1.ViewingFilter{
		Devices: f.Devices, Tariffs: f.Tariffs, Channels: f.Channels, Categories: f.Categories, AccountsActive: bool(f.AccountsActive),
		MinWatchSeconds: f.MinWatchSeconds,
	}
	for _, mode := range f.Modes {
		filter.Modes = append(filter.Modes, enumValue[tvstatsv1.ViewMode](tvstatsv1.ViewMode_value, "VIEW_MODE_", mode))
	}
	return filter
}

// rowsFlag is how many rows are wanted.
type rowsFlag struct {
	Rows int `default:"0" placeholder:"N" help:"How many rows to show; by default 25 in a table, else all."`
}

// wanted is how many rows are shown; most is what there may be.
func (r rowsFlag) wanted(output string) int {
	if r.Rows == 0 && output == "table" {
		return 25
	}
	return cmp.Or(r.Rows, 1<<31-1)
}

type audience struct {
	spanned
	filtering
	shownAs
	rowsFlag
	By           []string `enum:"channel,category,tariff,device,mode,hour,day,week,month,hour_of_day,day_of_week" default:"channel" placeholder:"DIMENSION" help:"What rows are divided by, up to three of ${enum}."`
	Calendar     string   `enum:"utc,client" default:"client" help:"By which clock hours, days, weeks and months begin: ${enum}."`
	ReachSeconds int64    `placeholder:"SECONDS" help:"How long an account must watch without a break to be reached; 180 by default."`
	OrderBy      metric   `placeholder:"METRIC" help:"What rows are ordered by, greatest first, for example watch_seconds or rating; by default by what they are divided by."`
}

// Validate reports every flag that cannot work. The command line calls it.
func (a *audience) Validate() error {
	return errors.Join(a.spanned.Validate(), a.Connection.Validate(), flags.Within("--rows", a.Rows, 0, 1<<31-1))
}

// Run requests the audience.
func (a *audience) Run(ctx context.Context) error {
	request := &tvstatsv1.GetAudienceRequest{
		ClientId: a.ClientID, From: a.From.proto, To: a.To.proto, Filter: a.filter(), ReachSeconds: a.ReachSeconds, OrderBy: a.OrderBy.Metric,
		Calendar: enumValue[tvstatsv1.Calendar](tvstatsv1.Calendar_value, "CALENDAR_", a.Calendar),
	}
	for _, dimension := range a.By {
		request.GroupBy = append(request.GroupBy, enumValue[tvstatsv1.Dimension](tvstatsv1.Dimension_value, "DIMENSION_", dimension))
	}
	return a.run(ctx, func(ctx context.Context, from *grpc.ClientConn) (answered, error) {
		client := tvstatsv1.NewAudienceClient(from)
		answer, more, err := pages(request, a.wanted(a.Output), func() (*tvstatsv1.GetAudienceResponse, error) { return client.GetAudience(ctx, request) },
			func(r *tvstatsv1.GetAudienceResponse) *[]*tvstatsv1.AudienceRow { return &r.Rows })
		if err != nil {
			return answered{}, err
		}
		known := channelNamesOrNil(ctx, from, a.ClientID)
		return answered{
			contents{answer, a.asked(), sheetOf("audience", answer.Rows).withNames(known)},
			func(out io.Writer) error { return printAudience(out, request, answer, known, more) },
		}, nil
	})
}

type ratings struct {
	spanned
	filtering
	shownAs
	rowsFlag
	ReachSeconds int64  `placeholder:"SECONDS" help:"How long one session must watch a programme without a break for its account to be reached; 180 by default."`
	OrderBy      metric `placeholder:"METRIC" help:"What programmes are ordered by, greatest first, for example rating or live_seconds; by default by their start."`
}

// Validate reports every flag that cannot work. The command line calls it.
func (r *ratings) Validate() error {
	return errors.Join(r.spanned.Validate(), r.Connection.Validate(), flags.Within("--rows", r.Rows, 0, 1<<31-1))
}

// Run requests the audience of programmes.
func (r *ratings) Run(ctx context.Context) error {
	request := &tvstatsv1.GetProgrammeRatingsRequest{
		ClientId: r.ClientID, From: r.From.proto, To: r.To.proto, Filter: r.filter(), ReachSeconds: r.ReachSeconds, OrderBy: r.OrderBy.Metric,
	}
	return r.run(ctx, func(ctx context.Context, from *grpc.ClientConn) (answered, error) {
		client := tvstatsv1.NewAudienceClient(from)
		answer, more, err := pages(request, r.wanted(r.Output),
			func() (*tvstatsv1.GetProgrammeRatingsResponse, error) {
				return client.GetProgrammeRatings(ctx, request)
			},
			func(r *tvstatsv1.GetProgrammeRatingsResponse) *[]*tvstatsv1.ProgrammeRating { return &r.Programmes })
		if err != nil {
			return answered{}, err
		}
		known := channelNamesOrNil(ctx, from, r.ClientID)
		return answered{
			contents{answer, r.asked(), sheetOf("ratings", answer.Programmes).withNames(known)},
			func(out io.Writer) error { return printRatings(out, answer, known, more) },
		}, nil
	})
}

type curve struct {
	spanned
	filtering
	shownAs
	Channel   int32         `placeholder:"ID" help:"Channel, from --from to --to."`
	Programme int64         `placeholder:"ID" help:"Programme of the guide, in place of a channel: from its start to its end."`
	Step      time.Duration `default:"1m" help:"Length of a step, in whole seconds; 1s to 24h."`
}

// Validate reports every flag that cannot work. The command line calls it.
func (c *curve) Validate() error {
	var either error
	switch {
	case (c.Channel == 0) == (c.Programme == 0):
		either = errors.New("give either --channel or --programme")
	case c.Programme != 0 && (c.From.proto != nil || c.To.proto != nil):
		either = errors.New("--from and --to are of --channel: a programme has its own start and end; leave them out")
	}
	return errors.Join(c.fill(1), c.Connection.Validate(), either, wholeSeconds("--step", c.Step))
}

// asked is what the About sheet says of it.
func (c *curve) asked() [][2]any {
	if c.Programme != 0 {
		return [][2]any{{"client_id", int64(c.ClientID)}, {"programme_id", c.Programme}}
	}
	return append(c.spanned.asked(), [2]any{"channel_id", int64(c.Channel)})
}

// wholeSeconds refuses a length that is none of one second to a day.
func wholeSeconds(flag string, length time.Duration) error {
	if length%time.Second != 0 {
		return fmt.Errorf("%s is %s; allowed are whole seconds, for example %s", flag, length, length.Truncate(time.Second)+time.Second)
	}
	return flags.Within(flag, length, time.Second, 24*time.Hour)
}

// Run requests the curve.
func (c *curve) Run(ctx context.Context) error {
	request := &tvstatsv1.GetAudienceCurveRequest{
		ClientId: c.ClientID, ChannelId: c.Channel, ProgrammeId: c.Programme, StepSeconds: int64(c.Step / time.Second), Filter: c.filter(),
	}
	if c.Programme == 0 {
		request.From, request.To = c.From.proto, c.To.proto
	}
	return c.run(ctx, func(ctx context.Context, from *grpc.ClientConn) (answered, error) {
		answer, err := tvstatsv1.NewAudienceClient(from).GetAudienceCurve(ctx, request)
		if err != nil {
			return answered{}, err
		}
		return answered{
			contents{answer, c.asked(), sheetOf("curve", answer.Points)},
			func(out io.Writer) error { return printCurve(out, answer) },
		}, nil
	})
}

type flow struct {
	spanned
	filtering
	shownAs
	rowsFlag
	Channel int32         `placeholder:"ID" help:"Only flows from or to this channel. All by default."`
	Gap     time.Duration `default:"1m" help:"How long a device may watch nothing between two sessions and still have switched, in whole seconds; 1s to 24h."`
}

// Validate reports every flag that cannot work. The command line calls it.
func (f *flow) Validate() error {
	return errors.Join(f.spanned.Validate(), f.Connection.Validate(), wholeSeconds("--gap", f.Gap),
		flags.Within("--rows", f.Rows, 0, 1<<31-1))
}

// Run requests flows.
func (f *flow) Run(ctx context.Context) error {
	return f.run(ctx, func(ctx context.Context, from *grpc.ClientConn) (answered, error) {
		answer, err := tvstatsv1.NewAudienceClient(from).GetAudienceFlow(ctx, &tvstatsv1.GetAudienceFlowRequest{
			ClientId: f.ClientID, From: f.From.proto, To: f.To.proto, Filter: f.filter(), ChannelId: f.Channel, GapSeconds: int64(f.Gap / time.Second),
		})
		if err != nil {
			return answered{}, err
		}
		more := max(0, len(answer.Flows)-f.wanted(f.Output))
		answer.Flows = answer.Flows[:len(answer.Flows)-more]
		known := channelNamesOrNil(ctx, from, f.ClientID)
		return answered{
			contents{answer, f.asked(), sheetOf("flow", answer.Flows)},
			func(out io.Writer) error { return printFlows(out, answer, known, more > 0) },
		}, nil
	})
}

// pageable is a request for pages.
type pageable interface {
	*tvstatsv1.GetAudienceRequest | *tvstatsv1.GetProgrammeRatingsRequest
	proto.Message
}

// pages requests one page after the other until there are as many rows as wanted, and gathers them in the last response. more
// reports whether there are others.
func pages[Q pageable, R interface{ GetNextPageToken() string }, T any](
	request Q, wanted int, ask func() (R, error), rowsOf func(R) *[]T,
) (answer R, more bool, err error) {
	const mostRows = 1000 // of a page
	fields := request.ProtoReflect().Descriptor().Fields()
	var gathered []T
	for {
		setField(request, fields.ByName("page_size"), int32(min(wanted-len(gathered), mostRows))) //nolint:gosec // it is small
		if answer, err = ask(); err != nil {
			return answer, false, err
		}
		rows := rowsOf(answer)
		gathered = append(gathered, *rows...)
		token := answer.GetNextPageToken()
		if token == "" || len(gathered) >= wanted {
			*rows = gathered
			return answer, token != "", nil
		}
		setField(request, fields.ByName("page_token"), token)
	}
}

// metric is a flag that says what to order by.
type metric struct{ tvstatsv1.Metric }

// UnmarshalText reads the flag.
func (m *metric) UnmarshalText(text []byte) error {
	m.Metric = enumValue[tvstatsv1.Metric](tvstatsv1.Metric_value, "METRIC_", string(text))
	if m.Metric == tvstatsv1.Metric_METRIC_UNSPECIFIED {
		return fmt.Errorf("%q is no figure of the table; it is one of its columns by its name in the contract, for example watch_seconds", text)
	}
	return nil
}
