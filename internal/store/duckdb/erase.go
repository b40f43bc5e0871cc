package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/store/erasure"
	"github.com/tvstats/tvstats/internal/viewing"
)

var _ store.Eraser = (*Store)(nil)

// EraseAccount removes an account; see store.Eraser. Whatever else could write about it waits meanwhile.
func (s *Store) EraseAccount(
	ctx context.Context, clientID int32, accountID int64, at viewing.Millis, kept store.Kept,
) (store.Erased, error) {
	s.folding.Lock()
	defer s.folding.Unlock()
	s.applying.Lock()
	defer s.applying.Unlock()
	s.caching.Lock()
	defer s.caching.Unlock()
	s.erasing.Lock()
	defer s.erasing.Unlock()
	if s.erased.Load().Has(clientID, accountID) {
		return store.Erased{}, nil
	}
	var removed store.Erased
	var erased *erasure.Set
	err := s.change(ctx, func(tx *sql.Tx) (err error) {
		if _, err := lose(ctx, tx, store.Removal{ClientID: clientID, AccountID: accountID, Before: store.Never}, kept); err != nil {
			return err
		}
		if removed, err = removeAccount(ctx, tx, clientID, accountID, at); err != nil {
			return err
		}
		erased, err = recordErasure(ctx, tx, s.erased.Load(), clientID, accountID)
		return err
	})
	if err != nil {
		return store.Erased{}, removalError(ctx, "erase an account", err)
	}
	s.erased.Store(erased)
	s.dictionary.forget(accountKey{clientID, accountID})
	return removed, nil
}

// removalError is that of a write, but for plans that no longer fit.
func removalError(ctx context.Context, what string, err error) error {
	if errors.Is(err, store.ErrMoved) {
		return err
	}
	return writeError(ctx, what, err)
}

// removeAccount deletes the account's rows and counts them; the ledger and payments stay under a number that stands for no account.
func removeAccount(ctx context.Context, tx *sql.Tx, client int32, account int64, at viewing.Millis) (removed store.Erased, err error) {
	where := fmt.Sprintf(`client_id = %d AND account_id = %d`, client, account)
	err = tx.QueryRowContext(ctx, fmt.Sprintf(
		`SELECT count(*) FROM (SELECT DISTINCT %s FROM (FROM sessions WHERE %[2]s UNION ALL FROM reports WHERE %[2]s))`,
		identity, where)).Scan(&removed.Sessions)
	if err != nil {
		return removed, err
	}
	err = tx.QueryRowContext(ctx, `SELECT count(*) FROM payments WHERE `+where).Scan(&removed.Payments)
	if err != nil {
		return removed, err
	}
	if err := leaveLedger(ctx, tx, client, account, at); err != nil {
		return removed, err
	}
	for _, from := range []struct {
		table string
		count *int64 // nil = not of interest
	}{
		{"reports", nil}, {"sessions", nil}, {"viewers", nil}, {"accounts", nil}, {"account_states", &removed.States},
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

// IsErased reports whether an account was erased; see store.Eraser.
func (s *Store) IsErased(_ context.Context, clientID int32, accountID int64) (bool, error) {
	return s.erased.Load().Has(clientID, accountID), nil
}

// Expiring finds the days that can be removed; see store.Eraser.
func (s *Store) Expiring(ctx context.Context, before viewing.Millis) (map[int32][]viewing.Day, error) {
	days := map[int32][]viewing.Day{}
	err := eachRow(ctx, s.db, func(rows *sql.Rows) error {
		var client int32
		var day viewing.Day
		err := rows.Scan(&client, &day)
		days[client] = append(days[client], day)
		return err
	}, fmt.Sprintf(`SELECT DISTINCT client_id, %[1]s AS day FROM (
			SELECT client_id, started_at FROM sessions WHERE started_at < %[2]d
			UNION ALL SELECT client_id, started_at FROM reports WHERE started_at < %[2]d) ORDER BY client_id, day`,
		dayOf, before.Day().Start()))
	if err != nil {
		return nil, fmt.Errorf("find old viewing: %w", err)
	}
	return days, nil
}

// ExpireViewing removes a day; see store.Eraser. Its space is used again for later ones.
func (s *Store) ExpireViewing(ctx context.Context, clientID int32, day viewing.Day, kept store.Kept) error {
	s.folding.Lock()
	defer s.folding.Unlock()
	s.applying.Lock() // versions
	defer s.applying.Unlock()
	s.caching.Lock()
	defer s.caching.Unlock()
	err := s.change(ctx, func(tx *sql.Tx) error {
		where, err := lose(ctx, tx, store.Removal{ClientID: clientID, Before: day.Window().To}, kept)
		if err != nil {
			return err
		}
		for _, table := range []string{"reports", "sessions", "viewers"} {
			if _, err := tx.ExecContext(ctx, `DELETE FROM `+table+` WHERE `+where); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return removalError(ctx, "remove old viewing", err)
	}
	return nil
}
