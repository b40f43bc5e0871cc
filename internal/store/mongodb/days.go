package mongodb

import (
	"cmp"
	"context"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/bson/primitive"
	"go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"

	"github.com/tvstats/tvstats/internal/viewing"
)

// clientDay is a day of a client.
type clientDay struct {
	client int32
	day    viewing.Day
}

// dayState is what the collection days knows of a day on which sessions started. It keeps rollups from being wrong,
// whatever writers and rollers in any number of processes do:
//
//   - Before it writes sessions a writer raises the version, counts itself into writing and takes back rolled. Afterwards
//     it counts itself out.
//   - What is read of a day while nobody writes to it, and whose version stays, is what everybody reads of it. Only then
//     does the day become rolled, in one step with the check of its version.
//   - A reader uses the rollups of days that are rolled, those of exactly their version, and the sessions of all others.
//
// A writer that dies, or does not learn what became of its write, stays counted in for ever. Its day is rolled up all the
// same once it has been quiet for longer than a server could still be at that write.
type dayState struct {
	ID       string             `bson:"_id"`
	ClientID int32              `bson:"client_id"`
	Day      primitive.DateTime `bson:"day"` // its first instant
	Version  int64              `bson:"version"`
	Rolled   bool               `bson:"rolled"`
	Parts    int                `bson:"parts"` // documents of the rollup
}

// quiet is how long a day with writers that were never counted out must have been left alone.
const quiet = 15 * time.Minute

func (d dayState) day() viewing.Day { return viewing.Millis(d.Day).Day() }

// daysOf answers the days on which the sessions started, each once.
func daysOf(sessions []viewing.Report) []clientDay {
	var days []clientDay
	known := map[clientDay]bool{}
	for i := range sessions {
		day := clientDay{sessions[i].ClientID, sessions[i].StartedAt.Day()}
		if !known[day] {
			known[day] = true
			days = append(days, day)
		}
	}
	slices.SortFunc(days, func(a, b clientDay) int { return cmp.Or(cmp.Compare(a.client, b.client), cmp.Compare(a.day, b.day)) })
	return days
}

// beginWriting tells rollers that sessions of the days are about to change.
func (s *Store) beginWriting(ctx context.Context, days []clientDay) error {
	models := make([]mongo.WriteModel, len(days))
	for i, d := range days {
		models[i] = mongo.NewUpdateOneModel().SetFilter(bson.M{"_id": dayID(d.client, d.day)}).SetUpsert(true).SetUpdate(bson.M{
			"$setOnInsert": bson.M{"client_id": d.client, "day": date(d.day.Start())},
			"$inc":         bson.M{"version": int64(1), "writing": 1},
			"$set":         bson.M{"rolled": false},
			"$currentDate": bson.M{"touched_at": true},
		})
	}
	return bulkUpsert(ctx, s.collection(daysCollection), models)
}

// endWriting takes back a beginWriting whose sessions are written. It is never tried twice: a count that is too high costs
// time, one that is too low would let a day be rolled up while it changes.
func (s *Store) endWriting(ctx context.Context, days []clientDay) error {
	models := make([]mongo.WriteModel, len(days))
	for i, d := range days {
		models[i] = mongo.NewUpdateOneModel().SetFilter(bson.M{"_id": dayID(d.client, d.day)}).
			SetUpdate(bson.M{"$inc": bson.M{"writing": -1}})
	}
	_, err := s.collection(daysCollection).BulkWrite(ctx, models, options.BulkWrite().SetOrdered(false))
	return err
}

// dueDays answers the days that had ended by closed, are not rolled up and can be.
func (s *Store) dueDays(ctx context.Context, closed viewing.Millis) ([]dayState, error) {
	return s.days(ctx, bson.M{
		"rolled": false,
		"day":    bson.M{"$lt": date(closed.Day().Start())},
		"$or": bson.A{
			bson.M{"writing": 0},
			bson.M{"touched_at": bson.M{"$lt": time.Now().Add(-quiet)}},
		},
	})
}

// daysWithin answers the days of the client that the window touches and on which sessions started, in their order.
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

// setRolled makes the day rolled, unless anybody began to write to it since it was read.
func (s *Store) setRolled(ctx context.Context, d dayState, parts int) (bool, error) {
	outcome, err := s.collection(daysCollection).UpdateOne(ctx, bson.M{"_id": d.ID, "version": d.Version},
		bson.M{"$set": bson.M{"rolled": true, "parts": parts}})
	if err != nil {
		return false, err
	}
	return outcome.MatchedCount == 1, nil
}
