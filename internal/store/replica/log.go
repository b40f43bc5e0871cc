// Package replica makes a store out of a local one and a log that any number of replicas share: what changes the store is
// appended to the log as an operation and applied to the local store by every replica, in the order of the log.
package replica

import (
	"context"
	"errors"
	"io"
	"time"
)

// ErrTaken means that the position holds an entry already: another's, or this very one where an earlier response was lost.
var ErrTaken = errors.New("position of the log is taken")

// ErrBaseMoved means that another checkpoint became the base meanwhile.
var ErrBaseMoved = errors.New("base of the log has moved")

// Entry is one position of the log.
type Entry struct {
	Position   uint64 // 1, 2, 3 …
	ID         string // random, of this entry
	Previous   string // ID of the entry before, "" for the first
	LogID      string // of the log that it belongs to
	Format     int32  // of Operations
	Operations []byte // zstd-compressed protobuf, under 12 MB
}

// Base names the newest complete checkpoint. Entries at or below its position are never used.
type Base struct {
	LogID    string
	Position uint64 // 0 where there is no checkpoint yet
	Manifest string // name of the part that lists the others, "" where there is none
	EntryID  string // ID of the entry at Position
}

// Log is the shared order of all changes. Writes are durable on a majority before they return.
type Log interface {
	// Append inserts the entry if its position is free. An error other than ErrTaken leaves open whether it did: the same
	// entry is then tried again, byte for byte, until it returns nil or ErrTaken.
	Append(ctx context.Context, entry Entry) error
	// Look begins a causally consistent session in which only what a majority has is seen.
	Look(ctx context.Context) (View, error)
	// Fence does, after a small write of its own: whatever was acknowledged by anybody before it is visible to the view,
	// also right after an election.
	Fence(ctx context.Context) (View, error)

	// PutPart stores a part of a checkpoint under a name that nothing has; Part reads one back. HasPart returns whether
	// a part is there whole.
	PutPart(ctx context.Context, name string, content io.Reader) error
	Part(ctx context.Context, name string) (io.ReadCloser, error)
	HasPart(ctx context.Context, name string) (bool, error)
	// Parts lists the names of all parts; RemoveParts removes some. Removing what is gone is no error.
	Parts(ctx context.Context) ([]string, error)
	RemoveParts(ctx context.Context, names []string) error
	// MoveBase makes next the base if from still is, else it is ErrBaseMoved. An error that leaves the outcome open is
	// resolved by reading the base again.
	MoveBase(ctx context.Context, from, next Base) error
	// Trim removes the entries up to and with the position.
	Trim(ctx context.Context, position uint64) error
	// Claim takes or prolongs the right to make checkpoints, for a while. It saves work; correctness does not need it.
	Claim(ctx context.Context, owner string, length time.Duration) (bool, error)
	// Describe names the log, never with a password. Size is in bytes, of entries and of parts.
	Describe() string
	Size(ctx context.Context) (int64, error)
	// Extent is how many entries the log holds, those that were to be trimmed included, and how many bytes they have.
	Extent(ctx context.Context) (entries, bytes int64, err error)
	Close() error
}

// View reads the log as of one causally consistent session, which moves forward only.
type View interface {
	// Read returns the consecutive entries from the position on that are visible, none where it is empty, a bounded number at a time,
	// and the base, read after them. Where base.Position >= from what was read must be discarded and the checkpoint loaded.
	Read(ctx context.Context, from uint64) (entries []Entry, base Base, err error)
	Close()
}
