package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"testing"

	connectrpc "connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/auth"
	"github.com/tvstats/tvstats/internal/rpc/intercept"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
)

// TestProtocolsOverHTTP calls with a client of somebody else, in each protocol and encoding that browsers have.
func TestProtocolsOverHTTP(t *testing.T) {
	t.Parallel()
	g := startGuarded(t)
	for client := range int32(2) {
		if _, err := oneRequest(g.Sync(g.as(t, auth.Operator)))(&tvstatsv1.SyncRequest{
			ClientId: client + 1, Client: &tvstatsv1.Client{Name: fmt.Sprint("client ", client+1)},
		}); err != nil {
			t.Fatal(err)
		}
	}
	for name, options := range map[string][]connectrpc.ClientOption{
		"Connect":                  nil,
		"Connect, JSON":            {connectrpc.WithProtoJSON()},
		"Connect, compressed":      {connectrpc.WithSendGzip()},
		"gRPC-Web":                 {connectrpc.WithGRPCWeb()},
		"gRPC-Web, JSON":           {connectrpc.WithGRPCWeb(), connectrpc.WithProtoJSON()},
		"gRPC-Web, compressed":     {connectrpc.WithGRPCWeb(), connectrpc.WithSendGzip()},
		"Connect, compressed JSON": {connectrpc.WithProtoJSON(), connectrpc.WithSendGzip()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			callsAreAnswered(t, g, options)
			streamsAreAnswered(t, g, options)
		})
	}
}

// with is a request with the token of the role.
func with[R any](g *guarded, role auth.Role, message *R) *connectrpc.Request[R] {
	request := connectrpc.NewRequest(message)
	request.Header().Set("Authorization", "Bearer "+g.tokens[role])
	return request
}

func callsAreAnswered(t *testing.T, g *guarded, options []connectrpc.ClientOption) {
	t.Helper()
	clients := connectrpc.NewClient[tvstatsv1.ListClientsRequest, tvstatsv1.ListClientsResponse](http.DefaultClient,
		g.web+tvstatsv1.Catalog_ListClients_FullMethodName, options...)
	list, err := clients.CallUnary(rpctest.Context(t), with(g, auth.Reader, &tvstatsv1.ListClientsRequest{PageSize: 1}))
	if err != nil || len(list.Msg.Clients) != 1 || list.Msg.Clients[0].Name != "client 1" {
		t.Errorf("got %v, %v", list, err)
	}
	stats := connectrpc.NewClient[tvstatsv1.GetStatsRequest, tvstatsv1.GetStatsResponse](http.DefaultClient,
		g.web+tvstatsv1.SubscriberDynamics_GetStats_FullMethodName, options...)
	for _, c := range []struct {
		what    string
		request *connectrpc.Request[tvstatsv1.GetStatsRequest]
		code    connectrpc.Code
		reason  string
	}{
		{"nobody", connectrpc.NewRequest(&tvstatsv1.GetStatsRequest{ClientId: 1}), connectrpc.CodeUnauthenticated, "UNAUTHENTICATED"},
		{"another tenant", with(g, stranger, &tvstatsv1.GetStatsRequest{ClientId: 1}), connectrpc.CodePermissionDenied, "PERMISSION_DENIED"},
		{"wrong input", with(g, auth.Reader, &tvstatsv1.GetStatsRequest{}), connectrpc.CodeInvalidArgument, intercept.ReasonInvalidField},
		{"an unknown client", with(g, auth.Operator, &tvstatsv1.GetStatsRequest{ClientId: 9}), connectrpc.CodeNotFound, "NOT_FOUND"},
	} {
		_, err := stats.CallUnary(rpctest.Context(t), c.request)
		wantConnectError(t, c.what, err, c.code, c.reason)
	}
}

func streamsAreAnswered(t *testing.T, g *guarded, options []connectrpc.ClientOption) {
	t.Helper()
	job, err := g.StartJob(g.as(t, auth.Operator), &tvstatsv1.StartJobRequest{
		Command: &tvstatsv1.StartJobRequest_SaveStats{SaveStats: &tvstatsv1.SaveStatsRequest{ClientIds: []int32{1}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	watch := connectrpc.NewClient[tvstatsv1.WatchJobRequest, tvstatsv1.WatchJobResponse](http.DefaultClient,
		g.web+tvstatsv1.Jobs_WatchJob_FullMethodName, options...)
	for role, code := range map[auth.Role]connectrpc.Code{auth.Reader: 0, stranger: connectrpc.CodeNotFound, auth.Gateway: connectrpc.CodePermissionDenied} {
		stream, err := watch.CallServerStream(rpctest.Context(t), with(g, role, &tvstatsv1.WatchJobRequest{JobId: job.Job.JobId}))
		if err != nil {
			t.Fatal(err)
		}
		var last *tvstatsv1.Job
		for stream.Receive() {
			last = stream.Msg().Job
		}
		switch {
		case code != 0:
			wantConnectError(t, string(role), stream.Err(), code, map[auth.Role]string{stranger: "NOT_FOUND", auth.Gateway: "PERMISSION_DENIED"}[role])
		case stream.Err() != nil || last.GetState() != tvstatsv1.JobState_JOB_STATE_SUCCEEDED:
			t.Errorf("the job ended as %v, the stream with %v", last, stream.Err())
		}
		if err := stream.Close(); err != nil && code == 0 {
			t.Error(err)
		}
	}
}

func wantConnectError(t *testing.T, what string, err error, code connectrpc.Code, reason string) {
	t.Helper()
	failure := (*connectrpc.Error)(nil)
	if !errors.As(err, &failure) || failure.Code() != code || len(failure.Details()) == 0 {
		t.Errorf("%s: got %v, want %v", what, err, code)
		return
	}
	detail, err := failure.Details()[0].Value()
	if info, ok := detail.(*errdetails.ErrorInfo); err != nil || !ok || info.Reason != reason || info.Domain != intercept.ErrorDomain {
		t.Errorf("%s: the details are %v, %v, want %s", what, detail, err, reason)
	}
}
