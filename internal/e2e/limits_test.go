package e2e

import (
	"context"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/app"
	"github.com/tvstats/tvstats/internal/auth"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
)

// wantExhausted is the status of a caller over its limit, with the time of a retry where one helps.
func wantExhausted(t *testing.T, err error, retry bool) {
	t.Helper()
	rpctest.WantStatus(t, err, codes.ResourceExhausted, "RESOURCE_EXHAUSTED")
	delayed := false
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.RetryInfo); ok && info.GetRetryDelay().AsDuration() > 0 {
			delayed = true
		}
	}
	if delayed != retry {
		t.Errorf("%v has the time of a retry: %v", err, delayed)
	}
}

// untilExhausted calls until a call is refused. A slow machine gives some of the rate back between calls.
func untilExhausted(call func() error) (err error) {
	for range 1000 {
		if err = call(); status.Code(err) == codes.ResourceExhausted {
			return err
		}
	}
	return err
}

func TestGreedyTokensAreHeldBack(t *testing.T) {
	t.Parallel()
	g := startGuarded(t, func(cfg *app.Config) { cfg.TokenRequests, cfg.TokenStreams = 3, 2 })
	greedy, modest := g.as(t, auth.Operator), g.as(t, auth.Reader)
	wantExhausted(t, untilExhausted(func() error {
		_, err := g.ListClients(greedy, &tvstatsv1.ListClientsRequest{})
		return err
	}), true)
	if _, err := g.ListClients(modest, &tvstatsv1.ListClientsRequest{}); err != nil {
		t.Errorf("another token: %v", err)
	}
	open := func(token auth.Role) error {
		_, err := oneRequest(g.StreamEvents(g.as(t, token)))(oneEvent())
		return err
	}
	if err := errors.Join(open(auth.Gateway), open(auth.Gateway)); err != nil {
		t.Error(err)
	}
	wantExhausted(t, open(auth.Gateway), true)
	if err := open(auth.Backend); err != nil {
		t.Errorf("another token: %v", err)
	}
}

// TestGuessingTokensIsHeldBack: the limit of an address counts calls that are not admitted.
func TestGuessingTokensIsHeldBack(t *testing.T) {
	t.Parallel()
	g := startGuarded(t, func(cfg *app.Config) { cfg.AddressRequests, cfg.AddressStreams = 3, 1 })
	guess := withToken(rpctest.Context(t), "guess")
	wantExhausted(t, untilExhausted(func() error {
		_, err := g.ListClients(guess, &tvstatsv1.ListClientsRequest{})
		return err
	}), true)
	elsewhere := connectFrom(t, g.address, "127.0.0.2")
	if _, err := tvstatsv1.NewCatalogClient(elsewhere).ListClients(g.as(t, auth.Reader), &tvstatsv1.ListClientsRequest{}); err != nil {
		t.Errorf("another address: %v", err)
	}
	watch := func() error {
		stream, err := healthv1.NewHealthClient(elsewhere).Watch(rpctest.Context(t), &healthv1.HealthCheckRequest{})
		if err == nil {
			_, err = stream.Recv()
		}
		return err
	}
	if err := watch(); err != nil {
		t.Error(err)
	}
	wantExhausted(t, watch(), true)
}

// connectFrom connects from an address of this machine.
func connectFrom(t *testing.T, address, from string) *grpc.ClientConn {
	t.Helper()
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	if probe, err := dialer.DialContext(t.Context(), "tcp", address); err != nil {
		t.Skip("this machine cannot call from ", from, ": ", err)
	} else if err := probe.Close(); err != nil {
		t.Fatal(err)
	}
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) {
			return dialer.DialContext(ctx, "tcp", address)
		}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// TestThousandsOfIdleConnections: one address that connects and says nothing gets so many connections and so much time; who
// is there already and who comes from elsewhere does not notice.
func TestThousandsOfIdleConnections(t *testing.T) {
	t.Parallel()
	const idle, allowed = 2000, 20
	g := startGuarded(t, func(cfg *app.Config) { cfg.UnauthenticatedConnections, cfg.HandshakeTimeout = allowed, time.Second })
	call := func(conn *grpc.ClientConn) error {
		_, err := tvstatsv1.NewCatalogClient(conn).ListClients(g.as(t, auth.Reader), &tvstatsv1.ListClientsRequest{})
		return err
	}
	elsewhere := connectFrom(t, g.address, "127.0.0.2")
	if err := call(g.conn); err != nil {
		t.Fatal(err)
	}
	attack, began := make([]net.Conn, idle), time.Now()
	for i := range attack {
		attack[i] = silent(t, g.address)
	}
	if err := errors.Join(call(g.conn), call(elsewhere)); err != nil {
		t.Errorf("during the attack: %v", err)
	}
	for _, conn := range attack {
		if _, err := io.Copy(io.Discard, conn); err != nil && !errors.Is(err, net.ErrClosed) && !strings.Contains(err.Error(), "reset") {
			t.Fatal(err)
		}
	}
	took, refused := time.Since(began), 0
	for line := range strings.SplitSeq(scrape(t, g.testServer), "\n") {
		if count, ok := strings.CutPrefix(line, `tvstats_connections_refused_total{bound="unauthenticated"} `); ok {
			refused, _ = strconv.Atoi(count)
		}
	}
	if most := allowed * int(1+took/time.Second); refused < idle-most { // those whose time is over make room for as many
		t.Errorf("%d of %d connections were refused in %s", refused, idle, took)
	}
	if err := call(rpctest.Connect(t, g.address)); err != nil {
		t.Errorf("after the attack: %v", err)
	}
}

