package mongodb

import (
	"slices"

	"go.mongodb.org/mongo-driver/bson"

	"github.com/tvstats/tvstats/internal/viewing"
)

// The server sweeps over sessions: it joins those of one account or device that overlap, makes of each a step up and a step
// down, sums up the steps of each instant and goes along the instants of each minute. What comes out is one line a minute,
// however many sessions there are. Only the number online when a minute begins is left to whoever goes along the minutes.
//
// No list on the way is longer than a minute has milliseconds, or somebody's hour sessions: documents stay below 16 MiB even
// where hundreds of thousands of boxes give themselves one name.
// Instants are counted in milliseconds from the midnight at or before the window's beginning, so that none is negative.

// minuteSteps is what the steps of a minute came to; minutes without any are left out. Who stays on over a full hour, midnight
// above all, steps there.
type minuteSteps struct {
	Change int64 `bson:"change"` // of the number online, from the beginning of the minute to its end
	Rise   int64 `bson:"rise"`   // from its beginning to the greatest number after a step; below 0 where it only fell
	At     int64 `bson:"at"`     // the first instant of that number
}

// sweep is the stages that make minuteSteps, in their order, of the sessions that were on in the window. The field who names
// those that are counted.
func sweep(window viewing.Window, who string) []bson.M {
	return slices.Concat(presences(window, who), steps(), minutes())
}

// presences cuts sessions to the window, and at each full hour, and gathers those of somebody's hour in the order in which
// they began.
func presences(window viewing.Window, who string) []bson.M {
	sinceMidnight := func(instant bson.M) bson.M {
		return bson.M{"$subtract": bson.A{instant, date(window.From.Day().Start())}}
	}
	inHours := func(instant string) bson.M { return bson.M{"$divide": bson.A{instant, int64(viewing.HourLength)}} }
	hour := bson.M{"$multiply": bson.A{"$hour", int64(viewing.HourLength)}}
	next := bson.M{"$add": bson.A{hour, int64(viewing.HourLength)}}
	return []bson.M{
		{"$project": bson.M{
			"_id": 0, "who": "$" + who,
			"since": sinceMidnight(bson.M{"$max": bson.A{"$started_at", date(window.From)}}),
			"until": sinceMidnight(bson.M{"$min": bson.A{"$at", date(window.To)}}),
		}},
		{"$sort": bson.M{"since": 1}},
		{"$addFields": bson.M{"hour": bson.M{"$range": bson.A{bson.M{"$floor": inHours("$since")}, bson.M{"$ceil": inHours("$until")}}}}},
		{"$unwind": "$hour"},
		{"$group": bson.M{
			"_id": bson.M{"who": "$who", "hour": "$hour"},
			"on": bson.M{"$push": bson.M{
				"since": bson.M{"$max": bson.A{"$since", hour}},
				"until": bson.M{"$min": bson.A{"$until", next}},
			}},
		}},
	}
}

// steps joins what overlaps and sums up the steps of each instant. When one leaves as another comes, or was cut in two,
// nothing changes.
func steps() []bson.M {
	first := bson.M{"$arrayElemAt": bson.A{"$on.since", 0}}
	longer := bson.M{
		"steps": "$$value.steps", "since": "$$value.since", "until": bson.M{"$max": bson.A{"$$value.until", "$$this.until"}},
	}
	next := bson.M{"steps": stepsOf("$$value"), "since": "$$this.since", "until": "$$this.until"}
	return []bson.M{
		{"$project": bson.M{"on": bson.M{"$reduce": bson.M{
			"input":        "$on",
			"initialValue": bson.M{"steps": bson.A{}, "since": first, "until": first},
			"in":           bson.M{"$cond": bson.A{bson.M{"$lte": bson.A{"$$this.since", "$$value.until"}}, longer, next}},
		}}}},
		{"$project": bson.M{"steps": stepsOf("$on")}},
		{"$unwind": "$steps"},
		{"$group": bson.M{"_id": "$steps.at", "change": bson.M{"$sum": "$steps.change"}}},
	}
}

// stepsOf is the expression for the steps so far and those of the interval that has been joined last.
func stepsOf(joined string) bson.M {
	at := bson.M{"$cond": bson.A{bson.M{"$eq": bson.A{"$$change", 1}}, joined + ".since", joined + ".until"}}
	return bson.M{"$concatArrays": bson.A{joined + ".steps", bson.M{"$map": bson.M{
		"input": bson.A{1, -1}, "as": "change", "in": bson.M{"at": at, "change": "$$change"},
	}}}}
}

// minutes goes along the instants of each minute.
func minutes() []bson.M {
	now := bson.M{"$add": bson.A{"$$value.change", "$$this.change"}}
	return []bson.M{
		{"$sort": bson.M{"_id": 1}},
		{"$group": bson.M{
			"_id":   bson.M{"$subtract": bson.A{"$_id", bson.M{"$mod": bson.A{"$_id", int64(minute)}}}},
			"steps": bson.M{"$push": bson.M{"at": "$_id", "change": "$change"}},
		}},
		{"$sort": bson.M{"_id": 1}},
		{"$replaceRoot": bson.M{"newRoot": bson.M{"$reduce": bson.M{
			"input":        "$steps",
			"initialValue": bson.M{"change": 0, "rise": nil}, // less than every number
			"in": bson.M{"$cond": bson.A{
				bson.M{"$gt": bson.A{now, "$$value.rise"}},
				bson.M{"change": now, "rise": now, "at": "$$this.at"},
				bson.M{"change": now, "rise": "$$value.rise", "at": "$$value.at"},
			}},
		}}}},
	}
}
