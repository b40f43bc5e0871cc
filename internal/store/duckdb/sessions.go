package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"strings"

	"github.com/tvstats/tvstats/internal/viewing"
)

// identity lists the columns that make reports one session.
const identity = `client_id, account_id, device_uid, device, channel_id, mode, programme_id, started_at`

// sessionColumns are what queries see of a session.
const sessionColumns = identity + `, reported_at, watched_seconds, ended, last_activity_at, position_at`

// mergedState is viewing.Merge as aggregates, but for the tariffs. What no report has is NULL, which max and min ignore.
const mergedState = `max(reported_at) AS reported_at, max(watched_seconds) AS watched_seconds, bool_or(ended) AS ended,
	max(last_activity_at) AS last_activity_at, min(position_at) AS position_at`

// dayOf is viewing.Millis.Day for the column started_at.
const dayOf = `((started_at - ((started_at % 86400000) + 86400000) % 86400000) // 86400000)`

// source is the sessions that pass a filter, as parts of a statement: WITH with SELECT … FROM relation.
type source struct {
	with string // common table expressions, each followed by a comma; may be empty
	// relation has the columns sessionColumns, with the seconds that count by the filter's policy as watched_seconds; where the
	// policy cuts also told_seconds, which were reported; where tariffs were requested also tariff_set.
	relation string
	carried  string // where tariffs were requested: a relation of tariff_set and each tariff_id that a session with it carries
}

// asking is which sessions a source is to hold, and with what.
type asking struct {
	viewing.Filter
	reaching bool // the window is of their time: those, too, that began before it and reach into it, as far as they were reported
	tariffs  bool // with the column tariff_set
}

// sessions describes the sessions that pass the filter. The source is right within tx only, which sees one moment of both tables.
func (s *Store) sessions(ctx context.Context, tx *sql.Tx, filter viewing.Filter) (source, error) {
	return s.sessionsOf(ctx, tx, asking{Filter: filter})
}

// sessionsOf is sessions of what is requested.
func (s *Store) sessionsOf(ctx context.Context, tx *sql.Tx, a asking) (source, error) {
	switch {
	case a.Policy.OneChannelPerDevice:
		return s.chained(ctx, tx, a)
	case a.Policy.Cuts():
		least := a.MinSeconds
		a.MinSeconds = 0 // it compares counted seconds
		sessions, err := s.reported(ctx, tx, a)
		sessions.relation = fmt.Sprintf(`(SELECT * FROM (
				SELECT * REPLACE (%s AS watched_seconds), watched_seconds AS told_seconds FROM %s) WHERE watched_seconds >= %d)`,
			countedSeconds(a.Policy), sessions.relation, least)
		return sessions, err
	default:
		return s.reported(ctx, tx, a)
	}
}

// reachingFrom is when the first session that may reach the instant began.
func reachingFrom(at viewing.Millis) viewing.Millis {
	return max(at, math.MinInt64+viewing.LongestWatched) - viewing.LongestWatched
}

// mixtures names by numbers below 0, for one query, the sets of tariffs of sessions whose reports carried several: those of the
// relation's column sets.
const mixtures = ` mixed AS MATERIALIZED (
		SELECT sets, -row_number() OVER () AS mixture FROM (SELECT DISTINCT sets FROM %s WHERE len(sets) > 1)),`

// What is in each set of tariffs, where there are no mixtures and where there are.
const (
	carriedBySets     = `(SELECT tariff_set, unnest(tariffs) AS tariff_id FROM tariff_sets)`
	carriedByMixtures = `(SELECT tariff_set, unnest(tariffs) AS tariff_id FROM tariff_sets
			UNION SELECT mixture, unnest(tariffs) FROM (SELECT mixture, unnest(sets) AS tariff_set FROM mixed) JOIN tariff_sets USING (tariff_set))`
)

