package duckdb

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"

	"github.com/tvstats/tvstats/internal/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrate brings the schema forward, one step a file of the migrations folder, each in a transaction with its number, so
// that a step that was interrupted starts over.
func migrate(ctx context.Context, db *sql.DB) error { return migrateTo(ctx, db, schemaVersion()) }

// schemaVersion is the version of the schema that this program makes and reads.
func schemaVersion() int {
	steps, err := migrations.ReadDir("migrations")
	if err != nil {
		panic(err) // it is embedded
	}
	return len(steps)
}

// migrateTo is migrate up to a version.
func migrateTo(ctx context.Context, db *sql.DB, last int) error {
	if _, err := db.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)`); err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	var current int
	if err := db.QueryRowContext(ctx, `SELECT coalesce(max(version), 0) FROM schema_version`).Scan(&current); err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	steps, err := migrations.ReadDir("migrations") // sorted by name, that is by number
	if err != nil {
		return err
	}
	if current > len(steps) {
		return fmt.Errorf("%w: it has version %d, this program knows up to %d; run the version that wrote it or a later one",
			store.ErrNewerSchema, current, len(steps))
	}
	for i, step := range steps[min(current, last):last] {
		version := current + i + 1
		if err := migrateStep(ctx, db, step.Name(), version); err != nil {
			return fmt.Errorf("migrate to schema version %d: %w", version, err)
		}
	}
	return nil
}

func migrateStep(ctx context.Context, db *sql.DB, file string, version int) error {
	statements, err := migrations.ReadFile("migrations/" + file)
	if err != nil {
		return err
	}
	return inTx(ctx, db, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, string(statements)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO schema_version VALUES (?)`, version)
		return err
	})
}

// inTx runs do in a transaction of its own: committed where do returns nil, else rolled back. Reads in it see one
// snapshot.
func inTx(ctx context.Context, db *sql.DB, do func(*sql.Tx) error) error {
	tx, err := beginBulk(ctx, db)
	if err != nil {
		return err
	}
	defer tx.end()
	if err := errors.Join(do(tx.Tx), ctx.Err()); err != nil {
		return err
	}
	return tx.Commit()
}
