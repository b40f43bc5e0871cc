package replica

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/tvstats/tvstats/internal/store"
)

// follow applies in the background what others append.
func (s *Store) follow() {
	tick := time.NewTicker(s.options.Follow)
	defer tick.Stop()
	for {
		s.noteTrouble(s.look())
		select {
		case <-tick.C:
		case <-s.work.Done():
			return
		}
	}
}

// look applies what is visible. After a start or an error it is behind a fence: a server that has just been elected may not know yet
// what a majority has, and what was applied here would seem to be gone.
func (s *Store) look() error {
	s.following.Lock()
	fenced := s.dirty || s.verify
	s.following.Unlock()
	if fenced {
		return s.behindFence()
	}
	view, err := s.log.Look(s.work)
	if err != nil {
		return err
	}
	defer view.Close()
	return s.catchUp(view, false)
}

// lookAgain is look, or where the log seems to lack what was in it, behind a fence and with another look at the last entry applied.
func (s *Store) lookAgain(suspect bool) error {
	if !suspect {
		return s.look()
	}
	s.following.Lock()
	s.verify = s.at.Position > 0
	s.following.Unlock()
	return s.behindFence()
}

// behindFence applies what anybody was acknowledged before the call.
func (s *Store) behindFence() error {
	view, err := s.log.Fence(s.work)
	if err != nil {
		return err
	}
	defer view.Close()
	return s.catchUp(view, true)
}

// refresh reads from the local store how far it is, after an error that left it open. s.following is held.
func (s *Store) refresh() (err error) {
	if !s.dirty {
		return nil
	}
	if s.closed {
		if err := s.reopen(); err != nil {
			return err
		}
	}
	s.replacing.RLock()
	defer s.replacing.RUnlock()
	if s.at, err = s.local.Applied(s.work); err == nil {
		s.dirty, s.verify = false, s.at.Position > 0
		s.applied.Store(s.at.Position)
	}
	return err
}

// errOtherHistory means that the local store holds what is not in this log: the database was restored, or is another one.
var errOtherHistory = errors.New("the local store is not of this log")

// verifyEvery is how often a read looks whether the last entry that was applied is still in the log: the database can be restored to
// an earlier state while replicas run.
const verifyEvery = time.Second

// catchUp applies what the view shows. Entries count only if the base that was read after them lies before them. What is not visible
// behind a fence is not there.
func (s *Store) catchUp(view View, fenced bool) error {
	s.following.Lock()
	defer s.following.Unlock()
	if err := s.replaceDamaged(); err != nil {
		return err
	}
	if err := s.refresh(); err != nil {
		return err
	}
	if fenced && time.Since(s.verified) > verifyEvery {
		s.verify = s.at.Position > 0
	}
	for again := false; ; {
		more, err := s.step(view, fenced)
		if errors.Is(err, errOtherHistory) && !again {
			again = true // what was just made from the log and does not fit it either is a fault of the log
			s.options.Log.Warn("the local store is made again", "position", s.at.Position, "reason", err)
			more, err = true, s.rebuild()
		}
		if err != nil {
			s.dirty = true
			s.noteDamage(err)
			return err
		}
		if !more {
			s.behind.Store(0)
			s.caughtUp.Store(time.Now().UnixMilli())
			return nil
		}
	}
}

// step applies the next entries, and reports whether there were any. After a start or an error, and now and then, it looks at the last
// entry that was applied again: a database that was restored lacks it, or has another one there.
func (s *Store) step(view View, fenced bool) (bool, error) {
	from := s.at.Position + 1
	if s.verify && fenced || s.partly() {
		from = max(s.at.Position, 1)
	}
	entries, base, err := view.Read(s.work, from)
	if err == nil && base.Position == s.at.Position && from == s.at.Position { // the entry may be gone
		from++
		entries, base, err = view.Read(s.work, from)
	}
	if err != nil {
		return false, err
	}
	s.noteBase(base)
	if s.at.LogID == "" {
		s.at.LogID = base.LogID // nothing was applied yet
	}
	switch {
	case base.LogID != s.at.LogID:
		return false, fmt.Errorf("%w: it is of log %s, and this is %s", errOtherHistory, s.at.LogID, base.LogID)
	case base.Position > s.at.Position:
		return true, s.load(base)
	case base.Position == s.at.Position && s.at.Position > 0 && base.EntryID != s.at.EntryID:
		return false, fmt.Errorf("%w: entry %d is another one", errOtherHistory, s.at.Position)
	case from == s.at.Position:
		if len(entries) == 0 && !fenced {
			return false, fmt.Errorf("%w: entry %d is not visible yet", store.ErrUnavailable, s.at.Position)
		}
		if len(entries) == 0 || entries[0].ID != s.at.EntryID {
			return false, fmt.Errorf("%w: entry %d is another one", errOtherHistory, s.at.Position)
		}
		if !s.partly() {
			entries = entries[1:]
		}
	}
	if s.verify && fenced {
		s.verify, s.verified = false, time.Now()
	}
	for i, entry := range entries {
		s.behind.Store(int64(len(entries) - i))
		if err := s.apply(entry); err != nil {
			return false, err
		}
	}
	s.behind.Store(0) // as far as this look shows
	return len(entries) > 0, nil
}

// noteBase notes which checkpoint is the newest one. s.following is held.
func (s *Store) noteBase(base Base) {
	s.base.Store(base.Position)
	if base.Manifest != s.manifested {
		s.manifested = base.Manifest
		s.checkpoints.newest()
		s.audits.newest(base)
	}
}

// partly reports whether only some operations of the last entry are in, after a crash between two.
func (s *Store) partly() bool { return s.at.Position > 0 && s.at.Operation != allOperations }

