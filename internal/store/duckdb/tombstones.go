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

// Erasures returns what is remembered of erased accounts; see store.Erasures.
func (s *Store) Erasures(context.Context) (*erasure.Set, error) { return s.erased.Load(), nil }

// AddErasures remembers what another store does; see store.Erasures.
func (s *Store) AddErasures(ctx context.Context, erased *erasure.Set) error {
	s.erasing.Lock()
	defer s.erasing.Unlock()
	known := s.erased.Load()
	if !known.Fits(erased) {
		return erasure.ErrOtherKey
	}
	err := s.change(ctx, func(tx *sql.Tx) error {
		if known.Key() == nil && erased.Key() != nil {
			if _, err := tx.ExecContext(ctx, `INSERT INTO erasure_key VALUES (?)`, erased.Key()); err != nil {
				return err
			}
		}
		for client, digest := range erased.All() {
			_, err := tx.ExecContext(ctx, `INSERT INTO erasures SELECT client, digest, true FROM (SELECT ?::INTEGER AS client, ?::BLOB AS digest)
				WHERE (client, digest) NOT IN (SELECT client_id, digest FROM erasures)`, client, digest[:])
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return writeError(ctx, "remember erased accounts", err)
	}
	s.erased.Store(known.United(erased)) // not read again: that could fail, and what is committed must hold
	return nil
}

// recordErasure stores that the account was erased and returns the set that mirrors it.
func recordErasure(ctx context.Context, tx *sql.Tx, erased *erasure.Set, client int32, account int64) (*erasure.Set, error) {
	key := erased.Key()
	if key == nil {
		key = erasure.KeyFor(ctx)
		if _, err := tx.ExecContext(ctx, `INSERT INTO erasure_key VALUES (?)`, key); err != nil {
			return nil, fmt.Errorf("store the key of erasures: %w", err)
		}
	}
	next, digest := erased.With(key, client, account)
	_, err := tx.ExecContext(ctx, `INSERT INTO erasures VALUES (?, ?, false)`, client, digest[:])
	return next, err
}
