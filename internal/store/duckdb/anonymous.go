package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// Accounts that were erased have numbers below 0 in the ledger and in payments, where the payment's number is 0: no account
// and no payment of the middleware has such a one.

// leaveLedger removes the account from the ledger at the instant, what was to come included, and gives what happened until
// then, and its payments, to a number that stands for no account.
func leaveLedger(ctx context.Context, tx *sql.Tx, client int32, account int64, at viewing.Millis) error {
	where := fmt.Sprintf(`client_id = %d AND account_id = %d`, client, account)
	ledger, err := ledgerAt(ctx, tx, client, at)
	if err != nil {
		return err
	}
	var nobody int64
	err = tx.QueryRowContext(ctx, fmt.Sprintf(`SELECT least(min(account_id), 0) - 1 FROM (
		SELECT account_id FROM ledger WHERE client_id = %[1]d UNION ALL SELECT account_id FROM payments WHERE client_id = %[1]d
		UNION ALL SELECT 0)`, client)).Scan(&nobody)
	if err != nil {
		return err
	}
	for _, statement := range []string{
		fmt.Sprintf(`CREATE TEMP TABLE happened AS SELECT * FROM %s WHERE %s AND happened_at <= %d`, ledger, where, at),
		fmt.Sprintf(`INSERT INTO happened (client_id, account_id, happened_at, existed, existing, was_active, active, had_tariffs, tariffs)
			SELECT %d, %d, %d, true, false, state.active, false, state.tariffs, []
			FROM (SELECT max_by(happened, happened_at) AS state FROM happened) WHERE state.existing`, client, account, at),
		addChanges(accountChanges, fmt.Sprintf(`SELECT client_id, %s AS hour, count(*) AS changes FROM (
			(FROM happened EXCEPT ALL SELECT * FROM ledger WHERE %[2]s)
			UNION ALL (SELECT * FROM ledger WHERE %[2]s EXCEPT ALL FROM happened)) GROUP BY ALL`,
			hourOf("happened_at"), where)),
		fmt.Sprintf(`DELETE FROM ledger WHERE %s`, where),
		fmt.Sprintf(`INSERT INTO ledger SELECT * REPLACE (%d::BIGINT AS account_id) FROM happened`, nobody),
		`DROP TABLE happened`,
		fmt.Sprintf(`DELETE FROM payments WHERE %s AND deleted`, where),
		fmt.Sprintf(`UPDATE payments SET account_id = %d, payment_id = 0 WHERE %s`, nobody, where),
	} {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// Anonymous reads what stays of erased accounts and of viewing that is gone; see store.Eraser.
func (s *Store) Anonymous(ctx context.Context, clientID int32) (a store.Anonymous, err error) {
	a.Ledger, err = collect(ctx, s.db, func(rows *sql.Rows, e *store.LedgerEntry) error {
		return rows.Scan(&e.Account, &e.At, &e.Existed, &e.Existing, &e.WasActive, &e.Active,
			(*intList)(&e.HadTariffs), (*intList)(&e.HasTariffs))
	}, `SELECT account_id, happened_at, existed, existing, was_active, active, had_tariffs, tariffs FROM ledger
		WHERE client_id = ? AND account_id < 0 ORDER BY ALL`, clientID)
	if err != nil {
		return a, err
	}
	a.Payments, err = collect(ctx, s.db, func(rows *sql.Rows, p *store.AnonymousPayment) error {
		return rows.Scan(&p.Account, &p.AmountMinor, &p.Currency, &p.PaidAt)
	}, `SELECT account_id, amount_minor, currency, paid_at FROM payments WHERE client_id = ? AND account_id < 0 ORDER BY ALL`, clientID)
	if err != nil {
		return a, err
	}
	for _, kind := range store.GoneKinds {
		figures, err := s.Figures(ctx, kind, clientID, viewing.Window{From: -store.Never, To: store.Never})
		if err != nil {
			return a, err
		}
		a.Figures = append(a.Figures, figures...)
	}
	a.Lost, err = s.Lost(ctx, clientID, viewing.Window{From: -store.Never, To: store.Never})
	return a, err
}

// AddAnonymous stores what stays in another store; see store.Eraser.
func (s *Store) AddAnonymous(ctx context.Context, clientID int32, a store.Anonymous) error {
	s.applying.Lock()
	defer s.applying.Unlock()
	s.caching.Lock()
	defer s.caching.Unlock()
	err := s.change(ctx, func(tx *sql.Tx) error { return addAnonymous(ctx, tx, clientID, a) })
	if err != nil {
		return writeError(ctx, "store what stays of erased accounts", err)
	}
	return nil
}

func addAnonymous(ctx context.Context, tx *sql.Tx, client int32, a store.Anonymous) error {
	if err := forgetAnonymous(ctx, tx, client); err != nil {
		return err
	}
	for _, e := range a.Ledger {
		_, err := tx.ExecContext(ctx, fmt.Sprintf(`INSERT INTO ledger (client_id, account_id, happened_at, existed, existing, was_active,
			active, had_tariffs, tariffs) VALUES (%d, %d, %d, %t, %t, %t, %t, %s, %s)`, client, e.Account, e.At, e.Existed, e.Existing,
			e.WasActive, e.Active, list(e.HadTariffs), list(e.HasTariffs)))
		if err != nil {
			return err
		}
	}
	for _, p := range a.Payments {
		_, err := tx.ExecContext(ctx, `INSERT INTO payments (client_id, payment_id, account_id, amount_minor, currency, paid_at, deleted)
			VALUES (?, 0, ?, ?, ?, ?, false)`, client, p.Account, p.AmountMinor, p.Currency, int64(p.PaidAt))
		if err != nil {
			return err
		}
	}
	for _, l := range a.Lost {
		_, err := tx.ExecContext(ctx, fmt.Sprintf(`INSERT INTO lost VALUES (%d, %t, %d, %d, %d, %d)`,
			client, l.Online, l.Hour, l.First, l.Last, l.DataFrom))
		if err != nil {
			return err
		}
	}
	if err := countAnonymous(ctx, tx, client); err != nil {
		return err
	}
	return keepGone(ctx, tx, slices.DeleteFunc(slices.Clone(a.Figures), func(f store.Figure) bool { return f.ClientID != client }))
}

// forgetAnonymous makes room for what is to be stored, so that adding again changes nothing.
func forgetAnonymous(ctx context.Context, tx *sql.Tx, client int32) error {
	for _, statement := range []string{
		`DELETE FROM ledger WHERE account_id < 0 AND client_id = %[1]d`,
		`DELETE FROM payments WHERE account_id < 0 AND client_id = %[1]d`,
		`DELETE FROM lost WHERE client_id = %[1]d`,
		`DELETE FROM figures WHERE client_id = %[1]d AND ` + in("kind", store.GoneKinds),
	} {
		if _, err := tx.ExecContext(ctx, fmt.Sprintf(statement, client)); err != nil {
			return err
		}
	}
	return nil
}

// countAnonymous counts what was stored as changes, viewing that is gone included.
func countAnonymous(ctx context.Context, tx *sql.Tx, client int32) error {
	for kind, rows := range map[int]string{
		viewingChanges:  `SELECT client_id, hour AS instant FROM lost WHERE NOT online`,
		accountChanges:  `SELECT client_id, happened_at AS instant FROM ledger WHERE account_id < 0`,
		paymentsChanges: `SELECT client_id, paid_at AS instant FROM payments WHERE account_id < 0`,
	} {
		source := fmt.Sprintf(`SELECT client_id, %s AS hour, count(*) AS changes FROM (%s) WHERE client_id = %d GROUP BY ALL`,
			hourOf("instant"), rows, client)
		if _, err := tx.ExecContext(ctx, addChanges(kind, source)); err != nil {
			return err
		}
	}
	return nil
}
