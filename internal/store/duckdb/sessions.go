package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/tvstats/tvstats/internal/viewing"
)

// identity lists the columns that make reports one session.
const identity = `client_id, account_id, device_uid, device, channel_id, mode, programme_id, started_at`

// sessionColumns are what queries see of a session.
const sessionColumns = identity + `, reported_at, watched_seconds, ended, last_activity_at, position_at`

// mergedState is viewing.Merge as aggregates, but for the tariffs. What no report told is NULL, which max and min pass over.
const mergedState = `max(reported_at) AS reported_at, max(watched_seconds) AS watched_seconds, bool_or(ended) AS ended,
	max(last_activity_at) AS last_activity_at, min(position_at) AS position_at`

// dayOf is viewing.Millis.Day for the column started_at.
const dayOf = `((started_at - ((started_at % 86400000) + 86400000) % 86400000) // 86400000)`

// source is the sessions that pass a filter, as parts of a statement: WITH with SELECT … FROM relation.
type source struct {
	with     string // common table expressions, each followed by a comma; may be empty
	relation string // with the columns sessionColumns
	carried  string // of sessionsByTariff: a relation of tariff_set and each tariff_id that a session with it carries
}

// sessions finds out which days of the window hold reports that are not folded, and describes the sessions that pass the
// filter: folded days are scanned as they are, the other ones merged first. The source is right within tx only, which
// sees one moment of both tables.
func (s *Store) sessions(ctx context.Context, tx *sql.Tx, filter viewing.Filter) (source, error) {
	return s.sessionsAs(ctx, tx, filter, reading{sessionColumns, mergedState, "merged"})
}

// mixtures names by numbers below 0, for one query, the sets of tariffs of sessions whose reports carried several.
const mixtures = ` mixed AS MATERIALIZED (
		SELECT sets, -row_number() OVER () AS mixture FROM (SELECT DISTINCT sets FROM merged WHERE len(sets) > 1)),`

// sessionsByTariff is sessions with the column tariff_set; carried tells what is in each.
func (s *Store) sessionsByTariff(ctx context.Context, tx *sql.Tx, filter viewing.Filter) (source, error) {
	sessions, err := s.sessionsAs(ctx, tx, filter, reading{
		sessionColumns + ", tariff_set", mergedState + ", list_sort(list(DISTINCT tariff_set)) AS sets",
		"(SELECT *, coalesce(mixture, sets[1]) AS tariff_set FROM merged LEFT JOIN mixed USING (sets))",
	})
	sessions.carried = `(SELECT tariff_set, unnest(tariffs) AS tariff_id FROM tariff_sets)`
	if sessions.with != "" {
		sessions.with += mixtures
		sessions.carried = `(SELECT tariff_set, unnest(tariffs) AS tariff_id FROM tariff_sets
			UNION SELECT mixture, unnest(tariffs) FROM (SELECT mixture, unnest(sets) AS tariff_set FROM mixed) JOIN tariff_sets USING (tariff_set))`
	}
	return sessions, err
}

// reading is which columns of sessions to read, how they come of several reports, and what they are then read from.
type reading struct{ columns, state, merged string }

func (s *Store) sessionsAs(ctx context.Context, tx *sql.Tx, filter viewing.Filter, r reading) (source, error) {
	pending, err := pendingDays(ctx, tx, filter)
	if err != nil {
		return source{}, fmt.Errorf("find days that are not folded: %w", err)
	}
	carries := "true"
	if len(filter.Tariffs) > 0 {
		carries = in("tariff_set", s.meta.setsWithAny(filter.Tariffs))
	}
	minimum := fmt.Sprintf("watched_seconds >= %d", filter.MinSeconds)
	where, err := s.identityConditions(ctx, tx, filter)
	if err != nil {
		return source{}, err
	}
	folded := fmt.Sprintf(`SELECT %s FROM sessions WHERE %s AND %s AND %s`, r.columns, where, carries, minimum)
	if len(pending) == 0 {
		return source{relation: "(" + folded + ")"}, nil
	}
	onPending := dayConditions(pending)
	with := fmt.Sprintf(`merged AS MATERIALIZED (
		SELECT %s, %s FROM (
			FROM sessions WHERE %[3]s AND (%[4]s) UNION ALL FROM reports WHERE %[3]s AND (%[4]s))
		GROUP BY %[1]s HAVING bool_or(%[5]s) AND max(watched_seconds) >= %[6]d),`,
		identity, r.state, where, onPending, carries, filter.MinSeconds)
	return source{
		with:     with,
		relation: fmt.Sprintf(`(%s AND NOT (%s) UNION ALL SELECT %s FROM %s)`, folded, onPending, r.columns, r.merged),
	}, nil
}

// pendingDays are the days, ascending, for which the window holds reports of the client.
func pendingDays(ctx context.Context, tx *sql.Tx, filter viewing.Filter) ([]viewing.Day, error) {
	return days(ctx, tx, fmt.Sprintf(`SELECT DISTINCT %s FROM reports WHERE client_id = %d AND %s ORDER BY 1`,
		dayOf, filter.ClientID, within(filter.Window)))
}

func days(ctx context.Context, q querier, query string) ([]viewing.Day, error) {
	var days []viewing.Day
	err := eachRow(ctx, q, func(rows *sql.Rows) error {
		var day viewing.Day
		err := rows.Scan(&day)
		days = append(days, day)
		return err
	}, query)
	return days, err
}

// identityConditions are the parts of the filter that can be told from a report alone, because all reports of a session
// agree on them. Values are written into the statement: only constants let the engine skip what its statistics exclude.
func (s *Store) identityConditions(ctx context.Context, tx *sql.Tx, filter viewing.Filter) (string, error) {
	conditions := []string{fmt.Sprintf("client_id = %d", filter.ClientID), within(filter.Window)}
	if len(filter.Devices) > 0 {
		conditions = append(conditions, in("device", s.meta.deviceNumbers(filter.Devices)))
	}
	if len(filter.Modes) > 0 {
		conditions = append(conditions, in("mode", filter.Modes))
	}
	if filter.Channels != nil {
		conditions = append(conditions, in("channel_id", filter.Channels))
	}
	if filter.Without != 0 {
		conditions = append(conditions, fmt.Sprintf("account_id <> %d", filter.Without))
	}
	if filter.ActiveOnly {
		conditions = append(conditions, `account_id IN (`+accountsAt(filter.ClientID, filter.Now, "active AND NOT deleted")+`)`)
	}
	if !filter.Excluded {
		condition, err := counted(ctx, tx, filter.ClientID, filter.Now)
		if err != nil {
			return "", err
		}
		conditions = append(conditions, condition)
	}
	return strings.Join(conditions, " AND "), nil
}

func within(w viewing.Window) string {
	return fmt.Sprintf("started_at >= %d AND started_at < %d", w.From, w.To)
}

// dayConditions is the condition that started_at lies on one of the days, with neighbouring days as one range.
func dayConditions(days []viewing.Day) string {
	var ranges []string
	for i := 0; i < len(days); {
		first := i
		i++
		for i < len(days) && days[i] == days[i-1]+1 {
			i++
		}
		ranges = append(ranges, within(viewing.Window{From: days[first].Start(), To: days[i-1].Window().To}))
	}
	return strings.Join(ranges, " OR ")
}
