package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"maps"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var _ store.LedgerReader = (*Store)(nil)

// ledger is the query for the history of the client's accounts that pass the condition: a row for each state, with the
// instant from which it is in force and what it took the place of. Only active accounts have tariffs here.
func ledger(client int32, condition string) string {
	return fmt.Sprintf(`SELECT account_id,
			CASE WHEN lag(changed_at) OVER history IS NULL THEN least(changed_at, registered_at) ELSE changed_at END AS happened_at,
			existing, lag(existing, 1, false) OVER history AS existed,
			active, lag(active, 1, false) OVER history AS was_active,
			tariffs, lag(tariffs, 1, []::INTEGER[]) OVER history AS had_tariffs
		FROM (SELECT account_id, state.changed_at, NOT state.deleted AS existing, state.active AND NOT state.deleted AS active,
				CASE WHEN state.active AND NOT state.deleted THEN state.tariffs ELSE [] END AS tariffs, accounts.registered_at
			FROM account_states AS state JOIN accounts USING (client_id, account_id) WHERE client_id = %d AND %s)
		WINDOW history AS (PARTITION BY account_id ORDER BY changed_at)`, client, condition)
}

// ledgerContents is what makes up the versions of the accounts: the entries of the ledger that change anything.
func ledgerContents(client int32, condition string) string {
	return fmt.Sprintf(`SELECT %s AS hour, * FROM (%s)
		WHERE existing <> existed OR active <> was_active OR tariffs <> had_tariffs`,
		hourOf("happened_at"), ledger(client, condition))
}

// Flows counts what became of accounts; see store.LedgerReader.
func (s *Store) Flows(
	ctx context.Context, clientID int32, boundaries []viewing.Millis,
) (before store.Flows, periods []store.Flows, err error) {
	all := make([]store.Flows, len(boundaries)) // the first one is of the time before
	err = eachRow(ctx, s.db, func(rows *sql.Rows) error {
		var period int
		var f store.Flows
		err := rows.Scan(&period, &f.New, &f.NewActive, &f.Activated, &f.Deactivated, &f.Removed, &f.RemovedActive)
		all[period] = f
		return err
	}, fmt.Sprintf(`SELECT coalesce(period, 0) AS number,
			count(*) FILTER (existing AND NOT existed), count(*) FILTER (active AND NOT existed),
			count(*) FILTER (existed AND active AND NOT was_active), count(*) FILTER (existing AND was_active AND NOT active),
			count(*) FILTER (existed AND NOT existing), count(*) FILTER (was_active AND NOT existing)
		FROM (%s) ASOF LEFT JOIN %s ON happened_at >= boundary WHERE happened_at < %d GROUP BY number`,
		ledger(clientID, "true"), periodTable(boundaries), boundaries[len(boundaries)-1]))
	if err != nil {
		return before, nil, fmt.Errorf("count flows of accounts: %w", err)
	}
	return all[0], all[1:], nil
}

// ActiveByTariff counts active accounts; see store.LedgerReader.
func (s *Store) ActiveByTariff(ctx context.Context, clientID int32, instants []viewing.Millis) ([]map[int32]int64, error) {
	changes := make([]map[int32]int64, len(instants)) // before each instant, since the one before it
	for i := range changes {
		changes[i] = map[int32]int64{}
	}
	err := eachRow(ctx, s.db, func(rows *sql.Rows) error {
		var period int
		var tariff int32
		var change int64
		err := rows.Scan(&period, &tariff, &change)
		changes[period][tariff] = change
		return err
	}, fmt.Sprintf(`WITH entries AS MATERIALIZED (
			SELECT coalesce(period, 0) AS number, tariffs, had_tariffs FROM (%s) ASOF LEFT JOIN %s ON happened_at >= boundary
			WHERE happened_at < %d AND tariffs <> had_tariffs)
		SELECT number, tariff, sum(change)::BIGINT FROM (
			SELECT number, unnest(tariffs) AS tariff, 1 AS change FROM entries
			UNION ALL SELECT number, unnest(had_tariffs), -1 FROM entries) GROUP BY number, tariff`,
		ledger(clientID, "true"), periodTable(instants), instants[len(instants)-1]))
	if err != nil {
		return nil, fmt.Errorf("count active accounts by tariff: %w", err)
	}
	return accumulated(changes), nil
}

// accumulated makes levels of changes.
func accumulated(changes []map[int32]int64) []map[int32]int64 {
	level := map[int32]int64{}
	levels := make([]map[int32]int64, len(changes))
	for i, change := range changes {
		for tariff, accounts := range change {
			level[tariff] += accounts
		}
		maps.DeleteFunc(level, func(_ int32, accounts int64) bool { return accounts == 0 })
		levels[i] = maps.Clone(level)
	}
	return levels
}

// periodTable is the table of periods for an ASOF join: number 1 begins at the first boundary.
func periodTable(boundaries []viewing.Millis) string {
	return fmt.Sprintf(`(SELECT unnest(%s::BIGINT[]) AS boundary, unnest(range(1, %d)) AS period)`,
		list(boundaries), len(boundaries)+1)
}
