package rpctest

import (
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

// Registered is a server with every service of the program, which does nothing.
func Registered(tb testing.TB) *grpc.Server {
	tb.Helper()
	server := grpc.NewServer()
	tvstatsv1.RegisterViewStatsServer(server, tvstatsv1.UnimplementedViewStatsServer{})
	tvstatsv1.RegisterAudienceServer(server, tvstatsv1.UnimplementedAudienceServer{})
	tvstatsv1.RegisterCatalogServer(server, tvstatsv1.UnimplementedCatalogServer{})
	tvstatsv1.RegisterSubscriberDynamicsServer(server, tvstatsv1.UnimplementedSubscriberDynamicsServer{})
	tvstatsv1.RegisterJobsServer(server, tvstatsv1.UnimplementedJobsServer{})
	tvstatsv1.RegisterOperationServer(server, tvstatsv1.UnimplementedOperationServer{})
	healthv1.RegisterHealthServer(server, health.NewServer())
	reflection.Register(server)
	return server
}
