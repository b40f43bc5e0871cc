package app

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/jonboulle/clockwork"
	"golang.org/x/net/netutil"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/audience"
	"github.com/tvstats/tvstats/internal/dynamics"
	"github.com/tvstats/tvstats/internal/flags"
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
	"github.com/tvstats/tvstats/internal/store"
)

// service is the whole while it is put together and runs. Its methods are the steps of that, in the order in which Serve takes
// them; each leaves with ending how it is undone.
type service struct {
	cfg      *Config
	log      *slog.Logger
	now      func() time.Time
	clock    clockwork.Clock
	numbers  *metrics
	draining chan struct{} // closed when the service begins to stop
	endings  []func() error

	secured   *tls.Config // nil without TLS
	entry     *intercept.Admission
	db        store.Store
	copies    *backups
	figures   *dynamics.Dynamics
	builder   *ranking.Builder
	audiences *rpcaudience.Server
	pages     pageKey
	in        *ingest.Ingest
	queue     *jobs.Queue

	probes   net.Listener // nil where --http-listen is off
	callers  net.Listener
	browsers net.Listener // nil where the console is not served
	bounds   *intercept.Connections
	server   servers
	health   *health.Server
	stopWeb  func()
}

// ending has something undone when the service ends, before all that was begun earlier.
func (s *service) ending(undo func()) {
	s.endings = append(s.endings, func() error {
		undo()
		return nil
	})
}

// end undoes what was begun, the last first.
func (s *service) end() (err error) {
	for _, undo := range slices.Backward(s.endings) {
		err = errors.Join(err, undo())
	}
	return err
}

func (s *service) secure(context.Context) (err error) {
	if s.secured, err = s.cfg.tls(s.log); err != nil {
		return err
	}
	if s.entry, err = intercept.NewAdmission(s.cfg.AuthFile, &s.cfg.Limits, s.now, s.log); err != nil {
		return err
	}
	s.ending(inBackground(s.entry.EndRevoked))
	return nil
}

func (s *service) openStore(ctx context.Context) (err error) {
	if s.db, err = openStore(ctx, *s.cfg, s.log); err != nil {
		return err
	}
	s.endings = append(s.endings, s.db.Close)
	s.copies = &backups{store: s.db, now: s.now, metrics: newBackupMetrics(s.now)}
	s.numbers.registry.MustRegister(s.copies.metrics.every, s.copies.metrics.failed, s.copies.metrics.age)
	return nil
}

func (s *service) serveProbes(ctx context.Context) (err error) {
	if s.cfg.HTTPListen == flags.Off {
		return nil
	}
	if s.probes, err = listen(ctx, "--http-listen", s.cfg.HTTPListen); err != nil {
		return err
	}
	reserved, err := newReserve(s.probes)
	if err != nil {
		return errors.Join(err, s.probes.Close())
	}
	handler := newHTTPHandler(s.numbers.registry, readiness(s.db, s.draining))
	s.ending(serveHTTP(netutil.LimitListener(reserved, maxProbes), handler, s.log))
	return nil
}

// takeIn begins what view events go through, and what maintains the store.
func (s *service) takeIn(context.Context) error {
	s.figures = dynamics.New(s.db, s.cfg.OnlineTimeout, s.cfg.MaxSession)
	s.ending(keepMaintained(s.db, s.figures, s.now, *s.cfg, s.log))
	s.in = ingest.New(s.db, s.cfg.ingestConfig(), s.numbers)
	s.ending(s.in.Close)
	s.numbers.watch(s.in, s.db, s.now)
	s.ending(s.numbers.checkProgrammes(s.db, s.log))
	return nil
}

func (s *service) listen(ctx context.Context) (err error) {
	if s.callers, err = listen(ctx, "--listen", s.cfg.Listen); err != nil {
		return err
	}
	s.ending(func() { _ = s.callers.Close() }) // who serves it may have closed it
	if s.browsers, err = s.cfg.listenWeb(ctx, s.log); err != nil || s.browsers == nil {
		return err
	}
	s.ending(func() { _ = s.browsers.Close() })
	return nil
}

// work begins what is done without being called: jobs, their schedule, backups.
func (s *service) work(context.Context) error {
	s.builder = ranking.NewBuilder(s.db, newID, s.cfg.MaxSession)
	s.queue = jobs.NewQueue(s.db, s.clock, s.cfg.JobQueue)
	s.audiences = &rpcaudience.Server{Meter: audience.New(s.db, s.cfg.MaxSession), Now: s.now, MinCell: s.cfg.MinCell}
	if len(s.cfg.WallClients) > 0 {
		onWall := newWall(s.cfg, s.db, s.audiences.Meter, s.now, s.log)
		s.numbers.registry.MustRegister(onWall)
		s.ending(repeatedly(wallInterval, onWall.look))
	}
	s.pages = pageKey{s.db, s.now}
	does := &rpcjobs.Work{
		Builder: s.builder, Dynamics: s.figures, Audience: s.audiences, Pages: page.Seal{Secret: s.pages.secret},
		Building: s.numbers.building, Now: s.now,
	}
	endJobs, err := s.cfg.startJobs(s.queue, s.clock, does, newJobObserver(s.numbers, s.log))
	if err != nil {
		return err
	}
	s.ending(endJobs)
	endBackups, err := s.cfg.startBackups(s.copies, s.log)
	if err != nil {
		return err
	}
	s.ending(endBackups)
	return nil
}

