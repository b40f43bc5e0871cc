package duckdb

import (
	"context"
	"fmt"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var _ store.Foreteller = (*Store)(nil)

// MayLease looks for a job that may run; see store.Foreteller.
func (s *Store) MayLease(ctx context.Context, now viewing.Millis) (bool, error) {
	return s.exists(ctx, fmt.Sprintf(`FROM jobs WHERE (state = 2 AND leased_to <= %[1]d) OR (state = 1 AND due_at <= %[1]d)`, now))
}

// MayDeleteJobs looks for a job that ended; see store.Foreteller.
func (s *Store) MayDeleteJobs(ctx context.Context, endedBefore viewing.Millis) (bool, error) {
	return s.exists(ctx, fmt.Sprintf(`FROM jobs WHERE state > 2 AND finished_at < %d`, endedBefore))
}

func (s *Store) exists(ctx context.Context, query string) (found bool, err error) {
	if err := s.db.QueryRowContext(ctx, `SELECT EXISTS (`+query+`)`).Scan(&found); err != nil {
		return false, fmt.Errorf("read: %w", err)
	}
	return found, nil
}
