package duckdb

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var _ store.SubscriberCounter = (*Store)(nil)

// Subscribers counts who could watch; see store.SubscriberCounter.
func (s *Store) Subscribers(
	ctx context.Context, clientID int32, at viewing.Millis, tariffs []int32, now viewing.Millis,
) (int64, error) {
	has := "true"
	if len(tariffs) > 0 {
		has = fmt.Sprintf("list_has_any(tariffs, %s::INTEGER[])", list(tariffs))
	}
	var count int64
	err := s.read(ctx, func(tx *sql.Tx) error {
		counts, err := counted(ctx, tx, clientID, now)
		if err != nil {
			return err
		}
		ledger, err := ledgerAt(ctx, tx, clientID, now)
		if err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, fmt.Sprintf(`SELECT count(*) FROM (
				SELECT arg_max(active, happened_at) AS active, arg_max(tariffs, happened_at) AS tariffs
				FROM %s WHERE client_id = %d AND happened_at <= %d AND %s GROUP BY account_id) WHERE active AND %s`,
			ledger, clientID, at, counts, has)).Scan(&count)
	})
	if err != nil {
		return 0, fmt.Errorf("count subscribers: %w", err)
	}
	return count, nil
}
