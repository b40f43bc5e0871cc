package duckdb

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/tvstats/tvstats/internal/store/erasure"
)

// loadErased mirrors in memory which accounts were erased.
func loadErased(ctx context.Context, db *sql.DB) (*erasure.Set, error) {
	var key []byte
	err := eachRow(ctx, db, func(rows *sql.Rows) error { return rows.Scan(&key) }, `SELECT secret FROM erasure_key`)
	if err != nil {
		return nil, err
	}
	set := erasure.NewSet(key)
	return set, eachRow(ctx, db, func(rows *sql.Rows) error {
		var client int32
		var digest []byte
		if err := rows.Scan(&client, &digest); err != nil {
			return err
		}
		set.Add(client, erasure.Digest(digest))
		return nil
	}, `SELECT client_id, digest FROM erasures`)
}

// bury stores that the account was erased and answers the set that mirrors it.
func bury(ctx context.Context, tx *sql.Tx, erased *erasure.Set, client int32, account int64) (*erasure.Set, error) {
	key := erased.Key()
	if key == nil {
		key = erasure.NewKey()
		if _, err := tx.ExecContext(ctx, `INSERT INTO erasure_key VALUES (?)`, key); err != nil {
			return nil, fmt.Errorf("store the key of erasures: %w", err)
		}
	}
	next, digest := erased.With(key, client, account)
	_, err := tx.ExecContext(ctx, `INSERT INTO erasures VALUES (?, ?, false)`, client, digest[:])
	return next, err
}
