package mongodb

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var _ store.OnlineFinder = (*Store)(nil)

// Peaks has the server sweep over sessions, once for accounts and once for devices; see store.OnlineFinder.
func (s *Store) Peaks(ctx context.Context, clientID int32, window viewing.Window) ([]store.DayPeak, error) {
	if window.To <= window.From {
		return nil, nil
	}
	sessions, match, err := s.reaching(ctx, clientID, window)
	if err != nil {
		return nil, fault(ctx, "fold reports", err)
	}
	var days []store.DayPeak
	for day := window.From.Day(); day <= (window.To - 1).Day(); day++ {
		days = append(days, store.DayPeak{Day: day})
	}
	for who, peakOf := range map[string]func(*store.DayPeak) *store.Peak{
		"account_id": func(day *store.DayPeak) *store.Peak { return &day.Accounts },
		"device_uid": func(day *store.DayPeak) *store.Peak { return &day.Devices },
	} {
		stages := append([]bson.M{{"$match": match}}, sweep(window, who)...)
		if err := aggregate(ctx, sessions, raising(days, peakOf), stages...); err != nil {
			return nil, fault(ctx, "find the greatest number online", err)
		}
	}
	return days, nil
}

// raising goes along the minutes, from the midnight of the first day on, and raises the peak of each day.
func raising(days []store.DayPeak, peakOf func(*store.DayPeak) *store.Peak) func(*minuteSteps) error {
	first, level := days[0].Day, int64(0)
	return func(m *minuteSteps) error {
		reached := store.Peak{Count: level + m.Rise, At: first.Start() + viewing.Millis(m.At)}
		level += m.Change
		if reached.Count == 0 {
			return nil // as when the window ends, which may be a midnight after the last of the days
		}
		if peak := peakOf(&days[reached.At.Day()-first]); reached.Count > peak.Count {
			*peak = reached
		}
		return nil
	}
}

// reaching answers the collection of sessions and the condition that a session was on in the window, or began in it and
// lasted no time.
func (s *Store) reaching(ctx context.Context, clientID int32, window viewing.Window) (*mongo.Collection, bson.M, error) {
	since := viewing.Window{From: window.From - viewing.LongestSession, To: window.To}
	match := sessionMatch(viewing.Filter{ClientID: clientID}, []viewing.Window{since})
	match["at"] = bson.M{"$gt": date(window.From)}
	sessions, err := s.sessionsIn(ctx, clientID, since)
	return sessions, match, err
}

// Online counts who is online; see store.OnlineFinder.
func (s *Store) Online(
	ctx context.Context, clientID int32, asOf viewing.Millis, timeout time.Duration,
) (store.Viewers, error) {
	sessions, match, err := s.reaching(ctx, clientID, viewing.Window{From: asOf.Add(-timeout), To: asOf})
	if err != nil {
		return store.Viewers{}, fault(ctx, "fold reports", err)
	}
	var online store.Viewers
	notGone := bson.M{"$or": bson.A{bson.M{"ended": false}, bson.M{"at": bson.M{"$gt": date(asOf)}}}}
	err = countViewers(ctx, sessions, bson.M{"$and": bson.A{match, notGone}}, asOf, func(count *viewerCount) error {
		count.addTo(&online, count.All)
		return nil
	})
	return online, fault(ctx, "count who is online", err)
}
