package main

import (
	"context"
	"time"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/ingest"
	"github.com/tvstats/tvstats/internal/ranking"
	"github.com/tvstats/tvstats/internal/viewing"
)

// viewStats is the service ViewStats. Its requests have passed validate, and its errors become statuses in callError.
type viewStats struct {
	tvstatsv1.UnimplementedViewStatsServer
	ingest   *ingest.Ingest
	builder  *ranking.Builder
	archive  *ranking.Archive
	catalog  clientReader
	metrics  *metrics
	now      func() time.Time
	maxBatch int // view events in one message
}

// CreateChannelSortingByPopularity ranks all channels of each client.
func (v *viewStats) CreateChannelSortingByPopularity(
	ctx context.Context, req *tvstatsv1.CreateChannelSortingByPopularityRequest,
) (*tvstatsv1.CreateChannelSortingByPopularityResponse, error) {
	defer v.metrics.building("CreateChannelSortingByPopularity")()
	now := viewing.At(v.now())
	sortings, err := v.builder.ChannelSortings(ctx, ranking.SortingParams{
		ClientIDs: req.ClientIds, Scope: scopeOf(req, req.AccountsActive, now), Criterion: ranking.Criterion(req.Criterion),
	}, now)
	if err != nil {
		return nil, err
	}
	return &tvstatsv1.CreateChannelSortingByPopularityResponse{Sortings: convertAll(sortings, sortingProto)}, nil
}

// CreateChannelSelectionByPopularity chooses the most popular channels.
func (v *viewStats) CreateChannelSelectionByPopularity(
	ctx context.Context, req *tvstatsv1.CreateChannelSelectionByPopularityRequest,
) (*tvstatsv1.CreateChannelSelectionByPopularityResponse, error) {
	defer v.metrics.building("CreateChannelSelectionByPopularity")()
	now := viewing.At(v.now())
	name, _ := v.metrics.withoutControls(req.SelectionName)
	selection, err := v.builder.ChannelSelection(ctx, ranking.ChannelSelectionParams{
		ClientID: req.ClientId, Scope: scopeOf(req, req.AccountsActive, now), Criterion: ranking.Criterion(req.Criterion),
		Size: int(req.SelectionSize), Name: name,
	}, now)
	if err != nil {
		return nil, err
	}
	return &tvstatsv1.CreateChannelSelectionByPopularityResponse{Selection: selectionProto(selection)}, nil
}

// CreateEpgSelectionByPopularity chooses the most watched programmes.
func (v *viewStats) CreateEpgSelectionByPopularity(
	ctx context.Context, req *tvstatsv1.CreateEpgSelectionByPopularityRequest,
) (*tvstatsv1.CreateEpgSelectionByPopularityResponse, error) {
	defer v.metrics.building("CreateEpgSelectionByPopularity")()
	now := viewing.At(v.now())
	name, _ := v.metrics.withoutControls(req.SelectionName)
	selection, err := v.builder.ProgrammeSelection(ctx, ranking.ProgrammeSelectionParams{
		ClientID: req.ClientId, Scope: scopeOf(req, false, now), Categories: req.Categories, Channels: req.Channels,
		Size: int(req.SelectionSize), Name: name,
	}, now)
	if err != nil {
		return nil, err
	}
	return &tvstatsv1.CreateEpgSelectionByPopularityResponse{Selection: selectionProto(selection)}, nil
}
