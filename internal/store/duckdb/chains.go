package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/tvstats/tvstats/internal/viewing"
)

// This file makes sessions of what was reported where a device counts on one channel at a time (viewing.Policy). That looks at
// all sessions of a device, in their order, and a chain of sessions that drift into each other may go on for days. What is
// read is bounded by the data: of the window all sessions; before and after it only those of devices that were on when it began
// or ended, as far back and forth as the chains of these go.

// countedSeconds is how many of a session's watched_seconds count, but for what comes next on its device.
func countedSeconds(p viewing.Policy) string {
	least := []string{"watched_seconds"}
	if p.MaxSessionSeconds > 0 {
		least = append(least, fmt.Sprint(p.MaxSessionSeconds))
	}
	if p.InactivitySeconds > 0 { // NULL, which least ignores, where the activity is not known
		least = append(least, fmt.Sprintf(
			"CASE WHEN last_activity_at IS NOT NULL THEN greatest(last_activity_at - started_at, 0) // 1000 + %d END", p.InactivitySeconds))
	}
	return "least(" + strings.Join(least, ", ") + ")"
}

// orderOnDevice is the order of sessions on a device, as a window; place orders what has one identity but for the kind of device.
const orderOnDevice = `(PARTITION BY account_id, device_uid ORDER BY started_at, channel_id, mode, programme_id, place)`

// devicePlaces has the place of each kind of device: their order by name is the same in every replica, that of their numbers is not.
const devicePlaces = `(SELECT device, row_number() OVER (ORDER BY name) AS place FROM devices)`

// chains makes chains, with a row for each session that counts, of the relation rows: sessions as they were reported, all that
// matter of each device.
//
// A session that belongs to the one before it is found by looking at that one alone: of the first such one of a run of sessions on
// the same channel the one before has the greatest end so far. Few devices have any; only theirs are put together.
const chains = `ordered AS MATERIALIZED (
		SELECT rows.*, place, lead(started_at) OVER device AS next_at,
			coalesce(lag(channel_id) OVER device <> channel_id OR lag(mode) OVER device <> mode
				OR lag(programme_id) OVER device <> programme_id, true) AS other,
			coalesce(NOT other AND lag(ends) OVER device > started_at, false) AS drifts
		FROM rows JOIN ` + devicePlaces + ` USING (device)
		WINDOW device AS %[1]s),
	drifting AS MATERIALIZED (SELECT DISTINCT account_id, device_uid FROM ordered WHERE drifts),
	runs AS (
		SELECT *, sum(other::INTEGER) OVER %[1]s AS run FROM ordered SEMI JOIN drifting USING (account_id, device_uid)),
	links AS (
		SELECT *, coalesce(max(ends) OVER (PARTITION BY account_id, device_uid, run ORDER BY started_at, place
			ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) > started_at, false) AS linked FROM runs),
	numbered AS (
		SELECT *, sum((NOT linked)::INTEGER) OVER %[1]s AS number FROM links),
	joined AS (
		SELECT %[2]s, %[3]s, max(ends) AS ends, bool_or(carries) AS carries%[4]s,
			lead(min(started_at)) OVER (PARTITION BY account_id, device_uid ORDER BY number) AS next_at
		FROM numbered GROUP BY client_id, account_id, device_uid, number),
	chains AS MATERIALIZED (
		SELECT %[5]s, ends, carries%[6]s, next_at FROM ordered ANTI JOIN drifting USING (account_id, device_uid)
		UNION ALL SELECT %[5]s, ends, carries%[6]s, next_at FROM joined),`

// What the parts of chains are made of: the identity of a joined session, which is that of the first one, and its state.
const (
	joinedIdentity = `client_id, account_id, device_uid, first(device ORDER BY started_at, place) AS device, any_value(channel_id) AS channel_id,
			any_value(mode) AS mode, any_value(programme_id) AS programme_id, min(started_at) AS started_at`
	joinedState = `max(reported_at) AS reported_at, ((max(ends) - min(started_at)) // 1000) AS watched_seconds, bool_or(ended) AS ended,
			max(last_activity_at) AS last_activity_at, first(position_at ORDER BY started_at, place) AS position_at`
	joinedSets = `, list_sort(list_distinct(flatten(list(sets)))) AS sets`
)

