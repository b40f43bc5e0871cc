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

// peaks finds the peaks of days, for accounts and for devices. shown is the part of each session that lies in the window; instants
// count from the midnight of its first day.
//
// Where an account has one device, which no other account has, both are online at the same time: the steps of those, alone, are
// found once. Of the others, shared, they are found by account and by device, which have numbers there: names take longer to sort.
const peaks = `WITH %s
	shown AS MATERIALIZED (
		SELECT account_id, device_uid, greatest(started_at, %[3]d) - %[5]d AS since, least(reported_at, %[4]d) - %[5]d AS until
		FROM %[2]s WHERE reported_at > %[3]d AND reported_at > started_at),
	pairs AS MATERIALIZED (SELECT DISTINCT account_id, device_uid FROM shown),
	several AS MATERIALIZED (
		SELECT account_id FROM pairs GROUP BY account_id HAVING count(*) > 1
		UNION SELECT account_id FROM pairs SEMI JOIN (SELECT device_uid FROM pairs GROUP BY device_uid HAVING count(*) > 1) USING (device_uid)),
	numbers AS MATERIALIZED (
		SELECT device_uid, row_number() OVER () AS device
		FROM (SELECT DISTINCT device_uid FROM pairs SEMI JOIN several USING (account_id))),
	alone AS NOT MATERIALIZED (SELECT account_id, since, until FROM shown ANTI JOIN several USING (account_id)),
	shared AS MATERIALIZED (SELECT account_id, device, since, until FROM shown JOIN numbers USING (device_uid)),
	midnights AS MATERIALIZED (SELECT greatest(midnight, %[6]d) AS since, 0 AS step FROM range(0, %[7]d, %[8]d) AS midnights(midnight)),
	%[9]s
	SELECT day, a.peak, a.since, d.peak, d.since FROM accounts_peaks AS a JOIN devices_peaks AS d USING (day) ORDER BY day`

// steps are the instants before %[5]d at which the number online of who, %[2]s, changes: sessions of one that overlap are joined first.
// sums are the steps by part of a day.
const steps = `%[1]s_intervals AS MATERIALIZED (
		SELECT since, max(until) OVER (PARTITION BY %[2]s ORDER BY since ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS gone
		FROM %[3]s),
	%[1]s_steps AS MATERIALIZED (
		SELECT since, 1 AS step FROM %[1]s_intervals WHERE gone IS NULL OR gone < since
		UNION ALL SELECT gone, -1 FROM %[1]s_intervals WHERE gone < since
		UNION ALL SELECT max(until), -1 FROM %[3]s GROUP BY %[2]s),
	%[1]s_sums AS MATERIALIZED (
		SELECT since // %[4]d AS part, sum(step)::BIGINT AS change, count(*) AS steps FROM %[1]s_steps WHERE since < %[5]d GROUP BY part),
	`

// sweep goes along the steps of alone and of %[1]s. Sorting all of them would take most of the time. So the sums give the level at the
// end of each part, and only those parts are gone through that could hold more than the greatest of these levels.
const sweep = `%[1]s_levels AS (
		SELECT part, part // %[2]d AS day, change, (steps + change) // 2 AS most, sum(change) OVER (ORDER BY part)::BIGINT AS level
		FROM (SELECT part, sum(change)::BIGINT AS change, sum(steps)::BIGINT AS steps FROM (
			FROM alone_sums UNION ALL FROM %[1]s_sums UNION ALL SELECT since // %[3]d, 0, 0 FROM midnights) GROUP BY part)),
	%[1]s_candidates AS MATERIALIZED (
		SELECT part, day, level - change AS base FROM %[1]s_levels
		QUALIFY level - change + most >= max(level) OVER (PARTITION BY day)),
	%[1]s_instants AS (
		SELECT day, part, base, since, sum(step) AS change
		FROM (FROM alone_steps UNION ALL FROM %[1]s_steps UNION ALL FROM midnights) JOIN %[1]s_candidates ON since // %[3]d = part
		WHERE since < %[4]d GROUP BY ALL),
	%[1]s_online AS (
		SELECT day, since, base + sum(change) OVER (PARTITION BY part ORDER BY since) AS level FROM %[1]s_instants),
	%[1]s_peaks AS (
		SELECT day, any_value(level)::BIGINT AS peak, min(since) AS since
		FROM (FROM %[1]s_online QUALIFY level = max(level) OVER (PARTITION BY day)) GROUP BY day)`

// partLength is short enough that few steps of a day lie in the parts that are gone through, and long enough that there are few
// parts. A day is so many of it.
const (
	partLength = 4 * 1000
	dayParts   = viewing.DayLength / partLength
)

// sweeps are the steps and the two sweeps, up to the end of the window.
func sweeps(to viewing.Millis) string {
	return fmt.Sprintf(steps, "alone", "account_id", "alone", partLength, to) +
		fmt.Sprintf(steps, "accounts", "account_id", "shared", partLength, to) +
		fmt.Sprintf(steps, "devices", "device", "shared", partLength, to) +
		fmt.Sprintf(sweep, "accounts", dayParts, partLength, to) + ",\n\t" + fmt.Sprintf(sweep, "devices", dayParts, partLength, to)
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
		}, fmt.Sprintf(peaks, sessions.with, sessions.relation, window.From, window.To, midnight, from, to, viewing.DayLength, sweeps(to)))
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
