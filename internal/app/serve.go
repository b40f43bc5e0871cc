// Package app is the whole service: its configuration, the one place where its parts are put together, the order in which they
// start and stop, and its listeners. It alone chooses a store.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jonboulle/clockwork"
	"golang.org/x/net/netutil"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	_ "google.golang.org/grpc/encoding/gzip" // callers may compress
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/reflection"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/audience"
	"github.com/tvstats/tvstats/internal/dynamics"
	"github.com/tvstats/tvstats/internal/ingest"
	"github.com/tvstats/tvstats/internal/jobs"
	"github.com/tvstats/tvstats/internal/ranking"
	rpcaudience "github.com/tvstats/tvstats/internal/rpc/audience"
	rpccatalog "github.com/tvstats/tvstats/internal/rpc/catalog"
	rpcdynamics "github.com/tvstats/tvstats/internal/rpc/dynamics"
	"github.com/tvstats/tvstats/internal/rpc/intercept"
	rpcjobs "github.com/tvstats/tvstats/internal/rpc/jobs"
	"github.com/tvstats/tvstats/internal/rpc/operation"
	"github.com/tvstats/tvstats/internal/rpc/page"
	"github.com/tvstats/tvstats/internal/rpc/viewstats"
	"github.com/tvstats/tvstats/internal/rpc/wire"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// WallClock is the service's; a test of a process of its own moves it.
var WallClock = time.Now

