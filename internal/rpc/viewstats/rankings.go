// Package viewstats is the service ViewStats: the stream of view events, and rankings.
package viewstats

import (
	"context"
	"time"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/ingest"
	"github.com/tvstats/tvstats/internal/ranking"
	"github.com/tvstats/tvstats/internal/rpc/convert"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// Server is the service ViewStats. Its requests have passed validate, and its errors become statuses in callError.
type Server struct {
	tvstatsv1.UnimplementedViewStatsServer
	Ingest       *ingest.Ingest
	Builder      *ranking.Builder
	Archive      *ranking.Archive
	Catalog      catalog.ClientReader
	Sessions     store.SessionReader
	Building     func(method string) (done func() time.Duration) // observes a build
	Acknowledged func(accepted int, took time.Duration)          // observes a batch of view events
	Now          func() time.Time
	MaxBatch     int   // view events in one message
	MinCell      int64 // how many distinct accounts must be behind what readers receive
}

// CreateChannelSortingByPopularity ranks all channels of each client.
func (v *Server) CreateChannelSortingByPopularity(
	ctx context.Context, req *tvstatsv1.CreateChannelSortingByPopularityRequest,
) (*tvstatsv1.CreateChannelSortingByPopularityResponse, error) {
	defer v.Building("CreateChannelSortingByPopularity")()
	now := viewing.At(v.Now())
	sortings, err := v.Builder.ChannelSortings(ctx, req.ClientIds, convert.Question(req, now), now)
	if err != nil {
		return nil, err
	}
	return convert.SortingsCreated(sortings), nil
}

// CreateChannelSelectionByPopularity chooses the most popular channels.
func (v *Server) CreateChannelSelectionByPopularity(
	ctx context.Context, req *tvstatsv1.CreateChannelSelectionByPopularityRequest,
) (*tvstatsv1.CreateChannelSelectionByPopularityResponse, error) {
	defer v.Building("CreateChannelSelectionByPopularity")()
	now := viewing.At(v.Now())
	selection, err := v.Builder.Selection(ctx, convert.Question(req, now), req.SelectionName, now)
	if err != nil {
		return nil, err
	}
	return convert.ChannelSelectionCreated(selection), nil
}

// CreateEpgSelectionByPopularity chooses the most watched programmes.
func (v *Server) CreateEpgSelectionByPopularity(
	ctx context.Context, req *tvstatsv1.CreateEpgSelectionByPopularityRequest,
) (*tvstatsv1.CreateEpgSelectionByPopularityResponse, error) {
	defer v.Building("CreateEpgSelectionByPopularity")()
	now := viewing.At(v.Now())
	selection, err := v.Builder.Selection(ctx, convert.Question(req, now), req.SelectionName, now)
	if err != nil {
		return nil, err
	}
	return convert.ProgrammeSelectionCreated(selection), nil
}
