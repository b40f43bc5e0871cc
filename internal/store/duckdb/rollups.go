package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/tvstats/tvstats/internal/measure"
	"github.com/tvstats/tvstats/internal/viewing"
)

// Rollups are sums over the sessions of folded days. What changes a day's sessions replaces or removes its rollups in the same
// transaction, and a day that has none is computed from its sessions. So they never change a result, and are in no part or copy.
// Which queries they are used for is decided by measure.Query.RefuseRollup.

// mostRolledUp bounds the days that one Maintain rolls up, so that nobody waits long for its end.
const mostRolledUp = 31

// rollUp are the statements that roll up one day of some clients, of which source holds the sessions: clients is a query for their ids.
func rollUp(day viewing.Day, source, clients string) []string {
	return append(forgetRollups(fmt.Sprintf(`started_at = %d AND client_id IN (%s)`, day.Start(), clients)),
		fmt.Sprintf(`INSERT INTO rollups SELECT client_id, %s, sum(watch), sum(sessions), sum(watching) FROM (%s) GROUP BY ALL
			ORDER BY client_id, on_day, channel_id, device, mode, tariff_set`, rollupKeys, byDays(source)),
		fmt.Sprintf(`INSERT INTO rolled_days SELECT client_id, %d, %d, coalesce(max(started_at + watched_seconds * 1000::BIGINT), %[1]d)
			FROM (%[3]s) LEFT JOIN %[4]s USING (client_id) GROUP BY client_id`, day.Start(), measure.RollupFormula, clients, source))
}

// rollupKeys are the columns that rollups of a client are grouped by.
const rollupKeys = "started_at, on_day, channel_id, device, mode, tariff_set"

// byDays is the sessions of source, once for each UTC day on which they were on, and on that of their start in any case, with what rollups
// add up: the time of the day, whether they started and whether they were on.
func byDays(source string) string {
	return fmt.Sprintf(`
		WITH began AS (SELECT client_id, channel_id, device, mode, tariff_set, started_at AS begins, started_at + watched_seconds * 1000::BIGINT AS ends,
			%s * %d AS started_at FROM %s)
		SELECT * EXCLUDE (begins, ends), started_at AS on_day, least(ends, started_at + %[2]d) - begins AS watch,
			1 AS sessions, (ends > begins)::INTEGER AS watching FROM began
		UNION ALL SELECT * EXCLUDE (begins, ends), least(ends, on_day + %[2]d) - on_day, 0, 1
			FROM (SELECT *, unnest(range(started_at + %[2]d, ends, %[2]d)) AS on_day FROM began WHERE ends > started_at + %[2]d)`,
		dayOf, viewing.DayLength, source)
}

// forgetRollups are the statements that remove rollups. where is a condition on client_id and started_at, which is the start of their day.
func forgetRollups(where string) []string {
	return []string{`DELETE FROM rollups WHERE ` + where, `DELETE FROM rolled_days WHERE ` + where}
}

// notRolledUp is the query for the days, by client_id and started_at, that were folded and have no rollup of today's formula. Versions
// count what was ever folded: days whose sessions are all gone are rolled up, too, which costs nothing.
var notRolledUp = fmt.Sprintf(`SELECT client_id, %s * 86400000 AS started_at
		FROM (SELECT client_id, hour AS started_at FROM versions WHERE kind = %d)
	EXCEPT SELECT client_id, started_at FROM rolled_days WHERE formula = %d`, dayOf, viewingChanges, measure.RollupFormula)

// rollUpMissing rolls up days that were folded and are not rolled up, the latest first: those of a store that was loaded, or that an
// earlier program wrote, and those that something was erased of.
func (s *Store) rollUpMissing(ctx context.Context) error {
	missing, err := days(ctx, s.db, fmt.Sprintf(`SELECT DISTINCT %s AS day FROM (%s) ORDER BY day DESC LIMIT %d`, dayOf, notRolledUp, mostRolledUp))
	if err != nil {
		return fmt.Errorf("find days to roll up: %w", err)
	}
	for _, day := range missing {
		if err := s.rollUpDay(ctx, day); err != nil {
			return fmt.Errorf("roll up %s: %w", day, err)
		}
	}
	return nil
}

// rollUpDay rolls up the day of those clients that it is missing of. Folding and removals wait for one day only.
func (s *Store) rollUpDay(ctx context.Context, day viewing.Day) error {
	s.folding.Lock()
	defer s.folding.Unlock()
	clients := fmt.Sprintf(`SELECT client_id FROM (%s) WHERE started_at = %d`, notRolledUp, day.Start())
	source := fmt.Sprintf(`(FROM sessions WHERE %s AND client_id IN (%s))`, within(day.Window()), clients)
	err := inTx(ctx, s.db, func(tx *sql.Tx) error { return execute(ctx, tx, rollUp(day, source, clients)...) })
	if err != nil {
		return unavailable("write", err)
	}
	return nil
}

