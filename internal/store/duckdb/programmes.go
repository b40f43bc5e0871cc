package duckdb

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/measure"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// programmeWatch attributes viewing to programmes. Sessions and programmes are cut into slots of 2^21 ms (35 minutes; a
// shift finds the slot, also before 1970) and hash-joined on (channel, slot), because a join on overlapping ranges compares
// every session of a channel with every programme on it. A pair counts in the first slot that both touch, with all that
// they have in common. What is watched from an archive lies where it was broadcast, which can be long before the window of
// the sessions.
const programmeWatch = `WITH %[1]s
	shown AS (
		SELECT account_id, channel_id, CASE mode WHEN %[3]d THEN started_at ELSE position_at END AS from_at, watched_seconds
		FROM %[2]s WHERE programme_id = 0
		UNION ALL
		SELECT account_id, channel_id, position_at, watched_seconds
		FROM %[2]s WHERE programme_id <> 0 AND mode <> %[3]d AND position_at IS NOT NULL
			AND programme_id IN (SELECT programme_id FROM programmes WHERE client_id = %[4]d AND deleted)),
	viewed AS MATERIALIZED (
		SELECT account_id, channel_id, from_at, from_at + watched_seconds * 1000::BIGINT AS to_at,
			from_at >> 21 AS first_slot, (from_at + watched_seconds * 1000::BIGINT - 1) >> 21 AS last_slot
		FROM shown WHERE from_at IS NOT NULL AND watched_seconds > 0),
	viewed_slots AS (
		SELECT account_id, channel_id, from_at, to_at, first_slot, first_slot AS slot FROM viewed
		UNION ALL
		SELECT account_id, channel_id, from_at, to_at, first_slot, unnest(range(first_slot + 1, last_slot + 1))
		FROM viewed WHERE last_slot > first_slot),
	guide AS MATERIALIZED (
		SELECT programme_id, channel_id, title, start_at, end_at FROM programmes
		WHERE client_id = %[4]d AND NOT deleted AND %[5]s),
	guide_slots AS MATERIALIZED (
		SELECT programme_id, channel_id, start_at, end_at, start_at >> 21 AS first_slot,
			unnest(range(start_at >> 21, ((end_at - 1) >> 21) + 1)) AS slot
		FROM guide WHERE end_at > (SELECT min(from_at) FROM viewed)),
	given AS (
		SELECT programme_id, account_id, least(to_at, end_at) - greatest(from_at, start_at) AS millis
		FROM viewed_slots v JOIN guide_slots g USING (channel_id, slot)
		WHERE slot = greatest(v.first_slot, g.first_slot) AND to_at > start_at AND from_at < end_at
		UNION ALL
		SELECT programme_id, account_id, watched_seconds * 1000::BIGINT FROM %[2]s
		WHERE programme_id <> 0 AND watched_seconds > 0),
	accounts AS (
		SELECT programme_id, account_id, sum(millis)::BIGINT AS watch, count(*) AS sessions, max(millis) AS longest
		FROM given GROUP BY ALL),
	summed AS (
		SELECT programme_id, sum(watch)::BIGINT AS watch, sum(sessions)::BIGINT AS sessions, count(*) AS accounts,
			count(*) FILTER (longest >= %[6]d) AS reach, max(watch) AS greatest,
			arg_max(account_id, (watch, -account_id)) AS top_account
		FROM accounts GROUP BY programme_id)
	SELECT programme_id, channel_id, title, start_at, end_at - start_at AS length, watch, sessions, accounts, reach, greatest, top_account
	FROM summed JOIN guide USING (programme_id)
	QUALIFY rank() OVER (ORDER BY accounts < %[7]d, %[8]s DESC, watch // 1000 DESC, sessions DESC) <= %[9]d`

// programmeScores are how scores come of the figures of a programme.
var programmeScores = map[store.ProgrammeScore]string{
	store.ByWatchTime: "watch // 1000", store.BySessions: "sessions", store.ByReach: "reach", store.ByAverageAudience: "watch / length",
}

// ProgrammeWatch attributes viewing to the guide; see store.ProgrammeRanker.
func (s *Store) ProgrammeWatch(ctx context.Context, q store.ProgrammeWatchQuery) (store.ProgrammesWatched, error) {
	var watched store.ProgrammesWatched
	err := s.read(ctx, func(tx *sql.Tx) error {
		all, err := s.aggregate(ctx, tx, measure.Query{Filter: q.Filter, Measures: []measure.Measure{measure.Watch, measure.Cut}})
		if err != nil {
			return err
		}
		for _, row := range all { // none where there is no session
			watched.Watch, watched.Cut = viewing.Millis(row.Values[0]), viewing.Millis(row.Values[1])
		}
		sessions, err := s.sessions(ctx, tx, q.Filter)
		if err != nil {
			return err
		}
		watched.Programmes, err = collect(ctx, tx, scanProgrammeWatch, programmeStatement(q, sessions))
		return err
	})
	if err != nil {
		return store.ProgrammesWatched{}, fmt.Errorf("attribute viewing to programmes: %w", err)
	}
	return watched, nil
}

func programmeStatement(q store.ProgrammeWatchQuery, sessions source) string {
	guide := channelConditions(q.Channels)
	if q.Programmes != nil {
		guide += " AND " + in("programme_id", q.Programmes)
	}
	return fmt.Sprintf(programmeWatch, sessions.with, sessions.relation, viewing.Live, q.Filter.ClientID, guide,
		q.Reach, q.MinAccounts, programmeScores[q.Score], q.Limit)
}

func scanProgrammeWatch(rows *sql.Rows, p *viewing.ProgrammeWatch) error {
	return rows.Scan(&p.ProgrammeID, &p.ChannelID, &p.Title, &p.Start, &p.Length, &p.Watch, &p.Sessions, &p.Accounts, &p.Reach,
		&p.Greatest, &p.TopAccount)
}

// LatestProgrammes returns what starts last in the window; see store.ProgrammeRanker.
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
