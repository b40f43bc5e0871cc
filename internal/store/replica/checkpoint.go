package replica

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/tvstats/tvstats/internal/store"
)

// manifest is what a checkpoint consists of. It is a part itself, which the base names.
type manifest struct {
	State   store.Manifest
	Stored  map[string]string // under which name each part of the state is stored
	Before  string            // the manifest before, whose parts are kept as long as this one's
	MadeAt  time.Time
	Builder string
}

// checkpoints makes checkpoints when they are due.
type checkpoints struct {
	of *Store

	mu sync.Mutex
	owed
	wake chan struct{}
}

// owed is why a checkpoint is to be made.
type owed struct {
	entries uint64 // applied since the last checkpoint was seen
	bytes   int64
	due     time.Time // after an erasure, a start or a failure; zero = not
}

// claimLength is for how long no other replica makes a checkpoint.
const claimLength = 10 * time.Minute

// newCheckpoints has one made soon after a start, too: an erasure may have come before the end of the last run.
func newCheckpoints(of *Store) *checkpoints {
	c := &checkpoints{of: of, wake: make(chan struct{}, 1)}
	c.dueSoon()
	return c
}

// appended counts an entry that was applied. Where another replica has the claim, the next try is that of the minute, not of the
// next entry.
func (c *checkpoints) appended(size int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	before := c.full()
	c.entries++
	c.bytes += int64(size)
	if !before && c.full() {
		c.wakeUp()
	}
}

// full is whether so much came since the last checkpoint that another one is due. c.mu is held.
func (c *checkpoints) full() bool {
	return c.entries >= c.of.options.CheckpointEntries || c.bytes >= c.of.options.CheckpointBytes
}

// newest begins to count anew at a newer checkpoint, whoever made it.
func (c *checkpoints) newest() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.entries, c.bytes = 0, 0
}

// dueSoon has one made some time after an erasure that any replica asked for, so that the log holds nothing of the account.
func (c *checkpoints) dueSoon() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.due.IsZero() {
		c.due = time.Now().Add(c.of.options.ErasedWithin)
	}
}

func (c *checkpoints) wakeUp() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// run makes checkpoints until the store is closed. To fail does no harm: the log goes on growing, and it is tried again.
func (c *checkpoints) run() {
	minute := time.NewTicker(time.Minute)
	defer minute.Stop()
	for {
		select {
		case <-c.wake:
		case <-minute.C:
			if !c.isDue() {
				continue
			}
		case <-c.of.work.Done():
			return
		}
		if err := c.try(c.of.tryCheckpoint); err != nil && c.of.work.Err() == nil {
			c.of.options.Log.Warn("a checkpoint was not made; it is tried again", "error", err)
		}
	}
}

func (c *checkpoints) isDue() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.full() || !c.due.IsZero() && time.Now().After(c.due)
}

