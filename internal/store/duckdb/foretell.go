package duckdb

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var _ store.Foreteller = (*Store)(nil)

// MayLease looks for a job that is due; see store.Foreteller.
func (s *Store) MayLease(ctx context.Context, now viewing.Millis) (bool, error) {
	return s.exists(ctx, fmt.Sprintf(`FROM jobs WHERE %s AND due_at <= %d`, jobQueued, now))
}

// Held reads the leases; see store.Foreteller.
func (s *Store) Held(ctx context.Context) ([]store.Held, error) {
	return collect(ctx, s.db, func(rows *sql.Rows, h *store.Held) error { return rows.Scan(&h.JobID, &h.Owner, &h.Until) },
		`SELECT job_id, owner, leased_to FROM jobs WHERE `+jobRuns+` ORDER BY job_id`)
}

// MayDeleteJobs looks for a job that ended; see store.Foreteller.
func (s *Store) MayDeleteJobs(ctx context.Context, endedBefore viewing.Millis) (bool, error) {
	return s.exists(ctx, fmt.Sprintf(`FROM jobs WHERE %s AND finished_at < %d`, jobEnded, endedBefore))
}

func (s *Store) exists(ctx context.Context, query string) (found bool, err error) {
	if err := s.db.QueryRowContext(ctx, `SELECT EXISTS (`+query+`)`).Scan(&found); err != nil {
		return false, fmt.Errorf("read: %w", err)
	}
	return found, nil
}
