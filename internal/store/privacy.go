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

// Erasures tells which accounts were erased.
type Erasures interface {
	// IsErased tells whether an account was erased; it is asked for every report and must be fast.
	IsErased(ctx context.Context, clientID int32, accountID int64) (bool, error)
	// Erasures answers all that is remembered of erased accounts, for AddErasures of another store.
	Erasures(ctx context.Context) (*erasure.Set, error)
	// AddErasures remembers, durably, what another store does. It removes nothing: it comes before the data of the other
	// store, which holds nothing of these accounts. Adding again changes nothing. erasure.ErrOtherKey: it cannot be added.
	AddErasures(ctx context.Context, erased *erasure.Set) error
}

// Eraser forgets what names somebody.
//
// What it removes changes no version: figures that were computed of it and name nobody are right for as long as nothing
// else of their time changes.
type Eraser interface {
	Erasures
	// EraseAccount removes, durably and in one step, all that is stored about an account, and remembers in a form from
	// which the account cannot be read that it was erased. From then on AppendReports and ApplyCatalog pass over what
	// they are told of it. Erasing again removes nothing, and is no error; neither is an account that nothing is
	// stored about.
	EraseAccount(ctx context.Context, clientID int32, accountID int64) (Erased, error)
	// ExpireViewing removes the sessions of all days that had ended by before.
	ExpireViewing(ctx context.Context, before viewing.Millis) error
}
