package mongodb

import (
	"context"
	"iter"
	"slices"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"

	"github.com/tvstats/tvstats/internal/viewing"
)

// accountsAtOnce is how many accounts a query can name; the server takes queries of 16 MiB.
const accountsAtOnce = 250_000

// eachMatch calls use with conditions that between them match every session which passes the filter and is in the tallies,
// each exactly once, and with 1 for sessions that count and -1 for those that are to be taken away.
func (s *Store) eachMatch(
	ctx context.Context, filter viewing.Filter, tallies []tally, use func(sessions *mongo.Collection, match bson.M, sign int64) error,
) error {
	for _, t := range tallies {
		if len(t.windows) == 0 {
			continue
		}
		sessions, err := s.sessionsIn(ctx, filter.ClientID, t.span())
		if err != nil {
			return err
		}
		for match := range t.matches(filter) {
			if err := use(sessions, match, t.sign()); err != nil {
				return err
			}
		}
	}
	return nil
}

// matches are the conditions that together choose the sessions of the tally which pass the filter.
func (t *tally) matches(filter viewing.Filter) iter.Seq[bson.M] {
	return func(yield func(bson.M) bool) {
		if t.everyone {
			yield(t.match(filter))
			return
		}
		for accounts := range slices.Chunk(t.accounts, accountsAtOnce) {
			match := t.match(filter)
			match["account_id"] = bson.M{"$in": accounts}
			if !yield(match) {
				return
			}
		}
	}
}

// match is the filter and the tally, but for the accounts, as a condition.
func (t *tally) match(filter viewing.Filter) bson.M {
	if !t.byAccount {
		return sessionMatch(filter, t.windows)
	}
	match := sessionMatch(filter, nil)
	match["client_id"], match["started_at"] = filter.ClientID, within(t.span()) // with the accounts, what the index holds
	match["$or"] = converted(t.windows, func(w viewing.Window) bson.M { return bson.M{"started_at": within(w)} })
	return match
}

// sessionMatch is the filter, but for the accounts, as a condition. The windows are told as _ids too: these are the index.
func sessionMatch(filter viewing.Filter, windows []viewing.Window) bson.M {
	match := bson.M{"$or": converted(windows, func(w viewing.Window) bson.M {
		return bson.M{"_id": startedIn(filter.ClientID, w), "started_at": within(w)}
	})}
	if len(filter.Devices) > 0 {
		match["device"] = bson.M{"$in": filter.Devices}
	}
	if len(filter.Tariffs) > 0 {
		match["tariffs"] = bson.M{"$in": filter.Tariffs}
	}
	if filter.MinSeconds > 0 {
		match["watched_seconds"] = bson.M{"$gte": filter.MinSeconds}
	}
	return match
}
