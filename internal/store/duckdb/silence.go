package duckdb

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var _ store.SilenceFinder = (*Store)(nil)

// silentDevices needs no session merged to find who reported: each report of a late one is enough.
const silentDevices = `WITH %[1]s
	heard AS (
		SELECT account_id, device_uid FROM sessions WHERE %[3]s
		UNION SELECT account_id, device_uid FROM reports WHERE %[3]s)
	SELECT count(*) FROM (SELECT DISTINCT account_id, device_uid FROM (%[2]s)) ANTI JOIN heard USING (account_id, device_uid)`

// SilentDevices counts devices without a report; see store.SilenceFinder.
func (s *Store) SilentDevices(ctx context.Context, filter viewing.Filter, since viewing.Millis) (int64, error) {
	var silent int64
	err := s.read(ctx, func(tx *sql.Tx) error {
		with, devices, err := s.devicesOf(ctx, tx, filter)
		if err != nil {
			return err
		}
		heard := fmt.Sprintf("client_id = %d AND %s AND reported_at >= %d", filter.ClientID,
			within(viewing.Window{From: since - viewing.LongestSession, To: filter.Window.To}), since)
		return tx.QueryRowContext(ctx, fmt.Sprintf(silentDevices, with, devices, heard)).Scan(&silent)
	})
	if err != nil {
		return 0, fmt.Errorf("count silent devices: %w", err)
	}
	return silent, nil
}

// devicesOf is a query for the account_id and device_uid of the sessions that pass the filter, with repetitions, and the common table
// expressions that it needs. Where no more is asked of a session than who watched, on what and when, folded whole days are read from
// viewers, which has a row for all sessions of a device on a day; the rest of the window, and reports, need not be merged.
func (s *Store) devicesOf(ctx context.Context, tx *sql.Tx, filter viewing.Filter) (with, query string, err error) {
	window := filter.Window
	whole := viewing.Window{From: (window.From + viewing.DayLength - 1).Day().Start(), To: window.To.Day().Start()}
	if filter.Policy.Cuts() || filter.MinSeconds > 0 || len(filter.Tariffs) > 0 || len(filter.Modes) > 0 || filter.Channels != nil ||
		whole.From >= whole.To {
		sessions, err := s.sessions(ctx, tx, filter)
		return sessions.with, "FROM " + sessions.relation, err
	}
	filter.Window = whole
	inDays, err := s.identityConditions(ctx, tx, filter)
	if err != nil {
		return "", "", err
	}
	filter.Window = window
	inWindow, err := s.identityConditions(ctx, tx, filter)
	return "", fmt.Sprintf(`SELECT account_id, device_uid FROM viewers WHERE %s
		UNION ALL SELECT account_id, device_uid FROM sessions WHERE %s AND (started_at < %d OR started_at >= %d)
		UNION ALL SELECT account_id, device_uid FROM reports WHERE %[2]s`, inDays, inWindow, whole.From, whole.To), err
}
