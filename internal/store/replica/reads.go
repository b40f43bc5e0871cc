package replica

import (
	"context"
	"time"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/measure"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/store/erasure"
	"github.com/tvstats/tvstats/internal/viewing"
)

// Each method below asks the local store once it has all that was acknowledged before; see the role that the method is of.

// Exclusions reads; see the package store.
func (s *Store) Exclusions(ctx context.Context, clientID int32, now viewing.Millis) (uint64, error) {
	return read(ctx, s, func(l Local) (uint64, error) { return l.Exclusions(ctx, clientID, now) })
}

// Beginning reads; see the package store.
func (s *Store) Beginning(ctx context.Context, clientID int32, now viewing.Millis) (store.Beginning, error) {
	return read(ctx, s, func(l Local) (store.Beginning, error) { return l.Beginning(ctx, clientID, now) })
}

// Figures reads; see the package store.
func (s *Store) Figures(ctx context.Context, kind store.FigureKind, clientID int32, window viewing.Window) ([]store.Figure, error) {
	return read(ctx, s, func(l Local) ([]store.Figure, error) { return l.Figures(ctx, kind, clientID, window) })
}

// Peaks reads; see the package store.
func (s *Store) Peaks(
	ctx context.Context, clientID int32, midnight viewing.Millis, window viewing.Window, now viewing.Millis,
) ([]store.DayPeak, error) {
	return read(ctx, s, func(l Local) ([]store.DayPeak, error) { return l.Peaks(ctx, clientID, midnight, window, now) })
}

// Losing reads; see the package store.
func (s *Store) Losing(ctx context.Context, removal store.Removal) ([]store.Lost, error) {
	return read(ctx, s, func(l Local) ([]store.Lost, error) { return l.Losing(ctx, removal) })
}

// Lost reads; see the package store.
func (s *Store) Lost(ctx context.Context, clientID int32, window viewing.Window) ([]store.Lost, error) {
	return read(ctx, s, func(l Local) ([]store.Lost, error) { return l.Lost(ctx, clientID, window) })
}

// Expiring reads; see the package store.
func (s *Store) Expiring(ctx context.Context, before viewing.Millis) (map[int32][]viewing.Day, error) {
	return read(ctx, s, func(l Local) (map[int32][]viewing.Day, error) { return l.Expiring(ctx, before) })
}

// Anonymous reads; see the package store.
func (s *Store) Anonymous(ctx context.Context, clientID int32) (store.Anonymous, error) {
	return read(ctx, s, func(l Local) (store.Anonymous, error) { return l.Anonymous(ctx, clientID) })
}

// Online reads; see the package store.
func (s *Store) Online(
	ctx context.Context, clientID int32, asOf viewing.Millis, timeout time.Duration, now viewing.Millis,
) (store.Viewers, error) {
	return read(ctx, s, func(l Local) (store.Viewers, error) { return l.Online(ctx, clientID, asOf, timeout, now) })
}

// ViewerCounts reads; see the package store.
func (s *Store) ViewerCounts(ctx context.Context, clientID int32, asOf, now viewing.Millis) (store.ViewerCounts, error) {
	return read(ctx, s, func(l Local) (store.ViewerCounts, error) { return l.ViewerCounts(ctx, clientID, asOf, now) })
}

// Subscribers reads; see the package store.
func (s *Store) Subscribers(
	ctx context.Context, clientID int32, at viewing.Millis, tariffs []int32, now viewing.Millis,
) (int64, error) {
	return read(ctx, s, func(l Local) (int64, error) { return l.Subscribers(ctx, clientID, at, tariffs, now) })
}

// Ratings reads; see the package store.
func (s *Store) Ratings(ctx context.Context, query store.RatingQuery) (store.Ratings, error) {
	return read(ctx, s, func(l Local) (store.Ratings, error) { return l.Ratings(ctx, query) })
}

// Curve reads; see the package store.
func (s *Store) Curve(ctx context.Context, filter viewing.Filter, step viewing.Millis) ([]store.CurveStep, error) {
	return read(ctx, s, func(l Local) ([]store.CurveStep, error) { return l.Curve(ctx, filter, step) })
}

// ChannelFlows reads; see the package store.
func (s *Store) ChannelFlows(
	ctx context.Context, filter viewing.Filter, gap viewing.Millis, channel int32,
) ([]store.Flow, error) {
	return read(ctx, s, func(l Local) ([]store.Flow, error) { return l.ChannelFlows(ctx, filter, gap, channel) })
}

// ActiveByTariff reads; see the package store.
func (s *Store) ActiveByTariff(
	ctx context.Context, clientID int32, instants []viewing.Millis, now viewing.Millis,
) ([]map[int32]int64, error) {
	return read(ctx, s, func(l Local) ([]map[int32]int64, error) { return l.ActiveByTariff(ctx, clientID, instants, now) })
}

