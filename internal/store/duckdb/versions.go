package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"math"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var _ store.ChangeVersions = (*Store)(nil)

// The kinds of changes. The numbers are kept in the table versions: never renumber.
const (
	viewingChanges  = 1
	accountChanges  = 2
	paymentsChanges = 3
)

// pendingEntries is in the place of a kind for digests of entries of the ledger; it is in no table.
const pendingEntries = 0

// hourOf is viewing.ByHour.Start for a column.
func hourOf(column string) string {
	return fmt.Sprintf(`(%[1]s - ((%[1]s %% 3600000) + 3600000) %% 3600000)`, column)
}

// addChanges is the statement that adds the rows of source (client_id, hour, changes) to the versions of the kind.
func addChanges(kind int, source string) string {
	return fmt.Sprintf(`MERGE INTO versions USING (SELECT client_id, %d AS kind, hour, changes FROM (%s)) AS new
		USING (client_id, kind, hour)
		WHEN MATCHED THEN UPDATE SET changes = versions.changes + new.changes
		WHEN NOT MATCHED THEN INSERT`, kind, source)
}

// foldedReports is what the reports that leave for sessions leave behind in the versions: as long as they are there they
// count themselves, so that the version stays what it is.
func foldedReports(where string) string {
	return addChanges(viewingChanges, fmt.Sprintf(
		`SELECT client_id, %s AS hour, count(*) AS changes FROM reports WHERE %s GROUP BY ALL`, hourOf("started_at"), where))
}

// withChangesCounted makes a change to the client's accounts or payments of these ids, and adds to the versions what differs before
// and after it: rows of contents, a query with a column hour. While it does, the ids are in the temporary table named.
func (tx *bulkTx) withChangesCounted(
	ctx context.Context, client int32, kind int, ids []int64, contents string, change func() error,
) error {
	if err := tx.run(ctx, `CREATE TEMP TABLE named (id BIGINT)`); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO named SELECT unnest(?::BIGINT[])`, ids); err != nil {
		return err
	}
	if err := tx.run(ctx, `CREATE TEMP TABLE previous AS `+contents); err != nil {
		return err
	}
	if err := change(); err != nil {
		return err
	}
	return tx.run(ctx, addChanges(kind, fmt.Sprintf(`WITH present AS MATERIALIZED (%[2]s)
		SELECT %[1]d AS client_id, hour, count(*) AS changes FROM (
			(FROM previous EXCEPT ALL FROM present) UNION ALL (FROM present EXCEPT ALL FROM previous)) GROUP BY hour`,
		client, contents)), `DROP TABLE previous`, `DROP TABLE named`)
}

// Versions returns how often data changed; see store.ChangeVersions.
func (s *Store) Versions(
	ctx context.Context, clientID int32, window viewing.Window, now viewing.Millis,
) (before store.Version, hours []store.HourVersion, err error) {
	err = s.read(ctx, func(tx *sql.Tx) error {
		before, hours, err = versionsIn(ctx, tx, clientID, window, now)
		return err
	})
	return before, hours, err
}

func versionsIn(
	ctx context.Context, tx *sql.Tx, clientID int32, window viewing.Window, now viewing.Millis,
) (before store.Version, hours []store.HourVersion, err error) {
	some, err := someArePending(ctx, tx, clientID, now)
	if err != nil {
		return before, nil, fmt.Errorf("look for states to come: %w", err)
	}
	pending := ""
	if some {
		pending = fmt.Sprintf(` UNION ALL SELECT %d, hour, digest FROM (%s)`, pendingEntries, pendingContents(clientID, now))
	}
	err = eachRow(ctx, tx, func(rows *sql.Rows) error {
		var hour sql.Null[viewing.Millis]
		var v store.Version
		err := rows.Scan(&hour, &v.Viewing, &v.Accounts, &v.Payments, &v.Pending)
		if hour.Valid {
			hours = append(hours, store.HourVersion{Hour: hour.V, Version: v})
		} else {
			before = v
		}
		return err
	}, fmt.Sprintf(`SELECT CASE WHEN hour >= %d THEN hour END AS begins, coalesce(sum(changes) FILTER (kind = %d), 0)::BIGINT,
			coalesce(sum(changes) FILTER (kind = %d), 0)::BIGINT, coalesce(sum(changes) FILTER (kind = %d), 0)::BIGINT,
			(coalesce(sum(changes) FILTER (kind = %d), 0) %% %d)::BIGINT
		FROM (SELECT kind, hour, changes FROM versions WHERE client_id = %d
			UNION ALL SELECT %[2]d, %[8]s, count(*) FROM reports WHERE client_id = %[7]d GROUP BY ALL%[9]s) AS all_changes(kind, hour, changes)
		WHERE hour < %[10]d GROUP BY begins ORDER BY begins`,
		window.From, viewingChanges, accountChanges, paymentsChanges, pendingEntries, math.MaxInt64, clientID, hourOf("started_at"),
		pending, window.To))
	if err != nil {
		return before, nil, fmt.Errorf("read versions: %w", err)
	}
	return before, hours, nil
}

// Beginning returns when the client's data begins; see store.ChangeVersions.
func (s *Store) Beginning(ctx context.Context, clientID int32, now viewing.Millis) (b store.Beginning, err error) {
	err = s.eachEntry(ctx, clientID, now, func(rows *sql.Rows) error {
		return rows.Scan(&b.Viewing, &b.Accounts, &b.Payments)
	}, `SELECT
		coalesce(least((SELECT min(started_at) FROM sessions WHERE client_id = %[2]d), (SELECT min(started_at) FROM reports WHERE client_id = %[2]d),
			(SELECT min(first_at) FROM lost WHERE client_id = %[2]d AND NOT online)), %[3]d),
		coalesce((SELECT min(happened_at) FROM %[1]s WHERE client_id = %[2]d AND existing), %[3]d),
		coalesce((SELECT min(paid_at) FROM payments WHERE client_id = %[2]d AND NOT deleted), %[3]d)`,
		clientID, store.Never)
	if err != nil {
		return b, fmt.Errorf("find the beginning of the data: %w", err)
	}
	return b, nil
}
