package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"strings"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var _ store.ProgrammeRater = (*Store)(nil)

// everStarted is the window of all sessions.
var everStarted = viewing.Window{From: math.MinInt64 / 2, To: math.MaxInt64 / 2}

// ratedGuide is the programmes that are requested, each with the day on which it starts, and the time in which any of them is on.
const ratedGuide = `
	guide AS MATERIALIZED (
		SELECT programme_id, channel_id, title, start_at, end_at, day_from, day_to FROM programmes ASOF JOIN %[1]s ON start_at >= day_from
		WHERE client_id = %[2]d AND NOT deleted AND start_at >= %[3]d AND start_at < %[4]d AND %[5]s),
	airtime AS MATERIALIZED (SELECT min(start_at) AS begins, max(end_at) AS ends FROM guide),`

// onAir is the condition that what was watched can overlap any of them.
const onAir = "from_at < (SELECT ends FROM airtime) AND from_at + watched_seconds * 1000::BIGINT > (SELECT begins FROM airtime)"

// rated are the columns that ratings are made of.
var rated = attribution{
	shown:  ", mode, started_at, position_at",
	within: onAir,
	given:  ", mode, started_at, position_at, start_at, day_from, day_to",
	whole:  ", mode, started_at, position_at, start_at, day_from, day_to",
}

// uncounted is what finds the time that does not count, of each session once. One that was matched by time may have given time to
// several programmes and has a number; one with a programme has given to that alone.
var uncounted = struct{ shown, viewed, given, whole, sum string }{
	shown:  ", told_seconds - watched_seconds AS lost",
	viewed: ", row_number() OVER () AS session",
	given:  ", lost, session",
	whole:  ", told_seconds - watched_seconds, NULL",
	sum: `(SELECT coalesce(sum(lost), 0)::BIGINT * 1000 FROM (
		SELECT DISTINCT session, lost FROM given WHERE session IS NOT NULL UNION ALL SELECT session, lost FROM given WHERE session IS NULL))`,
}

// ratedSums adds up what was given: by account only what shows who is reached, because there are far more accounts of programmes
// than programmes.
const ratedSums = `
	lags AS MATERIALIZED (
		SELECT programme_id, account_id, millis, mode = %[1]d AS live, started_at >= day_from AND started_at < day_to AS same_day,
			started_at - coalesce(position_at, start_at) AS lag
		FROM given),
	by_account AS (SELECT programme_id, account_id, max(millis) AS longest FROM lags GROUP BY ALL),
	reached AS (
		SELECT programme_id, count(*) AS accounts, count(*) FILTER (longest >= %[4]d) AS reach FROM by_account GROUP BY programme_id),
	given_sums AS (
		SELECT programme_id, sum(millis) AS watch, sum(millis) FILTER (live) AS live, sum(millis) FILTER (live OR same_day) AS day,
			sum(millis) FILTER (live OR lag < %[2]d) AS week, sum(millis) FILTER (live OR lag < %[3]d) AS month
		FROM lags GROUP BY programme_id),
	sums AS (FROM reached JOIN given_sums USING (programme_id)),`

// liveUntil is the time of all live sessions up to the instants at which programmes start and end: level × instant − what was
// added up of the instants at which the level changed. These are added up by the minute, which is where most programmes start
// and end; for the others what changed within their minute is added.
const liveUntil = `
	live AS (
		SELECT started_at AS from_at, started_at + watched_seconds * 1000::BIGINT AS to_at FROM %[1]s, airtime
		WHERE mode = %[2]d AND watched_seconds > 0 AND started_at < ends AND started_at + watched_seconds * 1000::BIGINT > begins),
	changes AS (SELECT from_at AS moment, 1 AS change FROM live UNION ALL SELECT to_at, -1 FROM live),
	minutes AS MATERIALIZED (
		SELECT minute, sum(sum(change)) OVER before AS change, sum(sum(change * moment)) OVER before AS added
		FROM (SELECT %[3]s AS minute, moment, change FROM changes) GROUP BY minute WINDOW before AS (ORDER BY minute)),
	instants AS MATERIALIZED (
		SELECT moment AS instant, %[3]s AS minute FROM (SELECT start_at AS moment FROM guide UNION SELECT end_at FROM guide)),
	within_minute AS (
		SELECT instant, sum(change) AS change, sum(change * moment) AS added
		FROM instants JOIN changes ON minute = %[3]s AND moment < instant WHERE instant <> minute GROUP BY instant),
	live_until AS MATERIALIZED (
		SELECT instant, instant * (coalesce(m.change, 0) + coalesce(w.change, 0)) - coalesce(m.added, 0) - coalesce(w.added, 0) AS live
		FROM instants i ASOF LEFT JOIN minutes m ON i.minute > m.minute LEFT JOIN within_minute w USING (instant))`

