package main

import (
	"context"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/dynamics"
	"github.com/tvstats/tvstats/internal/viewing"
)

// subscriberDynamics is the service SubscriberDynamics. Its requests have passed validate, and its errors become statuses
// in callError.
type subscriberDynamics struct {
	tvstatsv1.UnimplementedSubscriberDynamicsServer
	dynamics *dynamics.Dynamics
	catalog  clientReader
	metrics  *metrics
	now      func() time.Time
	progress dynamics.Progress // of commands
}

// dynamicsCommand is the request of a command.
type dynamicsCommand interface {
	GetClientIds() []int32
	GetAsOf() *timestamppb.Timestamp
}

// run runs a command for a request.
func (s *subscriberDynamics) run(
	ctx context.Context, req dynamicsCommand, method string,
	command func(*dynamics.Dynamics, context.Context, dynamics.Command, dynamics.Progress) (dynamics.Done, error),
) (dynamics.Done, error) {
	defer s.metrics.building(method)()
	now := viewing.At(s.now())
	asOf := timeOr(req.GetAsOf(), now)
	return command(s.dynamics.At(now), ctx, dynamics.Command{ClientIDs: req.GetClientIds(), AsOf: asOf}, s.progress)
}

// CacheMaxOnline keeps the greatest numbers online.
func (s *subscriberDynamics) CacheMaxOnline(
	ctx context.Context, req *tvstatsv1.CacheMaxOnlineRequest,
) (*tvstatsv1.CacheMaxOnlineResponse, error) {
	done, err := s.run(ctx, req, "CacheMaxOnline", (*dynamics.Dynamics).CacheMaxOnline)
	if err != nil {
		return nil, err
	}
	return &tvstatsv1.CacheMaxOnlineResponse{
		Clients: int32(done.Clients), DaysComputed: int32(done.Computed), DaysFresh: int32(done.Fresh),
	}, nil
}

// SaveStats keeps snapshots of stats.
func (s *subscriberDynamics) SaveStats(
	ctx context.Context, req *tvstatsv1.SaveStatsRequest,
) (*tvstatsv1.SaveStatsResponse, error) {
	done, err := s.run(ctx, req, "SaveStats", (*dynamics.Dynamics).SaveStats)
	if err != nil {
		return nil, err
	}
	return &tvstatsv1.SaveStatsResponse{
		Clients: int32(done.Clients), SnapshotsComputed: int32(done.Computed), SnapshotsFresh: int32(done.Fresh),
	}, nil
}

// CollectDailyStats keeps the records of days.
func (s *subscriberDynamics) CollectDailyStats(
	ctx context.Context, req *tvstatsv1.CollectDailyStatsRequest,
) (*tvstatsv1.CollectDailyStatsResponse, error) {
	done, err := s.run(ctx, req, "CollectDailyStats", (*dynamics.Dynamics).CollectDailyStats)
	if err != nil {
		return nil, err
	}
	return &tvstatsv1.CollectDailyStatsResponse{
		Clients: int32(done.Clients), DaysComputed: int32(done.Computed), DaysFresh: int32(done.Fresh),
		Healed: convertAll(done.Healed, healedDayProto),
	}, nil
}

// CacheCustomersDynamic keeps the hourly series.
func (s *subscriberDynamics) CacheCustomersDynamic(
	ctx context.Context, req *tvstatsv1.CacheCustomersDynamicRequest,
) (*tvstatsv1.CacheCustomersDynamicResponse, error) {
	done, err := s.run(ctx, req, "CacheCustomersDynamic", (*dynamics.Dynamics).CacheCustomersDynamic)
	if err != nil {
		return nil, err
	}
	return &tvstatsv1.CacheCustomersDynamicResponse{
		Clients: int32(done.Clients), HoursComputed: int32(done.Computed), HoursFresh: int32(done.Fresh),
	}, nil
}

// GetMaxOnline answers the greatest numbers online.
func (s *subscriberDynamics) GetMaxOnline(
	ctx context.Context, req *tvstatsv1.GetMaxOnlineRequest,
) (*tvstatsv1.GetMaxOnlineResponse, error) {
	if err := knownClient(ctx, s.catalog, req.ClientId); err != nil {
		return nil, err
	}
	days, err := s.dynamics.At(viewing.At(s.now())).MaxOnline(ctx, req.ClientId, daysOf(req))
	if err != nil {
		return nil, err
	}
	return &tvstatsv1.GetMaxOnlineResponse{Days: convertAll(days, func(day dynamics.Dated[dynamics.MaxOnline]) *tvstatsv1.MaxOnlineDay {
		return maxOnlineProto(day.Period.From.Day(), day.Figure)
	})}, nil
}

// GetStats answers the figures of a dashboard.
func (s *subscriberDynamics) GetStats(
	ctx context.Context, req *tvstatsv1.GetStatsRequest,
) (*tvstatsv1.GetStatsResponse, error) {
	if err := knownClient(ctx, s.catalog, req.ClientId); err != nil {
		return nil, err
	}
	asOf := timeOr(req.AsOf, viewing.At(s.now()))
	stats, err := s.dynamics.At(viewing.At(s.now())).Stats(ctx, req.ClientId, asOf)
	if err != nil {
		return nil, err
	}
	return &tvstatsv1.GetStatsResponse{Stats: statsProto(req.ClientId, asOf, stats)}, nil
}

// ListDailyStats answers records of days.
func (s *subscriberDynamics) ListDailyStats(
	ctx context.Context, req *tvstatsv1.ListDailyStatsRequest,
) (*tvstatsv1.ListDailyStatsResponse, error) {
	if err := knownClient(ctx, s.catalog, req.ClientId); err != nil {
		return nil, err
	}
	records, err := s.dynamics.At(viewing.At(s.now())).DailyStats(ctx, req.ClientId, daysOf(req), viewing.At(s.now()))
	if err != nil {
		return nil, err
	}
	return &tvstatsv1.ListDailyStatsResponse{Days: convertAll(records, recordProto)}, nil
}

// GetCustomersDynamic answers a chart's series.
func (s *subscriberDynamics) GetCustomersDynamic(
	ctx context.Context, req *tvstatsv1.GetCustomersDynamicRequest,
) (*tvstatsv1.GetCustomersDynamicResponse, error) {
	if err := knownClient(ctx, s.catalog, req.ClientId); err != nil {
		return nil, err
	}
	points, err := s.dynamics.At(viewing.At(s.now())).CustomersDynamic(ctx, req.ClientId, seriesWindow(req), viewing.Granularity(req.Granularity))
	if err != nil {
		return nil, err
	}
	return &tvstatsv1.GetCustomersDynamicResponse{Points: convertAll(points, pointProto)}, nil
}
