package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jonboulle/clockwork"
	"golang.org/x/net/netutil"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/gzip" // callers may compress
	"google.golang.org/grpc/encoding/proto"
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
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// wallClock is the service's; a test of a process of its own moves it.
var wallClock = time.Now

type serveCommand struct {
	config
}

// Run serves until the context ends.
func (c *serveCommand) Run(ctx context.Context) error {
	return serve(ctx, c.config, c.logger(os.Stderr), func(addresses) {})
}

// serve puts the service together and runs it until ctx ends; it then stops in the reverse order, so that every call in
// progress still finds what it needs. started is called with the addresses once calls are answered
// there.
//
//nolint:contextcheck // what is started here must outlive ctx, which only says when to begin to stop
func serve(ctx context.Context, cfg config, log *slog.Logger, started func(addresses)) (err error) {
	secured, err := cfg.tls(log)
	if err != nil {
		return err
	}
	entry, err := newAdmission(&cfg, log)
	if err != nil {
		return err
	}
	db, err := openStore(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	now, numbers, draining := wallClock, newMetrics(), make(chan struct{})
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

	callers, err := listen(ctx, "--listen", cfg.Listen)
	if err != nil {
		return err
	}
	browsers, err := cfg.listenWeb(ctx, log)
	if err != nil {
		return err
	}
	stats := &viewStats{
		ingest: in, builder: ranking.NewBuilder(db, newID), archive: ranking.NewArchive(db), catalog: db,
		metrics: numbers, now: now, maxBatch: cfg.MaxBatch,
	}
	subscribers := &subscriberDynamics{
		dynamics: figures, catalog: db, metrics: numbers, now: now, progress: func(float64) {},
	}
	audiences := &audienceServer{meter: audience.New(db, cfg.MaxSession), now: now, minCell: cfg.MinCell}
	clock := clockwork.NewRealClock()
	queue := jobs.NewQueue(db, clock, cfg.JobQueue)
	endJobs, err := cfg.startJobs(queue, clock, &work{stats, subscribers, audiences}, newJobObserver(numbers, log))
	if err != nil {
		return err
	}
	defer endJobs()

	endBackups, err := cfg.startBackups(copies, log)
	if err != nil {
		return err
	}
	defer endBackups()

	bounds := newConnections(&cfg.limitsConfig, numbers.refused)
	links := chain(&cfg, log, numbers, entry, db, bounds, draining)
	server := servers{
		grpc: grpc.NewServer(append(serverOptions(cfg, transport(secured), links), grpc.InTapHandle(entry.knock))...),
		http: grpc.NewServer(serverOptions(cfg, insecure.NewCredentials(), links)...), // TLS ends before it
	}
	tvstatsv1.RegisterViewStatsServer(server, stats)
	tvstatsv1.RegisterCatalogServer(server, &catalogServer{
		store: db, erase: figures.EraseAccount, metrics: numbers, now: now, oldest: cfg.oldest(),
	})
	tvstatsv1.RegisterAudienceServer(server, audiences)
	tvstatsv1.RegisterSubscriberDynamicsServer(server, subscribers)
	tvstatsv1.RegisterJobsServer(server, &jobsServer{queue: queue, store: db, catalog: db, now: now})
	tvstatsv1.RegisterOperationServer(server, &operation{backups: copies})
	probed := registerHealth(server)
	if err := registerReflection(server); err != nil {
		return err
	}
	numbers.begin(server)

	api, err := newCalls(server.http, entry.knock, cfg.MaxMessageSize)
	if err != nil {
		return err
	}
	at := addresses{grpc: callers.Addr().String(), web: webOff}
	if browsers != nil {
		at.web, browsers = browsers.Addr().String(), bounds.bound(browsers)
	}
	cfg.warn(log)
	log.Info("serving", "grpc", at.grpc, "web", at.web, "http", probes.Addr().String(), "store", db.Describe())
	stopWeb := sync.OnceFunc(serveWeb(browsers, &cfg, secured, api, log))
	defer stopWeb() // also where gRPC fails
	return answerCalls(ctx, server.grpc, bounds.bound(callers), func() { started(at) }, func() {
		log.Info("stopping")
		probed.Shutdown()
		close(draining)
		server.stop(cfg.DrainTimeout, log, stopWeb)
	})
}

// addresses are where the service listens.
type addresses struct {
	grpc string
	web  string // off, where the console is not served
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
func serverOptions(cfg config, transport credentials.TransportCredentials, links []link) []grpc.ServerOption {
	return append(chainOptions(links),
		grpc.Creds(transport),
		grpc.ForceServerCodecV2(codec{encoding.GetCodecV2(proto.Name), int(cfg.MaxMessageSize)}),
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
func keepMaintained(db store.Store, figures *dynamics.Dynamics, now func() time.Time, cfg config, log *slog.Logger) (stop func()) {
	return inBackground(func(ctx context.Context) {
		ticker := time.NewTicker(store.MaintenanceInterval)
		defer ticker.Stop()
		for ctx.Err() == nil {
			if err := maintain(ctx, db, figures, now(), cfg); err != nil && ctx.Err() == nil {
				log.Warn("maintenance of the store failed and will be tried again", "error", err)
			}
			select {
			case <-ticker.C:
			case <-ctx.Done():
			}
		}
	})
}

// maintain folds days that no report is expected for any more, and removes viewing and jobs that are kept no longer.
func maintain(ctx context.Context, db store.Store, figures *dynamics.Dynamics, now time.Time, cfg config) error {
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
