package duckdb

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var _ store.CurveReader = (*Store)(nil)

// curve sums up by step what changes in it: the number of sessions that are on, and how long each change lasts until the step's
// end, from which their time follows; and the number of accounts that are on, of which each piece of an account's time counts
// that no earlier session of it covers. A change of nothing at the beginning of each step carries the number of accounts over,
// and makes every step appear.
const curve = `WITH %[1]s
	visits AS MATERIALIZED (
		SELECT account_id, started_at, started_at + watched_seconds * 1000::BIGINT AS ended_at FROM %[2]s),
	inside AS (
		SELECT account_id, greatest(started_at, %[3]d) AS from_at, least(ended_at, %[4]d) AS to_at
		FROM visits WHERE ended_at > started_at AND started_at < %[4]d AND ended_at > %[3]d),
	covered AS (
		SELECT from_at, to_at, max(to_at) OVER (PARTITION BY account_id ORDER BY from_at, to_at
			ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS until_at FROM inside),
	pieces AS (SELECT greatest(from_at, coalesce(until_at, from_at)) AS from_at, to_at FROM covered WHERE to_at > coalesce(until_at, from_at)),
	changes AS (
		SELECT from_at AS moment, 1 AS sessions, 0 AS accounts FROM inside UNION ALL SELECT to_at, -1, 0 FROM inside
		UNION ALL SELECT from_at, 0, 1 FROM pieces UNION ALL SELECT to_at, 0, -1 FROM pieces
		UNION ALL SELECT unnest(range(%[3]d, %[4]d, %[5]d)), 0, 0),
	instants AS (
		SELECT (moment - %[3]d) // %[5]d AS step, moment, sum(sessions) AS change, sum(sum(accounts)) OVER (ORDER BY moment) AS accounts
		FROM changes WHERE moment < %[4]d GROUP BY moment),
	levels AS (
		SELECT step, sum(change)::BIGINT AS change, max(accounts)::BIGINT AS accounts,
			sum(change * (least(%[3]d + (step + 1) * %[5]d, %[4]d) - moment))::BIGINT AS rest
		FROM instants GROUP BY step),
	edges AS (
		SELECT (started_at - %[3]d) // %[5]d AS step, 1 AS joined, 0 AS gone FROM visits WHERE started_at >= %[3]d AND started_at < %[4]d
		UNION ALL
		SELECT (ended_at - %[3]d) // %[5]d, 0, 1 FROM visits WHERE ended_at >= %[3]d AND ended_at < %[4]d),
	counts AS (SELECT step, sum(joined)::BIGINT AS joined, sum(gone)::BIGINT AS gone FROM edges GROUP BY step)
	SELECT change, rest, accounts, coalesce(joined, 0), coalesce(gone, 0) FROM levels LEFT JOIN counts USING (step) ORDER BY step`

// Curve returns how an audience changes; see store.CurveReader.
func (s *Store) Curve(ctx context.Context, filter viewing.Filter, step viewing.Millis) ([]store.CurveStep, error) {
	var steps []store.CurveStep
	from, to := filter.Window.From, filter.Window.To
	err := s.read(ctx, func(tx *sql.Tx) error {
		sessions, err := s.sessionsOf(ctx, tx, asking{Filter: filter, reaching: true})
		if err != nil {
			return err
		}
		var on, change, rest int64 // sessions on at the step's beginning; what changes
		return eachRow(ctx, tx, func(rows *sql.Rows) error {
			var one store.CurveStep
			err := rows.Scan(&change, &rest, &one.Accounts, &one.Joined, &one.Left)
			length := min(step, to-from-step*viewing.Millis(len(steps)))
			one.Watch = viewing.Millis(on)*length + viewing.Millis(rest)
			on += change
			steps = append(steps, one)
			return err
		}, fmt.Sprintf(curve, sessions.with, sessions.relation, from, to, step))
	})
	if err != nil {
		return nil, fmt.Errorf("draw the curve of an audience: %w", err)
	}
	return steps, nil
}
