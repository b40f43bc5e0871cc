// Package store says what the service needs of an engine that keeps its data, one small interface a role. Callers take
// the narrowest one that serves them; the engines in the folders below implement all, and the suite in storetest holds
// every engine to what is written here.
//
// For all roles: a method honours its context; an error that wraps none of this package's sentinels is a fault of the
// engine. Slices that a method gets are not kept after it returns; slices that it returns belong to the caller. Lists are
// empty, not an error, where nothing is stored. Where a method stores all or nothing, an engine without transactions may
// leave a part when it fails; the same call made again then completes it.
package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/measure"
	"github.com/tvstats/tvstats/internal/viewing"
)

// SessionWriter stores viewing.
type SessionWriter interface {
	// AppendReports returns nil only when every report is on stable storage; on an error none of them counts, and the
	// same call may be made again. Reports merge by viewing.Merge, in any order, however often each arrives and
	// whatever was folded before. A client unknown so far exists from then on.
	AppendReports(ctx context.Context, reports []viewing.Report) error
}

// Subscriptions is what ingest must know of the catalog for each report; it is read for every batch and must be fast.
type Subscriptions interface {
	// CollectionEnabled reports whether the client's viewing may be stored; true for an unknown client. It is asked first:
	// where it has returned, StampTariffs and Erasures.IsErased know all that was acknowledged before it was called.
	CollectionEnabled(ctx context.Context, clientID int32) (bool, error)
	// StampTariffs gives each report without tariffs those of the state of its account that is current at now.
	StampTariffs(ctx context.Context, reports []viewing.Report, now viewing.Millis) error
}

// The roles that follow leave out the viewing of accounts that are excluded by the state that is current at now, the time of
// the question, or of its filter: of all states of the account whose ChangedAt is not later, that with the greatest. An engine
// is right for every now, not only for one that passes.

// Aggregator computes measures of sessions.
type Aggregator interface {
	// Aggregate returns a row for each cell with at least one session, in no order. A query that breaks a rule of
	// measure.Query is an error.
	Aggregate(ctx context.Context, query measure.Query) ([]measure.Row, error)
	// AggregateAtOnce returns for each query, in their order, what Aggregate would, all of one moment: their figures fit together,
	// whatever is stored meanwhile.
	AggregateAtOnce(ctx context.Context, queries ...measure.Query) ([][]measure.Row, error)
}

// ProgrammeRanker attributes viewing to the guide.
type ProgrammeRanker interface {
	// ProgrammeWatch returns the programmes on the chosen channels to which sessions that pass the filter gave time: those that
	// are among the limit first ones in the order of the query, all equals of the last one included, in no order. Of a session with
	// a programme count all its seconds for that. Of one without a programme, or whose programme was
	// deleted since, count the seconds that overlap the programme on the session's channel: of a live one those of
	// [StartedAt, StartedAt+WatchedSeconds), of another one those of [PositionAt, PositionAt+WatchedSeconds) if that is known.
	// A live session with a programme that was deleted counts for none. Deleted programmes are left out.
	ProgrammeWatch(ctx context.Context, query ProgrammeWatchQuery) (ProgrammesWatched, error)
	// LatestProgrammes returns the programmes on the chosen channels that start in the window: the limit latest, all
	// that start with the last one included, in no order. Deleted programmes are left out.
	LatestProgrammes(ctx context.Context, clientID int32, starting viewing.Window, channels ChannelSet, limit int) ([]catalog.Programme, error)
}

// ProgrammeScore is what programmes are put in order by.
type ProgrammeScore uint8

// The scores of programmes.
const (
	ByWatchTime ProgrammeScore = iota // in whole seconds
	BySessions
	ByReach
	ByAverageAudience
)

// ProgrammeWatchQuery asks how programmes were watched. The order is: programmes with as many accounts as MinAccounts before the
// others, then the greater score, then more whole seconds, then more sessions.
type ProgrammeWatchQuery struct {
	Filter      viewing.Filter
	Channels    ChannelSet
	Programmes  []int64        // nil = all
	Reach       viewing.Millis // of viewing.ProgrammeWatch
	Score       ProgrammeScore
	MinAccounts int64
	Limit       int
}

// ProgrammesWatched is how programmes were watched, and how much was watched at all.
type ProgrammesWatched struct {
	Programmes []viewing.ProgrammeWatch
	// Of all sessions that pass the filter, on all channels, of whatever programme: their time that counts, and that which does not.
	Watch, Cut viewing.Millis
}

// ChannelSet chooses channels: those of Only (nil = all) that are not in Except.
type ChannelSet struct {
	Only   []int32
	Except []int32
}

// CatalogWriter stores the catalog.
type CatalogWriter interface {
	// ApplyCatalog upserts the whole batch, durably, or nothing of it, and deletes the programmes that are in one of its
	// GuideRanges but are neither among its Programmes nor Refused. Applying a batch again changes nothing.
	ApplyCatalog(ctx context.Context, batch catalog.Batch) error
}

