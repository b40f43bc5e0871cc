package mongodb

import (
	"context"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/bson/primitive"

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

// viewer is an account on a device.
type viewer struct {
	Key struct {
		Account   int64  `bson:"account"`
		DeviceUID string `bson:"device_uid"`
		Device    string `bson:"device"`
	} `bson:"_id"`
	LastStart primitive.DateTime `bson:"last_start"`
}

// Audience answers who watched; see store.AudienceReader.
func (s *Store) Audience(ctx context.Context, clientID int32, asOf viewing.Millis) (store.Audience, error) {
	day, week, month := viewers{}, viewers{}, viewers{}
	byDevice := map[string]viewers{}
	window := viewing.DaysBefore(asOf, 30)
	sessions, err := s.sessionsIn(ctx, clientID, window)
	if err != nil {
		return store.Audience{}, fault(ctx, "fold reports", err)
	}
	err = aggregate(ctx, sessions, func(v *viewer) error {
		month.add(v)
		if viewing.Millis(v.LastStart) >= viewing.DaysBefore(asOf, 7).From {
			week.add(v)
		}
		if viewing.Millis(v.LastStart) >= viewing.DaysBefore(asOf, 1).From {
			day.add(v)
		}
		if _, known := byDevice[v.Key.Device]; !known {
			byDevice[v.Key.Device] = viewers{}
		}
		byDevice[v.Key.Device].add(v)
		return nil
	},
		bson.M{"$match": sessionMatch(viewing.Filter{ClientID: clientID}, []viewing.Window{window})},
		bson.M{"$group": bson.M{
			"_id":        bson.M{"account": "$account_id", "device_uid": "$device_uid", "device": "$device"},
			"last_start": bson.M{"$max": "$started_at"},
		}})
	audience := store.Audience{In24Hours: day.count(), In7Days: week.count(), In30Days: month.count(), ByDevice: map[string]int64{}}
	for device, viewers := range byDevice {
		audience.ByDevice[device] = viewers.count().Accounts
	}
	return audience, fault(ctx, "count the audience", err)
}

// viewers is a set of accounts (int64) and of devices (string).
type viewers map[any]struct{}

func (v viewers) add(one *viewer) {
	v[one.Key.Account] = struct{}{}
	v[one.Key.DeviceUID] = struct{}{}
}

func (v viewers) count() store.Viewers {
	var count store.Viewers
	for one := range v {
		if _, isAccount := one.(int64); isAccount {
			count.Accounts++
		} else {
			count.Devices++
		}
	}
	return count
}
