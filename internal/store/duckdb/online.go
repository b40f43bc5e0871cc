package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var _ store.OnlineFinder = (*Store)(nil)

// peaks finds the peaks of days, for accounts and for devices (sweep). shown is the part of each session that lies in the
// window; instants count from the midnight of its first day.
const peaks = `WITH %s
	shown AS MATERIALIZED (
		SELECT account_id, device_uid, greatest(started_at, %[3]d) - %[5]d AS since, least(reported_at, %[4]d) - %[5]d AS until
		FROM %[2]s WHERE reported_at > %[3]d AND reported_at > started_at),
	%[6]s,
	%[7]s
	SELECT day, a.peak, a.since, d.peak, d.since FROM account_id_peaks AS a JOIN device_uid_peaks AS d USING (day) ORDER BY day`

// sweep is the sweep over what is shown, as common table expressions whose names begin with what it counts. It goes along
// the instants at which the number online changes: sessions of one account or device that overlap are joined first. Sorting
// all these instants would take most of the time. So they are summed up by second, which gives the level at the end of each
// second, and only those seconds are gone through that could hold more than the greatest of these levels.
func sweep(who string, from, to viewing.Millis) string {
	return fmt.Sprintf(`%[1]s_intervals AS MATERIALIZED (
		SELECT since, max(until) OVER (PARTITION BY %[1]s ORDER BY since ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS gone
		FROM shown),
	%[1]s_steps AS MATERIALIZED (
		SELECT since, 1 AS step FROM %[1]s_intervals WHERE gone IS NULL OR gone < since
		UNION ALL SELECT gone, -1 FROM %[1]s_intervals WHERE gone < since
		UNION ALL SELECT max(until), -1 FROM shown GROUP BY %[1]s
		UNION ALL SELECT greatest(midnight, %[2]d), 0 FROM range(0, %[3]d, %[4]d) AS midnights(midnight)),
	%[1]s_seconds AS (
		SELECT since // 1000 AS second, sum(step) AS change, count(*) FILTER (step > 0) AS most
		FROM %[1]s_steps WHERE since < %[3]d GROUP BY second),
	%[1]s_levels AS (
		SELECT second, second // 86400 AS day, change, most, sum(change) OVER (ORDER BY second) AS level FROM %[1]s_seconds),
	%[1]s_candidates AS MATERIALIZED (
		SELECT second, day, level - change AS base FROM %[1]s_levels
		QUALIFY level - change + most >= max(level) OVER (PARTITION BY day)),
	%[1]s_instants AS (
		SELECT day, second, base, since, sum(step) AS change
		FROM %[1]s_steps JOIN %[1]s_candidates ON since // 1000 = second WHERE since < %[3]d GROUP BY ALL),
	%[1]s_online AS (
		SELECT day, since, base + sum(change) OVER (PARTITION BY second ORDER BY since) AS level FROM %[1]s_instants),
	%[1]s_peaks AS (
		SELECT day, any_value(level)::BIGINT AS peak, min(since) AS since
		FROM (FROM %[1]s_online QUALIFY level = max(level) OVER (PARTITION BY day)) GROUP BY day)`,
		who, from, to, viewing.DayLength)
}

// Peaks sweeps over sessions; see store.OnlineFinder.
func (s *Store) Peaks(
	ctx context.Context, clientID int32, midnight viewing.Millis, window viewing.Window, now viewing.Millis,
) ([]store.DayPeak, error) {
	if window.To <= window.From {
		return nil, nil
	}
	var found []store.DayPeak
	from, to := window.From-midnight, window.To-midnight
	err := s.read(ctx, func(tx *sql.Tx) error {
		sessions, err := s.reaching(ctx, tx, clientID, window, now)
		if err != nil {
			return err
		}
		return eachRow(ctx, tx, func(rows *sql.Rows) error {
			peak, err := scanPeak(rows, midnight)
			found = append(found, peak)
			return err
		}, fmt.Sprintf(peaks, sessions.with, sessions.relation, window.From, window.To, midnight,
			sweep("account_id", from, to), sweep("device_uid", from, to)))
	})
	if err != nil {
		return nil, fmt.Errorf("find the greatest number online: %w", err)
	}
	return found, nil
}

// scanPeak reads the peaks of a day, which the sweep counts, as it does instants, from midnight on.
func scanPeak(rows *sql.Rows, midnight viewing.Millis) (store.DayPeak, error) {
	var p store.DayPeak
	var day viewing.Millis
	err := rows.Scan(&day, &p.Accounts.Count, &p.Accounts.At, &p.Devices.Count, &p.Devices.At)
	p.Start = midnight + day*viewing.DayLength
	for _, peak := range []*store.Peak{&p.Accounts, &p.Devices} {
		if peak.At += midnight; peak.Count == 0 {
			peak.At = 0
		}
	}
	return p, err
}

// reaching describes the sessions that started before the window's end and may reach into it.
func (s *Store) reaching(ctx context.Context, tx *sql.Tx, clientID int32, window viewing.Window, now viewing.Millis) (source, error) {
	return s.sessionsOf(ctx, tx, asking{Filter: viewing.Filter{ClientID: clientID, Now: now, Window: window}, reaching: true})
}

// Online counts who is online; see store.OnlineFinder.
func (s *Store) Online(
	ctx context.Context, clientID int32, asOf viewing.Millis, timeout time.Duration, now viewing.Millis,
) (store.Viewers, error) {
	var online store.Viewers
	since := asOf.Add(-timeout)
	err := s.read(ctx, func(tx *sql.Tx) error {
		sessions, err := s.reaching(ctx, tx, clientID, viewing.Window{From: since, To: asOf}, now)
		if err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, fmt.Sprintf(`WITH %s online AS (
				SELECT account_id, device_uid FROM %s WHERE reported_at > %d AND NOT (ended AND reported_at <= %d))
			SELECT count(DISTINCT account_id), count(DISTINCT device_uid) FROM online`,
			sessions.with, sessions.relation, since, asOf)).Scan(&online.Accounts, &online.Devices)
	})
	if err != nil {
		return online, fmt.Errorf("count who is online: %w", err)
	}
	return online, nil
}
