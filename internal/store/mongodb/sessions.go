package mongodb

import (
	"context"
	"slices"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"

	"github.com/tvstats/tvstats/internal/viewing"
)

// accountsAtOnce is how many accounts a query can name; the server takes queries of 16 MiB.
const accountsAtOnce = 250_000

// eachMatch calls use with conditions that between them match every session which passes the filter and started in one
// of the windows, which come in their order, each exactly once.
func (s *Store) eachMatch(
	ctx context.Context, filter viewing.Filter, windows []viewing.Window, use func(sessions *mongo.Collection, match bson.M) error,
) error {
	if len(windows) == 0 {
		return nil
	}
	sessions, err := s.sessionsIn(ctx, filter.ClientID, viewing.Window{From: windows[0].From, To: windows[len(windows)-1].To})
	if err != nil {
		return err
	}
	match := sessionMatch(filter, windows)
	if !filter.ActiveOnly {
		return use(sessions, match)
	}
	active, err := s.activeAccounts(ctx, filter.ClientID)
	if err != nil {
		return err
	}
	for accounts := range slices.Chunk(active, accountsAtOnce) {
		match["account_id"] = bson.M{"$in": accounts}
		if err := use(sessions, match); err != nil {
			return err
		}
	}
	return nil
}

// sessionMatch is the filter, but for the accounts, as a condition. The windows are told as _ids too: these are the index.
func sessionMatch(filter viewing.Filter, windows []viewing.Window) bson.M {
	started := make(bson.A, len(windows))
	for i, w := range windows {
		started[i] = bson.M{"_id": startedIn(filter.ClientID, w), "started_at": within(w)}
	}
	match := bson.M{"$or": started}
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

// activeAccounts answers the accounts that are active now.
func (s *Store) activeAccounts(ctx context.Context, clientID int32) ([]int64, error) {
	cursor, err := s.collection(accountsCollection).Find(ctx, bson.M{"client_id": clientID, "active": true, "deleted": false},
		options.Find().SetProjection(bson.M{"account_id": 1}))
	var active []int64
	err = eachOf(ctx, cursor, err, func(a *accountDocument) error {
		active = append(active, a.AccountID)
		return nil
	})
	return active, err
}