// Serve puts the service together and runs it until ctx ends; it then stops in the reverse order, so that every call in
// progress still finds what it needs. started is called with the addresses once calls are answered
// there.
//
//nolint:contextcheck // what is started here must outlive ctx, which only says when to begin to stop
func Serve(ctx context.Context, cfg Config, log *slog.Logger, started func(Addresses)) (err error) {
	secured, err := cfg.tls(log)
	if err != nil {
		return err
	}
	entry, err := intercept.NewAdmission(cfg.AuthFile, &cfg.Limits, log)
	if err != nil {
		return err
	}
	defer inBackground(entry.EndRevoked)()
	db, err := openStore(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	now, numbers, draining := WallClock, newMetrics(cfg.FollowedDevices), make(chan struct{})
	copies := &backups{store: db, now: now, metrics: newBackupMetrics(now)}
	numbers.registry.MustRegister(copies.metrics.every, copies.metrics.failed, copies.metrics.age)

	probes, err := listen(ctx, "--http-listen", cfg.HTTPListen)
	if err != nil {
		return err
	}
	reserved, err := newReserve(probes)
	if err != nil {
		return errors.Join(err, probes.Close())
	}
	defer serveHTTP(netutil.LimitListener(reserved, maxProbes), newHTTPHandler(numbers.registry, readiness(db, draining)), log)()
	figures := dynamics.New(db, cfg.OnlineTimeout, cfg.MaxSession)
	defer keepMaintained(db, figures, now, cfg, log)()

	in := ingest.New(db, cfg.ingestConfig(), numbers)
	defer in.Close()
	numbers.watch(in, db)
	defer numbers.checkProgrammes(db, log)()

	callers, err := listen(ctx, "--listen", cfg.Listen)
	if err != nil {
		return err
	}
	browsers, err := cfg.listenWeb(ctx, log)
	if err != nil {
		return err
	}
	stats := &viewstats.Server{
		Ingest: in, Builder: ranking.NewBuilder(db, newID, cfg.MaxSession), Archive: ranking.NewArchive(db), Catalog: db, Sessions: db,
		Building: numbers.building, Acknowledged: numbers.acknowledged, Now: now, MaxBatch: cfg.MaxBatch,
	}
	subscribers := &rpcdynamics.Server{
		Dynamics: figures, Catalog: db, Building: numbers.building, Now: now,
	}
	audiences := &rpcaudience.Server{Meter: audience.New(db, cfg.MaxSession), Now: now, MinCell: cfg.MinCell}
	clock := clockwork.NewRealClock()
	queue := jobs.NewQueue(db, clock, cfg.JobQueue)
	endJobs, err := cfg.startJobs(queue, clock, &rpcjobs.Work{
		Builder: stats.Builder, Dynamics: figures, Audience: audiences, Pages: page.Seal{Secret: pageKey{db, now}.secret}, Building: numbers.building, Now: now,
	}, newJobObserver(numbers, log))
	if err != nil {
		return err
	}
	defer endJobs()

	endBackups, err := cfg.startBackups(copies, log)
	if err != nil {
		return err
	}
	defer endBackups()

	bounds := intercept.NewConnections(&cfg.Limits, numbers.refused)
	links := intercept.Chain(intercept.Parts{
		Counted: numbers.links(), Log: log, Entry: entry, Limits: &cfg.Limits, From: bounds, Known: db, PageKey: pageKey{db, now}.secret, Replaced: numbers.replaced, MinCell: cfg.MinCell,
		Now:        now,
		StreamIdle: cfg.StreamIdleTimeout, StreamSend: cfg.StreamSendTimeout, Draining: draining,
	})
	server := servers{
		grpc: grpc.NewServer(append(serverOptions(cfg, transport(secured), links), grpc.InTapHandle(entry.RejectUnauthenticated))...),
		http: grpc.NewServer(serverOptions(cfg, insecure.NewCredentials(), links)...), // TLS ends before it
	}
	tvstatsv1.RegisterViewStatsServer(server, stats)
	tvstatsv1.RegisterCatalogServer(server, &rpccatalog.Server{
		Store: db, Erase: figures.EraseAccount, Replaced: numbers.replaced, Now: now, Oldest: cfg.oldest(),
	})
	tvstatsv1.RegisterAudienceServer(server, audiences)
	tvstatsv1.RegisterSubscriberDynamicsServer(server, subscribers)
	tvstatsv1.RegisterJobsServer(server, &rpcjobs.Server{Queue: queue, Store: db, Catalog: db, Now: now, NewID: newID})
	tvstatsv1.RegisterOperationServer(server, &operation.Server{Write: copies.write})
	probed := registerHealth(server)
	if err := registerReflection(server); err != nil {
		return err
	}
	numbers.begin(server)

	api, err := newCalls(server.http, entry.RejectUnauthenticated, cfg.MaxMessageSize)
	if err != nil {
		return err
	}
	at := Addresses{GRPC: callers.Addr().String(), Web: WebOff}
	if browsers != nil {
		at.Web, browsers = browsers.Addr().String(), bounds.Bound(browsers)
	}
	cfg.warn(log)
	log.Info("serving", "grpc", at.GRPC, "web", at.Web, "http", probes.Addr().String(), "store", db.Describe())
	stopWeb := sync.OnceFunc(serveWeb(browsers, &cfg, secured, api, log))
	defer stopWeb() // also where gRPC fails
	return answerCalls(ctx, server.grpc, bounds.Bound(callers), func() { started(at) }, func() {
		log.Info("stopping")
		probed.Shutdown()
		close(draining)
		server.stop(cfg.DrainTimeout, log, stopWeb)
	})
}

// Addresses are where the service listens.
type Addresses struct {
	GRPC string
	Web  string // off, where the console is not served
}

// answerCalls answers calls until ctx ends, and then stops.
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

// readiness answers why the service should get no calls now.
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
// silent; a peer that answers no probe is gone. What is compressed counts by its size when it is not.
func serverOptions(cfg Config, transport credentials.TransportCredentials, links []intercept.Link) []grpc.ServerOption {
	return append(intercept.ServerOptions(links),
		grpc.Creds(transport),
		grpc.ForceServerCodecV2(wire.NewCodec(int(cfg.MaxMessageSize))),
		grpc.MaxRecvMsgSize(2*int(cfg.MaxMessageSize)), // so that codec is the one to tell what is too large but for excess
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

// keepMaintained maintains the store, at once and then again and again, until the answered function is called.
func keepMaintained(db store.Store, figures *dynamics.Dynamics, now func() time.Time, cfg Config, log *slog.Logger) (stop func()) {
	return inBackground(func(ctx context.Context) {
		ticker := time.NewTicker(store.MaintenanceInterval)
		defer ticker.Stop()
		for ctx.Err() == nil {
			if err := Maintain(ctx, db, figures, now(), cfg); err != nil && ctx.Err() == nil {
				log.Warn("maintenance of the store failed and will be tried again", "error", err)
			}
			select {
			case <-ticker.C:
			case <-ctx.Done():
			}
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

// inBackground does something until the answered function is called, which ends its context and waits.
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

// newID makes the id of a result: a UUID that begins with the time, so that ids made later are greater.
func newID() string { return uuid.Must(uuid.NewV7()).String() }
