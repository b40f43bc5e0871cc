package replica

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/google/uuid"

	"github.com/tvstats/tvstats/internal/store"
)

// pending is an operation whose outcome a caller waits for.
type pending struct {
	operation
	outcome chan outcome // takes one value without a reader
}

// outcome is what applying the operation returned.
type outcome struct {
	result any
	err    error
}

// errUnknown means that the operation is in, but what it returned was not seen here.
var errUnknown = fmt.Errorf("%w: the outcome is not known; ask again", store.ErrUnavailable)

var errNoResponse = fmt.Errorf("%w: the log does not respond; try again", store.ErrUnavailable)

// submit has the operation appended and returns what applying it here returned. Where ctx ends earlier it may be in or not.
func (s *Store) submit(ctx context.Context, method string, arguments []byte) (any, error) {
	p := &pending{
		operation: operation{id: uuid.NewString(), method: method, arguments: arguments}, outcome: make(chan outcome, 1),
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.waiting.Store(p.id, p)
	defer s.waiting.Delete(p.id)
	tooLong := time.NewTimer(s.options.ApplyTimeout)
	defer tooLong.Stop()
	select {
	case s.submitted <- p:
	case <-tooLong.C:
		return nil, errNoResponse
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-s.work.Done():
		return nil, errClosed
	}
	select {
	case o := <-p.outcome:
		return o.result, o.err
	case <-tooLong.C:
		return nil, errNoResponse
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-s.work.Done():
		return nil, errClosed
	}
}

var errClosed = fmt.Errorf("%w: the store was closed", store.ErrUnavailable)

// appendAll appends what is submitted, one entry at a time, each with all that waits.
func (s *Store) appendAll() {
	for {
		select {
		case first := <-s.submitted:
			began := time.Now()
			s.append(s.gather(first))
			s.giveWay(time.Since(began))
		case <-s.work.Done():
			return
		}
	}
}

// contention is for how long after an entry of another replica this one counts as competing with it for positions.
const contention = time.Second

// giveWay pauses for as long as the last entry took, at most 50 ms, while others append too. Who has just appended would always be first
// again: it has applied its own entry already, and the others have to before they can append the next.
func (s *Store) giveWay(took time.Duration) {
	if time.Since(time.UnixMilli(s.othersAt.Load())) < contention {
		s.pause(min(took, 50*time.Millisecond))
	}
}

// gather takes what else was submitted, up to what fits.
func (s *Store) gather(first *pending) []*pending {
	group, size := []*pending{first}, len(first.arguments)
	for size < gatherBytes {
		select {
		case next := <-s.submitted:
			group, size = append(group, next), size+len(next.arguments)
		default:
			return group
		}
	}
	return group
}

// append appends the operations at the first position that is free, until the local store has applied them, or nobody waits for
// them any more. The position must not be so far away that their ids could have been forgotten.
func (s *Store) append(group []*pending) {
	tries, first := retry(), uint64(0)
	for s.work.Err() == nil {
		at, err := s.tryAppend(group)
		if group = s.unapplied(group); len(group) == 0 {
			return
		}
		first = cmp.Or(first, at)
		switch {
		case at > first+store.AppliedIDs/2:
			fail(group, cmp.Or(err, errOvertaken))
			return
		case err != nil:
			if group = slices.DeleteFunc(group, s.given); len(group) == 0 {
				return
			}
			s.pause(tries.NextBackOff())
		default: // somebody else had the position
			tries.Reset()
		}
	}
}

var errOvertaken = errors.New("others were always first")

// tryAppend makes one entry for the next position and tries until it, or another, is there, and is applied. It returns the position.
func (s *Store) tryAppend(group []*pending) (uint64, error) {
	at, err := s.position()
	if err == nil && at.LogID == "" { // not even looked at the log yet
		if err = s.passed(0); err == nil {
			at, err = s.position()
		}
	}
	if err != nil {
		return 0, err
	}
	operations := make([]operation, len(group))
	for i, p := range group {
		operations[i] = p.operation
	}
	encoded, err := s.operationsFor(at.Position+1, operations)
	if err != nil {
		s.noteTrouble(err)
		return at.Position + 1, err
	}
	entry := Entry{
		Position: at.Position + 1, ID: uuid.NewString(), Previous: at.EntryID, LogID: at.LogID, Format: Format,
		Operations: encoded,
	}
	s.appended.Store(&entry.ID)
	tries := retry()
	for {
		err := s.log.Append(s.work, entry)
		if err == nil || errors.Is(err, ErrTaken) {
			break
		}
		s.noteTrouble(err)
		if s.work.Err() != nil || !s.wanted(group) {
			return entry.Position, err
		}
		s.pause(tries.NextBackOff())
	}
	return entry.Position, s.passed(entry.Position)
}

// errEntryGone says that the log lacks an entry that was in it: the database was restored to before it.
var errEntryGone = fmt.Errorf("%w: the log was restored to before the entry", store.ErrUnavailable)

// passed has the local store apply the log up to the position, which holds an entry, or had one. A look may come before the entry is
// visible; behind a fence, what is not visible is gone, and maybe what was applied before it, too.
func (s *Store) passed(position uint64) error {
	for fenced := false; ; fenced = true {
		err := s.lookAgain(fenced)
		if at, known := s.position(); err == nil && known == nil && at.Position >= position {
			return nil
		}
		if s.work.Err() != nil {
			return errClosed
		}
		if err != nil {
			s.noteTrouble(err)
			return err
		}
		if fenced {
			return errEntryGone
		}
	}
}

// unapplied leaves those that are not in yet, and returns errUnknown to those that were applied unseen.
func (s *Store) unapplied(group []*pending) []*pending {
	return slices.DeleteFunc(group, func(p *pending) bool {
		s.replacing.RLock()
		defer s.replacing.RUnlock()
		has, err := s.local.HasApplied(s.work, p.id)
		if err != nil || !has {
			return false
		}
		// It came with a checkpoint. Where what applying it returned was seen, that was given before.
		if onlySucceeds[p.method] {
			p.give(outcome{result: nothing{}})
		}
		p.give(outcome{err: errUnknown})
		return true
	})
}

// give sends the outcome to the caller that waits, unless it was sent.
func (p *pending) give(o outcome) {
	select {
	case p.outcome <- o:
	default:
	}
}

// given reports whether no caller waits any more.
func (s *Store) given(p *pending) bool {
	_, waits := s.waiting.Load(p.id)
	return !waits
}

// wanted reports whether anybody still waits for one of the group.
func (s *Store) wanted(group []*pending) bool {
	return slices.ContainsFunc(group, func(p *pending) bool { return !s.given(p) })
}

func fail(group []*pending, err error) {
	for _, p := range group {
		p.give(outcome{err: fmt.Errorf("%w: append to the log: %w", store.ErrUnavailable, err)})
	}
}

// retry is how long to wait between attempts.
func retry() *backoff.ExponentialBackOff {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval, b.MaxInterval = 2*time.Millisecond, time.Second
	b.Reset()
	return b
}

// pause waits, or until the store is closed.
func (s *Store) pause(length time.Duration) {
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.work.Done():
	}
}

// noteTrouble is for Ping; nil means that there is none.
func (s *Store) noteTrouble(err error) {
	if err == nil {
		s.trouble.Store(nil)
	} else if s.work.Err() == nil {
		if s.trouble.Swap(&err) == nil {
			s.options.Log.Warn("the log cannot be followed", "error", err)
		}
	}
}

func (s *Store) position() (store.Applied, error) {
	s.following.Lock()
	defer s.following.Unlock()
	err := s.refresh()
	return s.at, err
}
