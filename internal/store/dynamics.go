package store

import (
	"context"
	"encoding/json"
	"maps"
	"math"
	"time"

	"github.com/tvstats/tvstats/internal/viewing"
)

// The roles of this file return what subscriber dynamics are made of, each figure of one client. Boundaries are ascending
// instants, two or more, that cut time into the periods [b0, b1), [b1, b2) and so on; a result by period holds one element
// for each of these, in this order, those in which nothing happened included.

// Version counts changes of a client's data, of each kind apart. A part grows with every change and never shrinks, so that
// equal versions, and equal sums of versions, mean that nothing changed. It may grow without a change: a report that comes
// twice counts again.
type Version struct {
	Viewing  int64 // of sessions, by started_at
	Accounts int64 // of the ledger, by the instants of its entries
	Payments int64 // by paid_at; one that moves changes the hour that it leaves, too
	// Pending is a digest of how the ledger at the time of the query differs from that of all states that were received, by the
	// instants of its entries; 0 where it does not. It is the one part that also changes as time passes, and may shrink; the ledger
	// is the same for as long as Accounts and Pending are.
	Pending int64
}

// HourVersion is the version of one hour.
type HourVersion struct {
	Hour viewing.Millis // its first instant
	Version
}

// ChangeVersions reports whether data changed. A version and the data that it belongs to become visible together, also after
// a crash, so that a figure computed after reading versions is right for as long as they stay what they were.
type ChangeVersions interface {
	// Versions returns the version at now of all hours before the window together, and that of each hour that begins in it,
	// ascending; hours that never had data are left out.
	Versions(ctx context.Context, clientID int32, window viewing.Window, now viewing.Millis) (before Version, hours []HourVersion, err error)
	// Exclusions returns the version of which accounts of the client are excluded at now: equal ones mean the same accounts, it
	// is 0 where none ever was by then, and it becomes another one when a state changes that, or when a state that does takes
	// effect. All figures of viewing that is still stored depend on it, whatever their time, while no version of an hour moves
	// with it: keep it in the stamp of each, and read it before the figure, with the same now.
	Exclusions(ctx context.Context, clientID int32, now viewing.Millis) (uint64, error)
	// Beginning returns when the client's data begins, by the ledger at now.
	Beginning(ctx context.Context, clientID int32, now viewing.Millis) (Beginning, error)
}

// Beginning is the first instant with data of each kind, Never where there is none.
type Beginning struct {
	Viewing  viewing.Millis // started_at of a session, also of one that was removed
	Accounts viewing.Millis // an entry of the ledger
	Payments viewing.Millis // paid_at of a payment
}

// Never is later than every instant.
const Never viewing.Millis = math.MaxInt64

// FigureKind is a kind of computed figure. The numbers are kept in stores: never renumber.
type FigureKind uint8

// The kinds of figures. Start is that of the hour, day or month.
const (
	MaxOnlineDay FigureKind = 1
	Snapshot     FigureKind = 4 // Start is the instant that it is of
	LedgerHour   FigureKind = 5
	LedgerDay    FigureKind = 6
	PaymentsHour FigureKind = 7
	PaymentsDay  FigureKind = 8
	WatchHour    FigureKind = 9
	WatchDay     FigureKind = 10
	RecordOnline FigureKind = 17 // the greatest number online of a day that is recorded

	// What was kept of viewing before it was removed, by UTC and by the client's calendar. It is never replaced.
	GoneWatchDay        FigureKind = 11
	GoneWatchClientDay  FigureKind = 12
	GoneOnlineDay       FigureKind = 13
	GoneOnlineClientDay FigureKind = 14
	GoneMonth           FigureKind = 15
	GoneClientMonth     FigureKind = 16
)

// GoneKinds are the kinds of figures that cannot be computed again.
var GoneKinds = []FigureKind{GoneWatchDay, GoneWatchClientDay, GoneOnlineDay, GoneOnlineClientDay, GoneMonth, GoneClientMonth}

// Figure is something that was computed from other data. The store looks into neither Stamp, which says what it was computed
// from, nor Body.
type Figure struct {
	Kind     FigureKind
	ClientID int32
	Start    viewing.Millis
	Stamp    string
	Body     json.RawMessage
}

// FigureStore keeps computed figures, one for each kind, client and start.
type FigureStore interface {
	// SaveFigures stores all, durably, or none; each takes the place of the one that was there.
	SaveFigures(ctx context.Context, figures []Figure) error
	// Figures returns those that start in the window, ascending.
	Figures(ctx context.Context, kind FigureKind, clientID int32, window viewing.Window) ([]Figure, error)
	// DeleteFigures removes, durably, those with the starts; others are passed over.
	DeleteFigures(ctx context.Context, kind FigureKind, clientID int32, starts []viewing.Millis) error
}

