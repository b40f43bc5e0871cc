package mongodb

import (
	"context"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var _ store.AudienceReader = (*Store)(nil)

// WatchByPeriod sums up viewing; see store.AudienceReader. The server sums it up by period and account, and counts these.
func (s *Store) WatchByPeriod(ctx context.Context, clientID int32, boundaries []viewing.Millis) ([]store.Watch, error) {
	type sum struct {
		Period   int   `bson:"_id"`
		Accounts int64 `bson:"accounts"`
		Seconds  int64 `bson:"seconds"`
		Sessions int64 `bson:"sessions"`
	}
	periods := make([]store.Watch, len(boundaries)-1)
	window := viewing.Window{From: boundaries[0], To: boundaries[len(boundaries)-1]}
	sessions, err := s.sessionsIn(ctx, clientID, window)
	if err != nil {
		return nil, fault(ctx, "fold reports", err)
	}
	err = aggregate(ctx, sessions, func(line *sum) error {
		periods[line.Period] = store.Watch{Accounts: line.Accounts, Seconds: line.Seconds, Sessions: line.Sessions}
		return nil
	},
		bson.M{"$match": sessionMatch(viewing.Filter{ClientID: clientID}, []viewing.Window{window})},
		bson.M{"$project": bson.M{"account_id": 1, "watched_seconds": 1, "period": periodNumber(boundaries, 0, len(periods))}},
		bson.M{"$group": bson.M{
			"_id":     bson.M{"period": "$period", "account": "$account_id"},
			"seconds": bson.M{"$sum": "$watched_seconds"}, "sessions": bson.M{"$sum": 1},
		}},
		bson.M{"$group": bson.M{
			"_id": "$_id.period", "accounts": bson.M{"$sum": 1}, "seconds": bson.M{"$sum": "$seconds"}, "sessions": bson.M{"$sum": "$sessions"},
		}})
	return periods, fault(ctx, "sum up viewing by period", err)
}

// periodNumber is the expression for the number of the period, from first to end, in which a session started: halves of
// halves, so that the server compares as often as there are digits in the number of periods.
func periodNumber(boundaries []viewing.Millis, first, end int) any {
	if end-first == 1 {
		return bson.M{"$literal": first}
	}
	middle := (first + end) / 2
	return bson.M{"$cond": bson.A{
		bson.M{"$lt": bson.A{"$started_at", date(boundaries[middle])}},
		periodNumber(boundaries, first, middle), periodNumber(boundaries, middle, end),
	}}
}

// Audience answers who watched; see store.AudienceReader.
func (s *Store) Audience(ctx context.Context, clientID int32, asOf viewing.Millis) (store.Audience, error) {
	window := viewing.DaysBefore(asOf, 30)
	sessions, err := s.sessionsIn(ctx, clientID, window)
	if err != nil {
		return store.Audience{}, fault(ctx, "fold reports", err)
	}
	audience := store.Audience{ByDevice: map[string]int64{}}
	match := sessionMatch(viewing.Filter{ClientID: clientID}, []viewing.Window{window})
	err = countViewers(ctx, sessions, match, asOf, func(count *viewerCount) error {
		count.addTo(&audience.In24Hours, count.In24Hours)
		count.addTo(&audience.In7Days, count.In7Days)
		count.addTo(&audience.In30Days, count.All)
		if count.Key.Device != "" {
			audience.ByDevice[count.Key.Device] = count.All
		}
		return nil
	})
	return audience, fault(ctx, "count the audience", err)
}

// viewerCount is how many distinct accounts, or devices, or accounts on one kind of device, there are.
type viewerCount struct {
	Key struct {
		Who    string `bson:"who"`    // a name of the field that tells them apart
		Device string `bson:"device"` // the kind of device; without it on all together
	} `bson:"_id"`
	All       int64 `bson:"all"`
	In7Days   int64 `bson:"in_7_days"` // with a session that started in the 7 days before asOf
	In24Hours int64 `bson:"in_24_hours"`
}

// addTo puts the number into those of all kinds of devices together, if it is one of these.
func (c *viewerCount) addTo(viewers *store.Viewers, number int64) {
	switch {
	case c.Key.Device != "":
	case c.Key.Who == "account_id":
		viewers.Accounts = number
	default:
		viewers.Devices = number
	}
}

// countViewers has the server count those whose sessions match.
func countViewers(
	ctx context.Context, sessions *mongo.Collection, match bson.M, asOf viewing.Millis, use func(*viewerCount) error,
) error {
	startedWithin := func(days int) bson.M {
		from := date(viewing.DaysBefore(asOf, days).From)
		return bson.M{"$sum": bson.M{"$cond": bson.A{bson.M{"$gte": bson.A{"$last_start", from}}, 1, 0}}}
	}
	return aggregate(ctx, sessions, use,
		bson.M{"$match": match},
		bson.M{"$group": bson.M{ // so that what follows has less to do
			"_id":        bson.M{"account_id": "$account_id", "device_uid": "$device_uid", "device": "$device"},
			"last_start": bson.M{"$max": "$started_at"},
		}},
		bson.M{"$project": bson.M{"last_start": 1, "viewer": bson.A{
			bson.M{"who": "account_id", "id": "$_id.account_id"},
			bson.M{"who": "device_uid", "id": "$_id.device_uid"},
			bson.M{"who": "account_id", "id": "$_id.account_id", "device": "$_id.device"},
		}}},
		bson.M{"$unwind": "$viewer"},
		bson.M{"$group": bson.M{"_id": "$viewer", "last_start": bson.M{"$max": "$last_start"}}},
		bson.M{"$group": bson.M{
			"_id": bson.M{"who": "$_id.who", "device": "$_id.device"},
			"all": bson.M{"$sum": 1}, "in_7_days": startedWithin(7), "in_24_hours": startedWithin(1),
		}})
}
