package e2e

import (
	"math"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
	"github.com/tvstats/tvstats/internal/viewing"
)

// TestCompressedBombs: what is compressed counts by its size when it is not; here 64 MiB arrive as 64 kB.
func TestCompressedBombs(t *testing.T) {
	t.Parallel()
	s := start(t)
	bomb := strings.Repeat("\x00", 64<<20)
	compressed := grpc.UseCompressor(gzip.Name)
	_, err := s.CreateChannelSelectionByPopularity(rpctest.Context(t), rpctest.Changed(rpctest.ValidChannelSelection(), func(r *rpctest.SelectionRequest) {
		r.SelectionName = bomb
	}), compressed)
	if status.Code(err) != codes.ResourceExhausted || !strings.Contains(err.Error(), "decompress") {
		t.Errorf("unary: got %v", err)
	}
	_, err = oneRequest(s.Sync(rpctest.Context(t), compressed))(&tvstatsv1.SyncRequest{Client: &tvstatsv1.Client{Name: bomb}})
	if status.Code(err) != codes.ResourceExhausted {
		t.Errorf("Sync: got %v", err)
	}
	batch := oneEvent()
	batch.Events[0].DeviceUid = bomb
	_, err = oneRequest(s.StreamEvents(rpctest.Context(t), compressed))(batch)
	if status.Code(err) != codes.ResourceExhausted {
		t.Errorf("StreamEvents: got %v", err)
	}
	if _, err := oneRequest(s.StreamEvents(rpctest.Context(t), compressed))(oneEvent()); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// TestInvalidUTF8 is refused, event by event where that is possible, and nothing breaks.
func TestInvalidUTF8(t *testing.T) {
	t.Parallel()
	s := start(t)
	rawCalls := grpc.ForceCodecV2(rawCodec{encoding.GetCodecV2("proto")})
	stream, err := s.StreamEvents(rpctest.Context(t), rawCalls)
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.SendMsg(raw("\x12\x0d\x08\x01\x10\x01\x1a\x02\xff\xfe\x22\x01a\x28\x01")); err != nil {
		t.Fatal(err)
	}
	response, err := stream.Recv()
	if err != nil || len(response.GetRejected()) != 1 || !strings.Contains(response.GetRejected()[0].GetMessage(), "not valid UTF-8") {
		t.Errorf("got %v, %v", response, err)
	}
	for _, method := range []string{
		tvstatsv1.ViewStats_GetSelection_FullMethodName, tvstatsv1.ViewStats_CreateChannelSelectionByPopularity_FullMethodName,
		tvstatsv1.Catalog_ListClients_FullMethodName,
	} {
		err := s.conn.Invoke(rpctest.Context(t), method, raw("\x0a\x02\xff\xfe\x12\x02\xff\xfe\x3a\x02\xff\xfe"), &tvstatsv1.GetSelectionResponse{}, rawCalls)
		if code := status.Code(err); code != codes.Internal && code != codes.InvalidArgument { // Internal is what gRPC says itself
			t.Errorf("%s: got %v", method, err)
		}
	}
}

// TestIDsAtTheLimitsOfTheirTypes are ids like any other where they are positive.
func TestIDsAtTheLimitsOfTheirTypes(t *testing.T) {
	t.Parallel()
	s := start(t)
	batch := rpctest.Events(3)
	most, least := batch.Events[1], batch.Events[2]
	most.ClientId, most.AccountId, most.ChannelId, most.ProgrammeId = math.MaxInt32, math.MaxInt64, math.MaxInt32, math.MaxInt64
	most.Tariffs = []int32{math.MaxInt32}
	least.ClientId, least.AccountId, least.ChannelId = math.MinInt32, math.MinInt64, math.MinInt32
	response, err := oneRequest(s.StreamEvents(rpctest.Context(t)))(batch)
	if err != nil || response.GetAccepted() != 2 || len(response.GetRejected()) != 1 || response.GetRejected()[0].GetReason() != viewing.ReasonInvalidEvent {
		t.Fatalf("got %v, %v", response, err)
	}
	pushAll(t, s, &tvstatsv1.SyncRequest{ClientId: math.MaxInt32, Accounts: []*tvstatsv1.Account{{AccountId: math.MaxInt64, Active: true}}})
	if _, err := s.GetAccount(rpctest.Context(t), &tvstatsv1.GetAccountRequest{ClientId: math.MaxInt32, AccountId: math.MaxInt64}); err != nil {
		t.Error(err)
	}
	_, err = s.GetAccount(rpctest.Context(t), &tvstatsv1.GetAccountRequest{ClientId: math.MinInt32, AccountId: math.MinInt64})
	rpctest.WantStatus(t, err, codes.InvalidArgument, "INVALID_FIELD")
	built, err := s.CreateChannelSortingByPopularity(rpctest.Context(t), rpctest.Changed(rpctest.ValidSorting(), func(r *rpctest.SortingRequest) {
		r.ClientIds, r.Tariffs, r.AccountsActive = []int32{math.MaxInt32}, []int32{math.MaxInt32}, true
	}))
	if err != nil || built.GetSortings()[0].GetChannels()[0].GetWatchSessions() != 1 {
		t.Errorf("got %v, %v", built, err)
	}
}

// TestTimeZonesThatDoNotExist: a time zone is a name, never a path.
func TestTimeZonesThatDoNotExist(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, zone := range []string{"Mars/Olympus", "../../../../etc/passwd", "/etc/localtime", "Local", "Europe/../Europe/Riga", "UTC\x00", strings.Repeat("a/", 5000)} {
		for _, response := range pushAll(t, s, &tvstatsv1.SyncRequest{ClientId: 1, Client: &tvstatsv1.Client{TimeZone: zone}}) {
			if len(response.GetRejected()) != 1 || !strings.Contains(response.GetRejected()[0].GetMessage(), "does not exist") {
				t.Errorf("%.40q: got %v", zone, response)
			}
		}
	}
}

// TestNobodyIsReadBeforeItIsKnown: a call without a token is refused when its header has arrived; what it would send is not
// waited for, and takes no memory.
func TestNobodyIsReadBeforeItIsKnown(t *testing.T) {
	t.Parallel()
	g := startGuarded(t)
	for name, method := range map[string]string{
		"unary": tvstatsv1.Catalog_ListClients_FullMethodName, "stream": tvstatsv1.ViewStats_StreamEvents_FullMethodName,
	} {
		stream, err := g.conn.NewStream(withToken(rpctest.Context(t), "wrong"), &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, method)
		if err != nil {
			t.Fatal(err)
		}
		wantCode(t, name, stream.RecvMsg(&tvstatsv1.ListClientsResponse{}), codes.Unauthenticated)
	}
	if refused := g.log.Find(t, "refused a call without a valid token"); len(refused) != 2 || refused[0]["address"] != "127.0.0.1" {
		t.Errorf("logged %v", refused)
	}
}

// TestHugeHeaders are refused before they are kept.
func TestHugeHeaders(t *testing.T) {
	t.Parallel()
	s := start(t)
	huge := metadata.AppendToOutgoingContext(rpctest.Context(t), "x-huge", strings.Repeat("x", 64<<10))
	if _, err := s.ListClients(huge, &tvstatsv1.ListClientsRequest{}); err == nil {
		t.Error("64 KiB of metadata are accepted")
	}
	if _, err := s.ListClients(rpctest.Context(t), &tvstatsv1.ListClientsRequest{}); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}
