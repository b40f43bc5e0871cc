package replica

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/tvstats/tvstats/internal/store"
)

// Options say how a replica behaves. The zero value of each means the default.
type Options struct {
	Log    *slog.Logger  // of what happens in the background
	Follow time.Duration // how often a replica without work looks at the log; 200 ms
	// ApplyTimeout is how long an operation waits until it is applied here; 20 s. It may be applied later all the same.
	ApplyTimeout time.Duration
	// A checkpoint is made once so many entries, or so many bytes of them, came after the last one: 20,000 and 256 MiB.
	CheckpointEntries uint64
	CheckpointBytes   int64
	// ErasedWithin is how soon after an erasure a checkpoint follows, after which the log has no personal data of the account; 1 h.
	ErasedWithin time.Duration
}

func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.Follow = cmp.Or(o.Follow, 200*time.Millisecond)
	o.ApplyTimeout = cmp.Or(o.ApplyTimeout, 20*time.Second)
	o.CheckpointEntries = cmp.Or(o.CheckpointEntries, 20_000)
	o.CheckpointBytes = cmp.Or(o.CheckpointBytes, 256<<20)
	o.ErasedWithin = cmp.Or(o.ErasedWithin, time.Hour)
	return o
}

// Store is a replica. It serves any number of goroutines.
type Store struct {
	log     Log
	disk    Disk
	options Options
	owner   string // of this run, in claims

	work context.Context //nolint:containedctx // that of the goroutines below, which end with Close
	end  context.CancelFunc
	done sync.WaitGroup

	replacing sync.RWMutex // shared by who uses local; to make it again is to take it alone
	local     Local

	snapshots sync.RWMutex // shared by open snapshots of local; to make it again is to take it alone

	following  sync.Mutex    // one goroutine applies at a time; it guards what follows
	at         store.Applied // how far local is
	dirty      bool          // at must be read from local again
	verify     bool          // the entry at at must be looked at again
	verified   time.Time     // when it was last
	damaged    atomic.Bool   // a block of local was found damaged
	closed     bool          // local is closed, since making it anew broke off
	manifested string        // the manifest of the base that was seen last

	submitted chan *pending
	appended  atomic.Pointer[string] // ID of the last entry of its own that it tried to append
	othersAt  atomic.Int64           // when an entry of another replica was last applied, in milliseconds since 1970
	waiting   sync.Map               // of *pending, by id of the operation
	fences    fences

	checkpoints *checkpoints
	trouble     atomic.Pointer[error] // why the log can't be followed now
	behind      atomic.Int64          // entries seen and not yet applied
	applied     atomic.Uint64         // position
	base        atomic.Uint64         // position

	leases       *leases
	audits       *audits
	caughtUp     atomic.Int64           // when a look last showed nothing that was not applied, in milliseconds since 1970
	checkpointAt atomic.Int64           // when the newest checkpoint was made, likewise; 0 = not known
	loaded       atomic.Pointer[string] // the manifest that the local store was made of in this run
	differing    atomic.Int64           // days
}

// Open opens the replica. It does not wait for the log: calls do, until the local store has caught up.
func Open(ctx context.Context, log Log, disk Disk, options Options) (*Store, error) {
	local, err := open(ctx, disk)
	if err != nil {
		return nil, err
	}
	work, end := context.WithCancel(context.WithoutCancel(ctx))
	s := &Store{
		log: log, disk: disk, options: options.withDefaults(), owner: uuid.NewString(), work: work, end: end,
		local: local, dirty: true, submitted: make(chan *pending),
		fences: fences{wake: make(chan struct{}, 1)},
	}
	s.caughtUp.Store(time.Now().UnixMilli())
	s.checkpoints, s.audits, s.leases = newCheckpoints(s), newAudits(s), newLeases()
	s.done.Go(s.appendAll)
	s.done.Go(s.follow)
	s.done.Go(s.serveFences)
	s.done.Go(s.checkpoints.run)
	s.done.Go(s.audits.run)
	return s, nil
}

// open opens the local store, and makes it anew where it is the store that cannot be opened. A process that holds it, a newer
// schema, and a machine that lacks descriptors, room or the right to read are no reason to remove it.
func open(ctx context.Context, disk Disk) (Local, error) {
	local, err := disk.Open(ctx)
	if err == nil || ctx.Err() != nil {
		return local, err
	}
	for _, kept := range []error{store.ErrInUse, store.ErrNewerSchema, store.ErrUnavailable} {
		if errors.Is(err, kept) {
			return nil, err
		}
	}
	if removed := disk.Remove(); removed != nil {
		return nil, errors.Join(err, removed)
	}
	return disk.Open(ctx)
}

// Close ends the replica's work. What was submitted and is not acknowledged may be in the log or not.
func (s *Store) Close() error {
	s.end()
	s.done.Wait()
	s.replacing.Lock()
	defer s.replacing.Unlock()
	if s.closed {
		return s.log.Close()
	}
	return errors.Join(s.local.Close(), s.log.Close())
}

// Status is how a replica is doing.
type Status struct {
	Position uint64 // applied here
	Behind   int64  // entries seen in the log and not yet applied
	Base     uint64 // position of the newest checkpoint
	Trouble  error  // why the log can't be followed; nil = it can

	CaughtUpAt   time.Time // when a look at the log last showed nothing that was not applied; at first when the replica was opened
	CheckpointAt time.Time // when the newest checkpoint was made, by the clock of who made it; zero where none was seen yet
	// Differing counts days that were not the same here as in a checkpoint of another replica, since the replica was opened.
	Differing int64
}

// Status returns how the replica is doing.
func (s *Store) Status() Status {
	status := Status{
		Position: s.applied.Load(), Behind: s.behind.Load(), Base: s.base.Load(),
		CaughtUpAt: time.UnixMilli(s.caughtUp.Load()), Differing: s.differing.Load(),
	}
	if at := s.checkpointAt.Load(); at != 0 {
		status.CheckpointAt = time.UnixMilli(at)
	}
	if trouble := s.trouble.Load(); trouble != nil {
		status.Trouble = *trouble
	}
	return status
}

// Ping returns why the replica can't serve: the log can't be followed, does not respond, or there is more of it than was applied.
func (s *Store) Ping(ctx context.Context) error {
	_, err := read(ctx, s, func(l Local) (nothing, error) { return nothing{}, l.Ping(ctx) })
	if err == nil {
		return nil
	}
	switch status := s.Status(); {
	case status.Behind > 0 && errors.Is(err, context.DeadlineExceeded):
		err = fmt.Errorf("catching up with the log: at %d, %d entries to go", status.Position, status.Behind)
	case status.Trouble != nil:
		err = status.Trouble
	case errors.Is(err, context.DeadlineExceeded):
		err = fmt.Errorf("%s does not respond; see that it runs and can be reached", s.log.Describe())
	}
	return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
}

// Size is what the log takes.
func (s *Store) Size(ctx context.Context) (int64, error) { return s.log.Size(ctx) }

// Extent is how many entries the log holds, and how many bytes they have.
func (s *Store) Extent(ctx context.Context) (entries, bytes int64, err error) {
	return s.log.Extent(ctx)
}

// CopySize is what the local store takes, in bytes.
func (s *Store) CopySize(ctx context.Context) (int64, error) {
	s.replacing.RLock()
	defer s.replacing.RUnlock()
	return s.local.Size(ctx)
}

// Describe names the log.
func (s *Store) Describe() string { return s.log.Describe() }

var _ store.Store = (*Store)(nil)
