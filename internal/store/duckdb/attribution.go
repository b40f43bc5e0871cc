package duckdb

import (
	"fmt"

	"github.com/tvstats/tvstats/internal/viewing"
)

// onScreen is which time of which channel was on the screen, in the sessions that are matched with the guide by time. This file is the one
// place that decides whose seconds are a programme's, whatever is computed of them. What is watched from an archive lies where it was
// broadcast, which can be long before the window of the sessions.
const onScreen = `
	shown AS NOT MATERIALIZED (
		SELECT account_id, channel_id, watched_seconds, CASE mode WHEN %[2]d THEN started_at ELSE position_at END AS from_at%[4]s
		FROM %[1]s WHERE programme_id = 0
		UNION ALL
		SELECT account_id, channel_id, watched_seconds, position_at%[4]s
		FROM %[1]s WHERE programme_id <> 0 AND mode <> %[2]d AND position_at IS NOT NULL
			AND programme_id IN (SELECT programme_id FROM programmes WHERE client_id = %[3]d AND deleted)),`

// attributed finds what sessions give to the programmes of guide. What is shown and programmes are cut into slots of 2^21 ms (35
// minutes; a shift finds the slot, also before 1970) and hash-joined on (channel, slot), because a join on overlapping ranges compares
// every session of a channel with every programme on it. A pair counts in the first slot that both touch, with all that they have
// in common.
const attributed = `
	viewed AS MATERIALIZED (
		SELECT * EXCLUDE watched_seconds, from_at + watched_seconds * 1000::BIGINT AS to_at,
			from_at >> 21 AS first_slot, (from_at + watched_seconds * 1000::BIGINT - 1) >> 21 AS last_slot%[2]s
		FROM shown WHERE watched_seconds > 0 AND %[3]s),
	viewed_slots AS (SELECT *, first_slot AS slot FROM viewed
		UNION ALL SELECT *, unnest(range(first_slot + 1, last_slot + 1)) FROM viewed WHERE last_slot > first_slot),
	guide_slots AS MATERIALIZED (
		SELECT * EXCLUDE title, start_at >> 21 AS first_slot, unnest(range(start_at >> 21, ((end_at - 1) >> 21) + 1)) AS slot
		FROM guide WHERE end_at > (SELECT min(from_at) FROM viewed)),
	given AS %[4]s (
		SELECT programme_id, account_id, least(to_at, end_at) - greatest(from_at, start_at) AS millis%[5]s
		FROM viewed_slots v JOIN guide_slots g USING (channel_id, slot)
		WHERE slot = greatest(v.first_slot, g.first_slot) AND to_at > start_at AND from_at < end_at
		UNION ALL
		SELECT programme_id, account_id, watched_seconds * 1000::BIGINT%[6]s
		FROM %[1]s JOIN guide USING (programme_id) WHERE watched_seconds > 0),`

// attribution is what a statement needs of attributed beside the programme, account_id and millis. Columns begin with a comma.
type attribution struct {
	shown, viewed string // columns of sessions, and what is computed of those that are matched by time
	within        string // which of these can give anything
	given, whole  string // columns of what was given: matched by time, and by the session's own programme
	materialized  string // "MATERIALIZED" where given is read more than once
}

// shownBy returns onScreen for the client's sessions.
func (a attribution) shownBy(clientID int32, sessions source) string {
	return fmt.Sprintf(onScreen, sessions.relation, viewing.Live, clientID, a.shown)
}

// givenBy returns attributed for the sessions, after shownBy and the guide.
func (a attribution) givenBy(sessions source) string {
	return fmt.Sprintf(attributed, sessions.relation, a.viewed, a.within, a.materialized, a.given, a.whole)
}
