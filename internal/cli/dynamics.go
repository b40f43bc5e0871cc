package cli

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

// clients is for whom the four commands of subscriber dynamics work.
type clients struct {
	ClientID []int32 `name:"client_id" placeholder:"ID" help:"Operators to do it for; as a comma list or repeated. All by default."`
}

type cacheMaxOnline struct {
	clients
	management
}

// Run finds the greatest numbers online.
func (c *cacheMaxOnline) Run(ctx context.Context) error {
	request := &tvstatsv1.CacheMaxOnlineRequest{ClientIds: c.ClientID, AsOf: c.AsOf.proto}
	return c.run(ctx, work{
		now: func(ctx context.Context, to *grpc.ClientConn) (proto.Message, error) {
			return tvstatsv1.NewSubscriberDynamicsClient(to).CacheMaxOnline(ctx, request)
		},
		job: &tvstatsv1.StartJobRequest{Command: &tvstatsv1.StartJobRequest_CacheMaxOnline{CacheMaxOnline: request}},
	})
}

type saveStats struct {
	clients
	management
}

// Run keeps snapshots of the dashboard's figures.
func (c *saveStats) Run(ctx context.Context) error {
	request := &tvstatsv1.SaveStatsRequest{ClientIds: c.ClientID, AsOf: c.AsOf.proto}
	return c.run(ctx, work{
		now: func(ctx context.Context, to *grpc.ClientConn) (proto.Message, error) {
			return tvstatsv1.NewSubscriberDynamicsClient(to).SaveStats(ctx, request)
		},
		job: &tvstatsv1.StartJobRequest{Command: &tvstatsv1.StartJobRequest_SaveStats{SaveStats: request}},
	})
}

type collectDailyStats struct {
	clients
	management
}

// Run records the days that have ended.
func (c *collectDailyStats) Run(ctx context.Context) error {
	request := &tvstatsv1.CollectDailyStatsRequest{ClientIds: c.ClientID, AsOf: c.AsOf.proto}
	return c.run(ctx, work{
		now: func(ctx context.Context, to *grpc.ClientConn) (proto.Message, error) {
			return tvstatsv1.NewSubscriberDynamicsClient(to).CollectDailyStats(ctx, request)
		},
		job: &tvstatsv1.StartJobRequest{Command: &tvstatsv1.StartJobRequest_CollectDailyStats{CollectDailyStats: request}},
	})
}

type cacheCustomersDynamic struct {
	clients
	management
}

// Run computes the series behind the charts.
func (c *cacheCustomersDynamic) Run(ctx context.Context) error {
	request := &tvstatsv1.CacheCustomersDynamicRequest{ClientIds: c.ClientID, AsOf: c.AsOf.proto}
	return c.run(ctx, work{
		now: func(ctx context.Context, to *grpc.ClientConn) (proto.Message, error) {
			return tvstatsv1.NewSubscriberDynamicsClient(to).CacheCustomersDynamic(ctx, request)
		},
		job: &tvstatsv1.StartJobRequest{Command: &tvstatsv1.StartJobRequest_CacheCustomersDynamic{CacheCustomersDynamic: request}},
	})
}
