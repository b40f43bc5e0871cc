package duckdb

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var _ store.LedgerReader = (*Store)(nil)

// ledgerTable is the ledger; its keys are unique because an account's states are.
var ledgerTable = table{"ledger", 3, []string{
	"client_id", "account_id", "happened_at", "existed", "existing", "was_active", "active", "had_tariffs", "tariffs",
}}

// history is the query for the entries of the client's accounts that are named, as they follow from account_states:
// those states that change anything, with the instant from which they are in force and what they take the place of. Only
// active accounts have tariffs here.
const history = `SELECT * FROM (
		SELECT client_id, account_id,
			CASE WHEN lag(changed_at) OVER history IS NULL THEN least(changed_at, registered_at) ELSE changed_at END AS happened_at,
			lag(existing, 1, false) OVER history AS existed, existing, lag(active, 1, false) OVER history AS was_active, active,
			lag(tariffs, 1, []::INTEGER[]) OVER history AS had_tariffs, tariffs
		FROM (SELECT client_id, account_id, state.changed_at, accounts.registered_at, NOT state.deleted AS existing,
				state.active AND NOT state.deleted AS active,
				CASE WHEN state.active AND NOT state.deleted THEN state.tariffs ELSE [] END AS tariffs
			FROM account_states AS state JOIN accounts USING (client_id, account_id) WHERE client_id = %d AND account_id IN (FROM named))
		WINDOW history AS (PARTITION BY account_id ORDER BY changed_at))
	WHERE existing <> existed OR active <> was_active OR tariffs <> had_tariffs`

// rewriteLedger is the statement that makes the ledger of the accounts that are named what it is now.
func rewriteLedger(client int32) string {
	return ledgerTable.merge("("+fmt.Sprintf(history, client)+") AS told") +
		fmt.Sprintf(` WHEN NOT MATCHED BY SOURCE AND client_id = %d AND account_id IN (FROM named) THEN DELETE`, client)
}

// ledgerContents is what makes up the versions of the accounts that are named.
func ledgerContents(client int32) string {
	return fmt.Sprintf(`SELECT %s AS hour, * FROM ledger WHERE client_id = %d AND account_id IN (FROM named)`, hourOf("happened_at"), client)
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
		FROM ledger ASOF LEFT JOIN %s ON happened_at >= boundary WHERE client_id = %d AND happened_at < %d GROUP BY number`,
		periodTable(boundaries), clientID, boundaries[len(boundaries)-1]))
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
			SELECT coalesce(period, 0) AS number, tariffs, had_tariffs FROM ledger ASOF LEFT JOIN %s ON happened_at >= boundary
			WHERE client_id = %d AND happened_at < %d AND tariffs <> had_tariffs)
		SELECT number, tariff, sum(change)::BIGINT FROM (
			SELECT number, unnest(tariffs) AS tariff, 1 AS change FROM entries
			UNION ALL SELECT number, unnest(had_tariffs), -1 FROM entries) GROUP BY number, tariff`,
		periodTable(instants), clientID, instants[len(instants)-1]))
	if err != nil {
		return nil, fmt.Errorf("count active accounts by tariff: %w", err)
	}
	return store.TariffLevels(changes), nil
}

// periodTable is the table of periods for an ASOF join: number 1 begins at the first boundary.
func periodTable(boundaries []viewing.Millis) string {
	return fmt.Sprintf(`(SELECT unnest(%s::BIGINT[]) AS boundary, unnest(range(1, %d)) AS period)`,
		list(boundaries), len(boundaries)+1)
}
