package e2e

import (
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/app"
	"github.com/tvstats/tvstats/internal/auth"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
)

// TestStatusesOfGRPCItselfHaveReasons: programs find a reason also where no handler was reached.
func TestStatusesOfGRPCItselfHaveReasons(t *testing.T) {
	t.Parallel()
	g := startGuarded(t, func(cfg *app.Config) { cfg.MaxMessageSize = 64 << 10 })
	open := start(t, func(cfg *app.Config) { cfg.MaxMessageSize = 64 << 10 })
	operator := g.as(t, auth.Operator)
	large := func(size int) *tvstatsv1.SyncRequest {
		return &tvstatsv1.SyncRequest{ClientId: 1, Client: &tvstatsv1.Client{Name: strings.Repeat("x", size)}}
	}
	for method, name := range map[string]string{"/tvstats.v1.Catalog/Nothing": "a method", "/nothing.v1.Nothing/Nothing": "a service"} {
		for _, conn := range []*grpc.ClientConn{g.conn, open.conn} {
			err := conn.Invoke(operator, method, &tvstatsv1.ListClientsRequest{}, &tvstatsv1.ListClientsResponse{})
			rpctest.WantStatus(t, err, codes.Unimplemented, "UNIMPLEMENTED")
			stream, err := conn.NewStream(operator, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, method)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			rpctest.WantStatus(t, stream.RecvMsg(&tvstatsv1.SyncResponse{}), codes.Unimplemented, "UNIMPLEMENTED")
		}
	}
	err := g.conn.Invoke(rpctest.Context(t), "/nothing.v1.Nothing/Nothing", &tvstatsv1.ListClientsRequest{}, &tvstatsv1.ListClientsResponse{})
	rpctest.WantStatus(t, err, codes.Unauthenticated, "UNAUTHENTICATED")
	_, err = oneRequest(open.Sync(rpctest.Context(t)))(large(100 << 10))
	rpctest.WantStatus(t, err, codes.ResourceExhausted, "RESOURCE_EXHAUSTED")
}
