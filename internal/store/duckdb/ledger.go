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

// history is the query for the entries of the client's accounts as they follow from those of their states that satisfy the
// condition: the states that change anything, with the instant from which they are in force and what they take the place of. latest
// has the registered_at of each account. Only active accounts have tariffs here.
func history(client int32, condition, latest string) string {
	return fmt.Sprintf(`SELECT * FROM (
			SELECT client_id, account_id,
				CASE WHEN lag(changed_at) OVER history IS NULL THEN least(changed_at, registered_at) ELSE changed_at END AS happened_at,
				lag(existing, 1, false) OVER history AS existed, existing, lag(active, 1, false) OVER history AS was_active, active,
				lag(tariffs, 1, []::INTEGER[]) OVER history AS had_tariffs, tariffs
			FROM (SELECT client_id, account_id, state.changed_at, latest.registered_at, NOT state.deleted AS existing,
					state.active AND NOT state.deleted AS active,
					CASE WHEN state.active AND NOT state.deleted THEN state.tariffs ELSE [] END AS tariffs
				FROM (FROM account_states WHERE client_id = %d AND %s) AS state JOIN %s AS latest USING (client_id, account_id))
			WINDOW history AS (PARTITION BY account_id ORDER BY changed_at))
		WHERE existing <> existed OR active <> was_active OR tariffs <> had_tariffs`, client, condition, latest)
}

// rewriteLedger is the statement that makes the ledger of the accounts that are named what it is now.
func rewriteLedger(client int32) string {
	return ledgerTable.merge("("+history(client, ofNamed, "accounts")+") AS told") +
		fmt.Sprintf(` WHEN NOT MATCHED BY SOURCE AND client_id = %d AND %s THEN DELETE`, client, ofNamed)
}

// ledgerContents is what makes up the versions of the accounts that are named.
func ledgerContents(client int32) string {
	return fmt.Sprintf(`SELECT %s AS hour, * FROM ledger WHERE client_id = %d AND %s`, hourOf("happened_at"), client, ofNamed)
}

// The table ledger follows from all states, those that are still to come included. At now it is other than that for the accounts
// of which one is: these are few, and their entries are computed for the query, from the states that have taken effect.

// someArePending reports whether a state of any account of the client is still to come.
func someArePending(ctx context.Context, tx *sql.Tx, client int32, now viewing.Millis) (some bool, err error) {
	err = tx.QueryRowContext(ctx, `SELECT EXISTS (`+pending(client, now)+`)`).Scan(&some)
	return some, err
}

// historyAt is the query for the entries at now of the accounts of which a state is still to come.
func historyAt(client int32, now viewing.Millis) string {
	come := comeBy(client, now)
	return history(client, come, "("+latestStates(client, come)+")")
}

// ledgerAt is the ledger at now, of all accounts of the client, to select from.
func ledgerAt(ctx context.Context, tx *sql.Tx, client int32, now viewing.Millis) (string, error) {
	some, err := someArePending(ctx, tx, client, now)
	if err != nil {
		return "", fmt.Errorf("look for states to come: %w", err)
	}
	if !some {
		return "ledger", nil
	}
	return fmt.Sprintf(`(SELECT * FROM ledger WHERE client_id = %d AND account_id NOT IN (%s) UNION ALL %s)`,
		client, pending(client, now), historyAt(client, now)), nil
}

// pendingContents is the query for what makes up the versions of states to come: entries that the ledger has and that at now has
// not, or the other way round.
func pendingContents(client int32, now viewing.Millis) string {
	return fmt.Sprintf(`WITH stored AS MATERIALIZED (SELECT * FROM ledger WHERE client_id = %d AND account_id IN (%s)),
			come AS MATERIALIZED (%s)
		SELECT %s AS hour, (hash(entry) >> 1)::BIGINT AS digest FROM (
			(FROM stored EXCEPT ALL FROM come) UNION ALL (FROM come EXCEPT ALL FROM stored)) AS entry`,
		client, pending(client, now), historyAt(client, now), hourOf("happened_at"))
}

// Flows counts what became of accounts; see store.LedgerReader.
func (s *Store) Flows(
	ctx context.Context, clientID int32, boundaries []viewing.Millis, now viewing.Millis,
) (before store.Flows, periods []store.Flows, err error) {
	all := make([]store.Flows, len(boundaries)) // the first one is of the time before
	err = s.eachEntry(ctx, clientID, now, func(rows *sql.Rows) error {
		var period int
		var f store.Flows
		err := rows.Scan(&period, &f.New, &f.NewActive, &f.Activated, &f.Deactivated, &f.Removed, &f.RemovedActive)
		all[period] = f
		return err
	}, `SELECT coalesce(period, 0) AS number,
			count(*) FILTER (existing AND NOT existed), count(*) FILTER (active AND NOT existed),
			count(*) FILTER (existed AND active AND NOT was_active), count(*) FILTER (existing AND was_active AND NOT active),
			count(*) FILTER (existed AND NOT existing), count(*) FILTER (was_active AND NOT existing)
		FROM %s ASOF LEFT JOIN %s ON happened_at >= boundary WHERE client_id = %d AND happened_at < %d GROUP BY number`,
		periodTable(boundaries), clientID, boundaries[len(boundaries)-1])
	if err != nil {
		return before, nil, fmt.Errorf("count flows of accounts: %w", err)
	}
	return all[0], all[1:], nil
}

// ActiveByTariff counts active accounts; see store.LedgerReader.
func (s *Store) ActiveByTariff(
	ctx context.Context, clientID int32, instants []viewing.Millis, now viewing.Millis,
) ([]map[int32]int64, error) {
	changes := make([]map[int32]int64, len(instants)) // before each instant, since the one before it
	for i := range changes {
		changes[i] = map[int32]int64{}
	}
	err := s.eachEntry(ctx, clientID, now, func(rows *sql.Rows) error {
		var period int
		var tariff int32
		var change int64
		err := rows.Scan(&period, &tariff, &change)
		changes[period][tariff] = change
		return err
	}, `WITH entries AS MATERIALIZED (
			SELECT coalesce(period, 0) AS number, tariffs, had_tariffs FROM %s ASOF LEFT JOIN %s ON happened_at >= boundary
			WHERE client_id = %d AND happened_at < %d AND tariffs <> had_tariffs)
		SELECT number, tariff, sum(change)::BIGINT FROM (
			SELECT number, unnest(tariffs) AS tariff, 1 AS change FROM entries
			UNION ALL SELECT number, unnest(had_tariffs), -1 FROM entries) GROUP BY number, tariff`,
		periodTable(instants), clientID, instants[len(instants)-1])
	if err != nil {
		return nil, fmt.Errorf("count active accounts by tariff: %w", err)
	}
	return store.TariffLevels(changes), nil
}

// eachEntry reads rows of a query of the client's ledger at now, which is the first argument of its format.
func (s *Store) eachEntry(
	ctx context.Context, client int32, now viewing.Millis, use func(*sql.Rows) error, format string, args ...any,
) error {
	return s.read(ctx, func(tx *sql.Tx) error {
		ledger, err := ledgerAt(ctx, tx, client, now)
		if err != nil {
			return err
		}
		return eachRow(ctx, tx, use, fmt.Sprintf(format, append([]any{ledger}, args...)...))
	})
}

// periodTable is the table of periods for an ASOF join: number 1 begins at the first boundary.
func periodTable(boundaries []viewing.Millis) string {
	return fmt.Sprintf(`(SELECT unnest(%s::BIGINT[]) AS boundary, unnest(range(1, %d)) AS period)`,
		list(boundaries), len(boundaries)+1)
}
