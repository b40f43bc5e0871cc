package duckdb

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var _ store.ViewerCounter = (*Store)(nil)

// viewerCounts needs no session merged: who watched, on what and when it began is in every report. Folded days before the one of
// as_of are in viewers, where the last start of a day shows whether any lies in the window.
const viewerCounts = `WITH seen AS (
		SELECT account_id, device_uid, device, started_at FROM viewers
			WHERE client_id = %[1]d AND started_at >= %[2]d AND started_at < %[3]d
		UNION ALL SELECT account_id, device_uid, device, started_at FROM sessions
			WHERE client_id = %[1]d AND started_at >= %[3]d AND started_at < %[4]d
		UNION ALL SELECT account_id, device_uid, device, started_at FROM reports
			WHERE client_id = %[1]d AND started_at >= %[2]d AND started_at < %[4]d),
	latest AS MATERIALIZED (
		SELECT account_id, device_uid, device, max(started_at) AS started_at FROM seen WHERE %[6]s
			GROUP BY account_id, device_uid, device),
	accounts AS (%[5]s account_id)),
	boxes AS (%[5]s device_uid)),
	kinds AS (
		SELECT name, count(DISTINCT account_id) AS accounts FROM latest JOIN devices USING (device) GROUP BY name)
	SELECT accounts.*, boxes.*, kinds.* FROM accounts CROSS JOIN boxes LEFT JOIN kinds ON true`

// distinctViewers counts those who were latest seen in each of the three times; what to distinguish by is to be added.
const distinctViewers = `SELECT count(*) FILTER (started_at >= %[1]d) AS in_day, count(*) FILTER (started_at >= %[2]d) AS in_week,
		count(*) AS in_month FROM (SELECT max(started_at) AS started_at FROM latest GROUP BY`

// ViewerCounts returns how many watched; see store.ViewerCounter.
func (s *Store) ViewerCounts(ctx context.Context, clientID int32, asOf, now viewing.Millis) (store.ViewerCounts, error) {
	a := store.ViewerCounts{ByDevice: map[string]int64{}}
	from := viewing.DaysBefore(asOf, 30).From
	err := s.read(ctx, func(tx *sql.Tx) error {
		counts, err := counted(ctx, tx, clientID, now)
		if err != nil {
			return err
		}
		return eachRow(ctx, tx, func(rows *sql.Rows) error { // one for each kind of device; the first columns are always the same
			var device sql.Null[string] // absent where nobody watched
			var accounts sql.Null[int64]
			err := rows.Scan(&a.In24Hours.Accounts, &a.In7Days.Accounts, &a.In30Days.Accounts,
				&a.In24Hours.Devices, &a.In7Days.Devices, &a.In30Days.Devices, &device, &accounts)
			if device.Valid {
				a.ByDevice[device.V] = accounts.V
			}
			return err
		}, fmt.Sprintf(viewerCounts, clientID, from, asOf.Day().Start(), asOf,
			fmt.Sprintf(distinctViewers, viewing.DaysBefore(asOf, 1).From, viewing.DaysBefore(asOf, 7).From), counts))
	})
	if err != nil {
		return store.ViewerCounts{}, fmt.Errorf("count viewers: %w", err)
	}
	return a, nil
}
