package duckdb

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var _ store.SessionReader = (*Store)(nil)

// sessionPage merges the sessions of a page; %[4]s is what comes after the last one of the page before.
const sessionPage = `SELECT client_id, account_id, device_uid, name, channel_id, mode, programme_id, started_at, %[1]s,
		list(DISTINCT tariff_set) AS sets
	FROM (FROM sessions WHERE %[2]s UNION ALL FROM reports WHERE %[2]s) JOIN devices USING (device)
	WHERE %[4]s GROUP BY client_id, account_id, device_uid, name, channel_id, mode, programme_id, started_at
	ORDER BY started_at, account_id, device_uid, name, channel_id, mode, programme_id LIMIT %[3]d`

// Sessions reads sessions one by one; see store.SessionReader.
func (s *Store) Sessions(ctx context.Context, q store.SessionQuery) ([]store.CountedSession, error) {
	var page []store.CountedSession
	err := s.read(ctx, func(tx *sql.Tx) error {
		filter := viewing.Filter{ClientID: q.ClientID, Account: q.AccountID, DeviceUID: q.DeviceUID, Window: q.Window, Excluded: true}
		where, err := s.identityConditions(ctx, tx, filter)
		if err != nil {
			return err
		}
		after, args := "true", []any(nil)
		if last := q.After; last != nil {
			after = `(started_at, account_id, device_uid, name, channel_id, mode, programme_id) > (?, ?, ?, ?, ?, ?, ?)`
			args = []any{int64(last.StartedAt), last.AccountID, last.DeviceUID, last.Device, last.ChannelID, uint8(last.Mode), last.ProgrammeID}
		}
		page, err = collect(ctx, tx, s.scanSession, fmt.Sprintf(sessionPage, mergedState, where, q.Limit, after), args...)
		if err != nil || len(page) == 0 {
			return err
		}
		filter.Window = viewing.Window{From: page[0].StartedAt, To: page[len(page)-1].StartedAt + 1}
		filter.Policy = q.Policy
		return s.count(ctx, tx, filter, page)
	})
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	return page, nil
}

func (s *Store) scanSession(rows *sql.Rows, c *store.CountedSession) error {
	var sets intList
	err := rows.Scan(&c.ClientID, &c.AccountID, &c.DeviceUID, &c.Device, &c.ChannelID, &c.Mode, &c.ProgrammeID, &c.StartedAt,
		&c.At, &c.WatchedSeconds, &c.Ended, (*optionalMillis)(&c.LastActivityAt), (*optionalMillis)(&c.PositionAt), &sets)
	for _, set := range sets {
		c.Tariffs = append(c.Tariffs, s.dictionary.tariffSet(set)...)
	}
	c.Tariffs = viewing.Distinct(c.Tariffs)
	c.Counted = c.WatchedSeconds
	return err
}

// count replaces what counts of the sessions, where the filter's policy cuts.
func (s *Store) count(ctx context.Context, tx *sql.Tx, filter viewing.Filter, page []store.CountedSession) error {
	if !filter.Policy.Cuts() {
		return nil
	}
	sessions, err := s.sessions(ctx, tx, filter)
	if err != nil {
		return err
	}
	counted := map[viewing.Identity]int32{}
	err = eachRow(ctx, tx, func(rows *sql.Rows) error {
		var id viewing.Identity
		var seconds int32
		err := rows.Scan(&id.ClientID, &id.AccountID, &id.DeviceUID, &id.Device, &id.ChannelID, &id.Mode, &id.ProgrammeID, &id.StartedAt, &seconds)
		counted[id] = seconds
		return err
	}, fmt.Sprintf(`WITH %s counted AS (SELECT * FROM %s)
		SELECT client_id, account_id, device_uid, name, channel_id, mode, programme_id, started_at, watched_seconds
		FROM counted JOIN devices USING (device)`, sessions.with, sessions.relation))
	for i := range page {
		page[i].Counted = counted[page[i].Identity]
	}
	return err
}