// execute runs statements one after the other.
func execute(ctx context.Context, tx *sql.Tx, statements ...string) error {
	for _, statement := range statements {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// rolled says which days a query does not look at session by session.
type rolled struct {
	used    []viewing.Day // rollups are used for them
	outside []viewing.Day // none of their sessions count
}

// rolledDays finds the days of the window with rollups that may be used for the query; not those with reports that are not folded.
func rolledDays(ctx context.Context, tx *sql.Tx, a asking, window viewing.Window, pending []viewing.Day) (r rolled, err error) {
	if a.query == nil {
		return r, nil
	}
	kept, err := collect(ctx, tx, func(rows *sql.Rows, r *measure.Rollup) error { return rows.Scan(&r.Day, &r.Formula, &r.Ends) },
		fmt.Sprintf(`SELECT %s, formula, ends FROM rolled_days WHERE client_id = %d AND %s ORDER BY started_at`, dayOf, a.ClientID, within(window)))
	if err != nil {
		return r, err
	}
	for _, rollup := range kept {
		switch {
		case slices.Contains(pending, rollup.Day):
		case a.query.RollupIsOutside(rollup):
			r.outside = append(r.outside, rollup.Day)
		case a.query.RefuseRollup(rollup) == "":
			r.used = append(r.used, rollup.Day)
		}
	}
	return r, nil
}

// rolledRelation is the sums of the days for which rollups are used, as far as the query's filter lets them pass: those of the rollups,
// and taken away from them the sessions of accounts that the filter leaves out. The column counted_at is when they count. It is empty where there
// are no such days.
func (s *Store) rolledRelation(a asking, used []viewing.Day) string {
	if len(used) == 0 {
		return ""
	}
	where := strings.Join(append(s.sessionConditions(a.Filter), fmt.Sprintf("client_id = %d", a.ClientID), "("+dayConditions(used)+")",
		s.carries(a.Tariffs)), " AND ")
	sums := fmt.Sprintf(`SELECT %s, watch, sessions, watching FROM rollups WHERE %s`, rollupKeys, where)
	if leftOut := leftOut(a.Filter); leftOut != "" {
		sums += fmt.Sprintf(` UNION ALL SELECT %s, -watch, -sessions, -watching FROM (%s)`, rollupKeys,
			byDays(fmt.Sprintf(`(FROM sessions WHERE %s AND account_id IN (%s))`, where, leftOut)))
	}
	if a.query.Count == measure.ByStart {
		return fmt.Sprintf(`(SELECT *, started_at AS counted_at FROM (%s))`, sums)
	}
	// A session counts once in each cell: on the day of its start, or where the cell's time begins later.
	begins := []viewing.Millis{a.query.Filter.Window.From}
	for _, slice := range a.query.Slices {
		begins = append(begins, slice.From)
	}
	return fmt.Sprintf(`(SELECT * REPLACE (CASE WHEN on_day = started_at OR %s THEN watching ELSE 0 END AS sessions), on_day AS counted_at
		FROM (%s) WHERE on_day >= %d AND on_day < %d)`, in("on_day", begins), sums, a.query.Filter.Window.From, a.query.Filter.Window.To)
}

// leftOut is the query for the accounts that the filter leaves out, of those filters that rollups are used for; empty where it leaves out none.
func leftOut(filter viewing.Filter) string {
	var accounts []string
	if filter.Without != 0 {
		accounts = append(accounts, fmt.Sprintf("SELECT %d::BIGINT", filter.Without))
	}
	if !filter.Excluded {
		accounts = append(accounts, accountsAt(filter.ClientID, filter.Now, "excluded"))
	}
	return strings.Join(accounts, " UNION ALL ")
}

// sessionsBeside is the sessions of the window that started on none of the days. Each range between these is a scan of its own: of ranges
// with OR between them the engine looks at every row, of one it passes over what lies elsewhere.
func sessionsBeside(window viewing.Window, days []viewing.Day) string {
	slices.Sort(days)
	var scans []string
	scan := func(from, to viewing.Millis) {
		if from < to || len(scans) == 0 {
			scans = append(scans, "FROM sessions WHERE "+within(viewing.Window{From: from, To: to}))
		}
	}
	from := window.From
	for _, day := range days {
		if day.Start() > from {
			scan(from, day.Start())
		}
		from = max(from, day.Window().To)
	}
	scan(from, window.To)
	return "(" + strings.Join(scans, " UNION ALL ") + ")"
}
