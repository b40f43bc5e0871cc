package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/flags"
	"github.com/tvstats/tvstats/internal/plaintext"
)

// Explain says why something has its place in a stored ranking.
type Explain struct {
	printed
	ID        string `arg:"" name:"id" help:"The id of the sorting or selection."`
	Channel   int32  `placeholder:"ID" help:"The channel to explain, in a ranking of channels."`
	Programme int64  `placeholder:"ID" help:"The programme to explain, in a ranking of programmes."`
}

// Validate reports every flag that cannot work. The command line calls it.
func (c *Explain) Validate() error {
	var one error
	if (c.Channel == 0) == (c.Programme == 0) {
		one = errors.New("give --channel or --programme")
	}
	return errors.Join(c.Connection.Validate(), one)
}

// Run explains.
func (c *Explain) Run(ctx context.Context) error {
	return c.with(ctx, func(ctx context.Context, to *grpc.ClientConn) (proto.Message, error) {
		return tvstatsv1.NewViewStatsClient(to).ExplainRank(ctx, &tvstatsv1.ExplainRankRequest{
			ResultId: c.ID, ChannelId: c.Channel, ProgrammeId: c.Programme,
		})
	}, func(out io.Writer, answer proto.Message, _ *grpc.ClientConn) error {
		return printExplanation(out, answer.(*tvstatsv1.ExplainRankResponse))
	})
}

func printExplanation(out io.Writer, e *tvstatsv1.ExplainRankResponse) error {
	table := newTable(out)
	fmt.Fprintf(table, "place\t%d, with %g\n", e.Rank, e.Score)
	for _, beside := range []struct {
		where string
		place *tvstatsv1.NeighbouringPlace
	}{{"before it", e.Before}, {"after it", e.After}} {
		if p := beside.place; p != nil {
			fmt.Fprintf(table, "%s\t%d, %s, with %g, %g away\n", beside.where, p.Rank, subjectName(p), p.Score, p.Margin)
		}
	}
	fmt.Fprintf(table, "greatest account\t%.1f %% of the time; place without it: %d\n", e.TopAccountShare, e.RankWithoutTopAccount)
	for _, f := range e.Filters {
		fmt.Fprintf(table, "%s took away\t%s sessions, %s h:mm\n", f.Filter, Count(f.Sessions), hours(f.Seconds))
	}
	for _, d := range e.Days {
		place := "not in it"
		if d.Rank > 0 {
			place = fmt.Sprintf("%d, with %g", d.Rank, d.Score)
		}
		fmt.Fprintf(table, "until %s\t%s\n", when(d.WindowEnd), place)
	}
	return table.Flush()
}

func subjectName(p *tvstatsv1.NeighbouringPlace) string {
	if p.ProgrammeId != 0 {
		return fmt.Sprint("programme ", p.ProgrammeId)
	}
	return fmt.Sprint("channel ", p.ChannelId)
}

// Sessions lists the view sessions of an account or a device, for support.
type Sessions struct {
	printed
	some
	ClientID  int32   `required:"" placeholder:"ID" help:"Operator whose account or device it is."`
	Account   int64   `placeholder:"ID" help:"The account."`
	DeviceUID string  `name:"device-uid" placeholder:"UID" help:"The physical device."`
	From      instant `required:"" placeholder:"TIME" help:"Sessions that started then or later; a time as for --as_of."`
	To        instant `placeholder:"TIME" help:"Sessions that started before then; now by default."`
}

// Validate reports every flag that cannot work. The command line calls it.
func (c *Sessions) Validate() error {
	var whose error
	if c.Account == 0 && c.DeviceUID == "" {
		whose = errors.New("give --account, --device-uid or both")
	}
	return errors.Join(c.Connection.Validate(), c.validate(), flags.Within("--client-id", c.ClientID, 1, 1<<31-1), whose)
}

// Run lists sessions.
func (c *Sessions) Run(ctx context.Context) error {
	to := c.To.proto
	if to == nil {
		to = timestamppb.Now()
	}
	return c.with(ctx, func(ctx context.Context, server *grpc.ClientConn) (proto.Message, error) {
		return tvstatsv1.NewViewStatsClient(server).ListSessions(ctx, &tvstatsv1.ListSessionsRequest{
			ClientId: c.ClientID, AccountId: c.Account, DeviceUid: c.DeviceUID, From: c.From.proto, To: to, PageSize: c.Limit,
		})
	}, func(out io.Writer, answer proto.Message, _ *grpc.ClientConn) error {
		return printSessions(out, answer.(*tvstatsv1.ListSessionsResponse))
	})
}

func printSessions(out io.Writer, page *tvstatsv1.ListSessionsResponse) error {
	table := newTable(out)
	fmt.Fprintln(table, "started\treported until\taccount\tdevice\tuid\tchannel\tmode\tprogramme\twatched s\tcounted s")
	for _, s := range page.Sessions {
		fmt.Fprintf(table, "%s\t%s\t%d\t%s\t%s\t%d\t%s\t%s\t%9d\t%9d\n", when(s.StartedAt), when(s.At), s.AccountId, s.Device,
			plaintext.ForTerminal(s.DeviceUid), s.ChannelId, strings.ToLower(strings.TrimPrefix(s.Mode.String(), "VIEW_MODE_")),
			idOrNone(s.ProgrammeId), s.WatchedSeconds, s.CountedSeconds)
	}
	if page.NextPageToken != "" {
		fmt.Fprintln(table, "… and more; ask for less time, or raise --limit")
	}
	return table.Flush()
}

func idOrNone(programme int64) string {
	if programme == 0 {
		return ""
	}
	return id(programme)
}
