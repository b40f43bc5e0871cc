package mongodb

import (
	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"

	"github.com/tvstats/tvstats/internal/viewing"
)

// modes are the words for how a session plays.
var modes = map[viewing.Mode]string{viewing.Live: "live", viewing.Catchup: "catchup", viewing.Timeshift: "timeshift"}

// sessionUpsert merges a report into the document of its session, by viewing.Merge and with operators that do not care
// about order and repetition.
func sessionUpsert(report *viewing.Report) mongo.WriteModel {
	created := bson.D{
		{Key: "client_id", Value: report.ClientID},
		{Key: "account_id", Value: report.AccountID},
		{Key: "device_uid", Value: report.DeviceUID},
		{Key: "device", Value: report.Device},
		{Key: "channel_id", Value: report.ChannelID},
		{Key: "mode", Value: modes[report.Mode]},
		{Key: "programme_id", Value: report.ProgrammeID},
		{Key: "started_at", Value: date(report.StartedAt)},
	}
	update := bson.D{{Key: "$max", Value: bson.D{
		{Key: "at", Value: date(report.At)},
		{Key: "watched_seconds", Value: report.WatchedSeconds},
		{Key: "ended", Value: report.Ended}, // true is greater than false
	}}}
	if len(report.Tariffs) > 0 {
		update = append(update, bson.E{Key: "$addToSet", Value: bson.M{"tariffs": bson.M{"$each": report.Tariffs}}})
	} else {
		created = append(created, bson.E{Key: "tariffs", Value: bson.A{}})
	}
	update = append(update, bson.E{Key: "$setOnInsert", Value: created})
	return mongo.NewUpdateOneModel().SetFilter(bson.M{"_id": sessionID(&report.Identity)}).SetUpdate(update).SetUpsert(true)
}

// modeOf is the mode that the word stands for.
func modeOf(word string) viewing.Mode {
	for mode, known := range modes {
		if known == word {
			return mode
		}
	}
	return 0
}

// merged leaves one report of each session: the others need no write of their own.
func merged(reports []viewing.Report) []viewing.Report {
	place := make(map[viewing.Identity]int, len(reports))
	sessions := make([]viewing.Report, 0, len(reports))
	for i := range reports {
		at, known := place[reports[i].Identity]
		if !known {
			place[reports[i].Identity] = len(sessions)
			sessions = append(sessions, reports[i])
			continue
		}
		sessions[at].State = viewing.Merge(sessions[at].State, reports[i].State)
	}
	return sessions
}
