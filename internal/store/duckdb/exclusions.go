package duckdb

import (
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"hash/fnv"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/viewing"
)

// accountsAt is the query for the ids of the client's accounts whose state that is current at now satisfies the condition on
// active, excluded and deleted. The table accounts has the latest state of each; only where that is still to come the
// history is looked at, so that the cost follows the accounts and not their states.
func accountsAt(client int32, now viewing.Millis, condition string) string {
	return fmt.Sprintf(`SELECT account_id FROM accounts WHERE client_id = %[1]d AND changed_at <= %[2]d AND %[3]s
		UNION ALL SELECT account_id FROM (%[4]s) WHERE %[3]s`, client, now, condition, latestStates(client, comeBy(client, now)))
}

// pending is the query for the client's accounts of which a state is still to come at now.
func pending(client int32, now viewing.Millis) string {
	return fmt.Sprintf(`SELECT account_id FROM accounts WHERE client_id = %d AND changed_at > %d`, client, now)
}

// comeBy is the condition that a state has come by now, of an account of which another one is still to come.
func comeBy(client int32, now viewing.Millis) string {
	return fmt.Sprintf(`changed_at <= %d AND account_id IN (%s)`, now, pending(client, now))
}

// counted is the condition that a session is of no account that is excluded at now. It costs nothing where there is none.
func counted(ctx context.Context, tx *sql.Tx, client int32, now viewing.Millis) (string, error) {
	excluded := accountsAt(client, now, "excluded")
	var some bool
	err := tx.QueryRowContext(ctx, `SELECT EXISTS (`+excluded+`)`).Scan(&some)
	if err != nil {
		return "", fmt.Errorf("look for excluded accounts: %w", err)
	}
	if !some {
		return "true", nil
	}
	return `account_id NOT IN (` + excluded + `)`, nil
}

// switches is the query for the instants at which the accounts that are named become excluded or no longer are.
const switches = `SELECT account_id, changed_at FROM (
		SELECT account_id, changed_at, excluded, lag(excluded, 1, false) OVER (PARTITION BY account_id ORDER BY changed_at) AS was
		FROM account_states WHERE client_id = %d AND account_id IN (FROM named))
	WHERE excluded <> was`

// countingExclusions makes a change to the states of the accounts that are named, and adds to the exclusions what differs
// before and after it.
func (tx *bulkTx) countingExclusions(ctx context.Context, client int32, states []catalog.Account, change func() error) error {
	var may bool // nearly always nobody is excluded
	err := tx.QueryRowContext(ctx,
		`SELECT EXISTS (FROM account_states WHERE client_id = ? AND excluded AND account_id IN (FROM named))`, client).Scan(&may)
	if err != nil {
		return err
	}
	for i := range states {
		may = may || states[i].Excluded
	}
	if !may {
		return change()
	}
	contents := fmt.Sprintf(switches, client)
	if err := tx.run(ctx, `CREATE TEMP TABLE switched AS `+contents); err != nil {
		return err
	}
	if err := change(); err != nil {
		return err
	}
	return tx.run(ctx, fmt.Sprintf(`MERGE INTO exclusions USING (
			WITH switches AS MATERIALIZED (%[2]s)
			SELECT %[1]d AS client_id, changed_at, count(*) AS changes FROM (
				(FROM switched EXCEPT ALL FROM switches) UNION ALL (FROM switches EXCEPT ALL FROM switched)) GROUP BY changed_at) AS new
		USING (client_id, changed_at)
		WHEN MATCHED THEN UPDATE SET changes = exclusions.changes + new.changes
		WHEN NOT MATCHED THEN INSERT`, client, contents), `DROP TABLE switched`)
}

// Exclusions returns the version of who is excluded; see store.ChangeVersions. It is a digest of all that led there, in the order
// of time.
func (s *Store) Exclusions(ctx context.Context, clientID int32, now viewing.Millis) (uint64, error) {
	digest, some := fnv.New64a(), false
	err := eachRow(ctx, s.db, func(rows *sql.Rows) error {
		var change struct{ At, Changes int64 }
		if err := rows.Scan(&change.At, &change.Changes); err != nil {
			return err
		}
		some = true
		return binary.Write(digest, binary.LittleEndian, change)
	}, `SELECT changed_at, changes FROM exclusions WHERE client_id = ? AND changed_at <= ? ORDER BY changed_at`, clientID, int64(now))
	switch {
	case err != nil:
		return 0, fmt.Errorf("read the version of exclusions: %w", err)
	case !some:
		return 0, nil
	}
	return digest.Sum64(), nil
}
