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

// watchedGuide is the programmes that may be ranked.
const watchedGuide = `
	guide AS MATERIALIZED (
		SELECT programme_id, channel_id, title, start_at, end_at FROM programmes
		WHERE client_id = %d AND NOT deleted AND %s),`

// programmeWatch adds up what sessions gave to programmes, and ranks these.
const programmeWatch = `
	accounts AS (
		SELECT programme_id, account_id, sum(millis)::BIGINT AS watch, count(*) AS sessions, max(millis) AS longest
		FROM given GROUP BY ALL),
	summed AS (
		SELECT programme_id, sum(watch)::BIGINT AS watch, sum(sessions)::BIGINT AS sessions, count(*) AS accounts,
			count(*) FILTER (longest >= %[1]d) AS reach, max(watch) AS greatest,
			arg_max(account_id, (watch, -account_id)) AS top_account
		FROM accounts GROUP BY programme_id)
	SELECT programme_id, channel_id, title, start_at, end_at - start_at AS length, watch, sessions, accounts, reach, greatest, top_account
	FROM summed JOIN guide USING (programme_id)
	QUALIFY rank() OVER (ORDER BY accounts < %[2]d, %[3]s DESC, watch // 1000 DESC, sessions DESC) <= %[4]d`

// programmeScores are how scores come of the figures of a programme.
var programmeScores = map[store.ProgrammeScore]string{
	store.ByWatchTime: "watch // 1000", store.BySessions: "sessions", store.ByReach: "reach", store.ByAverageAudience: "watch / length",
}

// ProgrammeWatch attributes viewing to the guide; see store.ProgrammeRanker.
func (s *Store) ProgrammeWatch(ctx context.Context, q store.ProgrammeWatchQuery) (store.ProgrammesWatched, error) {
	var watched store.ProgrammesWatched
	err := s.read(ctx, func(tx *sql.Tx) error {
		all, err := s.aggregateParts(ctx, tx, measure.Query{Filter: q.Filter, Measures: []measure.Measure{measure.Watch, measure.Cut}})
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
	return "WITH " + sessions.with + fmt.Sprintf(watchedGuide, q.Filter.ClientID, guide) +
		attribution{within: "from_at IS NOT NULL"}.statement(q.Filter.ClientID, sessions) +
		fmt.Sprintf(programmeWatch, q.Reach, q.MinAccounts, programmeScores[q.Score], q.Limit)
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