// PaymentsByPeriod reads; see the package store.
func (s *Store) PaymentsByPeriod(ctx context.Context, clientID int32, boundaries []viewing.Millis) ([]store.Payments, error) {
	return read(ctx, s, func(l Local) ([]store.Payments, error) { return l.PaymentsByPeriod(ctx, clientID, boundaries) })
}

// Job reads; see the package store.
func (s *Store) Job(ctx context.Context, id string) (store.Job, error) {
	return read(ctx, s, func(l Local) (store.Job, error) { return l.Job(ctx, id) })
}

// Jobs reads; see the package store.
func (s *Store) Jobs(ctx context.Context, query store.JobQuery) ([]store.Job, error) {
	return read(ctx, s, func(l Local) ([]store.Job, error) { return l.Jobs(ctx, query) })
}

// QueuedJobs reads; see the package store.
func (s *Store) QueuedJobs(ctx context.Context) (int, error) {
	return read(ctx, s, func(l Local) (int, error) { return l.QueuedJobs(ctx) })
}

// Erasures reads; see the package store.
func (s *Store) Erasures(ctx context.Context) (*erasure.Set, error) {
	return read(ctx, s, func(l Local) (*erasure.Set, error) { return l.Erasures(ctx) })
}

// ProgrammeWatch reads; see the package store.
func (s *Store) ProgrammeWatch(
	ctx context.Context, query store.ProgrammeWatchQuery,
) (store.ProgrammesWatched, error) {
	return read(ctx, s, func(l Local) (store.ProgrammesWatched, error) { return l.ProgrammeWatch(ctx, query) })
}

// Sessions reads; see the package store.
func (s *Store) Sessions(ctx context.Context, query store.SessionQuery) ([]store.CountedSession, error) {
	return read(ctx, s, func(l Local) ([]store.CountedSession, error) { return l.Sessions(ctx, query) })
}

// SilentDevices reads; see the package store.
func (s *Store) SilentDevices(ctx context.Context, filter viewing.Filter, since viewing.Millis) (int64, error) {
	return read(ctx, s, func(l Local) (int64, error) { return l.SilentDevices(ctx, filter, since) })
}

// LatestProgrammes reads; see the package store.
func (s *Store) LatestProgrammes(
	ctx context.Context, clientID int32, starting viewing.Window, channels store.ChannelSet, limit int,
) ([]catalog.Programme, error) {
	return read(ctx, s, func(l Local) ([]catalog.Programme, error) {
		return l.LatestProgrammes(ctx, clientID, starting, channels, limit)
	})
}

// Clients reads; see the package store.
func (s *Store) Clients(ctx context.Context) ([]catalog.Client, error) {
	return read(ctx, s, func(l Local) ([]catalog.Client, error) { return l.Clients(ctx) })
}

// Client reads; see the package store.
func (s *Store) Client(ctx context.Context, clientID int32) (catalog.Client, error) {
	return read(ctx, s, func(l Local) (catalog.Client, error) { return l.Client(ctx, clientID) })
}

// Channels reads; see the package store.
func (s *Store) Channels(ctx context.Context, clientID int32) ([]catalog.Channel, error) {
	return read(ctx, s, func(l Local) ([]catalog.Channel, error) { return l.Channels(ctx, clientID) })
}

// Tariffs reads; see the package store.
func (s *Store) Tariffs(ctx context.Context, clientID int32) ([]catalog.Tariff, error) {
	return read(ctx, s, func(l Local) ([]catalog.Tariff, error) { return l.Tariffs(ctx, clientID) })
}

// Categories reads; see the package store.
func (s *Store) Categories(ctx context.Context, clientID int32) ([]catalog.Category, error) {
	return read(ctx, s, func(l Local) ([]catalog.Category, error) { return l.Categories(ctx, clientID) })
}

// Programmes reads; see the package store.
func (s *Store) Programmes(ctx context.Context, query store.ProgrammeQuery) ([]catalog.Programme, error) {
	return read(ctx, s, func(l Local) ([]catalog.Programme, error) { return l.Programmes(ctx, query) })
}

// Programme reads; see the package store.
func (s *Store) Programme(ctx context.Context, clientID int32, programmeID int64) (catalog.Programme, error) {
	return read(ctx, s, func(l Local) (catalog.Programme, error) { return l.Programme(ctx, clientID, programmeID) })
}

// ProgrammeChannels reads; see the package store.
func (s *Store) ProgrammeChannels(ctx context.Context, clientID int32, ids []int64) (map[int64]int32, error) {
	return read(ctx, s, func(l Local) (map[int64]int32, error) { return l.ProgrammeChannels(ctx, clientID, ids) })
}

