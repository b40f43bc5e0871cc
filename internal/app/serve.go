// Package app is the whole service: its configuration, the one place where its parts are put together, the order in which they
// start and stop, and its listeners. It alone chooses a store.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/google/uuid"
	"github.com/jonboulle/clockwork"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	_ "google.golang.org/grpc/encoding/gzip" // callers may compress
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/reflection"

	"github.com/tvstats/tvstats/internal/dynamics"
	"github.com/tvstats/tvstats/internal/ingest"
	"github.com/tvstats/tvstats/internal/rpc/intercept"
	"github.com/tvstats/tvstats/internal/rpc/wire"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// Serve puts the service together and runs it until ctx ends; it then stops in the reverse order, so that every call in
// progress still finds what it needs. now is the service's clock. started is called with the addresses once it serves there.
func Serve(ctx context.Context, cfg Config, log *slog.Logger, now func() time.Time, started func(Addresses)) (err error) {
	s := &service{
		cfg: &cfg, log: log, now: now, clock: clockwork.NewRealClock(),
		numbers: newMetrics(cfg.FollowedDevices, now), draining: make(chan struct{}),
	}
	defer func() { err = errors.Join(err, s.end()) }()
	for _, begin := range []func(context.Context) error{
		s.secure, s.openStore, s.serveProbes, s.takeIn, s.listen, s.work, s.register, s.serveWeb,
	} {
		if err := begin(ctx); err != nil {
			return err
		}
	}
	return s.serve(ctx, started)
}

// Addresses are where the service listens.
type Addresses struct {
	GRPC string
	Web  string // off, where the console is not served
}

// answerCalls serves calls until ctx ends, and then stops.
func answerCalls(ctx context.Context, server *grpc.Server, calls net.Listener, started, stop func()) error {
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(calls) }()
	started()
	select {
	case err := <-failed:
		return fmt.Errorf("serve gRPC: %w", err)
	case <-ctx.Done():
		stop()
		return nil
	}
}

func listen(ctx context.Context, flag, address string) (net.Listener, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("%s=%s: %w", flag, address, err)
	}
	return listener, nil
}

// readiness returns why the service should get no calls now.
func readiness(db store.Monitor, draining <-chan struct{}) func(context.Context) error {
	return func(ctx context.Context) error {
		select {
		case <-draining:
			return ingest.ErrClosed
		default:
			return db.Ping(ctx)
		}
	}
}

func registerHealth(server reflection.GRPCServer) *health.Server {
	services := health.NewServer() // the whole, "", is serving from the start
	for name := range server.GetServiceInfo() {
		services.SetServingStatus(name, healthv1.HealthCheckResponse_SERVING)
	}
	healthv1.RegisterHealthServer(server, services)
	return services
}

// serverOptions are the limits of a connection. Gateways keep thousands of streams on one, and probe it while it is
// silent; a peer that does not respond to a probe is gone. What is compressed counts by its size when it is not.
func serverOptions(cfg Config, transport credentials.TransportCredentials, links []intercept.Link) []grpc.ServerOption {
	return append(intercept.ServerOptions(links),
		grpc.Creds(transport),
		grpc.ForceServerCodecV2(wire.NewCodec(int(cfg.MaxMessageSize))),
		grpc.MaxRecvMsgSize(2*int(cfg.MaxMessageSize)), // so that codec reports what is too large, up to twice the limit
		grpc.MaxHeaderListSize(maxHeader),
		grpc.MaxConcurrentStreams(cfg.ConnectionStreams),
		grpc.ConnectionTimeout(cfg.HandshakeTimeout),
		grpc.KeepaliveParams(keepalive.ServerParameters{
			MaxConnectionIdle: cfg.ConnectionIdleTimeout, Time: time.Minute, Timeout: 20 * time.Second,
		}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 10 * time.Second, PermitWithoutStream: true}),
		grpc.WaitForHandlers(true), // none may still use the store when it is closed
	)
}

// maxHeader is how many bytes the metadata of a call may have; a token takes fifty.
const maxHeader = 16 << 10

// foldMargin is how long after its longest session a day is left alone, for reports that come late.
const foldMargin = time.Hour

// keepMaintained maintains the store, at once and then again and again, until the returned function is called.
func keepMaintained(db store.Store, figures *dynamics.Dynamics, now func() time.Time, cfg Config, log *slog.Logger) (stop func()) {
	return repeatedly(store.MaintenanceInterval, func(ctx context.Context) {
		if err := Maintain(ctx, db, figures, now(), cfg); err != nil && ctx.Err() == nil {
			log.Warn("maintenance of the store failed and will be tried again", "error", err)
		}
	})
}

// Maintain folds days that no report is expected for any more, and removes viewing and jobs that are kept no longer.
func Maintain(ctx context.Context, db store.Store, figures *dynamics.Dynamics, now time.Time, cfg Config) error {
	before := func(age time.Duration) viewing.Millis { return viewing.At(now.Add(-age)) }
	err := errors.Join(db.Maintain(ctx, before(cfg.MaxSession+foldMargin)), db.DeleteJobs(ctx, before(cfg.JobRetention)))
	if cfg.RetentionDays > 0 {
		err = errors.Join(err, figures.ExpireViewing(ctx, before(cfg.retention()), viewing.At(now)))
	}
	return err
}

// inBackground does something until the returned function is called, which ends its context and waits.
func inBackground(do func(context.Context)) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		do(ctx)
	}()
	return func() {
		cancel()
		<-ended
	}
}

// repeatedly does something at once and then at each interval, until the returned function is called, as inBackground's.
func repeatedly(interval time.Duration, do func(context.Context)) (stop func()) {
	return inBackground(func(ctx context.Context) {
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for ctx.Err() == nil {
			do(ctx)
			select {
			case <-ticker.C:
			case <-ctx.Done():
			}
		}
	})
}

// newID makes the id of a result: a UUID that begins with the time, so that ids made later are greater.
func newID() string { return uuid.Must(uuid.NewV7()).String() }
