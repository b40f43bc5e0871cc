package main

import (
	"context"
	"errors"
	"time"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/ingest"
	"github.com/tvstats/tvstats/internal/ranking"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// viewStats is the service ViewStats. Its requests have passed validate, and its errors become statuses in callError.
type viewStats struct {
	tvstatsv1.UnimplementedViewStatsServer
	ingest   *ingest.Ingest
	builder  *ranking.Builder
	archive  *ranking.Archive
	catalog  clientReader
	sessions store.SessionReader
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
	sortings, err := v.builder.ChannelSortings(ctx, req.ClientIds, questionOf(req, now), now)
	if err != nil {
		return nil, mistaken(err)
	}
	return &tvstatsv1.CreateChannelSortingByPopularityResponse{Sortings: convertAll(sortings, sortingProto)}, nil
}

// CreateChannelSelectionByPopularity chooses the most popular channels.
func (v *viewStats) CreateChannelSelectionByPopularity(
	ctx context.Context, req *tvstatsv1.CreateChannelSelectionByPopularityRequest,
) (*tvstatsv1.CreateChannelSelectionByPopularityResponse, error) {
	defer v.metrics.building("CreateChannelSelectionByPopularity")()
	now := viewing.At(v.now())
	selection, err := v.builder.Selection(ctx, questionOf(req, now), req.SelectionName, now)
	if err != nil {
		return nil, mistaken(err)
	}
	return &tvstatsv1.CreateChannelSelectionByPopularityResponse{Selection: selectionProto(selection)}, nil
}

// CreateEpgSelectionByPopularity chooses the most watched programmes.
func (v *viewStats) CreateEpgSelectionByPopularity(
	ctx context.Context, req *tvstatsv1.CreateEpgSelectionByPopularityRequest,
) (*tvstatsv1.CreateEpgSelectionByPopularityResponse, error) {
	defer v.metrics.building("CreateEpgSelectionByPopularity")()
	now := viewing.At(v.now())
	selection, err := v.builder.Selection(ctx, questionOf(req, now), req.SelectionName, now)
	if err != nil {
		return nil, mistaken(err)
	}
	return &tvstatsv1.CreateEpgSelectionByPopularityResponse{Selection: selectionProto(selection)}, nil
}

// mistaken is the error of a request where the question in it could not be asked.
func mistaken(err error) error {
	if mistake := (*ranking.Mistake)(nil); errors.As(err, &mistake) {
		return invalidArgument(mistake.Field, mistake.Reason)
	}
	return err
}
