package store

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/tvstats/tvstats/internal/viewing"
)

// The whole state of a store travels as parts: files in Parquet, compressed with zstd, one for each table, and one for the
// sessions of each UTC day. They hold values, never numbers that mean something in one store only, and their rows are in a
// fixed order, so that stores with equal contents write equal parts, byte for byte, whatever was folded when. Backups and
// checkpoints are made of them.

// PartsFormat is the number of the format of parts that this program writes, and the greatest that it reads.
const PartsFormat = 1

// ErrDamaged means that what was to be loaded is not what was written.
var ErrDamaged = errors.New("damaged")

// ErrLoss means that a store holds less than was acknowledged. It says how much is missing and since when.
var ErrLoss = errors.New("data is missing")

// ErrNotEmpty means that there is data where a state was to be loaded.
var ErrNotEmpty = errors.New("not empty")

// Part is one file of a state.
type Part struct {
	Name   string `json:"name"`   // for example "accounts.parquet" or "sessions/2026-11-28.parquet"
	SHA256 string `json:"sha256"` // of the file, 64 hexadecimal digits
	Bytes  int64  `json:"bytes"`  // of the file
	Rows   int64  `json:"rows"`   // records in it
	// Changes is how often viewing that began on the day of a part with sessions changed, as Version.Viewing counts, of all clients.
	Changes int64 `json:"changes,omitempty"`
}

// sessionsFolder is what the names of parts with sessions begin with.
const sessionsFolder = "sessions/"

// ErasuresPart is the name of the part with what is remembered of erased accounts.
const ErasuresPart = "erasures.parquet"

// SessionsPart is the name of the part with the sessions that began on the day.
func SessionsPart(day viewing.Day) string { return sessionsFolder + day.String() + ".parquet" }

// IsSessions reports whether the part holds the sessions of a day.
func (p Part) IsSessions() bool { return strings.HasPrefix(p.Name, sessionsFolder) }

// Manifest lists all parts of a state. Without all of them, as they are listed, the state cannot be loaded.
type Manifest struct {
	Format  int            `json:"format"`  // of the parts, from 1
	Schema  int            `json:"schema"`  // version of the store's schema; an older one is brought forward when it is loaded
	Reports int64          `json:"reports"` // ever received, as Version.Viewing counts them, of all clients
	First   viewing.Millis `json:"first"`   // least started_at of a session in it; 0 where there is none
	Last    viewing.Millis `json:"last"`    // greatest
	Parts   []Part         `json:"parts"`   // in the order in which they are written
	// Engine is what wrote the files, and its version: another one may write other bytes for the same rows.
	Engine string `json:"engine,omitempty"`
}

// Snapshotter is a store that can write its whole state while it serves.
type Snapshotter interface {
	// Snapshot holds on to the state of this moment: all that was acknowledged before the call is in it. What is written
	// later is not, and does not wait for it. It costs nothing until its parts are written. Call Close in the end.
	Snapshot(ctx context.Context) (State, error)
}

// State is the contents of a store at one moment. One goroutine uses it.
type State interface {
	// WriteParts hands over one part after the other, whose content is read before use returns, and returns the manifest.
	// An error of use ends it.
	WriteParts(ctx context.Context, use func(part Part, content io.Reader) error) (Manifest, error)
	// Differing returns the names of those parts with sessions that this state contradicts, which is the manifest's or a later one of
	// the same history: their days changed less often, or as often and the rows are not the same. Only parts for which look returns
	// true are looked at, and none where another engine wrote them.
	Differing(ctx context.Context, manifest Manifest, look func(Part) bool) ([]string, error)
	// Rows is how many records the parts will have, or somewhat more, since reports of one session are one record.
	Rows(ctx context.Context) (int64, error)
	// Close lets go of the state.
	Close() error
}

// Loader puts the state of a manifest where there is no store yet, whole or not at all. open returns the content of a part,
// which is closed after it was read; the parts are requested in the order of the manifest, each once.
type Loader func(ctx context.Context, manifest Manifest, open func(Part) (io.ReadCloser, error)) error
