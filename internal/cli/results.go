package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/flags"
	"github.com/tvstats/tvstats/internal/plaintext"
)

// Results has the commands that look after stored rankings.
type Results struct {
	List   resultsList   `cmd:"" help:"List the sortings and selections of an operator, the newest first."`
	Show   resultsShow   `cmd:"" help:"Show a sorting or a selection."`
	Delete resultsDelete `cmd:"" help:"Delete sortings and selections."`
}

type resultsList struct {
	printed
	some
	ClientID int32  `required:"" placeholder:"ID" help:"Operator whose results they are."`
	Kind     string `enum:"all,sortings,selections" default:"all" help:"Which to list: ${enum}."`
}

// Validate reports every flag that cannot work. The command line calls it.
func (c *resultsList) Validate() error {
	return errors.Join(c.Connection.Validate(), c.validate(), flags.Within("--client-id", c.ClientID, 1, 1<<31-1))
}

// Run lists results.
func (c *resultsList) Run(ctx context.Context) error {
	connection, err := c.Dial()
	if err != nil {
		return err
	}
	defer connection.Close() //nolint:errcheck // nothing is under way any more
	client := tvstatsv1.NewViewStatsClient(connection)
	sortings, selections := &tvstatsv1.ListChannelSortingsResponse{}, &tvstatsv1.ListSelectionsResponse{}
	if c.Kind != "selections" {
		if sortings, err = client.ListChannelSortings(ctx, &tvstatsv1.ListChannelSortingsRequest{ClientId: c.ClientID, PageSize: c.Limit}); err != nil {
			return err
		}
	}
	if c.Kind != "sortings" {
		if selections, err = client.ListSelections(ctx, &tvstatsv1.ListSelectionsRequest{ClientId: c.ClientID, PageSize: c.Limit}); err != nil {
			return err
		}
	}
	if c.Output == "json" {
		return errors.Join(printJSON(os.Stdout, sortings), printJSON(os.Stdout, selections))
	}
	return c.print(os.Stdout, sortings.Sortings, selections.Selections)
}

// resultRow is a result in a list.
type resultRow struct {
	created              time.Time
	id, kind, name, span string
	places               int
}

func (c *resultsList) print(out io.Writer, sortings []*tvstatsv1.ChannelSorting, selections []*tvstatsv1.Selection) error {
	var rows []resultRow
	for _, s := range sortings {
		rows = append(rows, resultRow{s.CreatedAt.AsTime(), s.SortingId, "sorting",
			strings.ToLower(strings.TrimPrefix(s.Criterion.String(), "CRITERION_")), window(s.WindowStart, s.WindowEnd), len(s.Channels)})
	}
	for _, s := range selections {
		rows = append(rows, resultRow{s.CreatedAt.AsTime(), s.SelectionId,
			"selection of " + strings.ToLower(strings.TrimPrefix(s.Kind.String(), "SELECTION_KIND_")),
			s.Name, window(s.WindowStart, s.WindowEnd), len(s.Channels) + len(s.Programmes)})
	}
	slices.SortStableFunc(rows, func(a, b resultRow) int { return b.created.Compare(a.created) })
	table := newTable(out)
	fmt.Fprintln(table, "id\tkind\tname\tplaces\twindow\tcreated")
	for _, r := range rows[:min(len(rows), int(c.Limit))] {
		fmt.Fprintf(table, "%s\t%s\t%s\t%6d\t%s\t%s\n", r.id, r.kind, plaintext.ForTerminal(r.name), r.places, r.span,
			r.created.Format(time.RFC3339))
	}
	return table.Flush()
}

// resultByID finds a result of either kind.
func resultByID(ctx context.Context, client tvstatsv1.ViewStatsClient, id string) (proto.Message, error) {
	sorting, err := client.GetChannelSorting(ctx, &tvstatsv1.GetChannelSortingRequest{SortingId: id})
	if err == nil {
		return sorting.Sorting, nil
	}
	if status.Code(err) != codes.NotFound {
		return nil, err
	}
	selection, err := client.GetSelection(ctx, &tvstatsv1.GetSelectionRequest{SelectionId: id})
	return selection.GetSelection(), err
}

type resultsShow struct {
	printed
	ID string `arg:"" name:"id" help:"The id of the sorting or selection."`
}

// Validate reports every flag that cannot work. The command line calls it.
func (c *resultsShow) Validate() error { return c.Connection.Validate() }

// Run shows a result.
func (c *resultsShow) Run(ctx context.Context) error {
	return c.with(ctx, func(ctx context.Context, to *grpc.ClientConn) (proto.Message, error) {
		return resultByID(ctx, tvstatsv1.NewViewStatsClient(to), c.ID)
	}, func(out io.Writer, answer proto.Message, to *grpc.ClientConn) error {
		if sorting, is := answer.(*tvstatsv1.ChannelSorting); is {
			return printSorting(out, sorting, channelNamesOrNil(ctx, to, sorting.ClientId))
		}
		selection := answer.(*tvstatsv1.Selection)
		return printSelection(out, selection, channelNamesOrNil(ctx, to, selection.ClientId))
	})
}

type resultsDelete struct {
	Connection
	IDs []string `arg:"" name:"id" help:"The ids of the sortings and selections."`
}

// Validate reports every flag that cannot work. The command line calls it.
func (c *resultsDelete) Validate() error { return c.Connection.Validate() }

// Run deletes results.
func (c *resultsDelete) Run(ctx context.Context) error {
	connection, err := c.Dial()
	if err != nil {
		return err
	}
	defer connection.Close() //nolint:errcheck // nothing is under way any more
	client := tvstatsv1.NewViewStatsClient(connection)
	for _, id := range c.IDs {
		result, err := resultByID(ctx, client, id)
		if err != nil {
			return err
		}
		if _, is := result.(*tvstatsv1.ChannelSorting); is {
			_, err = client.DeleteChannelSorting(ctx, &tvstatsv1.DeleteChannelSortingRequest{SortingId: id})
		} else {
			_, err = client.DeleteSelection(ctx, &tvstatsv1.DeleteSelectionRequest{SelectionId: id})
		}
		if err != nil {
			return err
		}
		fmt.Fprintln(os.Stdout, "deleted", id)
	}
	return nil
}