// allOperations is Applied.Operation of an entry that is in whole.
const allOperations = -1

// apply applies the entry, or the rest of it. An operation and how far the store is then become visible in one transaction.
func (s *Store) apply(entry Entry) error {
	first := 0
	if entry.Position == s.at.Position {
		first = s.at.Operation
	} else if entry.Position != s.at.Position+1 || entry.Previous != s.at.EntryID || entry.LogID != s.at.LogID {
		return fmt.Errorf("%w: entry %d does not follow entry %d", errOtherHistory, entry.Position, s.at.Position)
	}
	operations, err := decode(entry)
	if err != nil {
		return err
	}
	for i := first; i < len(operations); i++ {
		to := store.Applied{LogID: entry.LogID, Position: entry.Position, EntryID: entry.ID, Operation: i + 1}
		if i == len(operations)-1 {
			to.Operation = allOperations
		}
		if err := s.applyOne(operations[i], to); err != nil {
			return fmt.Errorf("apply entry %d of the log: %w", entry.Position, err)
		}
		s.at = to
	}
	s.applied.Store(entry.Position)
	if own := s.appended.Load(); own == nil || *own != entry.ID {
		s.othersAt.Store(time.Now().UnixMilli())
	}
	s.checkpoints.appended(len(entry.Operations))
	return nil
}

func (s *Store) applyOne(op operation, to store.Applied) error {
	do, known := methods[op.method]
	if !known {
		return fmt.Errorf("%w: it has an operation %q; run the newer version here, too", store.ErrNewerSchema, op.method)
	}
	arguments, err := s.argumentsOf(s.work, op)
	if err != nil {
		return err
	}
	s.replacing.RLock()
	defer s.replacing.RUnlock()
	o, done := outcome{}, false
	err = s.local.Apply(s.work, op.id, to, func(ctx context.Context) error {
		result, err := do(ctx, s.local, arguments)
		if err != nil && !ofTheDomain(err) {
			return err // of this machine: it must be applied again, never passed over
		}
		o, done = outcome{result: result, err: err}, true
		return nil
	})
	if err != nil {
		return err
	}
	if op.method == eraseAccount.name {
		s.checkpoints.dueSoon()
	}
	if waits, found := s.waiting.Load(op.id); found && done {
		waits.(*pending).give(o) //nolint:forcetypeassert // nothing else is stored there
	}
	return nil
}

// replaceDamaged makes the local store again where a block of it was found damaged. s.following is held.
func (s *Store) replaceDamaged() error {
	if !s.damaged.Load() {
		return nil
	}
	s.options.Log.Warn("the local store is made again, since a block of it is damaged", "position", s.at.Position)
	if err := s.rebuild(); err != nil {
		return err
	}
	s.damaged.Store(false)
	return nil
}

// rebuild makes the local store again, from the newest checkpoint or from the first entry. s.following is held.
func (s *Store) rebuild() error {
	view, err := s.log.Fence(s.work)
	if err != nil {
		return err
	}
	defer view.Close()
	_, base, err := view.Read(s.work, 1)
	if err != nil {
		return err
	}
	return s.load(base)
}

// load makes the local store what the base names. s.following is held.
func (s *Store) load(base Base) error {
	manifest, err := s.manifest(base)
	if err != nil {
		return err
	}
	if manifest != nil {
		if err := s.disk.Check(manifest.State); err != nil {
			return fmt.Errorf("load the checkpoint at %d: %w", base.Position, err)
		}
	}
	s.snapshots.Lock() // an open one would hold on to the files
	defer s.snapshots.Unlock()
	s.replacing.Lock()
	defer s.replacing.Unlock()
	s.dirty, s.closed = true, true
	if err := errors.Join(s.local.Close(), s.disk.Remove()); err != nil {
		return err
	}
	if manifest != nil {
		err = s.disk.Load(s.work, manifest.State, func(part store.Part) (io.ReadCloser, error) {
			return s.log.Part(s.work, manifest.Stored[part.Name])
		})
	}
	local, opened := s.disk.Open(s.work)
	if opened != nil {
		return errors.Join(err, opened)
	}
	s.local, s.closed = local, false
	if err != nil {
		return fmt.Errorf("load the checkpoint at %d: %w", base.Position, err)
	}
	s.at = store.Applied{LogID: base.LogID, Position: base.Position, EntryID: base.EntryID, Operation: allOperations}
	if err := local.StartAt(s.work, s.at); err != nil {
		return err
	}
	s.dirty = false
	s.applied.Store(s.at.Position)
	s.loaded.Store(&base.Manifest)
	return nil
}

// reopen opens the local store where making it anew broke off. s.following is held.
func (s *Store) reopen() error {
	s.replacing.Lock()
	defer s.replacing.Unlock()
	local, err := open(s.work, s.disk)
	if err == nil {
		s.local, s.closed = local, false
	}
	return err
}

// manifest reads which parts a checkpoint has; nil where the base is the empty beginning.
func (s *Store) manifest(base Base) (*manifest, error) {
	if base.Manifest == "" {
		return nil, nil //nolint:nilnil // there is no checkpoint
	}
	content, err := s.log.Part(s.work, base.Manifest)
	if err != nil {
		return nil, fmt.Errorf("read the manifest of the checkpoint at %d: %w", base.Position, err)
	}
	m := &manifest{}
	if err := errors.Join(json.NewDecoder(content).Decode(m), content.Close()); err != nil {
		return nil, fmt.Errorf("read the manifest of the checkpoint at %d: %w", base.Position, err)
	}
	return m, nil
}
