package e2e

import (
	"math"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/app"
	"github.com/tvstats/tvstats/internal/rpc/intercept"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
	"github.com/tvstats/tvstats/internal/viewing"
)

// TestBadStreams sends what concerns a whole stream: it ends with a status that says what was wrong, and the server goes
// on.
func TestBadStreams(t *testing.T) {
	t.Parallel()
	address := start(t, func(cfg *app.Config) { cfg.StreamIdleTimeout = 2 * time.Second }).address
	for _, c := range []struct {
		name string
		send any // nil = nothing
		code codes.Code
		text string
	}{
		{"10,001 events", rpctest.Events(10_001), codes.InvalidArgument, "10001 events"},
		{"a message of 5 MiB", raw(make([]byte, 5<<20)), codes.ResourceExhausted, "5242880 bytes"},
		{"a message of 20 MiB", raw(make([]byte, 20<<20)), codes.ResourceExhausted, "larger than max"},
		{"bytes that are no protobuf", raw("\xff\xff\xff\xff"), codes.InvalidArgument, "no StreamEventsRequest"},
		{"an event that is cut off", raw("\x12\x7f\x08"), codes.InvalidArgument, "no StreamEventsRequest"},
		{"nothing for too long", nil, codes.DeadlineExceeded, "too long"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := withStream(t.Context(), address, func(stream eventSender) error {
				if c.send != nil {
					if err := stream.SendMsg(c.send); err != nil {
						return err
					}
				}
				_, err := stream.Recv()
				return err
			}, rawCalls())
			if got := status.Convert(err); got.Code() != c.code || !strings.Contains(got.Message(), c.text) {
				t.Errorf("got %v, want %v with %q", err, c.code, c.text)
			}
			if err := sendEvents(t.Context(), address, rpctest.Events(1).GetEvents(), 1); err != nil {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
}

// TestUnreadableMessages: bytes that are no protobuf are wrong input, whatever the method.
func TestUnreadableMessages(t *testing.T) {
	t.Parallel()
	calls := rpctest.Connect(t, startTestServer(t))
	for _, c := range []struct {
		method string
		call   func(method string) error
	}{
		{tvstatsv1.Catalog_ListClients_FullMethodName, func(method string) error {
			return calls.Invoke(t.Context(), method, raw("\xff"), &tvstatsv1.ListClientsResponse{}, rawCalls())
		}},
		{tvstatsv1.Catalog_Sync_FullMethodName, func(method string) error {
			stream, err := calls.NewStream(t.Context(), &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, method, rawCalls())
			if err != nil {
				return err
			}
			if err := stream.SendMsg(raw("\xff")); err != nil {
				return err
			}
			return stream.RecvMsg(&tvstatsv1.SyncResponse{})
		}},
	} {
		err := c.call(c.method)
		rpctest.WantStatus(t, err, codes.InvalidArgument, intercept.ReasonInvalidField)
		if !violates(status.Convert(err), "request") {
			t.Errorf("%s: no violation names the request: %v", c.method, err)
		}
	}
}

// TestEarlierBatchesAreAnswered: the batches before a message that ends the stream still get their responses.
func TestEarlierBatchesAreAnswered(t *testing.T) {
	t.Parallel()
	address := startTestServer(t)
	for _, bad := range []raw{make([]byte, 5<<20), raw("\xff")} {
		err := withStream(t.Context(), address, func(stream eventSender) error {
			const good = 10
			for range good {
				if err := stream.Send(rpctest.Events(1)); err != nil {
					return err
				}
			}
			if err := stream.SendMsg(bad); err != nil {
				return err
			}
			for i := range good {
				if response, err := stream.Recv(); err != nil || response.GetAccepted() != 1 {
					t.Fatalf("batch %d: %v, error %v", i, response, err)
				}
			}
			_, err := stream.Recv()
			return err
		}, rawCalls())
		if err == nil {
			t.Errorf("a message of %d bytes was taken", len(bad))
		}
	}
}

func rawCalls() grpc.CallOption { return grpc.ForceCodecV2(rawCodec{encoding.GetCodecV2("proto")}) }

// raw is a message that is sent as it is; rawCodec must be forced on the call.
type raw []byte

type rawCodec struct{ encoding.CodecV2 }

func (c rawCodec) Marshal(v any) (mem.BufferSlice, error) {
	if bytes, ok := v.(raw); ok {
		return mem.BufferSlice{mem.SliceBuffer(bytes)}, nil
	}
	return c.CodecV2.Marshal(v)
}

// TestRejectedAlone: a bad event is refused with its place and reason, and the rest of its batch counts.
func TestRejectedAlone(t *testing.T) {
	t.Parallel()
	address := startTestServer(t)
	off := false
	pushRequest(t, address, &tvstatsv1.SyncRequest{ClientId: 2, Client: &tvstatsv1.Client{CollectionEnabled: &off}})
	request := rpctest.Events(5)
	request.BatchId = math.MaxUint64
	request.Events[1].Device = "MAG 250"
	request.Events[3].ClientId = 2
	err := withStream(t.Context(), address, func(stream eventSender) error {
		if err := stream.Send(request); err != nil {
			return err
		}
		response, err := stream.Recv()
		if err != nil {
			return err
		}
		if response.BatchId != math.MaxUint64 || response.Accepted != 3 || len(response.Rejected) != 2 {
			t.Fatalf("got %v", response)
		}
		if r := response.Rejected[0]; r.Index != 1 || r.Reason != viewing.ReasonInvalidEvent || !strings.Contains(r.Message, "MAG 250") {
			t.Errorf("got %v", r)
		}
		if r := response.Rejected[1]; r.Index != 3 || r.Reason != viewing.ReasonCollectionDisabled {
			t.Errorf("got %v", r)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestBadRequests: wrong parameters are INVALID_ARGUMENT and name the field, unknown clients NOT_FOUND.
func TestBadRequests(t *testing.T) {
	t.Parallel()
	address := startTestServer(t)
	stream(t, address, rpctest.Events(1).GetEvents(), 1)
	valid := &tvstatsv1.CreateChannelSelectionByPopularityRequest{
		ClientId: 1, DaysNumber: 7, Criterion: tvstatsv1.Criterion_CRITERION_WATCH_TIME,
	}
	for _, c := range []struct {
		name   string
		change func(*tvstatsv1.CreateChannelSelectionByPopularityRequest)
		code   codes.Code
		field  string
	}{
		{"valid", func(*tvstatsv1.CreateChannelSelectionByPopularityRequest) {}, codes.OK, ""},
		{"no client", func(r *tvstatsv1.CreateChannelSelectionByPopularityRequest) { r.ClientId = 0 }, codes.InvalidArgument, "client_id"},
		{"unknown client", func(r *tvstatsv1.CreateChannelSelectionByPopularityRequest) { r.ClientId = 77 }, codes.NotFound, ""},
		{"0 days", func(r *tvstatsv1.CreateChannelSelectionByPopularityRequest) { r.DaysNumber = 0 }, codes.InvalidArgument, "days_number"},
		{"3661 days", func(r *tvstatsv1.CreateChannelSelectionByPopularityRequest) { r.DaysNumber = 3661 }, codes.InvalidArgument, "days_number"},
		{"no criterion", func(r *tvstatsv1.CreateChannelSelectionByPopularityRequest) { r.Criterion = 0 }, codes.InvalidArgument, "criterion"},
		{"unknown criterion", func(r *tvstatsv1.CreateChannelSelectionByPopularityRequest) { r.Criterion = 99 }, codes.InvalidArgument, "criterion"},
		{"size too large", func(r *tvstatsv1.CreateChannelSelectionByPopularityRequest) { r.SelectionSize = 10_001 }, codes.InvalidArgument, "selection_size"},
		{"negative seconds", func(r *tvstatsv1.CreateChannelSelectionByPopularityRequest) { r.MinWatchSeconds = -1 }, codes.InvalidArgument, "min_watch_seconds"},
		{"a device that cannot be", func(r *tvstatsv1.CreateChannelSelectionByPopularityRequest) { r.Devices = []string{"x' OR 1=1"} }, codes.InvalidArgument, "devices"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			request := proto.CloneOf(valid)
			c.change(request)
			_, err := tvstatsv1.NewViewStatsClient(rpctest.Connect(t, address)).CreateChannelSelectionByPopularity(t.Context(), request)
			got := status.Convert(err)
			if got.Code() != c.code {
				t.Fatalf("got %v, want %v", err, c.code)
			}
			if c.field != "" && !violates(got, c.field) {
				t.Errorf("no violation names %s: %v", c.field, got.Details())
			}
		})
	}
}

func violates(s *status.Status, field string) bool {
	for _, detail := range s.Details() {
		if bad, ok := detail.(*errdetails.BadRequest); ok {
			for _, v := range bad.GetFieldViolations() {
				if strings.HasPrefix(v.GetField(), field) && v.GetDescription() != "" {
					return true
				}
			}
		}
	}
	return false
}
