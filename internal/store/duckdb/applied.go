package duckdb

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/tvstats/tvstats/internal/store"
)

var _ store.Applier = (*Store)(nil)

// applying is what a transaction of an operation of a log writes besides its changes. It travels in the context: the methods
// that change the store are the same whoever calls them.
type applying struct {
	id      string
	to      store.Applied
	written bool // in the last transaction of the operation
}

type applyingKey struct{}

// forgetEvery is how many positions lie between two removals of old ids.
const forgetEvery = 4096

// statements write what is applied. Ids and names of logs are hexadecimal digits and dashes.
func (a *applying) statements() []string {
	all := []string{fmt.Sprintf(`UPDATE applied SET log = %s, position = %d, entry = %s, operation = %d`,
		literal(a.to.LogID), a.to.Position, literal(a.to.EntryID), a.to.Operation)}
	if a.id != "" {
		all = append(all, fmt.Sprintf(`INSERT INTO applied_operations VALUES (%s, %d)`, literal(a.id), a.to.Position))
	}
	if a.to.Position%forgetEvery == 0 && a.to.Position > store.AppliedIDs {
		all = append(all, fmt.Sprintf(`DELETE FROM applied_operations WHERE position < %d`, a.to.Position-store.AppliedIDs))
	}
	return all
}

// note writes into the transaction of a change what the change is applied as, if it is an operation of a log.
func note(ctx context.Context, tx *sql.Tx) error {
	a, applies := ctx.Value(applyingKey{}).(*applying)
	if !applies {
		return nil
	}
	for _, statement := range a.statements() {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	a.written = true
	return nil
}

// unnoted is the context of a transaction that is no part of the operation, though it is made on the way to it.
func unnoted(ctx context.Context) context.Context {
	return context.WithValue(ctx, applyingKey{}, nil)
}

// change runs do in a transaction of a change of the store's contents.
func (s *Store) change(ctx context.Context, do func(*sql.Tx) error) error {
	return inTx(ctx, s.db, func(tx *sql.Tx) error {
		if err := do(tx); err != nil {
			return err
		}
		return note(ctx, tx)
	})
}

// Applied returns how far a log was applied; see store.Applier.
func (s *Store) Applied(ctx context.Context) (at store.Applied, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT log, position, entry, operation FROM applied`).Scan(
		&at.LogID, &at.Position, &at.EntryID, &at.Operation)
	if err != nil {
		return at, unavailable("read how far the log was applied", err)
	}
	return at, nil
}

// HasApplied looks for the id; see store.Applier.
func (s *Store) HasApplied(ctx context.Context, id string) (has bool, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT EXISTS (FROM applied_operations WHERE id = ?)`, id).Scan(&has)
	if err != nil {
		return false, unavailable("look for an operation", err)
	}
	return has, nil
}

// Apply applies an operation; see store.Applier.
func (s *Store) Apply(ctx context.Context, id string, to store.Applied, do func(context.Context) error) error {
	has, err := s.HasApplied(ctx, id)
	if err != nil {
		return err
	}
	if has {
		return s.StartAt(ctx, to)
	}
	a := &applying{id: id, to: to}
	ctx = context.WithValue(ctx, applyingKey{}, a)
	if err := do(ctx); err != nil || a.written {
		return err
	}
	// The method had nothing to change, or refused: its transaction, if there was one, is rolled back.
	if err := s.change(ctx, func(*sql.Tx) error { return nil }); err != nil {
		return unavailable("note what was applied", err)
	}
	return nil
}

// StartAt notes how far the store is; see store.Applier.
func (s *Store) StartAt(ctx context.Context, at store.Applied) error {
	a := &applying{to: at}
	if err := s.change(context.WithValue(ctx, applyingKey{}, a), func(*sql.Tx) error { return nil }); err != nil {
		return unavailable("note how far the log was applied", err)
	}
	return nil
}
