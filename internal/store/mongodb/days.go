package mongodb

import (
	"context"
	"maps"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/bson/primitive"
	"go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"

	"github.com/tvstats/tvstats/internal/viewing"
)

// dayState is what the collection days knows of a day of a client. It keeps rollups, and figures that were computed ahead of
// time, from being wrong, whatever writers and readers in any number of processes do:
//
//   - Before it writes into the journal, or removes sessions, a writer raises the version, counts itself into writing and
//     takes back rolled. Afterwards it counts itself out. Before and after, a report counts as a change of its hour.
//   - What is read of a day while nobody writes to it, and whose version stays, is what everybody reads of it. Only then
//     does the day become rolled, in one step with the check of its version. To fold changes nothing of what is read.
//   - A reader uses the rollups of days that are rolled, those of exactly their version, and the sessions of all others.
//   - A version of an hour that is read while somebody writes to the day is raised by the reading itself (Versions): what is
//     computed from data that is half written is never taken for fresh.
//
// A writer that dies, or does not learn what became of its write, stays counted in, until the day has been quiet for
// longer than a server could still be at that write (settleDays).
type dayState struct {
	ID       string                      `bson:"_id"`
	ClientID int32                       `bson:"client_id"`
	Day      primitive.DateTime          `bson:"day"` // its first instant
	Version  int64                       `bson:"version"`
	Rolled   bool                        `bson:"rolled"`
	Rollups  map[string]int              `bson:"rollups"` // how many documents there are, by span and kind
	Changes  map[string]map[string]int64 `bson:"changes"` // by kind and hour, "00" to "23"
	Unsure   int64                       `bson:"unsure"`  // readings while somebody wrote
}

// The kinds of data whose changes are counted.
const (
	viewingChanges  = "viewing"
	accountChanges  = "accounts"
	paymentsChanges = "payments"
)

// quiet is how long a day must have been left alone before its writers are taken for dead.
const quiet = 15 * time.Minute

// claimed is how long a process may roll up a day before others no longer count on it. They do it too, then, which is right.
const claimed = 15 * time.Minute

func (d dayState) day() viewing.Day { return viewing.Millis(d.Day).Day() }

// clientHour is an hour of a client, by its first instant.
type clientHour struct {
	client int32
	start  viewing.Millis
}

func (h clientHour) dayID() string { return dayID(h.client, h.start.Day()) }

// hoursOf answers the hours in which the sessions started, each once.
func hoursOf(sessions []viewing.Report) []clientHour {
	hours := map[clientHour]struct{}{}
	for i := range sessions {
		hours[clientHour{sessions[i].ClientID, viewing.ByHour.Start(sessions[i].StartedAt)}] = struct{}{}
	}
	return slices.Collect(maps.Keys(hours))
}

// beginWriting tells that data of the kind is about to change in the hours.
func (s *Store) beginWriting(ctx context.Context, kind string, hours []clientHour) error {
	var models []mongo.WriteModel
	for first, changes := range byDay(kind, hours) {
		created := bson.M{"client_id": first.client, "day": date(first.start.Day().Start())}
		set := bson.M{"touched_at": time.Now()}
		changes["writing"] = 1
		if kind == viewingChanges {
			changes["version"] = int64(1)
			set["rolled"], set["expiring"], set["expired"] = false, false, false
		} else {
			created["version"], created["rolled"] = int64(0), true // without sessions nothing is to be rolled up
		}
		models = append(models, mongo.NewUpdateOneModel().SetFilter(bson.M{"_id": first.dayID()}).SetUpsert(true).
			SetUpdate(bson.M{"$setOnInsert": created, "$inc": changes, "$set": set}))
	}
	return bulkUpsert(ctx, s.collection(daysCollection), models)
}

// endWriting takes back a beginWriting whose data is written. It is never tried twice: a count that is too high costs time,
// one that is too low would let half of a write be taken for the whole.
func (s *Store) endWriting(ctx context.Context, kind string, hours []clientHour) error {
	var models []mongo.WriteModel
	for first, changes := range byDay(kind, hours) {
		changes["writing"] = -1
		models = append(models, mongo.NewUpdateOneModel().SetFilter(bson.M{"_id": first.dayID(), "writing": bson.M{"$gt": 0}}).
			SetUpdate(bson.M{"$inc": changes}))
	}
	_, err := s.collection(daysCollection).BulkWrite(ctx, models, options.BulkWrite().SetOrdered(false))
	return err
}