// CatalogReader reads the catalog back.
type CatalogReader interface {
	// Clients returns all clients by id.
	Clients(ctx context.Context) ([]catalog.Client, error)
	// Client returns one client, or ErrNotFound.
	Client(ctx context.Context, clientID int32) (catalog.Client, error)
	// Channels, Tariffs and Categories return all of a client by id, deleted ones too.
	Channels(ctx context.Context, clientID int32) ([]catalog.Channel, error)
	Tariffs(ctx context.Context, clientID int32) ([]catalog.Tariff, error)
	Categories(ctx context.Context, clientID int32) ([]catalog.Category, error)
	// Programmes returns a page of programmes that are not deleted, by start, channel and id.
	Programmes(ctx context.Context, query ProgrammeQuery) ([]catalog.Programme, error)
	// Programme returns one programme, or ErrNotFound where there is none or it is deleted.
	Programme(ctx context.Context, clientID int32, programmeID int64) (catalog.Programme, error)
	// ProgrammeChannels returns the channels of those of the programmes that there are and that are not deleted, by id.
	ProgrammeChannels(ctx context.Context, clientID int32, ids []int64) (map[int64]int32, error)
	// Account returns the state that is current at now, or ErrNotFound where there is none or the account is deleted.
	// RegisteredAt is always filled in, from all states, those still to come included.
	Account(ctx context.Context, clientID int32, accountID int64, now viewing.Millis) (catalog.Account, error)
}

// ProgrammeQuery chooses a page of programmes.
type ProgrammeQuery struct {
	ClientID int32
	Starting viewing.Window     // of the programme's start
	Channels []int32            // nil = all
	After    *catalog.Programme // the last one of the page before; only its Start, ChannelID and ID are looked at
	Limit    int
}

// Kind is a kind of stored result. The numbers are kept in stores: never renumber.
type Kind uint8

// The kinds of results.
const (
	ChannelSorting     Kind = 1
	ChannelSelection   Kind = 2
	ProgrammeSelection Kind = 3
	// PageKey is the key of page tokens, of client 0. It is never listed; it is here since all replicas must have the same.
	PageKey Kind = 255
)

// Result is something that was built and is kept until it is deleted. The store does not look into Body.
type Result struct {
	ID        string
	ClientID  int32
	Kind      Kind
	CreatedAt viewing.Millis
	Body      json.RawMessage
}

// ResultStore keeps what was built.
type ResultStore interface {
	// SaveResults stores all, durably, or none. A result whose id is stored already stays as it is, so that the same call
	// may be made again.
	SaveResults(ctx context.Context, results []Result) error
	// Result returns the result of one of the kinds, or ErrNotFound.
	Result(ctx context.Context, id string, kinds ...Kind) (Result, error)
	// Results returns a page, newest first: by CreatedAt, then ID, descending.
	Results(ctx context.Context, query ResultQuery) ([]Result, error)
	// DeleteResult removes the result of one of the kinds, or returns ErrNotFound.
	DeleteResult(ctx context.Context, id string, kinds ...Kind) error
}

// ResultQuery chooses a page of results.
type ResultQuery struct {
	ClientID int32
	Kinds    []Kind
	After    *ResultKey // the last one of the page before
	Limit    int
}

// ResultKey is a result's place in the order of lists, and a job's.
type ResultKey struct {
	CreatedAt viewing.Millis
	ID        string
}

// Maintainer does the work that keeps reading fast. It never changes a result.
type Maintainer interface {
	// Maintain folds what is due: every day that had ended by closed, and any day with very many reports. It may be
	// stopped at any moment and called at any time.
	Maintain(ctx context.Context, closed viewing.Millis) error
}

// Monitor is how operators see the engine.
type Monitor interface {
	// Ping returns nil while the store can serve, else an error that wraps ErrUnavailable.
	Ping(ctx context.Context) error
	// Size is the space that the store takes, in bytes.
	Size(ctx context.Context) (int64, error)
	// Describe names the engine and where its data is, for the log; never a password.
	Describe() string
}

// Store is a whole engine.
type Store interface {
	SessionWriter
	Subscriptions
	Aggregator
	ProgrammeRanker
	SilenceFinder
	SessionReader
	CatalogWriter
	CatalogReader
	ResultStore
	JobStore
	ChangeVersions
	FigureStore
	OnlineFinder
	ViewerCounter
	SubscriberCounter
	ProgrammeRater
	CurveReader
	FlowReader
	LedgerReader
	PaymentReader
	Eraser
	Exporter
	Maintainer
	Monitor
	// Close ends all work and lets go of the data. Nothing that was acknowledged depends on it.
	Close() error
}

// MaintenanceInterval is how often a running service calls Maintain.
const MaintenanceInterval = time.Minute
