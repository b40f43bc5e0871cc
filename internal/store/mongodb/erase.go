package mongodb

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var _ store.Eraser = (*Store)(nil)

// Erasing is not one step here. First every process is made to know that the account is erased, then what is there is
// removed: folding leaves it out of the journal. Whoever began to write or to fold before looks again afterwards, and removes
// what should not be there (mourn). So whoever comes last removes it, and only a process that dies between the two leaves
// anything: to erase again helps.

// EraseAccount removes an account; see store.Eraser.
func (s *Store) EraseAccount(ctx context.Context, clientID int32, accountID int64) (removed store.Erased, err error) {
	if err := s.writable(ctx); err != nil {
		return store.Erased{}, err
	}
	err = s.consistently(ctx, func(ctx context.Context) error {
		removed, err = s.eraseAccount(ctx, clientID, accountID)
		return err
	})
	return removed, err
}

func (s *Store) eraseAccount(ctx context.Context, clientID int32, accountID int64) (store.Erased, error) {
	journal := bson.M{"_id": ofClient(clientID)}
	if err := s.foldMatching(ctx, journal); err != nil { // so that its sessions are counted
		return store.Erased{}, fault(ctx, "fold reports", err)
	}
	if err := s.bury(ctx, clientID, accountID); err != nil {
		return store.Erased{}, fault(ctx, "remember an erased account", err)
	}
	if err := s.foldMatching(ctx, journal); err != nil {
		return store.Erased{}, fault(ctx, "erase an account from the journal", err)
	}
	removed, err := s.removeAccount(ctx, clientID, accountID)
	return removed, fault(ctx, "erase an account", err)
}

// IsErased tells whether an account was erased, as far as this process has heard; whoever writes asks the server.
func (s *Store) IsErased(ctx context.Context, clientID int32, accountID int64) (bool, error) {
	known := s.erased.Load()
	if known == nil {
		var err error
		if known, err = s.erasedPatiently(ctx); err != nil {
			return false, err
		}
	}
	return known.Has(clientID, accountID), nil
}

// followedUp writes and then follows that up, also where the writing failed or the caller went away: some may be written.
func followedUp(ctx context.Context, write, followUp func(context.Context) error) error {
	written := write(ctx)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), answerTimeout)
	defer cancel()
	return errors.Join(written, followUp(ctx))
}

// accountOf is an account of a client.
type accountOf struct {
	client  int32
	account int64
}

