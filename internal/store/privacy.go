package store

import (
	"context"

	"github.com/tvstats/tvstats/internal/store/erasure"
	"github.com/tvstats/tvstats/internal/viewing"
)

// Erased is how much was removed of an account.
type Erased struct {
	Sessions int64 // merged ones
	States   int64 // of the account
	Payments int64 // those included that were marked as deleted and still named it
}

// Erasures reports which accounts were erased.
type Erasures interface {
	// IsErased reports whether an account was erased; it is called for every report and must be fast.
	IsErased(ctx context.Context, clientID int32, accountID int64) (bool, error)
	// Erasures returns all that is remembered of erased accounts, for AddErasures of another store.
	Erasures(ctx context.Context) (*erasure.Set, error)
	// AddErasures remembers, durably, what another store does. It removes nothing: it comes before the data of the other
	// store, which holds nothing of these accounts. Adding again changes nothing. erasure.ErrOtherKey: it cannot be added.
	AddErasures(ctx context.Context, erased *erasure.Set) error
}

// Removal is a choice of a client's viewing that is to go.
type Removal struct {
	ClientID  int32
	AccountID int64          // 0 = of all accounts
	Before    viewing.Millis // only sessions that started before; Never = all
}

// Lost is one hour of which viewing went, or is to go, between First and Last, both included.
type Lost struct {
	Online   bool           // somebody was online then; else sessions started then
	Hour     viewing.Millis // its first instant, in UTC
	First    viewing.Millis
	Last     viewing.Millis
	DataFrom viewing.Millis // from when on nothing of what went is missing
}

// In reports whether what went lies in the window.
func (l Lost) In(w viewing.Window) bool { return l.First < w.To && l.Last >= w.From }

// Kept is what stays in the place of viewing that is removed, and what it was computed from.
type Kept struct {
	// Lost is what Losing returned before anything else was read.
	Lost []Lost
	// Figures are stored with the removal; where one of the same kind, client and start is there already, that one stays.
	Figures []Figure
	// Window and Viewing are the hours that the figures depend on, and their version when they were computed. Late means that
	// data which came after that counts as late: the version is not looked at.
	Window  viewing.Window
	Viewing int64
	Late    bool
}

// Anonymous is what stays of accounts that were erased, for another store: what makes the ledger and the payments of the past
// add up, and what was kept of viewing that is gone. It has no personal data; an account is a negative number.
type Anonymous struct {
	Ledger   []LedgerEntry
	Payments []AnonymousPayment
	Figures  []Figure // of the kinds of GoneKinds
	Lost     []Lost
}

// LedgerEntry is what became of an account at an instant. Only active accounts have tariffs here.
type LedgerEntry struct {
	Account                int64
	At                     viewing.Millis
	Existed, Existing      bool
	WasActive, Active      bool
	HadTariffs, HasTariffs []int32
}

// AnonymousPayment is a payment without its account.
type AnonymousPayment struct {
	Account     int64
	AmountMinor int64
	Currency    string
	PaidAt      viewing.Millis
}

// Eraser removes personal data, and viewing that is kept no longer.
//
// What goes of viewing changes the versions of the hours that it started in. Both removals refuse, with ErrMoved and without
// doing anything, what was planned from data that has changed since: if they would remove other hours than those of Kept.Lost,
// or if the version of Kept.Window is not Kept.Viewing.
type Eraser interface {
	Erasures
	// Losing returns the hours of which the removal would remove viewing, in the order of Online, then Hour.
	Losing(ctx context.Context, removal Removal) ([]Lost, error)
	// Lost returns those of which viewing was removed, as far as it lies in the window, in the same order.
	Lost(ctx context.Context, clientID int32, window viewing.Window) ([]Lost, error)
	// EraseAccount removes, durably and in one step, all that names an account, and remembers in a form from which the
	// account cannot be read that it was erased. From then on AppendReports and ApplyCatalog ignore data of
	// it. In the ledger the account is removed at the instant, under a number that stands for no account, and its payments stay
	// under that number. Erasing again removes nothing, and is no error; neither is an account that nothing is stored about.
	EraseAccount(ctx context.Context, clientID int32, accountID int64, at viewing.Millis, kept Kept) (Erased, error)
	// Expiring returns, by client, the UTC days of whose viewing something is stored and that had ended by before, ascending.
	Expiring(ctx context.Context, before viewing.Millis) (map[int32][]viewing.Day, error)
	// ExpireViewing removes, durably and in one step, the sessions that started on the day.
	ExpireViewing(ctx context.Context, clientID int32, day viewing.Day, kept Kept) error
	// Anonymous returns what stays of erased accounts and of viewing that is gone. AddAnonymous puts it in the place of what
	// another store has of the client; adding again changes nothing.
	Anonymous(ctx context.Context, clientID int32) (Anonymous, error)
	AddAnonymous(ctx context.Context, clientID int32, anonymous Anonymous) error
}
