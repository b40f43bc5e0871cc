// Package dynamics is the service SubscriberDynamics: it converts and calls internal/dynamics.
package dynamics

import (
	"context"
	"time"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/dynamics"
	"github.com/tvstats/tvstats/internal/rpc/convert"
	"github.com/tvstats/tvstats/internal/rpc/intercept"
	"github.com/tvstats/tvstats/internal/viewing"
)

// Server is the service SubscriberDynamics. Its requests have passed validate, and its errors become statuses
// in callError.
type Server struct {
	tvstatsv1.UnimplementedSubscriberDynamicsServer
	Dynamics *dynamics.Dynamics
	Catalog  catalog.ClientReader
	Building func(method string) (done func() time.Duration) // observes a command
	Now      func() time.Time
}

// keeping is a command of dynamics.
type keeping = func(*dynamics.Dynamics, context.Context, dynamics.Command, dynamics.Progress) (dynamics.Done, error)

// kept runs a command for a request.
func kept[P any](
	ctx context.Context, s *Server, req convert.DynamicsRequest, method string, command keeping,
	toProto func(dynamics.Done, func(error) string) P,
) (response P, err error) {
	defer s.Building(method)()
	now := viewing.At(s.Now())
	done, err := command(s.Dynamics.At(now), ctx, convert.DynamicsCommand(req, now), func(float64) {})
	if err != nil {
		return response, err
	}
	return toProto(done, intercept.Explain), nil
}

// CacheMaxOnline keeps the greatest numbers online.
func (s *Server) CacheMaxOnline(
	ctx context.Context, req *tvstatsv1.CacheMaxOnlineRequest,
) (*tvstatsv1.CacheMaxOnlineResponse, error) {
	return kept(ctx, s, req, "CacheMaxOnline", (*dynamics.Dynamics).CacheMaxOnline, convert.MaxOnlineCached)
}

// SaveStats keeps snapshots of stats.
func (s *Server) SaveStats(
	ctx context.Context, req *tvstatsv1.SaveStatsRequest,
) (*tvstatsv1.SaveStatsResponse, error) {
	return kept(ctx, s, req, "SaveStats", (*dynamics.Dynamics).SaveStats, convert.StatsSaved)
}

// CollectDailyStats keeps the records of days.
func (s *Server) CollectDailyStats(
	ctx context.Context, req *tvstatsv1.CollectDailyStatsRequest,
) (*tvstatsv1.CollectDailyStatsResponse, error) {
	return kept(ctx, s, req, "CollectDailyStats", (*dynamics.Dynamics).CollectDailyStats, convert.DailyStatsCollected)
}

// CacheCustomersDynamic keeps the hourly series.
func (s *Server) CacheCustomersDynamic(
	ctx context.Context, req *tvstatsv1.CacheCustomersDynamicRequest,
) (*tvstatsv1.CacheCustomersDynamicResponse, error) {
	return kept(ctx, s, req, "CacheCustomersDynamic", (*dynamics.Dynamics).CacheCustomersDynamic, convert.CustomersDynamicCached)
}

// question is what a read asks; store.ErrNotFound for a client that is unknown.
func (s *Server) question(ctx context.Context, req convert.CalendarRequest) (dynamics.Question, error) {
	q := dynamics.Question{ClientID: req.GetClientId(), Now: viewing.At(s.Now())}
	err := catalog.Known(ctx, s.Catalog, q.ClientID)
	if err == nil && req.GetCalendar() == tvstatsv1.Calendar_CALENDAR_CLIENT {
		q.Calendar, err = s.Dynamics.Calendar(ctx, q.ClientID)
	}
	return q, err
}

// GetMaxOnline returns the greatest numbers online.
func (s *Server) GetMaxOnline(
	ctx context.Context, req *tvstatsv1.GetMaxOnlineRequest,
) (*tvstatsv1.GetMaxOnlineResponse, error) {
	q, err := s.question(ctx, req)
	if err != nil {
		return nil, err
	}
	from, to := convert.DaysOf(req)
	days, err := s.Dynamics.At(viewing.At(s.Now())).MaxOnline(ctx, q, from, to)
	if err != nil {
		return nil, err
	}
	return &tvstatsv1.GetMaxOnlineResponse{
		Days: convert.All(days, func(day dynamics.Dated[dynamics.Covered[dynamics.MaxOnline]]) *tvstatsv1.MaxOnlineDay {
			return convert.MaxOnline(q.Calendar.Day(day.Period.From), day.Figure.Figure, day.Figure.Cover)
		}),
	}, nil
}

// GetStats returns the figures of a dashboard.
func (s *Server) GetStats(
	ctx context.Context, req *tvstatsv1.GetStatsRequest,
) (*tvstatsv1.GetStatsResponse, error) {
	q, err := s.question(ctx, req)
	if err != nil {
		return nil, err
	}
	asOf := convert.TimeOr(req.AsOf, q.Now)
	stats, err := s.Dynamics.At(viewing.At(s.Now())).Stats(ctx, q, asOf)
	if err != nil {
		return nil, err
	}
	today, ever := s.Dynamics.Covers(q, asOf, stats)
	return &tvstatsv1.GetStatsResponse{Stats: convert.Stats(q, asOf, stats, today, ever)}, nil
}

// ListDailyStats returns records of days.
func (s *Server) ListDailyStats(
	ctx context.Context, req *tvstatsv1.ListDailyStatsRequest,
) (*tvstatsv1.ListDailyStatsResponse, error) {
	q, err := s.question(ctx, req)
	if err != nil {
		return nil, err
	}
	from, to := convert.DaysOf(req)
	records, err := s.Dynamics.At(viewing.At(s.Now())).DailyStats(ctx, q, from, to)
	if err != nil {
		return nil, err
	}
	return &tvstatsv1.ListDailyStatsResponse{Days: convert.All(records, func(r dynamics.Dated[dynamics.Record]) *tvstatsv1.DailyStats {
		return convert.DailyStats(q, r)
	})}, nil
}

// GetCustomersDynamic returns a chart's series.
func (s *Server) GetCustomersDynamic(
	ctx context.Context, req *tvstatsv1.GetCustomersDynamicRequest,
) (*tvstatsv1.GetCustomersDynamicResponse, error) {
	q, err := s.question(ctx, req)
	if err != nil {
		return nil, err
	}
	points, err := s.Dynamics.At(viewing.At(s.Now())).CustomersDynamic(ctx, q, convert.SeriesWindow(req), viewing.Granularity(req.Granularity))
	if err != nil {
		return nil, err
	}
	return &tvstatsv1.GetCustomersDynamicResponse{Points: convert.All(points, convert.Point)}, nil
}
