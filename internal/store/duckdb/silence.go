package duckdb

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var _ store.SilenceFinder = (*Store)(nil)

// silentDevices needs no session merged to tell who was heard: each report of a late one is enough.
const silentDevices = `WITH %[1]s
	heard AS (
		SELECT account_id, device_uid FROM sessions WHERE %[3]s
		UNION SELECT account_id, device_uid FROM reports WHERE %[3]s)
	SELECT count(*) FROM (SELECT DISTINCT account_id, device_uid FROM %[2]s) ANTI JOIN heard USING (account_id, device_uid)`

// SilentDevices counts devices that nothing was heard of; see store.SilenceFinder.
func (s *Store) SilentDevices(ctx context.Context, filter viewing.Filter, since viewing.Millis) (int64, error) {
	var silent int64
	err := s.read(ctx, func(tx *sql.Tx) error {
		sessions, err := s.sessions(ctx, tx, filter)
		if err != nil {
			return err
		}
		heard := fmt.Sprintf("client_id = %d AND %s AND reported_at >= %d", filter.ClientID,
			within(viewing.Window{From: since - viewing.LongestSession, To: filter.Window.To}), since)
		return tx.QueryRowContext(ctx, fmt.Sprintf(silentDevices, sessions.with, sessions.relation, heard)).Scan(&silent)
	})
	if err != nil {
		return 0, fmt.Errorf("count silent devices: %w", err)
	}
	return silent, nil
}
