package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"math"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/measure"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// listed is the programmes that may be ranked.
const listed = `
	listed AS MATERIALIZED (
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
	SELECT programme_id, channel_id, title, start_at, end_at - start_at AS length, watch, sessions, accounts, reach, greatest, top_account,
		(%[3]s)::DOUBLE, %[5]s
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
		watched.Programmes, err = bestProgrammes(ctx, tx, q, sessions)
		return err
	})
	if err != nil {
		return store.ProgrammesWatched{}, fmt.Errorf("attribute viewing to programmes: %w", err)
	}
	return watched, nil
}

// candidatesPerPlace is how many programmes are attributed for each place at first: enough where bounds are near the truth.
const candidatesPerPlace = 4

// bestProgrammes attributes viewing to the programmes with the greatest upper bounds (candidates). That is enough where these are better
// than all others can be; else all follow that can be as good.
func bestProgrammes(ctx context.Context, tx *sql.Tx, q store.ProgrammeWatchQuery, sessions source) ([]viewing.ProgrammeWatch, error) {
	if q.Programmes != nil {
		best, err := attributeTo(ctx, tx, q, sessions, "")
		return best.programmes, err
	}
	best, err := attributeTo(ctx, tx, q, sessions, fmt.Sprintf("place <= %d", candidatesPerPlace*q.Limit))
	if err != nil || best.others < best.least || math.IsInf(best.others, -1) {
		return best.programmes, err
	}
	best, err = attributeTo(ctx, tx, q, sessions, fmt.Sprintf("most >= '%g'::DOUBLE", best.least))
	return best.programmes, err
}

// attributedWatch is how programmes were watched that are among the limit first ones of a guide.
type attributedWatch struct {
	programmes []viewing.ProgrammeWatch
	least      float64 // the score that one needs to be among them; −∞ where any has a chance
	others     float64 // the greatest score that one can have that is not in the guide; −∞ where there is none, ∞ where it is not known
}

// attributeTo attributes viewing to the programmes of q's guide that pass the condition on the columns most and place of candidates; "" is
// all of them, without bounds.
func attributeTo(ctx context.Context, tx *sql.Tx, q store.ProgrammeWatchQuery, sessions source, condition string) (attributedWatch, error) {
	found := attributedWatch{least: math.Inf(1), others: math.Inf(1)}
	enough := 0 // with as many accounts as are needed to come first
	var err error
	found.programmes, err = collect(ctx, tx, func(rows *sql.Rows, p *viewing.ProgrammeWatch) error {
		var score float64
		var others sql.NullFloat64
		err := rows.Scan(&p.ProgrammeID, &p.ChannelID, &p.Title, &p.Start, &p.Length, &p.Watch, &p.Sessions, &p.Accounts, &p.Reach,
			&p.Greatest, &p.TopAccount, &score, &others)
		if p.Accounts >= q.MinAccounts {
			enough++
			found.least = min(found.least, score)
		}
		found.others = math.Inf(-1)
		if others.Valid {
			found.others = others.Float64
		}
		return err
	}, programmeStatement(q, sessions, condition))
	if enough < q.Limit {
		found.least = math.Inf(-1)
	}
	return found, err
}

func programmeStatement(q store.ProgrammeWatchQuery, sessions source, condition string) string {
	conditions, others := channelConditions(q.Channels), "NULL"
	if q.Programmes != nil {
		conditions += " AND " + in("programme_id", q.Programmes)
	}
	guide := "\n\tguide AS MATERIALIZED (FROM listed),"
	if condition != "" {
		guide = candidateStatement(q, sessions, condition)
		others = fmt.Sprintf("(SELECT max(most) FROM candidates WHERE NOT (%s))", condition)
	}
	columns := attribution{within: "from_at IS NOT NULL AND channel_id IN (SELECT channel_id FROM guide)"}
	return "WITH " + sessions.with + fmt.Sprintf(listed, q.Filter.ClientID, conditions) +
		columns.shownBy(q.Filter.ClientID, sessions) + guide + columns.givenBy(sessions) +
		fmt.Sprintf(programmeWatch, q.Reach, q.MinAccounts, programmeScores[q.Score], q.Limit, others)
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