// reported finds out which days of the window hold reports that are not folded, and describes the sessions as they were
// reported: folded days are scanned as they are, the other ones merged first.
func (s *Store) reported(ctx context.Context, tx *sql.Tx, a asking) (source, error) {
	filter := a.Filter
	if a.reaching {
		filter.Window.From = reachingFrom(filter.Window.From)
	}
	pending, err := pendingDays(ctx, tx, filter)
	if err != nil {
		return source{}, fmt.Errorf("find days that are not folded: %w", err)
	}
	columns, state, merged := sessionColumns, mergedState, "merged"
	if a.tariffs {
		columns, state = columns+", tariff_set", state+", "+setsOfReports
		merged = "(SELECT *, coalesce(mixture, sets[1]) AS tariff_set FROM merged LEFT JOIN mixed USING (sets))"
	}
	where, err := s.identityConditions(ctx, tx, filter)
	if err != nil {
		return source{}, err
	}
	carries := s.carries(filter.Tariffs)
	folded := fmt.Sprintf(`SELECT %s FROM sessions WHERE %s AND %s AND watched_seconds >= %d`, columns, where, carries, filter.MinSeconds)
	if len(pending) == 0 {
		return source{relation: "(" + folded + ")", carried: carriedBySets}, nil
	}
	onPending := dayConditions(pending)
	with := fmt.Sprintf(`merged AS MATERIALIZED (
		SELECT %s, %s FROM (
			FROM sessions WHERE %[3]s AND (%[4]s) UNION ALL FROM reports WHERE %[3]s AND (%[4]s))
		GROUP BY %[1]s HAVING bool_or(%[5]s) AND max(watched_seconds) >= %[6]d),`,
		identity, state, where, onPending, carries, filter.MinSeconds)
	if a.tariffs {
		with += fmt.Sprintf(mixtures, "merged")
	}
	return source{
		with:     with,
		relation: fmt.Sprintf(`(%s AND NOT (%s) UNION ALL SELECT %s FROM %s)`, folded, onPending, columns, merged),
		carried:  carriedByMixtures,
	}, nil
}

// setsOfReports are the numbers of the sets of tariffs that a session's reports carried.
const setsOfReports = "list_sort(list(DISTINCT tariff_set)) AS sets"

// carries is the condition that a report carries any of the tariffs; true where there are none.
func (s *Store) carries(tariffs []int32) string {
	if len(tariffs) == 0 {
		return "true"
	}
	return in("tariff_set", s.dictionary.setsWithAny(tariffs))
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

// identityConditions are the parts of the filter that a report alone decides, because all reports of a session
// agree on them. Values are written into the statement: only constants let the engine skip what its statistics exclude.
func (s *Store) identityConditions(ctx context.Context, tx *sql.Tx, filter viewing.Filter) (string, error) {
	conditions := append([]string{fmt.Sprintf("client_id = %d", filter.ClientID), within(filter.Window)}, s.sessionConditions(filter)...)
	of, err := accountConditions(ctx, tx, filter)
	return strings.Join(append(conditions, of...), " AND "), err
}

// sessionConditions are those that sessions of one device can differ in.
func (s *Store) sessionConditions(filter viewing.Filter) (conditions []string) {
	if len(filter.Devices) > 0 {
		conditions = append(conditions, in("device", s.dictionary.deviceNumbers(filter.Devices)))
	}
	if len(filter.Modes) > 0 {
		conditions = append(conditions, in("mode", filter.Modes))
	}
	if filter.Channels != nil {
		conditions = append(conditions, in("channel_id", filter.Channels))
	}
	return conditions
}

// accountConditions are those that all sessions of an account pass, or none.
func accountConditions(ctx context.Context, tx *sql.Tx, filter viewing.Filter) (conditions []string, err error) {
	if filter.Account != 0 {
		conditions = append(conditions, fmt.Sprintf("account_id = %d", filter.Account))
	}
	if filter.DeviceUID != "" {
		conditions = append(conditions, fmt.Sprintf("device_uid = decode(unhex('%x'))", filter.DeviceUID))
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
			return nil, err
		}
		conditions = append(conditions, condition)
	}
	return conditions, nil
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
