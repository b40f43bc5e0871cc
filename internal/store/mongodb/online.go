package mongodb

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/bson/primitive"
	"go.mongodb.org/mongo-driver/mongo/options"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var _ store.OnlineFinder = (*Store)(nil)

// presence is when somebody was online.
type presence struct {
	AccountID int64              `bson:"account_id"`
	DeviceUID string             `bson:"device_uid"`
	StartedAt primitive.DateTime `bson:"started_at"`
	At        primitive.DateTime `bson:"at"`
}

// Peaks sweeps over sessions; see store.OnlineFinder. They come day by day; of each day only those are kept for the next
// ones that reach into them.
func (s *Store) Peaks(ctx context.Context, clientID int32, window viewing.Window) ([]store.DayPeak, error) {
	if window.To <= window.From {
		return nil, nil
	}
	var peaks []store.DayPeak
	var on []presence
	day := window.From.Day()
	upTo := func(next viewing.Day) {
		for ; day < next; day++ {
			peaks = append(peaks, peaksOf(on, day, window))
			on = reaching(on, day.Window().To)
		}
	}
	err := s.eachPresence(ctx, clientID, window, bson.M{}, func(p *presence) error {
		upTo(viewing.Millis(p.StartedAt).Day())
		on = append(on, *p)
		return nil
	})
	upTo((window.To - 1).Day() + 1)
	return peaks, fault(ctx, "find the greatest number online", err)
}

// eachPresence calls use for the sessions that were on in the window, and pass more, in the order of their days.
func (s *Store) eachPresence(ctx context.Context, clientID int32, window viewing.Window, more bson.M, use func(*presence) error) error {
	since := viewing.Window{From: window.From - viewing.LongestSession, To: window.To}
	match := bson.M{"$and": bson.A{
		sessionMatch(viewing.Filter{ClientID: clientID}, []viewing.Window{since}),
		bson.M{"at": bson.M{"$gt": date(window.From)}},
		more,
	}}
	sessions, err := s.sessionsIn(ctx, clientID, since)
	if err != nil {
		return err
	}
	cursor, err := sessions.Find(ctx, match, options.Find().SetSort(bson.M{"_id": 1}).
		SetProjection(bson.M{"_id": 0, "account_id": 1, "device_uid": 1, "started_at": 1, "at": 1}))
	return eachOf(ctx, cursor, err, use)
}

// reaching are those who are still on at the instant. It writes into on.
func reaching(on []presence, at viewing.Millis) []presence {
	kept := on[:0]
	for _, p := range on {
		if viewing.Millis(p.At) > at {
			kept = append(kept, p)
		}
	}
	return kept
}

func peaksOf(on []presence, day viewing.Day, window viewing.Window) store.DayPeak {
	shown := day.Window()
	shown.From, shown.To = max(shown.From, window.From), min(shown.To, window.To)
	return store.DayPeak{
		Day:      day,
		Accounts: peakOf(on, shown, func(p *presence) int64 { return p.AccountID }),
		Devices:  peakOf(on, shown, func(p *presence) string { return p.DeviceUID }),
	}
}

// Online counts who is online; see store.OnlineFinder.
func (s *Store) Online(
	ctx context.Context, clientID int32, asOf viewing.Millis, timeout time.Duration,
) (store.Viewers, error) {
	online := viewers{}
	notGone := bson.M{"$or": bson.A{bson.M{"ended": false}, bson.M{"at": bson.M{"$gt": date(asOf)}}}}
	err := s.eachPresence(ctx, clientID, viewing.Window{From: asOf.Add(-timeout), To: asOf}, notGone, func(p *presence) error {
		online[p.AccountID] = struct{}{}
		online[p.DeviceUID] = struct{}{}
		return nil
	})
	return online.count(), fault(ctx, "count who is online", err)
}