// minuteOfMoment is the minute that a moment lies in, also before 1970.
const minuteOfMoment = "(moment - ((moment % 60000) + 60000) % 60000)"

const ratings = `
	SELECT programme_id, channel_id, title, start_at, end_at, coalesce(accounts, 0), coalesce(reach, 0),
		coalesce(watch, 0)::BIGINT, coalesce(s.live, 0)::BIGINT, coalesce(day, 0)::BIGINT, coalesce(week, 0)::BIGINT, coalesce(month, 0)::BIGINT,
		(b.live - a.live)::BIGINT, %s
	FROM guide LEFT JOIN sums s USING (programme_id)
		JOIN live_until a ON a.instant = start_at JOIN live_until b ON b.instant = end_at %s`

// Ratings finds the audience of programmes; see store.ProgrammeRater.
func (s *Store) Ratings(ctx context.Context, q store.RatingQuery) (store.Ratings, error) {
	var all store.Ratings
	q.Filter.Window = everStarted
	err := s.read(ctx, func(tx *sql.Tx) error {
		sessions, err := s.sessions(ctx, tx, q.Filter)
		if err != nil {
			return err
		}
		all.Programmes, err = collect(ctx, tx, func(rows *sql.Rows, r *store.Rating) error {
			return rows.Scan(&r.ID, &r.ChannelID, &r.Title, &r.Start, &r.End, &r.Accounts, &r.Reach,
				&r.Watch, &r.Live, &r.SameDay, &r.SevenDays, &r.TwentyEightDays, &r.AllLive, &all.Cut)
		}, ratingStatement(q, sessions))
		return err
	})
	if err != nil {
		return store.Ratings{}, fmt.Errorf("rate programmes: %w", err)
	}
	return all, nil
}

func ratingStatement(q store.RatingQuery, sessions source) string {
	days := make([]string, len(q.Days))
	for i, day := range q.Days {
		days[i] = fmt.Sprintf("(%d::BIGINT, %d::BIGINT)", day.From, day.To)
	}
	limit := ""
	if q.Most > 0 {
		limit = fmt.Sprintf("LIMIT %d", q.Most+1)
	}
	columns, lost := rated, "0"
	if q.Filter.Policy.Cuts() {
		columns.shown += uncounted.shown
		columns.viewed += uncounted.viewed
		columns.given += uncounted.given
		columns.whole += uncounted.whole
		columns.materialized, lost = "MATERIALIZED", uncounted.sum
	}
	return "WITH " + sessions.with +
		fmt.Sprintf(ratedGuide, "(VALUES "+strings.Join(days, ", ")+") days(day_from, day_to)",
			q.Filter.ClientID, q.Starting.From, q.Starting.To, channelConditions(q.Channels)) +
		columns.shownBy(q.Filter.ClientID, sessions) + columns.givenBy(sessions) +
		fmt.Sprintf(ratedSums, viewing.Live, 7*viewing.DayLength, 28*viewing.DayLength, q.Reach) +
		fmt.Sprintf(liveUntil, sessions.relation, viewing.Live, minuteOfMoment) + fmt.Sprintf(ratings, lost, limit)
}