// chained describes the sessions that are requested, on one channel of each device at a time.
func (s *Store) chained(ctx context.Context, tx *sql.Tx, a asking) (source, error) {
	around, err := s.around(ctx, tx, a)
	if err != nil {
		return source{}, fmt.Errorf("look around the window: %w", err)
	}
	raw, err := s.raw(ctx, tx, a, around)
	if err != nil {
		return source{}, err
	}
	heads := a.Window // of the first sessions of chains
	if a.reaching {
		heads.From = around.From
	}
	sets, joined, set := "", "", ""
	if a.tariffs {
		sets, joined, set = ", sets", joinedSets, ", tariff_set"
	}
	with := raw.with + fmt.Sprintf(rowsAround, raw.relation, a.Window.From, a.Window.To) +
		fmt.Sprintf(chains, orderOnDevice, joinedIdentity, joinedState, joined, sessionColumns, sets)
	from := "chains"
	if a.tariffs {
		with += fmt.Sprintf(mixtures, "chains")
		from = "(SELECT *, coalesce(mixture, sets[1]) AS tariff_set FROM chains LEFT JOIN mixed USING (sets))"
	}
	conditions := append([]string{"carries", within(heads), fmt.Sprintf("watched_seconds >= %d", a.MinSeconds)}, s.sessionConditions(a.Filter)...)
	return source{
		with: with,
		relation: fmt.Sprintf(`(SELECT %s%s, told_seconds FROM (
				SELECT * REPLACE (least(%s, (next_at - started_at) // 1000) AS watched_seconds), watched_seconds AS told_seconds FROM %s) WHERE %s)`,
			sessionColumns, set, countedSeconds(a.Policy), from, strings.Join(conditions, " AND ")),
		carried: carriedByMixtures,
	}, nil
}

// rowsAround are the sessions that matter, as they were reported: %[1]s are all, of which those before %[2]d and from %[3]d on
// matter where their device was on then.
const rowsAround = `rows AS NOT MATERIALIZED (
		SELECT * FROM %[1]s WHERE started_at >= %[2]d AND started_at < %[3]d
		UNION ALL SELECT * FROM %[1]s SEMI JOIN (
			SELECT account_id, device_uid FROM %[1]s WHERE started_at < %[2]d AND ends > %[2]d) USING (account_id, device_uid)
			WHERE started_at < %[2]d
		UNION ALL SELECT * FROM %[1]s SEMI JOIN (
			SELECT account_id, device_uid FROM %[1]s WHERE started_at < %[3]d AND ends > %[3]d) USING (account_id, device_uid)
			WHERE started_at >= %[3]d),`

// raw describes the sessions of a window as they were reported, with ends, the end of their watched time, and carries, whether
// a report carried any of the filter's tariffs; where tariffs are requested also sets. Of the filter only what is of whole
// accounts is looked at.
func (s *Store) raw(ctx context.Context, tx *sql.Tx, a asking, window viewing.Window) (source, error) {
	of, err := accountConditions(ctx, tx, a.Filter)
	if err != nil {
		return source{}, err
	}
	where := strings.Join(append(of, fmt.Sprintf("client_id = %d", a.ClientID), within(window)), " AND ")
	pending, err := pendingDays(ctx, tx, viewing.Filter{ClientID: a.ClientID, Window: window})
	if err != nil {
		return source{}, fmt.Errorf("find days that are not folded: %w", err)
	}
	carries, sets, gathered, column := s.carries(a.Tariffs), "", "", ""
	if a.tariffs {
		sets, gathered, column = ", [tariff_set] AS sets", ", "+setsOfReports, ", sets"
	}
	const end = `started_at + watched_seconds * 1000::BIGINT AS ends`
	folded := fmt.Sprintf(`SELECT %s, %s, %s AS carries%s FROM sessions WHERE %s`, sessionColumns, end, carries, sets, where)
	if len(pending) == 0 {
		return source{relation: "(" + folded + ")"}, nil
	}
	onPending := dayConditions(pending)
	return source{
		with: fmt.Sprintf(`merged AS MATERIALIZED (
			SELECT %s, %s, bool_or(%s) AS carries%s FROM (
				FROM sessions WHERE %[5]s AND (%[6]s) UNION ALL FROM reports WHERE %[5]s AND (%[6]s))
			GROUP BY %[1]s),`, identity, mergedState, carries, gathered, where, onPending),
		relation: fmt.Sprintf(`(%s AND NOT (%s) UNION ALL SELECT %s, %s, carries%s FROM merged)`, folded, onPending, sessionColumns, end, column),
	}, nil
}

