package mongodb

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"

	"github.com/tvstats/tvstats/internal/viewing"
)

// Folding merges the entries of the journal into sessions and then removes them. It may be done to an entry any number of
// times, by any number of processes at once and stop at any moment: sessions merge, and an entry goes only when its
// reports are in sessions that a majority has. Whoever does not find an entry any more finds the sessions. It marks no
// day and raises no version: that was done when the entry was written, and whoever reads sessions folds first.

const (
	foldedAtOnce   = 200_000         // reports that are merged in memory
	foldedAfter    = 5 * time.Minute // is how old entries become: the older, the more reports of one session meet
	foldedFrom     = 500_000         // reports are folded sooner
	foldedByWriter = 1_000_000       // reports are folded by the writer, which slows down those who send them
	orphanedAfter  = 3 * foldedAfter // entries are folded by anybody
)

// sessionsIn answers the collection of sessions once all is in it that was reported so far of sessions of the client that
// started in the window.
func (s *Store) sessionsIn(ctx context.Context, clientID int32, w viewing.Window) (*mongo.Collection, error) {
	return s.collection(sessionsCollection), s.foldMatching(ctx, bson.M{"_id": ofDays(clientID, w)})
}

// foldMatching folds the entries that match by now.
func (s *Store) foldMatching(ctx context.Context, match bson.M) error {
	if err := s.folding.Acquire(ctx, 1); err != nil {
		return err
	}
	defer s.folding.Release(1)
	entries, err := find[journalEntry](ctx, s.collection(reportsCollection), match, options.Find().SetProjection(bson.M{"reports": 0}))
	if err != nil {
		return err
	}
	for _, some := range portions(entries) {
		if err := s.foldPortion(ctx, some); err != nil {
			return err
		}
	}
	return nil
}

// foldEntries folds these; who wants to read need not wait for the last of them.
func (s *Store) foldEntries(ctx context.Context, entries []journalEntry) error {
	for _, some := range portions(entries) {
		if err := s.foldMatching(ctx, bson.M{"_id": bson.M{"$in": some}}); err != nil {
			return err
		}
	}
	return nil
}

// foldBacklog folds what was taken of the backlog.
func (s *Store) foldBacklog(ctx context.Context, taken []journalEntry) error {
	err := s.foldEntries(ctx, taken)
	if err != nil {
		s.backlog.putBack(taken)
	}
	return err
}

// foldExcess folds as much as is merged at once when this process wrote too much to go on.
func (s *Store) foldExcess(ctx context.Context) error {
	return s.foldBacklog(ctx, s.backlog.takeExcess(foldedByWriter, foldedAtOnce))
}

// foldDue folds what this process wrote when it has become much or old, and what others left behind.
func (s *Store) foldDue(ctx context.Context) error {
	if err := s.foldBacklog(ctx, s.backlog.takeDue(foldedFrom, time.Now().Add(-foldedAfter))); err != nil {
		return err
	}
	return s.foldMatching(ctx, bson.M{"written_at": bson.M{"$lt": time.Now().Add(-orphanedAfter)}})
}

// portions are the _ids of the entries in lists of about foldedAtOnce reports.
func portions(entries []journalEntry) [][]string {
	var all [][]string
	reports := foldedAtOnce
	for _, e := range entries {
		if reports += e.Count; reports > foldedAtOnce {
			all, reports = append(all, nil), e.Count
		}
		last := &all[len(all)-1]
		*last = append(*last, e.ID)
	}
	return all
}

func (s *Store) foldPortion(ctx context.Context, ids []string) error {
	erased, err := s.erasedNow(ctx)
	if err != nil {
		return err
	}
	read, reports, err := s.readEntries(ctx, ids)
	if err != nil {
		return err
	}
	if sessions := merged(erased.Reports(reports)); len(sessions) > 0 {
		err := followedUp(ctx,
			func(ctx context.Context) error { return s.upsertSessions(ctx, sessions) },
			func(ctx context.Context) error { return s.forget(ctx, erased, sessions) })
		if err != nil {
			return err
		}
	}
	return s.removeEntries(ctx, read)
}

// readEntries answers the _ids of those entries that it found, and their reports. A primary that has just been elected may
// not find what was found before it: only what was read may be removed.
func (s *Store) readEntries(ctx context.Context, ids []string) (read []string, reports []viewing.Report, err error) {
	cursor, err := s.collection(reportsCollection).Find(ctx, bson.M{"_id": bson.M{"$in": ids}})
	err = eachOf(ctx, cursor, err, func(e *journalEntry) error {
		some, err := e.lines()
		read, reports = append(read, e.ID), append(reports, some...)
		return err
	})
	return read, reports, err
}

func (s *Store) removeEntries(ctx context.Context, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	_, err := s.collection(reportsCollection).DeleteMany(ctx, bson.M{"_id": bson.M{"$in": ids}})
	return err
}
