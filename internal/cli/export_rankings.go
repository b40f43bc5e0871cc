package cli

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/grpc"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/flags"
)

// chosen says which stored result to export.
type chosen struct {
	ID       string `arg:"" optional:"" help:"The id of the result; without it the newest one of --client-id."`
	ClientID int32  `default:"1" help:"Operator whose newest result it is."`
}

// Validate reports every flag that cannot work.
func (c *chosen) Validate() error { return flags.Within("--client-id", c.ClientID, 1, 1<<31-1) }

// errNoResult is for a client that has none.
func (c *chosen) errNoResult(kind, command string) error {
	return fmt.Errorf("client %d has no %s yet; make one with %s", c.ClientID, kind, command)
}

type exportSorting struct {
	exported
	chosen
}

// Validate reports every flag that cannot work. The command line calls it.
func (e *exportSorting) Validate() error {
	return errors.Join(e.exported.Validate(), e.chosen.Validate())
}

// Run writes a sorting.
func (e *exportSorting) Run(ctx context.Context) error {
	return e.run(ctx, func(ctx context.Context, from *grpc.ClientConn) (contents, error) {
		sorting, err := e.sorting(ctx, tvstatsv1.NewViewStatsClient(from))
		if err != nil {
			return contents{}, err
		}
		sheet := sheetOf("sorting", sorting.Channels)
		return contents{sorting, nil, sheet.withNames(channelNamesOrNil(ctx, from, sorting.ClientId))}, nil
	})
}

func (e *exportSorting) sorting(ctx context.Context, from tvstatsv1.ViewStatsClient) (*tvstatsv1.ChannelSorting, error) {
	if e.ID != "" {
		answer, err := from.GetChannelSorting(ctx, &tvstatsv1.GetChannelSortingRequest{SortingId: e.ID})
		return answer.GetSorting(), err
	}
	newest, err := from.ListChannelSortings(ctx, &tvstatsv1.ListChannelSortingsRequest{ClientId: e.ClientID, PageSize: 1})
	if err == nil && len(newest.Sortings) == 0 {
		err = e.errNoResult("sorting", "create_channel_sorting_by_popularity")
	}
	if err != nil {
		return nil, err
	}
	return newest.Sortings[0], nil
}

type exportSelection struct {
	exported
	chosen
}

// Validate reports every flag that cannot work. The command line calls it.
func (e *exportSelection) Validate() error {
	return errors.Join(e.exported.Validate(), e.chosen.Validate())
}

// Run writes a selection.
func (e *exportSelection) Run(ctx context.Context) error {
	return e.run(ctx, func(ctx context.Context, from *grpc.ClientConn) (contents, error) {
		selection, err := e.selection(ctx, tvstatsv1.NewViewStatsClient(from))
		if err != nil {
			return contents{}, err
		}
		sheet := sheetOf("selection", selection.Channels)
		if selection.Kind == tvstatsv1.SelectionKind_SELECTION_KIND_PROGRAMMES {
			sheet = sheetOf("selection", selection.Programmes)
		}
		return contents{selection, nil, sheet.withNames(channelNamesOrNil(ctx, from, selection.ClientId))}, nil
	})
}

func (e *exportSelection) selection(ctx context.Context, from tvstatsv1.ViewStatsClient) (*tvstatsv1.Selection, error) {
	if e.ID != "" {
		answer, err := from.GetSelection(ctx, &tvstatsv1.GetSelectionRequest{SelectionId: e.ID})
		return answer.GetSelection(), err
	}
	newest, err := from.ListSelections(ctx, &tvstatsv1.ListSelectionsRequest{ClientId: e.ClientID, PageSize: 1})
	if err == nil && len(newest.Selections) == 0 {
		err = e.errNoResult("selection", "create_channel_selection_by_popularity or create_epg_selection_by_popularity")
	}
	if err != nil {
		return nil, err
	}
	return newest.Selections[0], nil
}