// around is the time whose sessions decide about those that are requested.
func (s *Store) around(ctx context.Context, tx *sql.Tx, a asking) (viewing.Window, error) {
	around := a.Window
	wide := viewing.Window{From: reachingFrom(a.Window.From), To: a.Window.To}
	raw, err := s.raw(ctx, tx, a, wide)
	if err != nil {
		return around, err
	}
	var first, last sql.Null[viewing.Millis]
	err = tx.QueryRowContext(ctx, fmt.Sprintf(`WITH %s ending AS (SELECT started_at, ends FROM %s)
		SELECT min(started_at) FILTER (started_at < %d AND ends > %[3]d), max(ends) FILTER (ends > %d) FROM ending`,
		raw.with, raw.relation, a.Window.From, a.Window.To)).Scan(&first, &last)
	if err != nil {
		return around, err
	}
	if first.Valid {
		around.From = first.V
	}
	if last.Valid {
		around.To = last.V
	}
	if first.Valid && a.reaching {
		if around.From, err = s.chainsBegin(ctx, tx, a, around.From); err != nil {
			return around, err
		}
	}
	if last.Valid {
		around.To, err = s.chainsEnd(ctx, tx, a, around.To)
	}
	return around, err
}

// unbroken are the devices on one channel whose sessions there, of the relation %[1]s, go into each other, ends past starts, from
// those before %[2]d on. It ignores what else was on meanwhile, so that it may find too many, which costs reading only.
const unbroken = `SELECT account_id, device_uid, channel_id, mode, programme_id, max(ends) AS ends FROM (
		SELECT *, max(ends) OVER (PARTITION BY account_id, device_uid, channel_id, mode, programme_id ORDER BY started_at
			ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS greatest FROM %[1]s)
	GROUP BY account_id, device_uid, channel_id, mode, programme_id HAVING bool_and(coalesce(greatest >= started_at, started_at < %[2]d))`

// chainsBegin is the earliest start of a chain that reaches into the window, which begins at since or before it.
func (s *Store) chainsBegin(ctx context.Context, tx *sql.Tx, a asking, since viewing.Millis) (viewing.Millis, error) {
	for {
		raw, err := s.raw(ctx, tx, a, viewing.Window{From: reachingFrom(since), To: a.Window.From})
		if err != nil {
			return since, err
		}
		var earlier sql.Null[viewing.Millis]
		err = tx.QueryRowContext(ctx, fmt.Sprintf(`WITH %s unbroken AS (%s)
			SELECT min(started_at) FROM %s AS earlier SEMI JOIN (FROM unbroken WHERE ends > %d) AS chain
				USING (account_id, device_uid, channel_id, mode, programme_id) WHERE started_at < %d AND earlier.ends > %[5]d`,
			raw.with, fmt.Sprintf(unbroken, fmt.Sprintf("(FROM %s WHERE started_at >= %d)", raw.relation, since), a.Window.From),
			raw.relation, a.Window.From, since)).Scan(&earlier)
		if err != nil || !earlier.Valid {
			return since, err
		}
		since = earlier.V
	}
}

// chainsEnd is the latest end of a chain that was on at the end of the window, which ends at until or after it.
func (s *Store) chainsEnd(ctx context.Context, tx *sql.Tx, a asking, until viewing.Millis) (viewing.Millis, error) {
	for {
		raw, err := s.raw(ctx, tx, a, viewing.Window{From: reachingFrom(a.Window.To), To: until})
		if err != nil {
			return until, err
		}
		var later sql.Null[viewing.Millis]
		err = tx.QueryRowContext(ctx, fmt.Sprintf(`WITH %s unbroken AS (%s) SELECT max(ends) FROM unbroken WHERE ends > %d`, raw.with,
			fmt.Sprintf(unbroken, fmt.Sprintf("(FROM %s WHERE ends > %d)", raw.relation, a.Window.To), a.Window.To), until)).Scan(&later)
		if err != nil || !later.Valid {
			return until, err
		}
		until = later.V
	}
}
