package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/rpc/fault"
	"github.com/tvstats/tvstats/internal/rpc/intercept"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
	"github.com/tvstats/tvstats/internal/store"
)

// faulty is a catalog whose methods fail in ways that the real one should not.
type faulty struct {
	tvstatsv1.UnimplementedCatalogServer
	sync func(stream syncStream) error
}

type syncStream = grpc.BidiStreamingServer[tvstatsv1.SyncRequest, tvstatsv1.SyncResponse]

func (faulty) ListClients(context.Context, *tvstatsv1.ListClientsRequest) (*tvstatsv1.ListClientsResponse, error) {
	panic("unary")
}

func (faulty) GetAccount(_ context.Context, req *tvstatsv1.GetAccountRequest) (*tvstatsv1.GetAccountResponse, error) {
	return nil, fmt.Errorf("account %d: %w", req.GetAccountId(), store.ErrNotFound)
}

func (f faulty) Sync(stream syncStream) error { return f.sync(stream) }

// chained is a server with the real interceptors around a faulty catalog.
type chained struct {
	tvstatsv1.CatalogClient
	server   *grpc.Server
	metrics  *metrics
	draining chan struct{}
	log      *rpctest.Log
	logger   *slog.Logger
}

func startChained(t *testing.T, catalog tvstatsv1.CatalogServer, level slog.Level) *chained {
	t.Helper()
	c := &chained{metrics: newMetrics(1000, time.Now), draining: make(chan struct{}), log: &rpctest.Log{}}
	c.logger = slog.New(slog.NewJSONHandler(c.log, &slog.HandlerOptions{Level: level}))
	inner, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cfg := DefaultConfig()
	bounds := intercept.NewConnections(&cfg.Limits, c.metrics.refused)
	listener := bounds.Bound(inner)
	entry, err := intercept.NewAdmission(cfg.AuthFile, &cfg.Limits, time.Now, c.logger)
	if err != nil {
		t.Fatal(err)
	}
	links := intercept.Chain(intercept.Parts{
		Counted: c.metrics.links(), Log: c.logger, Entry: entry, Limits: &cfg.Limits, From: bounds, Now: time.Now,
		StreamIdle: cfg.StreamIdleTimeout, StreamSend: cfg.StreamSendTimeout, Draining: c.draining,
	})
	c.server = grpc.NewServer(serverOptions(cfg, insecure.NewCredentials(), links)...)
	tvstatsv1.RegisterCatalogServer(c.server, catalog)
	ended := make(chan error, 1)
	go func() { ended <- c.server.Serve(listener) }()
	t.Cleanup(func() {
		c.server.Stop()
		if err := <-ended; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	c.CatalogClient = tvstatsv1.NewCatalogClient(rpctest.Connect(t, listener.Addr().String()))
	return c
}

func TestPanicsEndOnlyTheirCall(t *testing.T) {
	c := startChained(t, faulty{sync: func(syncStream) error { panic("stream") }}, slog.LevelInfo)
	for range 2 {
		_, err := c.ListClients(rpctest.Context(t), &tvstatsv1.ListClientsRequest{})
		rpctest.WantStatus(t, err, codes.Internal, "INTERNAL")
		stream, err := c.Sync(rpctest.Context(t))
		if err != nil {
			t.Fatal(err)
		}
		_, err = stream.Recv()
		rpctest.WantStatus(t, err, codes.Internal, "INTERNAL")
	}
	c.server.GracefulStop() // after it the log is complete
	failed := c.log.Find(t, "call failed")
	if len(failed) != 4 {
		t.Fatalf("logged %v", failed)
	}
	for i, text := range []string{"unary", "stream"} {
		if got := fmt.Sprint(failed[i]["error"]); !strings.Contains(got, "panic caught: "+text) || !strings.Contains(got, "chain_test.go") {
			t.Errorf("logged without its place: %s", got)
		}
	}
	if handled := metricSum(t, c.metrics, "grpc_server_handled_total"); handled != 4 {
		t.Errorf("%v calls were counted as handled", handled)
	}
	if open := metricSum(t, c.metrics, "tvstats_open_streams"); open != 0 {
		t.Errorf("%v streams were counted as open", open)
	}
}

// metricSum is the sum of a counter or gauge over its labels.
func metricSum(t *testing.T, m *metrics, name string) float64 {
	t.Helper()
	families, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, family := range families {
		if family.GetName() == name {
			for _, metric := range family.GetMetric() {
				sum += metric.GetCounter().GetValue() + metric.GetGauge().GetValue()
			}
		}
	}
	return sum
}

func TestCallLog(t *testing.T) {
	for level, wantsText := range map[slog.Level]bool{slog.LevelInfo: false, slog.LevelDebug: true} {
		c := startChained(t, faulty{}, level)
		_, err := c.GetAccount(rpctest.Context(t), &tvstatsv1.GetAccountRequest{ClientId: 1, AccountId: 987654321})
		rpctest.WantStatus(t, err, codes.NotFound, "NOT_FOUND")
		c.server.GracefulStop()
		finished := c.log.Find(t, "finished call")
		if len(finished) != 1 || finished[0]["grpc.method"] != "GetAccount" || finished[0]["grpc.code"] != "NotFound" {
			t.Errorf("%v: logged %v", level, finished)
		}
		if got := strings.Contains(c.log.String(), "987654321"); got != wantsText {
			t.Errorf("%v: the account is in the log: %v", level, got)
		}
	}
}

func TestRequestsAreValidatedBeforeTheirHandler(t *testing.T) {
	received := make(chan error, 1)
	c := startChained(t, faulty{sync: func(stream syncStream) error {
		_, err := stream.Recv()
		received <- err
		return err
	}}, slog.LevelInfo)
	_, err := c.GetAccount(rpctest.Context(t), &tvstatsv1.GetAccountRequest{})
	rpctest.WantStatus(t, err, codes.InvalidArgument, "INVALID_FIELD")

	stream, err := c.Sync(rpctest.Context(t))
	if err != nil {
		t.Fatal(err)
	}
	tooMany := &tvstatsv1.SyncRequest{ClientId: 1}
	for range intercept.MaxSyncEntities + 1 {
		tooMany.Tariffs = append(tooMany.Tariffs, &tvstatsv1.Tariff{TariffId: 1})
	}
	if err := stream.Send(tooMany); err != nil {
		t.Fatal(err)
	}
	_, err = stream.Recv()
	rpctest.WantStatus(t, err, codes.InvalidArgument, "INVALID_FIELD")
	if invalid := (*fault.Invalid)(nil); !errors.As(<-received, &invalid) {
		t.Error("the handler was given the request")
	}
}