// Peak is the greatest number online at once, and the first instant at which it was reached, 0 where Count is 0.
type Peak struct {
	Count int64
	At    viewing.Millis
}

// DayPeak is the peaks of one day.
type DayPeak struct {
	Start    viewing.Millis // of the day, also where the window begins later
	Accounts Peak
	Devices  Peak // by device_uid
}

// Viewers is how many distinct ones.
type Viewers struct {
	Accounts int64
	Devices  int64 // by device_uid
}

// OnlineFinder finds how many are online, that is in [StartedAt, At) of a session, at once: an account or device with
// several sessions at one instant counts once, a session of no length never. Of a session longer than
// viewing.LongestSession, which the service never accepts, an engine may lose sight.
type OnlineFinder interface {
	// Peaks returns the peaks of each day that the window touches, ascending, those without viewing included. Days are 24
	// hours long, and the first one begins at midnight, which is at most 24 hours before the window. Only what lies in the
	// window counts.
	Peaks(ctx context.Context, clientID int32, midnight viewing.Millis, window viewing.Window, now viewing.Millis) ([]DayPeak, error)
	// Online returns who is online at asOf as far as reports show: whose session began before it and was reported
	// later than timeout before it, unless it had ended by asOf.
	Online(ctx context.Context, clientID int32, asOf viewing.Millis, timeout time.Duration, now viewing.Millis) (Viewers, error)
}

// Watch is how much was watched.
type Watch struct {
	Accounts int64 // distinct, with a session of whatever length
	Seconds  int64 // that count by the client's policy
	Sessions int64
	Cut      int64 `json:",omitempty"` // seconds that do not count
}

// ViewerCounts are how many watched, that is had a session that started, in the time before an instant.
type ViewerCounts struct {
	In24Hours, In7Days, In30Days Viewers
	ByDevice                     map[string]int64 // accounts in 30 days by kind of device; never 0
}

// ViewerCounter counts who watched.
type ViewerCounter interface {
	// ViewerCounts returns how many watched before asOf. Accounts that the state current at now excludes are left out.
	ViewerCounts(ctx context.Context, clientID int32, asOf, now viewing.Millis) (ViewerCounts, error)
}

// Flows counts what became of accounts. An account exists from the earlier of its first changed_at and the registered_at
// that is current, if one was given, until a state that says that it is deleted; a later state makes it exist anew. Its first
// state is in force from then on, each other one from its changed_at. A state whose changed_at is later than the time of the
// query has no effect yet: neither itself nor its registered_at.
type Flows struct {
	New           int64 // began to exist
	NewActive     int64 // of these, active from the first
	Activated     int64 // became active while they existed
	Deactivated   int64 // became inactive while they existed
	Removed       int64 // ceased to exist
	RemovedActive int64 // of these, active until then
}

// Existing is how many more accounts exist.
func (f Flows) Existing() int64 { return f.New - f.Removed }

// Active is how many more accounts are active.
func (f Flows) Active() int64 { return f.NewActive + f.Activated - f.Deactivated - f.RemovedActive }

// LedgerReader reads how accounts come and go, by the states whose changed_at is not later than now.
type LedgerReader interface {
	// Flows returns the flows of all time before the first boundary, and of each period. Every change counts: an account
	// that is switched off and on counts in both.
	Flows(ctx context.Context, clientID int32, boundaries []viewing.Millis, now viewing.Millis) (before Flows, periods []Flows, err error)
	// ActiveByTariff returns for each of the ascending instants how many accounts of each tariff are active after all
	// that happened before it; tariffs without any are left out.
	ActiveByTariff(ctx context.Context, clientID int32, instants []viewing.Millis, now viewing.Millis) ([]map[int32]int64, error)
}

// TariffLevels adds up how the number of active accounts of each tariff changed before each instant since the one before it,
// to what LedgerReader.ActiveByTariff returns: engines count changes, and this is what they come to.
func TariffLevels(changes []map[int32]int64) []map[int32]int64 {
	level := map[int32]int64{}
	levels := make([]map[int32]int64, len(changes))
	for i, change := range changes {
		for tariff, accounts := range change {
			level[tariff] += accounts
		}
		maps.DeleteFunc(level, func(_ int32, accounts int64) bool { return accounts == 0 })
		levels[i] = maps.Clone(level)
	}
	return levels
}

// Payments sums up payments, refunds and those of 0 included.
type Payments struct {
	Count    int64
	Accounts int64            // distinct, that they are of
	Sums     map[string]int64 `json:",omitempty"` // of amount_minor by currency; 0 where they cancel out, the nearest int64 beyond it
}

// PaymentReader reads what was paid.
type PaymentReader interface {
	// PaymentsByPeriod sums up the payments of each period that are not deleted.
	PaymentsByPeriod(ctx context.Context, clientID int32, boundaries []viewing.Millis) ([]Payments, error)
}
