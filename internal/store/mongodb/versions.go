package mongodb

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/bson/primitive"
	"go.mongodb.org/mongo-driver/mongo/options"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var _ store.ChangeClock = (*Store)(nil)

// Versions answers how often data changed; see store.ChangeClock. Days that somebody writes to are given a version that
// nobody gets again.
func (s *Store) Versions(ctx context.Context, clientID int32, window viewing.Window) (store.Version, []store.HourVersion, error) {
	if err := s.writable(ctx); err != nil {
		return store.Version{}, nil, err
	}
	_, err := s.collection(daysCollection).UpdateMany(ctx, bson.M{"_id": ofClient(clientID), "writing": bson.M{"$gt": 0}},
		bson.M{"$inc": bson.M{"unsure": int64(1)}})
	if err != nil {
		return store.Version{}, nil, fault(ctx, "read versions", err)
	}
	days, err := find[dayState](ctx, s.collection(daysCollection), bson.M{"_id": ofClient(clientID)},
		options.Find().SetSort(bson.M{"_id": 1}).SetProjection(bson.M{"day": 1, "changes": 1, "unsure": 1}))
	if err != nil {
		return store.Version{}, nil, fault(ctx, "read versions", err)
	}
	var before store.Version
	var hours []store.HourVersion
	for _, day := range days {
		for _, hour := range day.hours() {
			switch {
			case hour.Hour < window.From:
				before.Viewing += hour.Viewing
				before.Accounts += hour.Accounts
				before.Payments += hour.Payments
			case hour.Hour < window.To:
				hours = append(hours, hour)
			}
		}
	}
	return before, hours, nil
}

// hours answers the versions of the day's hours, ascending.
func (d dayState) hours() []store.HourVersion {
	versions := map[viewing.Millis]store.HourVersion{}
	for kind, changes := range d.Changes {
		for name, count := range changes {
			number, _ := strconv.Atoi(name) // it was written by beginWriting
			start := viewing.Millis(d.Day) + viewing.Millis(number)*viewing.HourLength
			v := versions[start]
			v.Hour = start
			switch kind {
			case viewingChanges:
				v.Viewing = count + d.Unsure
			case accountChanges:
				v.Accounts = count + d.Unsure
			case paymentsChanges:
				v.Payments = count + d.Unsure
			}
			versions[start] = v
		}
	}
	return slices.SortedFunc(maps.Values(versions), func(a, b store.HourVersion) int { return cmp.Compare(a.Hour, b.Hour) })
}

// Beginning answers when the client's data begins; see store.ChangeClock. Viewing never goes away again, so that the first
// version tells; accounts and payments may.
func (s *Store) Beginning(ctx context.Context, clientID int32) (store.Beginning, error) {
	b := store.Beginning{Viewing: store.Never, Accounts: store.Never, Payments: store.Never}
	err := errors.Join(
		first(ctx, s, daysCollection, bson.M{"_id": ofClient(clientID), "changes.viewing": bson.M{"$exists": true}}, "_id",
			func(d dayState) {
				hours := d.hours()
				b.Viewing = hours[slices.IndexFunc(hours, func(h store.HourVersion) bool { return h.Viewing > 0 })].Hour
			}),
		first(ctx, s, accountsCollection, bson.M{"client_id": clientID, "began_at": bson.M{"$ne": nil}}, "began_at",
			func(d accountDocument) { b.Accounts = hourOf(*d.BeganAt) }),
		first(ctx, s, paymentsCollection, bson.M{"client_id": clientID, "deleted": false}, "paid_at",
			func(d paymentDocument) { b.Payments = hourOf(d.PaidAt) }),
	)
	return b, fault(ctx, "find the beginning of the data", err)
}

// first calls use for the first document in the order of the field, if any matches.
func first[D any](ctx context.Context, s *Store, collection string, match bson.M, field string, use func(D)) error {
	document, err := readOne[D](ctx, s.collection(collection), match, options.FindOne().SetSort(bson.M{field: 1}))
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err == nil {
		use(document)
	}
	return err
}

func hourOf(at primitive.DateTime) viewing.Millis { return viewing.ByHour.Start(viewing.Millis(at)) }