// register makes the servers, and registers every service at both.
func (s *service) register(context.Context) error {
	s.bounds = intercept.NewConnections(&s.cfg.Limits, s.numbers.refused)
	links := intercept.Chain(intercept.Parts{
		Counted: s.numbers.links(), Log: s.log, Entry: s.entry, Limits: &s.cfg.Limits, From: s.bounds, Known: s.db,
		PageKey: s.pages.secret, Replaced: s.numbers.replaced, MinCell: s.cfg.MinCell, Now: s.now,
		StreamIdle: s.cfg.StreamIdleTimeout, StreamSend: s.cfg.StreamSendTimeout, Draining: s.draining,
	})
	options := append(serverOptions(*s.cfg, transport(s.secured), links), grpc.InTapHandle(s.entry.RejectUnauthenticated))
	s.server = servers{
		grpc: grpc.NewServer(options...),
		http: grpc.NewServer(serverOptions(*s.cfg, insecure.NewCredentials(), links)...), // TLS ends before it
	}
	s.ending(func() { // what uses the store ends before it, also where to serve it has failed
		s.server.grpc.Stop()
		s.server.http.Stop()
	})
	tvstatsv1.RegisterViewStatsServer(s.server, &viewstats.Server{
		Ingest: s.in, Builder: s.builder, Archive: ranking.NewArchive(s.db), Catalog: s.db, Sessions: s.db,
		Building: s.numbers.building, Acknowledged: s.numbers.acknowledged, Now: s.now, MaxBatch: s.cfg.MaxBatch,
		MinCell: s.cfg.MinCell,
	})
	tvstatsv1.RegisterCatalogServer(s.server, &rpccatalog.Server{
		Store: s.db, Erase: s.figures.EraseAccount, Replaced: s.numbers.replaced, Now: s.now, Oldest: s.cfg.oldest(),
	})
	tvstatsv1.RegisterAudienceServer(s.server, s.audiences)
	tvstatsv1.RegisterSubscriberDynamicsServer(s.server, &rpcdynamics.Server{
		Dynamics: s.figures, Catalog: s.db, Building: s.numbers.building, Now: s.now,
	})
	tvstatsv1.RegisterJobsServer(s.server, &rpcjobs.Server{Queue: s.queue, Store: s.db, Catalog: s.db, Now: s.now, NewID: newID})
	tvstatsv1.RegisterOperationServer(s.server, &operation.Server{Send: s.copies.send, Status: s.status})
	s.health = registerHealth(s.server)
	s.ending(repeatedly(healthInterval, func(ctx context.Context) { setHealth(ctx, s.health, s.db, s.now) }))
	if err := registerReflection(s.server); err != nil {
		return err
	}
	s.numbers.begin(s.server)
	return nil
}

func (s *service) serveWeb(context.Context) error {
	api, err := newCalls(s.server.http, s.entry.RejectUnauthenticated, s.cfg.MaxMessageSize)
	if err != nil {
		return err
	}
	browsers := s.browsers
	if browsers != nil {
		browsers = s.bounds.Bound(browsers)
	}
	s.stopWeb = sync.OnceFunc(serveWeb(browsers, s.cfg, s.secured, api, s.log))
	s.ending(s.stopWeb) // also where gRPC fails
	return nil
}

// serve serves calls until ctx ends.
func (s *service) serve(ctx context.Context, started func(Addresses)) error {
	at, probes := Addresses{GRPC: s.callers.Addr().String(), Web: flags.Off}, flags.Off
	if s.browsers != nil {
		at.Web = s.browsers.Addr().String()
	}
	if s.probes != nil {
		probes = s.probes.Addr().String()
	}
	s.cfg.warn(s.log)
	s.log.Info("serving", "grpc", at.GRPC, "web", at.Web, "http", probes, "store", s.db.Describe())
	return answerCalls(ctx, s.server.grpc, s.bounds.Bound(s.callers), func() { started(at) }, func() {
		s.log.Info("stopping")
		s.health.Shutdown()
		close(s.draining)
		s.server.stop(s.cfg.DrainTimeout, s.log, s.stopWeb)
	})
}
