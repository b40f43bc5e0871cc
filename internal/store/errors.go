package store

import (
	"errors"
	"fmt"
)

// What callers distinguish. Engines wrap these with what, where and what to do.
var (
	// ErrNotFound: nothing is stored under the id.
	ErrNotFound = errors.New("not found")
	// ErrUnavailable: the store cannot serve now; the same call may work later.
	ErrUnavailable = errors.New("store unavailable")
	// ErrInUse: another process holds the data.
	ErrInUse = errors.New("store in use")
	// ErrLeaseLost: the job was given to another, has ended or was handed back.
	ErrLeaseLost = errors.New("lease lost")
	// ErrMoved: the data changed since what is to be done was planned; it must be planned anew.
	ErrMoved = errors.New("data changed meanwhile")
	// ErrOldSchema: the data must be brought to the schema of this program first.
	ErrOldSchema = errors.New("store must be migrated")
	// ErrNewerSchema: the data was written by a newer version of the program.
	ErrNewerSchema = errors.New("store has a newer schema")
)

// UnknownClient is the ErrNotFound of a client, which says when there will be one.
func UnknownClient(clientID int32) error {
	return fmt.Errorf("client %d: %w; a client exists from its first accepted view event or Sync on", clientID, ErrNotFound)
}
