package duckdb

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/tvstats/tvstats/internal/store"
)

var _ store.ResultStore = (*Store)(nil)

// SaveResults stores results in one transaction; see store.ResultStore. No index keeps ids unique, so that it is one call
// after the other.
func (s *Store) SaveResults(ctx context.Context, results []store.Result) error {
	s.saving.Lock()
	defer s.saving.Unlock()
	err := s.change(ctx, func(tx *sql.Tx) error {
		for _, r := range results {
			_, err := tx.ExecContext(ctx, `INSERT INTO results SELECT ?, ?, ?, ?, ?
				WHERE NOT EXISTS (FROM results WHERE id = ?)`,
				r.ID, r.ClientID, uint8(r.Kind), int64(r.CreatedAt), string(r.Body), r.ID)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return writeError(ctx, "save results", err)
	}
	return nil
}

const selectResults = `SELECT id, client_id, kind, created_at, body FROM results`

func scanResult(rows *sql.Rows, r *store.Result) error {
	return rows.Scan(&r.ID, &r.ClientID, &r.Kind, &r.CreatedAt, (*[]byte)(&r.Body))
}

// Result returns one result; see store.ResultStore.
func (s *Store) Result(ctx context.Context, id string, kinds ...store.Kind) (store.Result, error) {
	results, err := collect(ctx, s.db, scanResult, selectResults+` WHERE id = ? AND `+in("kind", kinds), id)
	return only(results, err, "result %q", id)
}

// Results returns a page of results, newest first; see store.ResultStore.
func (s *Store) Results(ctx context.Context, query store.ResultQuery) ([]store.Result, error) {
	after, args := "true", []any{query.ClientID}
	if last := query.After; last != nil {
		after = `(created_at, id) < (?, ?)`
		args = append(args, int64(last.CreatedAt), last.ID)
	}
	return collect(ctx, s.db, scanResult, fmt.Sprintf(
		selectResults+` WHERE client_id = ? AND %s AND %s ORDER BY created_at DESC, id DESC LIMIT %d`,
		in("kind", query.Kinds), after, query.Limit), args...)
}

// DeleteResult removes one result; see store.ResultStore. One change runs at a time: of two deletions that meet at one
// result the engine would fail the second, which must return store.ErrNotFound.
func (s *Store) DeleteResult(ctx context.Context, id string, kinds ...store.Kind) error {
	s.saving.Lock()
	defer s.saving.Unlock()
	var deleted int64
	err := s.change(ctx, func(tx *sql.Tx) error {
		outcome, err := tx.ExecContext(ctx, `DELETE FROM results WHERE id = ? AND `+in("kind", kinds), id)
		if err != nil {
			return err
		}
		deleted, err = outcome.RowsAffected()
		return err
	})
	switch {
	case err != nil:
		return writeError(ctx, "delete result", err)
	case deleted == 0:
		return fmt.Errorf("result %q: %w", id, store.ErrNotFound)
	}
	return nil
}