// Account reads; see the package store.
func (s *Store) Account(ctx context.Context, clientID int32, accountID int64, now viewing.Millis) (catalog.Account, error) {
	return read(ctx, s, func(l Local) (catalog.Account, error) { return l.Account(ctx, clientID, accountID, now) })
}

// Results reads; see the package store.
func (s *Store) Results(ctx context.Context, query store.ResultQuery) ([]store.Result, error) {
	return read(ctx, s, func(l Local) ([]store.Result, error) { return l.Results(ctx, query) })
}

// Aggregate reads; see the package store.
func (s *Store) Aggregate(ctx context.Context, query measure.Query) ([]measure.Row, error) {
	return read(ctx, s, func(l Local) ([]measure.Row, error) { return l.Aggregate(ctx, query) })
}

// AggregateAtOnce reads; see the package store.
func (s *Store) AggregateAtOnce(ctx context.Context, queries ...measure.Query) ([][]measure.Row, error) {
	return read(ctx, s, func(l Local) ([][]measure.Row, error) { return l.AggregateAtOnce(ctx, queries...) })
}

// Result reads; see the package store.
func (s *Store) Result(ctx context.Context, id string, kinds ...store.Kind) (store.Result, error) {
	return read(ctx, s, func(l Local) (store.Result, error) { return l.Result(ctx, id, kinds...) })
}

// Versions reads; see the package store.
func (s *Store) Versions(
	ctx context.Context, clientID int32, window viewing.Window, now viewing.Millis,
) (before store.Version, hours []store.HourVersion, err error) {
	_, err = read(ctx, s, func(l Local) (_ nothing, err error) {
		before, hours, err = l.Versions(ctx, clientID, window, now)
		return nothing{}, err
	})
	return before, hours, err
}

// Flows reads; see the package store.
func (s *Store) Flows(
	ctx context.Context, clientID int32, boundaries []viewing.Millis, now viewing.Millis,
) (before store.Flows, periods []store.Flows, err error) {
	_, err = read(ctx, s, func(l Local) (_ nothing, err error) {
		before, periods, err = l.Flows(ctx, clientID, boundaries, now)
		return nothing{}, err
	})
	return before, periods, err
}

// EachSession reads; see the package store.
func (s *Store) EachSession(ctx context.Context, clientID int32, use func(viewing.Report) error) error {
	_, err := read(ctx, s, func(l Local) (nothing, error) { return nothing{}, l.EachSession(ctx, clientID, use) })
	return err
}

// EachAccountState reads; see the package store.
func (s *Store) EachAccountState(ctx context.Context, clientID int32, use func(catalog.Account) error) error {
	_, err := read(ctx, s, func(l Local) (nothing, error) { return nothing{}, l.EachAccountState(ctx, clientID, use) })
	return err
}

// EachPayment reads; see the package store.
func (s *Store) EachPayment(ctx context.Context, clientID int32, use func(catalog.Payment) error) error {
	_, err := read(ctx, s, func(l Local) (nothing, error) { return nothing{}, l.EachPayment(ctx, clientID, use) })
	return err
}

// CollectionEnabled reads; see store.Subscriptions. It is asked first for every batch of reports, and waits for a log that does not
// respond for as long as the reports themselves would.
func (s *Store) CollectionEnabled(ctx context.Context, clientID int32) (bool, error) {
	waiting, end := context.WithTimeoutCause(ctx, s.options.ApplyTimeout, errNoResponse)
	defer end()
	tries := retry()
	for {
		enabled, err := read(waiting, s, func(l Local) (bool, error) { return l.CollectionEnabled(ctx, clientID) })
		if err == nil || s.work.Err() != nil {
			return enabled, err
		}
		if waiting.Err() != nil {
			return false, context.Cause(waiting)
		}
		s.pause(tries.NextBackOff())
	}
}

// What follows is called for every batch of reports after CollectionEnabled, by when the local store has all that anybody was
// acknowledged before the batch came, or changes nothing that others see: the local store does it as it is.

// StampTariffs asks the local store; see store.Subscriptions.
func (s *Store) StampTariffs(ctx context.Context, reports []viewing.Report, now viewing.Millis) error {
	s.replacing.RLock()
	defer s.replacing.RUnlock()
	return s.local.StampTariffs(ctx, reports, now)
}

// IsErased asks the local store; see store.Erasures.
func (s *Store) IsErased(ctx context.Context, clientID int32, accountID int64) (bool, error) {
	s.replacing.RLock()
	defer s.replacing.RUnlock()
	return s.local.IsErased(ctx, clientID, accountID)
}

// Maintain folds the local store; see store.Maintainer. No other replica notices.
func (s *Store) Maintain(ctx context.Context, closed viewing.Millis) error {
	s.replacing.RLock()
	defer s.replacing.RUnlock()
	return s.local.Maintain(ctx, closed)
}
