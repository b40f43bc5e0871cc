package viewstats

import (
	"context"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/ranking"
	"github.com/tvstats/tvstats/internal/rpc/convert"
	"github.com/tvstats/tvstats/internal/rpc/intercept"
	"github.com/tvstats/tvstats/internal/rpc/page"
	"github.com/tvstats/tvstats/internal/store"
)

// defaultResults is the page size of lists of results; these are large.
const defaultResults = 50

// ListChannelSortings pages through a client's sortings, newest first.
func (v *Server) ListChannelSortings(
	ctx context.Context, req *tvstatsv1.ListChannelSortingsRequest,
) (*tvstatsv1.ListChannelSortingsResponse, error) {
	after, err := resultsAfter(ctx, v.Catalog, req)
	if err != nil {
		return nil, err
	}
	sortings := v.Archive.Sortings(ctx, req.ClientId, after)
	listed, next, err := page.From(page.Size(req, defaultResults), sortings, convert.Sorting,
		func(s ranking.Sorting) store.ResultKey { return store.ResultKey{CreatedAt: s.CreatedAt, ID: s.ID} })
	if err != nil {
		return nil, err
	}
	return &tvstatsv1.ListChannelSortingsResponse{Sortings: listed, NextPageToken: next}, nil
}

// GetChannelSorting returns one sorting.
func (v *Server) GetChannelSorting(
	ctx context.Context, req *tvstatsv1.GetChannelSortingRequest,
) (*tvstatsv1.GetChannelSortingResponse, error) {
	sorting, err := v.sorting(ctx, req.SortingId)
	if err != nil {
		return nil, err
	}
	return &tvstatsv1.GetChannelSortingResponse{Sorting: convert.Sorting(sorting)}, nil
}

// DeleteChannelSorting removes one sorting.
func (v *Server) DeleteChannelSorting(
	ctx context.Context, req *tvstatsv1.DeleteChannelSortingRequest,
) (*tvstatsv1.DeleteChannelSortingResponse, error) {
	if _, err := v.sorting(ctx, req.SortingId); err != nil {
		return nil, err
	}
	if err := v.Archive.DeleteSorting(ctx, req.SortingId); err != nil {
		return nil, err
	}
	return &tvstatsv1.DeleteChannelSortingResponse{}, nil
}

// ListSelections pages through a client's selections, newest first.
func (v *Server) ListSelections(
	ctx context.Context, req *tvstatsv1.ListSelectionsRequest,
) (*tvstatsv1.ListSelectionsResponse, error) {
	after, err := resultsAfter(ctx, v.Catalog, req)
	if err != nil {
		return nil, err
	}
	selections := v.Archive.Selections(ctx, req.ClientId, convert.KindsOf(req.Kind), after)
	listed, next, err := page.From(page.Size(req, defaultResults), selections, convert.Selection,
		func(s ranking.Selection) store.ResultKey { return store.ResultKey{CreatedAt: s.CreatedAt, ID: s.ID} })
	if err != nil {
		return nil, err
	}
	return &tvstatsv1.ListSelectionsResponse{Selections: listed, NextPageToken: next}, nil
}

// GetSelection returns one selection.
func (v *Server) GetSelection(
	ctx context.Context, req *tvstatsv1.GetSelectionRequest,
) (*tvstatsv1.GetSelectionResponse, error) {
	selection, err := v.selection(ctx, req.SelectionId)
	if err != nil {
		return nil, err
	}
	return &tvstatsv1.GetSelectionResponse{Selection: convert.Selection(selection)}, nil
}

// DeleteSelection removes one selection.
func (v *Server) DeleteSelection(
	ctx context.Context, req *tvstatsv1.DeleteSelectionRequest,
) (*tvstatsv1.DeleteSelectionResponse, error) {
	if _, err := v.selection(ctx, req.SelectionId); err != nil {
		return nil, err
	}
	if err := v.Archive.DeleteSelection(ctx, req.SelectionId); err != nil {
		return nil, err
	}
	return &tvstatsv1.DeleteSelectionResponse{}, nil
}

// sorting returns a sorting that the caller may see.
func (v *Server) sorting(ctx context.Context, id string) (ranking.Sorting, error) {
	sorting, err := v.Archive.Sorting(ctx, id)
	if err != nil {
		return sorting, err
	}
	return sorting, intercept.OwnResult(ctx, "sorting", id, sorting.ClientID)
}

// selection returns a selection that the caller may see.
func (v *Server) selection(ctx context.Context, id string) (ranking.Selection, error) {
	selection, err := v.Archive.Selection(ctx, id)
	if err != nil {
		return selection, err
	}
	return selection, intercept.OwnResult(ctx, "selection", id, selection.ClientID)
}

// resultsAfter returns where a list of a known client's results goes on; nil at its beginning.
func resultsAfter(ctx context.Context, clients catalog.ClientReader, req page.ClientRequest) (*store.ResultKey, error) {
	if err := catalog.Known(ctx, clients, req.GetClientId()); err != nil {
		return nil, err
	}
	return page.After[store.ResultKey](req)
}
