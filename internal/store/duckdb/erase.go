package duckdb

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/store/erasure"
	"github.com/tvstats/tvstats/internal/viewing"
)

var _ store.Eraser = (*Store)(nil)

// EraseAccount removes an account; see store.Eraser. Whatever else could write about it waits meanwhile.
func (s *Store) EraseAccount(ctx context.Context, clientID int32, accountID int64) (store.Erased, error) {
	s.folding.Lock()
	defer s.folding.Unlock()
	s.applying.Lock()
	defer s.applying.Unlock()
	s.erasing.Lock()
	defer s.erasing.Unlock()
	if s.erased.Load().Has(clientID, accountID) {
		return store.Erased{}, nil
	}
	var removed store.Erased
	var erased *erasure.Set
	err := inTx(ctx, s.db, func(tx *sql.Tx) (err error) {
		if removed, err = removeAccount(ctx, tx, clientID, accountID); err != nil {
			return err
		}
		erased, err = bury(ctx, tx, s.erased.Load(), clientID, accountID)
		return err
	})
	if err != nil {
		return store.Erased{}, writeError(ctx, "erase an account", err)
	}
	s.erased.Store(erased)
	s.meta.forget(accountKey{clientID, accountID})
	return removed, nil
}

// removeAccount deletes the account's rows and counts them. The versions count its reports on, as if they were folded.
func removeAccount(ctx context.Context, tx *sql.Tx, client int32, account int64) (removed store.Erased, err error) {
	where := fmt.Sprintf(`client_id = %d AND account_id = %d`, client, account)
	err = tx.QueryRowContext(ctx, fmt.Sprintf(
		`SELECT count(*) FROM (SELECT DISTINCT %s FROM (FROM sessions WHERE %[2]s UNION ALL FROM reports WHERE %[2]s))`,
		identity, where)).Scan(&removed.Sessions)
	if err != nil {
		return removed, err
	}
	if _, err := tx.ExecContext(ctx, foldedReports(where)); err != nil {
		return removed, err
	}
	for _, from := range []struct {
		table string
		count *int64 // nil = not of interest
	}{
		{"reports", nil}, {"sessions", nil}, {"viewers", nil}, {"accounts", nil}, {"ledger", nil},
		{"account_states", &removed.States}, {"payments", &removed.Payments},
	} {
		outcome, err := tx.ExecContext(ctx, `DELETE FROM `+from.table+` WHERE `+where)
		if err != nil {
			return removed, err
		}
		if from.count != nil {
			if *from.count, err = outcome.RowsAffected(); err != nil {
				return removed, err
			}
		}
	}
	return removed, nil
}

// IsErased tells whether an account was erased; see store.Eraser.
func (s *Store) IsErased(_ context.Context, clientID int32, accountID int64) (bool, error) {
	return s.erased.Load().Has(clientID, accountID), nil
}

// ExpireViewing removes days; see store.Eraser. Their space is used again for later ones.
func (s *Store) ExpireViewing(ctx context.Context, before viewing.Millis) error {
	s.folding.Lock()
	defer s.folding.Unlock()
	where := fmt.Sprintf(`started_at < %d`, before.Day().Start())
	var due bool
	err := s.db.QueryRowContext(ctx, fmt.Sprintf(
		`SELECT EXISTS (FROM sessions WHERE %[1]s) OR EXISTS (FROM reports WHERE %[1]s)`, where)).Scan(&due)
	if err != nil || !due {
		return err
	}
	err = inTx(ctx, s.db, func(tx *sql.Tx) error {
		for _, statement := range []string{
			foldedReports(where),
			`DELETE FROM reports WHERE ` + where, `DELETE FROM sessions WHERE ` + where, `DELETE FROM viewers WHERE ` + where,
		} {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return writeError(ctx, "remove old viewing", err)
	}
	return nil
}
