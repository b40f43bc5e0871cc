package duckdb

import (
	"fmt"

	"github.com/tvstats/tvstats/internal/store"
)

// boundCell is the length of the cells by which candidates adds viewing up. Most programmes start and end at a half hour, where its bounds
// are exact.
const boundCell = 30 * 60_000

// yearOne is the first instant that there is, which cells are counted from: none is below 0, where division would not round down.
const yearOne = -62_135_596_800_000

// candidates finds an upper bound of what each programme can have been given, without joining sessions with programmes: the time of the
// channel's sessions from the beginning of the cell in which it starts to the end of the one in which it ends, and their number.
// Both follow from sums up to these instants. The time is level × instant − what was added up of the instants at which the level
// changed; the number is that of the sessions that started before the one less those that ended before the other. The sums run on
// from channel to channel, since only differences are looked at. A session's last millisecond stands for its end, so that one
// that ended just when a cell begins is not in it. To that comes what sessions give to the programme that they name.
const candidates = `
	timed AS NOT MATERIALIZED (
		SELECT channel_id, from_at - %[4]d AS from_at, from_at - %[4]d + watched_seconds * 1000::BIGINT - 1 AS last_at
		FROM shown WHERE watched_seconds > 0 AND from_at IS NOT NULL AND %[2]s),
	starts AS MATERIALIZED (
		SELECT channel_id, from_at // %[3]d AS cell, count(*) AS started, sum(from_at) AS added FROM timed GROUP BY ALL),
	ends AS (
		SELECT channel_id, last_at // %[3]d AS cell, count(*) AS ended, sum(last_at) + count(*) AS added FROM timed GROUP BY ALL),
	spans AS MATERIALIZED (
		SELECT programme_id, channel_id, (start_at - %[4]d) // %[3]d AS first_cell, (end_at - 1 - %[4]d) // %[3]d + 1 AS after_cell
		FROM listed WHERE (end_at - 1 - %[4]d) // %[3]d >= (SELECT min(cell) FROM starts)),
	changes AS (
		SELECT channel_id, cell, started, 0 AS ended, added FROM starts UNION ALL SELECT channel_id, cell, 0, ended, -added FROM ends
		UNION ALL SELECT channel_id, first_cell, 0, 0, 0 FROM spans UNION ALL SELECT channel_id, after_cell, 0, 0, 0 FROM spans),
	levels AS MATERIALIZED (
		SELECT channel_id, cell, coalesce(sum(sum(started)) OVER before, 0) AS started, coalesce(sum(sum(ended)) OVER before, 0) AS ended,
			coalesce(sum(sum(added)) OVER before, 0) AS added
		FROM changes GROUP BY channel_id, cell
		WINDOW before AS (ORDER BY channel_id, cell ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)),
	begun AS MATERIALIZED (
		SELECT programme_id, s.channel_id, after_cell, ended, (started - ended) * cell * %[3]d - added AS watched
		FROM spans s JOIN levels l ON l.channel_id = s.channel_id AND cell = first_cell),
	bounds AS (
		SELECT programme_id, (started - l.ended) * cell * %[3]d - added - watched AS watch, started - b.ended AS sessions
		FROM begun b JOIN levels l ON l.channel_id = b.channel_id AND cell = after_cell
		UNION ALL SELECT programme_id, sum(watched_seconds * 1000::BIGINT), count(*)
		FROM %[1]s WHERE programme_id <> 0 AND watched_seconds > 0 GROUP BY programme_id),
	bounded AS (
		SELECT programme_id, any_value(end_at - start_at) AS length, sum(watch)::BIGINT AS watch, sum(sessions)::BIGINT AS sessions,
			sum(sessions)::BIGINT AS reach
		FROM bounds JOIN listed USING (programme_id) GROUP BY programme_id HAVING sum(watch) > 0),
	candidates AS MATERIALIZED (
		SELECT programme_id, most, rank() OVER (ORDER BY most DESC) AS place FROM (SELECT programme_id, (%[5]s)::DOUBLE AS most FROM bounded)),
	guide AS MATERIALIZED (SELECT l.* FROM listed l JOIN candidates USING (programme_id) WHERE %[6]s),`

// candidateStatement is candidates for the sessions; those that pass the condition are the guide.
func candidateStatement(q store.ProgrammeWatchQuery, sessions source, condition string) string {
	return fmt.Sprintf(candidates, sessions.relation, channelConditions(q.Channels), boundCell, yearOne, programmeScores[q.Score], condition)
}
