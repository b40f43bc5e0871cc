package main

import (
	"context"
	"time"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/ingest"
	"github.com/tvstats/tvstats/internal/ranking"
	"github.com/tvstats/tvstats/internal/viewing"
)

// viewStats is the service ViewStats. Its requests have passed validate, and its errors become statuses in callError.
type viewStats struct {
	tvstatsv1.UnimplementedViewStatsServer
	ingest       *ingest.Ingest
	builder      *ranking.Builder
	archive      *ranking.Archive
	catalog      catalog.ClientReader
	building     func(method string) (done func() time.Duration) // observes a build
	acknowledged func(accepted int, took time.Duration)          // observes a batch of view events
	now          func() time.Time
	maxBatch     int // view events in one message
}

// CreateChannelSortingByPopularity ranks all channels of each client.
func (v *viewStats) CreateChannelSortingByPopularity(
	ctx context.Context, req *tvstatsv1.CreateChannelSortingByPopularityRequest,
) (*tvstatsv1.CreateChannelSortingByPopularityResponse, error) {
	defer v.building("CreateChannelSortingByPopularity")()
	now := viewing.At(v.now())
	sortings, err := v.builder.ChannelSortings(ctx, sortingParams(req, now), now)
	if err != nil {
		return nil, err
	}
	return sortingsCreated(sortings), nil
}

// CreateChannelSelectionByPopularity chooses the most popular channels.
func (v *viewStats) CreateChannelSelectionByPopularity(
	ctx context.Context, req *tvstatsv1.CreateChannelSelectionByPopularityRequest,
) (*tvstatsv1.CreateChannelSelectionByPopularityResponse, error) {
	defer v.building("CreateChannelSelectionByPopularity")()
	now := viewing.At(v.now())
	selection, err := v.builder.ChannelSelection(ctx, channelSelectionParams(req, now), now)
	if err != nil {
		return nil, err
	}
	return channelSelectionCreated(selection), nil
}

// CreateEpgSelectionByPopularity chooses the most watched programmes.
func (v *viewStats) CreateEpgSelectionByPopularity(
	ctx context.Context, req *tvstatsv1.CreateEpgSelectionByPopularityRequest,
) (*tvstatsv1.CreateEpgSelectionByPopularityResponse, error) {
	defer v.building("CreateEpgSelectionByPopularity")()
	now := viewing.At(v.now())
	selection, err := v.builder.ProgrammeSelection(ctx, programmeSelectionParams(req, now), now)
	if err != nil {
		return nil, err
	}
	return programmeSelectionCreated(selection), nil
}
