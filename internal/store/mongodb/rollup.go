package mongodb

import (
	"context"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var _ store.Maintainer = (*Store)(nil)

// rollup is a document of the collection rollups: what one kind of question needs to know of the sessions that started in
// one span of a day. Where that is too much for one document there are several.
type rollup struct {
	ID       string        `bson:"_id"` // client/day/version/span/kind/part
	Version  int64         `bson:"version"`
	Span     string        `bson:"span"` // an hour, "00" to "23", or wholeDay
	Kind     string        `bson:"kind"`
	Groups   []rollupGroup `bson:"groups,omitempty"`
	Accounts []byte        `bson:"accounts,omitempty"` // those who watched, ascending; see packed
}

// wholeDay is the span that windows read of days that they hold; at their edges they read hours.
const wholeDay = "day"

// sessionsInHour is how many sessions there must be in an hour for rollups of it. Of fewer they would not be much smaller
// than the sessions, of which one request reads so many at once.
const sessionsInHour int64 = 1000

// The kinds of rollups: what they tell, and of what.
const (
	lengthsRollup  = "lengths/"
	edgesRollup    = "edges/"
	ofChannels     = "channels" // for questions that ask for no device or tariff
	ofGroups       = "groups"
	accountsRollup = "accounts" // of whole days only
)

// rollupID is the _id of a part of a rollup of the day as it was seen.
func (d dayState) rollupID(span, kind string, part int) string {
	return fmt.Sprintf("%s/%d/%s/%s/%d", d.ID, d.Version, span, kind, part)
}

// rollupIDs are the _ids of all parts of a rollup of the day, which is rolled up.
func (d dayState) rollupIDs(span, kind string) []string {
	ids := make([]string, d.Rollups[rollupName(span, kind)])
	for part := range ids {
		ids[part] = d.rollupID(span, kind, part)
	}
	return ids
}

// hasRollups tells whether there are rollups of the span.
func (d dayState) hasRollups(span string) bool {
	return d.Rollups[rollupName(span, lengthsRollup+ofChannels)] > 0
}

// rollupName is the name under which a day counts the documents of a rollup.
func rollupName(span, kind string) string { return span + "/" + kind }

func (r *rollup) name() string { return rollupName(r.Span, r.Kind) }

// Maintain rolls up the days that had ended by closed; see store.Maintainer. Several processes may do so at once: each takes
// days that no other has claimed, and if two do the same one they write the same.
func (s *Store) Maintain(ctx context.Context, closed viewing.Millis) error {
	if err := s.writable(ctx); err != nil {
		return err
	}
	return s.consistently(ctx, func(ctx context.Context) error { return s.foldAndRollUp(ctx, closed) })
}

func (s *Store) foldAndRollUp(ctx context.Context, closed viewing.Millis) error {
	if err := s.foldDue(ctx); err != nil {
		return fault(ctx, "fold reports", err)
	}
	if err := s.settleDays(ctx); err != nil {
		return fault(ctx, "settle days", err)
	}
	due, err := s.dueDays(ctx, closed)
	if err != nil {
		return fault(ctx, "find days to roll up", err)
	}
	until := time.Now().Add(foldedAfter)
	for _, day := range due {
		if time.Now().After(until) {
			return nil // the others come next time: what was written meanwhile is to be folded
		}
		if err := s.rollUp(ctx, day); err != nil {
			return fault(ctx, "roll up "+day.ID, err)
		}
	}
	return nil
}

// rollUp rolls the day up as it was seen, if no other process does, in steps that may each be the last one.
func (s *Store) rollUp(ctx context.Context, day dayState) error {
	if own, err := s.claim(ctx, day); err != nil || !own {
		return err
	}
	rollups, err := s.makeRollups(ctx, day)
	if err != nil {
		return err
	}
	return followedUp(ctx,
		func(ctx context.Context) error {
			if err := s.writeRollups(ctx, rollups); err != nil {
				return err
			}
			return s.setRolled(ctx, day, rollups)
		},
		func(ctx context.Context) error { return s.sweepRollups(ctx, day) })
}

// makeRollups sums up the sessions of the day. They are read one by one, once, in the order of their hours: how servers
// group by arrays differs.
func (s *Store) makeRollups(ctx context.Context, day dayState) ([]rollup, error) {
	made := summary{day: day, least: s.sessionsInHour, accounts: map[int64]struct{}{}}
	sessions, err := s.sessionsIn(ctx, day.ClientID, day.day().Window())
	if err != nil {
		return nil, err
	}
	cursor, err := sessions.Find(ctx, bson.M{"_id": startedIn(day.ClientID, day.day().Window())},
		options.Find().SetSort(bson.M{"_id": 1}).SetProjection(watchedFields))
	err = eachOf(ctx, cursor, err, func(w *watchedSession) error {
		made.add(w)
		return nil
	})
	return made.end(), err
}

func (s *Store) writeRollups(ctx context.Context, rollups []rollup) error {
	models := make([]mongo.WriteModel, len(rollups))
	for i := range rollups {
		models[i] = mongo.NewReplaceOneModel().SetFilter(bson.M{"_id": rollups[i].ID}).SetReplacement(&rollups[i]).SetUpsert(true)
	}
	return bulkUpsert(ctx, s.collection(rollupsCollection), models)
}

// sweepRollups removes what was rolled up of the day under the versions that it had before, also by whoever is late with it: it
// may tell of somebody who was erased. A reader that is at it begins anew.
func (s *Store) sweepRollups(ctx context.Context, day dayState) error {
	now, err := readOne[dayState](ctx, s.collection(daysCollection), bson.M{"_id": day.ID})
	if err != nil {
		return err
	}
	_, err = s.collection(rollupsCollection).DeleteMany(ctx, bson.M{
		"_id": below(day.ID), "version": bson.M{"$lt": now.Version},
	})
	return err
}
