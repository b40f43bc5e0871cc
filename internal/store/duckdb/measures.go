package duckdb

import (
	"github.com/tvstats/tvstats/internal/measure"
)

// This file is the table of how measures and dimensions are computed; statement.go puts them together.

// expression computes a measure in two steps: of the sessions of each part of a cell, then of the parts. Of a session,
// millis is its time in the cell, stretch the longest of it without a break, and of a whole session lost what does not count and ends the end of what was reported.
type expression struct {
	ofSessions string          // named after the measure; empty where the second step needs nothing of its own
	needs      measure.Measure // whose value of the parts the second step looks at, where it is another's
	ofParts    string          // %d is the query's reach
	byAccount  bool            // a part must be the sessions of one account; else any parts do
	ofRollups  string          // in the place of the first step: of the rollups of each cell, where measure.Query.RefuseRollup lets them be used
}

// The median is no such measure: see medians.go.
var expressions = map[measure.Measure]expression{
	measure.Watch:      {ofSessions: "sum(millis)", ofParts: "sum(watch)", ofRollups: "sum(watch)"},
	measure.Sessions:   {ofSessions: "count(*)", ofParts: "sum(sessions)", ofRollups: "sum(sessions)"},
	measure.Accounts:   {ofParts: "count(*)", byAccount: true},
	measure.Reach:      {ofSessions: "max(stretch)", ofParts: "count(*) FILTER (reach >= %d)", byAccount: true},
	measure.Greatest:   {needs: measure.Watch, ofParts: "max(watch)", byAccount: true},
	measure.TopAccount: {needs: measure.Watch, ofParts: "arg_max(account_id, (watch, -account_id))", byAccount: true},
	measure.End:        {ofSessions: "max(ends)", ofParts: "max(latest_end)"},
	measure.Cut:        {ofSessions: "sum(lost)", ofParts: "sum(cut)", ofRollups: "0"},
}

// dimension is something that tells cells apart.
type dimension struct {
	column string // of sessions, which it comes of; empty for what slices of time have
	join   string // how it comes of the column, where it is another: %[1]d is the client, %[2]s what sets of tariffs carry
	key    string // its name
	value  string // what is answered for a key, where that is another
}

// keyOrNone is how a key is made of one that is missing where a join finds nothing.
const keyOrNone = "coalesce(%[1]s, 0) AS %[1]s"

var dimensions = map[measure.Dimension]dimension{
	measure.Channel: {column: "channel_id", key: "channel_id"},
	measure.Category: {column: "channel_id", key: "category_id", join: `
		LEFT JOIN (SELECT channel_id, unnest(categories) AS category_id FROM channels WHERE client_id = %[1]d) USING (channel_id)`},
	measure.Tariff: {column: "tariff_set", key: "tariff_id", join: ` LEFT JOIN %[2]s USING (tariff_set)`},
	measure.Device: {column: "device", key: "device", value: "(SELECT name FROM devices WHERE devices.device = figures.device)"},
	measure.Mode:   {column: "mode", key: "mode"},
	measure.Period: {key: "period"},
}
