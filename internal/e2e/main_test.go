package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/app"
	"github.com/tvstats/tvstats/internal/commands"
	"github.com/tvstats/tvstats/internal/flags"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
)

// programEnv makes this test binary the program itself, for tests that need a process of its own.
const programEnv = "TVSTATS_TEST_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(programEnv) != "" {
		os.Exit(commands.Run(os.Args[1:], commands.Build{}, clockOfEnv()))
	}
	if load := os.Getenv(benchClientEnv); load != "" {
		if err := benchClient(load); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	m.Run()
}

// programCommand is the program as a command of the operating system.
func programCommand(ctx context.Context, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, os.Args[0], args...)
	command.Env = append(os.Environ(), programEnv+"=1", "TVSTATS_WEB_LISTEN="+flags.Off) // several run at once
	return command
}

// testServer is the whole service, in this process, with a store and ports of its own.
type testServer struct {
	tvstatsv1.ViewStatsClient
	tvstatsv1.CatalogClient
	tvstatsv1.SubscriberDynamicsClient
	tvstatsv1.JobsClient
	conn    *grpc.ClientConn
	dir     string // of the store
	now     func() time.Time
	address string       // of gRPC
	web     string       // the address of calls over HTTP, as a URL without a path
	log     *rpctest.Log // as JSON
	stop    func() error // stops it and returns what serve did; may be called again
}

// start starts the service, without a schedule, whose jobs would come when the hour is full; change changes its configuration.
func start(tb testing.TB, change ...func(*app.Config)) *testServer {
	tb.Helper()
	return startAt(tb, time.Now, change...)
}

// startAt starts the service with another clock, which a restart keeps.
func startAt(tb testing.TB, now func() time.Time, change ...func(*app.Config)) *testServer {
	tb.Helper()
	cfg := app.DefaultConfig()
	cfg.DataDir, cfg.Listen, cfg.HTTPListen, cfg.LogFormat = tb.TempDir(), "127.0.0.1:0", "127.0.0.1:0", "json"
	cfg.WebListen = "127.0.0.1:0"
	cfg.Schedule = "off"
	for _, c := range change {
		c(&cfg)
	}
	s := &testServer{dir: cfg.DataDir, now: now, log: &rpctest.Log{}}
	ctx, cancel := context.WithCancel(context.Background())
	started, ended := make(chan app.Addresses, 1), make(chan error, 1)
	go func() { ended <- app.Serve(ctx, cfg, cfg.Logger(s.log), now, func(at app.Addresses) { started <- at }) }()
	s.stop = sync.OnceValue(func() error {
		cancel()
		return <-ended
	})
	select {
	case at := <-started:
		s.address, s.web = at.GRPC, "http://"+at.Web
	case err := <-ended:
		cancel()
		tb.Fatalf("serve: %v", err)
	}
	s.conn = rpctest.Connect(tb, s.address)
	s.ViewStatsClient, s.CatalogClient = tvstatsv1.NewViewStatsClient(s.conn), tvstatsv1.NewCatalogClient(s.conn)
	s.SubscriberDynamicsClient, s.JobsClient = tvstatsv1.NewSubscriberDynamicsClient(s.conn), tvstatsv1.NewJobsClient(s.conn)
	tb.Cleanup(func() {
		if err := s.stop(); err != nil {
			tb.Errorf("serve: %v", err)
		}
	})
	return s
}

// startTestServer starts the service and returns the address of gRPC.
func startTestServer(tb testing.TB) string {
	tb.Helper()
	return start(tb).address
}

type eventSender = tvstatsv1.ViewStats_StreamEventsClient

// withStream opens a StreamEvents on a connection of its own, hands it to use, and closes it in order.
func withStream(ctx context.Context, address string, use func(eventSender) error, options ...grpc.CallOption) error {
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // nothing depends on it
	stream, err := tvstatsv1.NewViewStatsClient(conn).StreamEvents(ctx, options...)
	if err != nil {
		return err
	}
	if err := use(stream); err != nil {
		return err
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	if _, err := stream.Recv(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("the stream ended with %w", err)
	}
	return nil
}