// try has a checkpoint made. What was owed before stays so unless it was made here: another's may be of before an erasure. What
// comes while it is made may not be in it, and stays owed in any case.
func (c *checkpoints) try(makeOne func() (made bool, err error)) error {
	c.mu.Lock()
	before := c.owed
	c.owed = owed{}
	c.mu.Unlock()
	made, err := makeOne()
	if made && err == nil {
		return nil
	}
	if err != nil {
		before.due = time.Now() // it is tried again in a minute
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.entries += before.entries
	c.bytes += before.bytes
	if !before.due.IsZero() {
		c.due = before.due // it is the earlier one
	}
	return err
}

// tryCheckpoint makes a checkpoint if no other replica does.
func (s *Store) tryCheckpoint() (bool, error) {
	mine, err := s.log.Claim(s.work, s.owner, claimLength)
	if err != nil || !mine {
		return false, err
	}
	return true, s.Checkpoint(s.work)
}

// Checkpoint writes the state at a position, makes it the base and removes what nobody needs any more. ErrBaseMoved: another
// was faster.
func (s *Store) Checkpoint(ctx context.Context) error {
	if err := s.fresh(ctx); err != nil {
		return err
	}
	from, err := s.currentBase(ctx)
	if err != nil {
		return err
	}
	state, at, err := s.snapshot(ctx)
	if err != nil {
		return err
	}
	defer state.Close()               //nolint:errcheck // it was only read
	if at.Position <= from.Position { // nothing happened since, but what was to be removed may be there still
		return s.clean(ctx, from)
	}
	next := Base{LogID: at.LogID, Position: at.Position, EntryID: at.EntryID}
	if next.Manifest, err = s.writeCheckpoint(ctx, state, from, at); err != nil {
		return err
	}
	if err := s.log.MoveBase(ctx, from, next); err != nil {
		return err
	}
	s.base.Store(next.Position)
	return s.clean(ctx, next)
}

// clean removes what nobody needs any more since the base is what it is.
func (s *Store) clean(ctx context.Context, base Base) error {
	if base.Manifest == "" {
		return nil
	}
	if err := s.log.Trim(ctx, base.Position); err != nil {
		return err
	}
	return s.sweep(ctx, base)
}

// snapshot holds on to the state at a position: nothing is applied while it begins.
func (s *Store) snapshot(ctx context.Context) (store.State, store.Applied, error) {
	s.following.Lock()
	defer s.following.Unlock()
	if err := s.refresh(); err != nil {
		return nil, s.at, err
	}
	if s.partly() {
		return nil, s.at, fmt.Errorf("%w: entry %d is not applied whole", store.ErrUnavailable, s.at.Position)
	}
	s.replacing.RLock()
	defer s.replacing.RUnlock()
	state, err := s.local.Snapshot(ctx)
	if err != nil {
		return nil, s.at, err
	}
	s.snapshots.RLock()
	return &snapshot{State: state, release: sync.OnceFunc(s.snapshots.RUnlock)}, s.at, nil
}

// snapshot keeps the local store from being made again until it is closed.
type snapshot struct {
	store.State
	release func()
}

// Close lets go of the state.
func (s *snapshot) Close() error {
	defer s.release()
	return s.State.Close()
}

// Snapshot holds on to the state that has all that was acknowledged before the call; see store.Snapshotter.
func (s *Store) Snapshot(ctx context.Context) (store.State, error) {
	if err := s.fresh(ctx); err != nil {
		return nil, err
	}
	state, _, err := s.snapshot(ctx)
	return state, err
}

func (s *Store) currentBase(ctx context.Context) (Base, error) {
	view, err := s.log.Look(ctx)
	if err != nil {
		return Base{}, err
	}
	defer view.Close()
	_, base, err := view.Read(ctx, 1<<62)
	return base, err
}

// writeCheckpoint stores the parts and the manifest, and returns the manifest's name. What the manifest that the base names has
// already is not stored again: nobody removes it as long as the base stays.
func (s *Store) writeCheckpoint(ctx context.Context, state store.State, from Base, at store.Applied) (string, error) {
	before, err := s.manifest(from)
	if err != nil {
		return "", err
	}
	known := map[string]string{} // from what a part is to where it is stored
	if before != nil {
		for _, part := range before.State.Parts {
			known[part.Name+part.SHA256] = before.Stored[part.Name]
		}
	}
	builder := uuid.NewString()
	made := &manifest{Stored: map[string]string{}, Before: from.Manifest, MadeAt: time.Now().UTC(), Builder: s.owner}
	made.State, err = state.WriteParts(ctx, func(part store.Part, content io.Reader) error {
		name, stored := known[part.Name+part.SHA256]
		if !stored {
			name = partName(from.Position, at.Position, builder, part)
			if err := s.log.PutPart(ctx, name, content); err != nil {
				return err
			}
		}
		made.Stored[part.Name] = name
		return nil
	})
	if err != nil {
		return "", err
	}
	return putManifest(ctx, s.log, made, from.Position, at.Position, builder)
}

// sweep removes parts that were built on an older base than this checkpoint was, and that neither it nor the one before names. Where
// accounts were erased since the one before, that one goes too, and what others built on the base that this one was built on: it
// holds what was erased, and nobody can make it the base any more. Who is loading it begins again.
func (s *Store) sweep(ctx context.Context, base Base) error {
	current, err := s.manifest(base)
	if err != nil {
		return err
	}
	before, err := s.before(ctx, current)
	if err != nil {
		return err
	}
	keep := map[string]bool{base.Manifest: true}
	keepParts(keep, current)
	erased := current.erasures() != before.erasures()
	if before != nil && !erased {
		keep[current.Before] = true
		keepParts(keep, before)
	}
	all, err := s.log.Parts(ctx)
	if err != nil {
		return err
	}
	gone := slices.DeleteFunc(all, func(name string) bool {
		if position, is := ofEntry(name); is {
			return position > base.Position
		}
		order := strings.Compare(name[:min(len(name), builtOn)], base.Manifest[:builtOn])
		return keep[name] || order > 0 || order == 0 && !erased
	})
	if len(gone) == 0 {
		return nil
	}
	return s.log.RemoveParts(ctx, gone)
}

// builtOn is how many characters the position takes that a part was built on; names of parts begin with it.
const builtOn = 20

// before reads the manifest before this one, nil where there is none or it is gone.
func (s *Store) before(ctx context.Context, m *manifest) (*manifest, error) {
	if m.Before == "" {
		return nil, nil //nolint:nilnil // there was no checkpoint before
	}
	if has, err := s.log.HasPart(ctx, m.Before); err != nil || !has {
		return nil, err
	}
	return s.manifest(Base{Manifest: m.Before})
}

func keepParts(keep map[string]bool, m *manifest) {
	for _, name := range m.Stored {
		keep[name] = true
	}
}

// erasures is the hash of the erasures that the state remembers, "" where there is no manifest.
func (m *manifest) erasures() string {
	if m == nil {
		return ""
	}
	for _, part := range m.State.Parts {
		if part.Name == store.ErasuresPart {
			return part.SHA256
		}
	}
	return ""
}
