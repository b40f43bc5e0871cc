package duckdb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	engine "github.com/duckdb/duckdb-go/v2"
)

// table is a table that lists of rows are upserted into; the first columns of each are its key.
//
// None whose rows change much has a PRIMARY KEY: rows that are updated or deleted take space for ever in a table with an
// index, because a checkpoint cleans only tables without one. Keys are unique since one batch after the other is merged
// into the tables.
type table struct {
	name    string
	keys    int // how many of the columns make the key
	columns []string
}

var (
	devicesTable = table{"devices", 1, []string{"device", "name"}}

	tariffSetsTable = table{"tariff_sets", 1, []string{"tariff_set", "tariffs"}}

	clientsTable = table{"clients", 1, []string{"client_id", "name", "time_zone", "collection_enabled"}}

	channelsTable = table{"channels", 2,
		[]string{"client_id", "channel_id", "name", "number", "categories", "enabled", "deleted"}}

	tariffsTable = table{"tariffs", 2, []string{"client_id", "tariff_id", "name", "deleted"}}

	categoriesTable = table{"categories", 2, []string{"client_id", "category_id", "name", "deleted"}}

	accountStatesTable = table{"account_states", 3,
		[]string{"client_id", "account_id", "changed_at", "active", "tariffs", "registered_at", "deleted", "excluded"}}

	accountsTable = table{"accounts", 2, accountStatesTable.columns}

	programmesTable = table{"programmes", 2,
		[]string{"client_id", "programme_id", "channel_id", "title", "start_at", "end_at", "deleted"}}

	paymentsTable = table{"payments", 2,
		[]string{"client_id", "payment_id", "account_id", "amount_minor", "currency", "paid_at", "deleted"}}
)

// merge is the statement that upserts the rows of source, which is named told. Rows that are already there as told are not
// written, so that a catalog that is pushed again and again costs nothing.
func (t table) merge(source string) string {
	return fmt.Sprintf(`MERGE INTO %s AS stored USING %s USING (%s)
		WHEN MATCHED AND stored IS DISTINCT FROM told THEN UPDATE
		WHEN NOT MATCHED THEN INSERT`, t.name, source, strings.Join(t.columns[:t.keys], ", "))
}

// row is a row for a table, its columns in the table's order.
type row = []driver.Value

func rowsOf[T any](entities []T, toRow func(*T) row) []row {
	rows := make([]row, len(entities))
	for i := range entities {
		rows[i] = toRow(&entities[i])
	}
	return rows
}

// lastOfEach leaves of rows with equal keys the last one: a merge must not meet a key twice.
func (t table) lastOfEach(rows []row) []row {
	last := make(map[[3]any]int, len(rows))
	for i, row := range rows {
		last[t.key(row)] = i
	}
	if len(last) == len(rows) {
		return rows
	}
	kept := make([]row, 0, len(last))
	for i, row := range rows {
		if last[t.key(row)] == i {
			kept = append(kept, row)
		}
	}
	return kept
}

func (t table) key(row row) (key [3]any) {
	for i, value := range row[:t.keys] {
		key[i] = value
	}
	return key
}

// bulkTx is a transaction that can upsert lists of rows through the engine's appender.
type bulkTx struct {
	*sql.Tx
	conn *sql.Conn
}

// beginBulk begins a transaction. The end of the context does not end it by itself: the driver would roll back between
// two statements, and the second one would then stand alone. It is checked before each statement instead. Nor does it
// interrupt BEGIN: the driver would give back a connection on which a transaction had begun.
func beginBulk(ctx context.Context, db *sql.DB) (*bulkTx, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	tx, err := conn.BeginTx(context.WithoutCancel(ctx), nil)
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return &bulkTx{Tx: tx, conn: conn}, nil
}

// upsert merges the rows into the table.
func (tx *bulkTx) upsert(ctx context.Context, t table, rows []row) error {
	if err := ctx.Err(); err != nil || len(rows) == 0 {
		return err
	}
	source := fmt.Sprintf("appended_data AS told(%s)", strings.Join(t.columns, ", "))
	err := tx.conn.Raw(func(conn any) error {
		appender, err := engine.NewTableAppender(bare(conn), t.merge(source), "", "", t.name, nil)
		if err != nil {
			return err
		}
		for _, row := range t.lastOfEach(rows) {
			if err := appender.AppendRow(row...); err != nil {
				return errors.Join(err, appender.Close())
			}
		}
		return appender.Close()
	})
	if err != nil {
		return fmt.Errorf("upsert %s: %w", t.name, err)
	}
	return nil
}

// run runs statements one after the other.
func (tx *bulkTx) run(ctx context.Context, statements ...string) error {
	for _, statement := range statements {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

func (tx *bulkTx) commit(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := note(ctx, tx.Tx); err != nil {
		return err
	}
	return tx.Commit()
}

// end rolls back what was not committed and gives the connection back.
func (tx *bulkTx) end() {
	_ = tx.Rollback()   // after a commit there is nothing to do, before one the error that led here matters
	_ = tx.conn.Close() // it goes back into the pool
}

func keys[K comparable, V any](m map[K]V) []K { return slices.Collect(maps.Keys(m)) }
