package duckdb

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// programmeWatch attributes viewing to programmes. Sessions and programmes are cut into slots of 2^21 ms (35 minutes; a
// shift finds the slot, also before 1970) and hash-joined on (channel, slot), because a join on overlapping ranges compares
// every session of a channel with every programme on it. Overlaps add up over the slots; a pair counts as one session in
// the first slot that both touch. What is watched from an archive lies where it was broadcast, which can be long before the
// window of the sessions.
const programmeWatch = `WITH %[1]s
	shown AS (
		SELECT channel_id, CASE mode WHEN %[3]d THEN started_at ELSE position_at END AS from_at, watched_seconds
		FROM %[2]s WHERE programme_id = 0
		UNION ALL
		SELECT channel_id, position_at, watched_seconds
		FROM %[2]s WHERE programme_id <> 0 AND mode <> %[3]d AND position_at IS NOT NULL
			AND programme_id IN (SELECT programme_id FROM programmes WHERE client_id = %[4]d AND deleted)),
	viewed AS MATERIALIZED (
		SELECT channel_id, from_at, from_at + watched_seconds * 1000::BIGINT AS to_at,
			from_at >> 21 AS first_slot, (from_at + watched_seconds * 1000::BIGINT - 1) >> 21 AS last_slot
		FROM shown WHERE from_at IS NOT NULL AND watched_seconds > 0),
	viewed_slots AS (
		SELECT channel_id, from_at, to_at, first_slot, first_slot AS slot FROM viewed
		UNION ALL
		SELECT channel_id, from_at, to_at, first_slot, unnest(range(first_slot + 1, last_slot + 1))
		FROM viewed WHERE last_slot > first_slot),
	guide AS MATERIALIZED (
		SELECT programme_id, channel_id, title, start_at, end_at FROM programmes
		WHERE client_id = %[4]d AND NOT deleted AND %[5]s),
	guide_slots AS MATERIALIZED (
		SELECT programme_id, channel_id, start_at, end_at, start_at >> 21 AS first_slot,
			unnest(range(start_at >> 21, ((end_at - 1) >> 21) + 1)) AS slot
		FROM guide WHERE end_at > (SELECT min(from_at) FROM viewed)),
	shares AS (
		SELECT programme_id,
			least(to_at, end_at, (slot + 1) * 2097152) - greatest(from_at, start_at, slot * 2097152) AS millis,
			(slot = greatest(v.first_slot, g.first_slot))::INTEGER AS sessions
		FROM viewed_slots v JOIN guide_slots g USING (channel_id, slot)
		WHERE to_at > start_at AND from_at < end_at),
	attributed AS (
		SELECT programme_id, sum(greatest(millis, 0)) AS millis, sum(sessions) AS sessions FROM shares GROUP BY ALL
		UNION ALL
		SELECT programme_id, sum(watched_seconds * 1000::BIGINT), count(*) FROM %[2]s
		WHERE programme_id <> 0 AND watched_seconds > 0 GROUP BY ALL),
	summed AS (
		SELECT programme_id, (sum(millis) // 1000)::BIGINT AS seconds, sum(sessions)::BIGINT AS sessions
		FROM attributed GROUP BY ALL)
	SELECT programme_id, channel_id, title, seconds, sessions FROM summed JOIN guide USING (programme_id)
	QUALIFY rank() OVER (ORDER BY seconds DESC, sessions DESC) <= %[6]d`

// ProgrammeWatch attributes viewing to the guide; see store.ProgrammeRanker.
func (s *Store) ProgrammeWatch(
	ctx context.Context, filter viewing.Filter, channels store.ChannelSet, limit int,
) ([]viewing.ProgrammeWatch, error) {
	var programmes []viewing.ProgrammeWatch
	err := s.read(ctx, func(tx *sql.Tx) error {
		sessions, err := s.sessions(ctx, tx, filter)
		if err != nil {
			return err
		}
		programmes, err = collect(ctx, tx, func(rows *sql.Rows, p *viewing.ProgrammeWatch) error {
			return rows.Scan(&p.ProgrammeID, &p.ChannelID, &p.Title, &p.Seconds, &p.Sessions)
		}, fmt.Sprintf(programmeWatch, sessions.with, sessions.relation, viewing.Live,
			filter.ClientID, channelConditions(channels), limit))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("attribute viewing to programmes: %w", err)
	}
	return programmes, nil
}

// LatestProgrammes answers what starts last in the window; see store.ProgrammeRanker.
func (s *Store) LatestProgrammes(
	ctx context.Context, clientID int32, starting viewing.Window, channels store.ChannelSet, limit int,
) ([]catalog.Programme, error) {
	programmes, err := collect(ctx, s.db, scanProgramme, fmt.Sprintf(selectProgrammes+`
		WHERE client_id = %d AND NOT deleted AND start_at >= %d AND start_at < %d AND %s
		QUALIFY rank() OVER (ORDER BY start_at DESC) <= %d`,
		clientID, starting.From, starting.To, channelConditions(channels), limit))
	if err != nil {
		return nil, fmt.Errorf("find the latest programmes: %w", err)
	}
	return programmes, nil
}

// channelConditions is the condition that channel_id names a channel of the set.
func channelConditions(set store.ChannelSet) string {
	condition := "true"
	if set.Only != nil {
		condition = in("channel_id", set.Only)
	}
	if len(set.Except) > 0 {
		condition += " AND NOT " + in("channel_id", set.Except)
	}
	return condition
}