// mourn removes of what was just written that which was erased since before was read.
func (s *Store) mourn(ctx context.Context, before *erasures, written []accountOf) error {
	now, err := s.erasedNow(ctx)
	if err != nil || now == before {
		return err
	}
	slices.SortFunc(written, func(a, b accountOf) int {
		return strings.Compare(entityID(a.client, a.account), entityID(b.client, b.account))
	})
	for _, w := range slices.Compact(written) {
		if now.Has(w.client, w.account) {
			if _, err := s.removeAccount(ctx, w.client, w.account); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Store) removeAccount(ctx context.Context, client int32, account int64) (removed store.Erased, err error) {
	if removed.Sessions, err = s.removeSessions(ctx, bson.M{"client_id": client, "account_id": account}); err != nil {
		return removed, err
	}
	id := entityID(client, account)
	known, err := readOne[accountDocument](ctx, s.collection(accountsCollection), bson.M{"_id": id})
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return removed, err
	}
	removed.States = int64(len(known.States))
	if _, err := s.collection(accountsCollection).DeleteOne(ctx, bson.M{"_id": id}); err != nil {
		return removed, err
	}
	outcome, err := s.collection(paymentsCollection).DeleteMany(ctx, bson.M{"_id": ofClient(client), "account_id": account})
	if err != nil {
		return removed, err
	}
	removed.Payments = outcome.DeletedCount
	return removed, s.upsertClient(ctx, client, bson.M{"$inc": bson.M{"accounts_revision": int64(1)}}) // lets caches forget its tariffs
}

// removedAtOnce is how many sessions go at a time: so few that their days are not marked for long, and a day of millions is
// never in memory.
const removedAtOnce = 10_000

// removeSessions removes the sessions that match and the rollups of their days, which may tell of them.
func (s *Store) removeSessions(ctx context.Context, match bson.M) (removed int64, err error) {
	var ids []string
	remove := func() error {
		some, err := s.removeThese(ctx, ids)
		removed, ids = removed+some, ids[:0]
		return err
	}
	cursor, err := s.collection(sessionsCollection).Find(ctx, match,
		options.Find().SetProjection(bson.M{"_id": 1}).SetBatchSize(removedAtOnce))
	err = eachOf(ctx, cursor, err, func(d *struct {
		ID string `bson:"_id"`
	}) error {
		if ids = append(ids, d.ID); len(ids) < removedAtOnce {
			return nil
		}
		return remove()
	})
	if err != nil || len(ids) == 0 {
		return removed, err
	}
	return removed, remove()
}

// removeThese removes sessions by their _ids.
func (s *Store) removeThese(ctx context.Context, ids []string) (removed int64, err error) {
	days := converted(ids, dayOf)
	slices.Sort(days)
	days = slices.Compact(days)
	err = s.unrolled(ctx, days, func() error {
		outcome, err := s.collection(sessionsCollection).DeleteMany(ctx, bson.M{"_id": bson.M{"$in": ids}})
		if err != nil {
			return err
		}
		removed = outcome.DeletedCount
		return s.removeRollups(ctx, days)
	})
	return removed, err
}

// removeRollups removes those of any version of the days. Who makes one of sessions that are gone removes it himself.
func (s *Store) removeRollups(ctx context.Context, days []string) error {
	models := make([]mongo.WriteModel, len(days))
	for i, day := range days {
		models[i] = mongo.NewDeleteManyModel().SetFilter(bson.M{"_id": below(day)})
	}
	_, err := s.collection(rollupsCollection).BulkWrite(ctx, models, options.BulkWrite().SetOrdered(false))
	return err
}

// unrolled writes to days between two marks, as counting does, but counts no change: see store.Eraser.
func (s *Store) unrolled(ctx context.Context, days []string, write func() error) error {
	c, these := s.collection(daysCollection), bson.M{"$in": days}
	_, err := c.UpdateMany(ctx, bson.M{"_id": these}, bson.M{
		"$inc": bson.M{"version": int64(1), "writing": 1}, "$set": bson.M{"rolled": false, "touched_at": time.Now()},
	})
	if err != nil {
		return err
	}
	if err := write(); err != nil {
		return err
	}
	_, err = c.UpdateMany(ctx, bson.M{"_id": these, "writing": bson.M{"$gt": 0}}, bson.M{"$inc": bson.M{"writing": -1}})
	return err
}

// ExpireViewing removes the sessions of days, each of which then counts as expired until something is written to it.
func (s *Store) ExpireViewing(ctx context.Context, before viewing.Millis) error {
	if err := s.writable(ctx); err != nil {
		return err
	}
	return s.consistently(ctx, func(ctx context.Context) error { return s.expireDays(ctx, before) })
}

func (s *Store) expireDays(ctx context.Context, before viewing.Millis) error {
	notYet := bson.M{"$in": bson.A{false, nil}} // nil where it was never said; an index does not serve "not true"
	due, err := s.manyDays(ctx, bson.M{"expired": notYet, "day": bson.M{"$lt": date(before.Day().Start())}})
	if err != nil {
		return fault(ctx, "find old days", err)
	}
	for _, day := range due {
		if err := s.expire(ctx, day); err != nil {
			return fault(ctx, "remove the viewing of "+day.ID, err)
		}
	}
	return nil
}

// forget removes of what was just folded that which was erased since before was read, and the sessions of days that
// expire.
func (s *Store) forget(ctx context.Context, before *erasures, sessions []viewing.Report) error {
	var accounts []accountOf
	days := map[string]struct{}{}
	for i := range sessions {
		accounts = append(accounts, accountOf{sessions[i].ClientID, sessions[i].AccountID})
		days[dayID(sessions[i].ClientID, sessions[i].StartedAt.Day())] = struct{}{}
	}
	expired, err := s.days(ctx, bson.M{"_id": bson.M{"$in": slices.Collect(maps.Keys(days))}, "expiring": true})
	if err != nil {
		return err
	}
	for _, day := range expired {
		if _, err := s.removeSessions(ctx, bson.M{"_id": startedIn(day.ClientID, day.day().Window())}); err != nil {
			return err
		}
	}
	return s.mourn(ctx, before, accounts)
}

// expire says before that the day is expiring and afterwards that it has expired: whoever writes to it meanwhile takes both
// back, whoever folds reports of before sees the first, and where removing ends in the middle it is done again.
func (s *Store) expire(ctx context.Context, day dayState) error {
	c := s.collection(daysCollection)
	if _, err := c.UpdateOne(ctx, bson.M{"_id": day.ID}, bson.M{"$set": bson.M{"expiring": true}}); err != nil {
		return err
	}
	if err := s.foldMatching(ctx, bson.M{"_id": below(day.ID)}); err != nil {
		return err
	}
	if _, err := s.removeSessions(ctx, bson.M{"_id": startedIn(day.ClientID, day.day().Window())}); err != nil {
		return err
	}
	_, err := c.UpdateOne(ctx, bson.M{"_id": day.ID, "expiring": true}, bson.M{"$set": bson.M{"expired": true}})
	return err
}