// byDay answers for each day, named by one of its hours, the counts of its hours to be raised.
func byDay(kind string, hours []clientHour) map[clientHour]bson.M {
	days, named := map[clientHour]bson.M{}, map[string]clientHour{}
	for _, hour := range hours {
		first, known := named[hour.dayID()]
		if !known {
			first = hour
			named[hour.dayID()], days[first] = first, bson.M{}
		}
		days[first]["changes."+kind+"."+hourName(hour.start)] = int64(1)
	}
	return days
}

// settleDays counts writers out that are long gone.
func (s *Store) settleDays(ctx context.Context) error {
	_, err := s.collection(daysCollection).UpdateMany(ctx,
		bson.M{"writing": bson.M{"$gt": 0}, "touched_at": bson.M{"$lt": time.Now().Add(-quiet)}},
		bson.M{"$set": bson.M{"writing": 0}, "$inc": bson.M{"unsure": int64(1)}})
	return err
}

// dueDays answers the days that had ended by closed, are not rolled up and can be.
func (s *Store) dueDays(ctx context.Context, closed viewing.Millis) ([]dayState, error) {
	return s.manyDays(ctx, bson.M{"rolled": false, "day": bson.M{"$lt": date(closed.Day().Start())}, "writing": 0})
}

// manyDays answers days of all clients, in no order, without what they count. There may be so many that the server could not
// sort them in its memory.
func (s *Store) manyDays(ctx context.Context, filter bson.M) ([]dayState, error) {
	return find[dayState](ctx, s.collection(daysCollection), filter,
		options.Find().SetProjection(bson.M{"client_id": 1, "day": 1, "version": 1}))
}

// daysWithin answers the days of the client that the window touches and that hold data, in their order.
func (s *Store) daysWithin(ctx context.Context, clientID int32, w viewing.Window) ([]dayState, error) {
	if w.From >= w.To {
		return nil, nil
	}
	first, last := dayID(clientID, w.From.Day()), dayID(clientID, (w.To-1).Day())
	return s.days(ctx, bson.M{"_id": bson.M{"$gte": first, "$lte": last}})
}

func (s *Store) days(ctx context.Context, filter bson.M) ([]dayState, error) {
	return find[dayState](ctx, s.collection(daysCollection), filter, options.Find().SetSort(bson.M{"_id": 1}))
}

// claim has the other processes leave it to this one to roll up the day as it was seen, unless that is claimed already, done,
// or of no use since somebody wrote to the day. It saves work and nothing else: a claim ends with the day's version, or by
// itself, if whoever made it died or failed.
func (s *Store) claim(ctx context.Context, d dayState) (bool, error) {
	now := time.Now()
	outcome, err := s.collection(daysCollection).UpdateOne(ctx, bson.M{
		"_id": d.ID, "version": d.Version, "rolled": false,
		"$or": bson.A{bson.M{"rolling.version": bson.M{"$ne": d.Version}}, bson.M{"rolling.until": bson.M{"$lte": now}}},
	}, bson.M{"$set": bson.M{"rolling": bson.M{"version": d.Version, "until": now.Add(claimed)}}})
	if err != nil {
		return false, err
	}
	return outcome.MatchedCount == 1, nil
}

// setRolled makes the day rolled, unless anybody began to write to it since it was read. Whoever reads it then knows of
// every rollup that it must find.
func (s *Store) setRolled(ctx context.Context, d dayState, rollups []rollup) error {
	counts := map[string]int{}
	for i := range rollups {
		counts[rollups[i].name()]++
	}
	_, err := s.collection(daysCollection).UpdateOne(ctx, bson.M{"_id": d.ID, "version": d.Version},
		bson.M{"$set": bson.M{"rolled": true, "rollups": counts}, "$unset": bson.M{"rolling": ""}})
	return err
}
