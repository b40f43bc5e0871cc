package main

import (
	"context"
	"time"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/dynamics"
	"github.com/tvstats/tvstats/internal/viewing"
)

// subscriberDynamics is the service SubscriberDynamics. Its requests have passed validate, and its errors become statuses
// in callError.
type subscriberDynamics struct {
	tvstatsv1.UnimplementedSubscriberDynamicsServer
	dynamics *dynamics.Dynamics
	catalog  catalog.ClientReader
	building func(method string) (done func() time.Duration) // observes a command
	now      func() time.Time
}

// keeping is a command of dynamics.
type keeping = func(*dynamics.Dynamics, context.Context, dynamics.Command, dynamics.Progress) (dynamics.Done, error)

// kept runs a command for a request.
func kept[P any](
	ctx context.Context, s *subscriberDynamics, req dynamicsCommand, method string, command keeping,
	toProto func(dynamics.Done, func(error) string) P,
) (response P, err error) {
	defer s.building(method)()
	now := viewing.At(s.now())
	done, err := command(s.dynamics.At(now), ctx, dynamicsCommandOf(req, now), func(float64) {})
	if err != nil {
		return response, err
	}
	return toProto(done, explain), nil
}

// CacheMaxOnline keeps the greatest numbers online.
func (s *subscriberDynamics) CacheMaxOnline(
	ctx context.Context, req *tvstatsv1.CacheMaxOnlineRequest,
) (*tvstatsv1.CacheMaxOnlineResponse, error) {
	return kept(ctx, s, req, "CacheMaxOnline", (*dynamics.Dynamics).CacheMaxOnline, maxOnlineCached)
}

// SaveStats keeps snapshots of stats.
func (s *subscriberDynamics) SaveStats(
	ctx context.Context, req *tvstatsv1.SaveStatsRequest,
) (*tvstatsv1.SaveStatsResponse, error) {
	return kept(ctx, s, req, "SaveStats", (*dynamics.Dynamics).SaveStats, statsSaved)
}

// CollectDailyStats keeps the records of days.
func (s *subscriberDynamics) CollectDailyStats(
	ctx context.Context, req *tvstatsv1.CollectDailyStatsRequest,
) (*tvstatsv1.CollectDailyStatsResponse, error) {
	return kept(ctx, s, req, "CollectDailyStats", (*dynamics.Dynamics).CollectDailyStats, dailyStatsCollected)
}

// CacheCustomersDynamic keeps the hourly series.
func (s *subscriberDynamics) CacheCustomersDynamic(
	ctx context.Context, req *tvstatsv1.CacheCustomersDynamicRequest,
) (*tvstatsv1.CacheCustomersDynamicResponse, error) {
	return kept(ctx, s, req, "CacheCustomersDynamic", (*dynamics.Dynamics).CacheCustomersDynamic, customersDynamicCached)
}

// question is what a read asks; store.ErrNotFound for a client that is unknown.
func (s *subscriberDynamics) question(ctx context.Context, req calendarRequest) (dynamics.Question, error) {
	q := dynamics.Question{ClientID: req.GetClientId(), Now: viewing.At(s.now())}
	err := catalog.Known(ctx, s.catalog, q.ClientID)
	if err == nil && req.GetCalendar() == tvstatsv1.Calendar_CALENDAR_CLIENT {
		q.Calendar, err = s.dynamics.Calendar(ctx, q.ClientID)
	}
	return q, err
}

// GetMaxOnline answers the greatest numbers online.
func (s *subscriberDynamics) GetMaxOnline(
	ctx context.Context, req *tvstatsv1.GetMaxOnlineRequest,
) (*tvstatsv1.GetMaxOnlineResponse, error) {
	q, err := s.question(ctx, req)
	if err != nil {
		return nil, err
	}
	from, to := daysOf(req)
	days, err := s.dynamics.At(viewing.At(s.now())).MaxOnline(ctx, q, from, to)
	if err != nil {
		return nil, err
	}
	return &tvstatsv1.GetMaxOnlineResponse{
		Days: convertAll(days, func(day dynamics.Dated[dynamics.Covered[dynamics.MaxOnline]]) *tvstatsv1.MaxOnlineDay {
			return maxOnlineProto(q.Calendar.Day(day.Period.From), day.Figure.Figure, day.Figure.Cover)
		}),
	}, nil
}

// GetStats answers the figures of a dashboard.
func (s *subscriberDynamics) GetStats(
	ctx context.Context, req *tvstatsv1.GetStatsRequest,
) (*tvstatsv1.GetStatsResponse, error) {
	q, err := s.question(ctx, req)
	if err != nil {
		return nil, err
	}
	asOf := timeOr(req.AsOf, q.Now)
	stats, err := s.dynamics.At(viewing.At(s.now())).Stats(ctx, q, asOf)
	if err != nil {
		return nil, err
	}
	today, ever := s.dynamics.Covers(q, asOf, stats)
	return &tvstatsv1.GetStatsResponse{Stats: statsProto(q, asOf, stats, today, ever)}, nil
}

// ListDailyStats answers records of days.
func (s *subscriberDynamics) ListDailyStats(
	ctx context.Context, req *tvstatsv1.ListDailyStatsRequest,
) (*tvstatsv1.ListDailyStatsResponse, error) {
	q, err := s.question(ctx, req)
	if err != nil {
		return nil, err
	}
	from, to := daysOf(req)
	records, err := s.dynamics.At(viewing.At(s.now())).DailyStats(ctx, q, from, to)
	if err != nil {
		return nil, err
	}
	return &tvstatsv1.ListDailyStatsResponse{Days: convertAll(records, func(r dynamics.Dated[dynamics.Record]) *tvstatsv1.DailyStats {
		return recordProto(q, r)
	})}, nil
}

// GetCustomersDynamic answers a chart's series.
func (s *subscriberDynamics) GetCustomersDynamic(
	ctx context.Context, req *tvstatsv1.GetCustomersDynamicRequest,
) (*tvstatsv1.GetCustomersDynamicResponse, error) {
	q, err := s.question(ctx, req)
	if err != nil {
		return nil, err
	}
	points, err := s.dynamics.At(viewing.At(s.now())).CustomersDynamic(ctx, q, seriesWindow(req), viewing.Granularity(req.Granularity))
	if err != nil {
		return nil, err
	}
	return &tvstatsv1.GetCustomersDynamicResponse{Points: convertAll(points, pointProto)}, nil
}