// silent is a connection on which nothing is said.
func silent(t *testing.T, address string) net.Conn {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func scrape(t *testing.T, s *testServer) string {
	t.Helper()
	_, text := rpctest.Get(t, "http://"+s.log.Find(t, "serving")[0]["http"].(string)+"/metrics")
	return text
}

func TestTooManyConnections(t *testing.T) {
	t.Parallel()
	s := start(t, func(cfg *app.Config) { cfg.Connections = 1 })
	if _, err := s.ListClients(rpctest.Context(t), &tvstatsv1.ListClientsRequest{}); err != nil {
		t.Fatal(err)
	}
	second := tvstatsv1.NewCatalogClient(rpctest.Connect(t, s.address))
	_, err := second.ListClients(rpctest.Context(t), &tvstatsv1.ListClientsRequest{})
	if status.Code(err) != codes.Unavailable {
		t.Errorf("the second connection: got %v", err)
	}
	if err := s.conn.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := second.ListClients(rpctest.Context(t), &tvstatsv1.ListClientsRequest{}, grpc.WaitForReady(true)); err != nil {
		t.Errorf("when there is room again: %v", err)
	}
}

// TestIdleConnectionsAreClosed: a client has to close its connection, and connects again without an error.
func TestIdleConnectionsAreClosed(t *testing.T) {
	t.Parallel()
	s := start(t, func(cfg *app.Config) { cfg.ConnectionIdleTimeout = 50 * time.Millisecond })
	if _, err := s.ListClients(rpctest.Context(t), &tvstatsv1.ListClientsRequest{}); err != nil {
		t.Fatal(err)
	}
	for state := s.conn.GetState(); state.String() != "IDLE"; state = s.conn.GetState() {
		if !s.conn.WaitForStateChange(rpctest.Context(t), state) {
			t.Fatalf("the connection is still %v", state)
		}
	}
	if _, err := s.ListClients(rpctest.Context(t), &tvstatsv1.ListClientsRequest{}); err != nil {
		t.Error(err)
	}
}

// TestStalledReader: a gateway that sends and never reads its responses is held up, soon ended, and costs the others
// nothing.
func TestStalledReader(t *testing.T) {
	t.Parallel()
	s := start(t, func(cfg *app.Config) { cfg.StreamSendTimeout = 200 * time.Millisecond })
	ctx, cancel := context.WithCancel(rpctest.Context(t))
	defer cancel()
	stream, err := s.StreamEvents(ctx)
	if err != nil {
		t.Fatal(err)
	}
	sent := make(chan int, 1)
	go func() { // its responses are larger than what it sends
		batch := &tvstatsv1.StreamEventsRequest{Events: make([]*tvstatsv1.ViewEvent, 10_000)}
		for i := range batch.Events {
			batch.Events[i] = &tvstatsv1.ViewEvent{}
		}
		count := 0
		for stream.Send(batch) == nil {
			count++
		}
		sent <- count
	}()
	s.log.Await(ctx, t, `"grpc.code":"DeadlineExceeded"`)
	if _, err := oneRequest(s.StreamEvents(rpctest.Context(t)))(oneEvent()); err != nil {
		t.Errorf("another stream: %v", err)
	}
	for err = nil; err == nil; {
		_, err = stream.Recv()
	}
	rpctest.WantStatus(t, err, codes.DeadlineExceeded, "STREAM_STALLED")
	if count := <-sent; count > 200 {
		t.Errorf("%d batches of 20 kB were accepted from a gateway that reads nothing", count)
	}
}

func TestHugePagesAndResponses(t *testing.T) {
	t.Parallel()
	s := start(t, func(cfg *app.Config) { cfg.MaxPageSize, cfg.MaxResponseSize = 100, 4096 })
	push := &tvstatsv1.SyncRequest{ClientId: 1}
	for i := range int32(150) {
		push.Channels = append(push.Channels, &tvstatsv1.Channel{ChannelId: i + 1})
	}
	pushAll(t, s, push)
	page, err := s.ListChannels(rpctest.Context(t), &tvstatsv1.ListChannelsRequest{ClientId: 1, PageSize: 1<<31 - 1})
	if err != nil || len(page.GetChannels()) != 100 || page.GetNextPageToken() == "" {
		t.Errorf("got %d channels, %v", len(page.GetChannels()), err)
	}
	_, err = s.CreateChannelSelectionByPopularity(rpctest.Context(t), rpctest.Changed(rpctest.ValidChannelSelection(), func(r *rpctest.SelectionRequest) {
		r.SelectionSize, r.SelectionName = 150, strings.Repeat("long", 60)
	}))
	if err != nil {
		t.Errorf("a response within the limit: %v", err)
	}
	_, err = s.ListSelections(rpctest.Context(t), &tvstatsv1.ListSelectionsRequest{ClientId: 1})
	if err != nil {
		t.Errorf("a response within the limit: %v", err)
	}
	for i := range push.Channels {
		push.Channels[i].Name = strings.Repeat("long", 60)
	}
	pushAll(t, s, push)
	_, err = s.ListChannels(rpctest.Context(t), &tvstatsv1.ListChannelsRequest{ClientId: 1})
	wantExhausted(t, err, false)
}
