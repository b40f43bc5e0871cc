package duckdb

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// channelWatch finds sums and exact medians in two scans. The first counts sessions by channel and by watched_seconds
// in steps of 64, which tells the step that holds the middle of each channel; the second counts single seconds in those
// steps only. Unlike the engine's median it never holds the sessions themselves, so that its memory depends on the number
// of channels alone, and it is no slower.
const channelWatch = `WITH %[1]s
	steps AS MATERIALIZED (
		SELECT channel_id, watched_seconds >> 6 AS step, count(*) AS sessions, sum(watched_seconds) AS seconds
		FROM %[2]s GROUP BY ALL),
	totals AS (
		SELECT channel_id, sum(sessions)::BIGINT AS sessions, sum(seconds)::BIGINT AS seconds FROM steps GROUP BY ALL),
	ranked AS (
		SELECT *, sum(sessions) OVER (PARTITION BY channel_id ORDER BY step) - sessions AS below FROM steps),
	-- With n sessions the middle ones are number (n + 1) // 2 and n // 2 + 1: the same one where n is odd.
	middle AS MATERIALIZED (
		SELECT channel_id, step, below, totals.sessions AS total FROM ranked JOIN totals USING (channel_id)
		WHERE below < totals.sessions // 2 + 1 AND below + ranked.sessions >= (totals.sessions + 1) // 2),
	lengths AS (
		SELECT channel_id, step, watched_seconds, any_value(below) AS below, any_value(total) AS total, count(*) AS sessions
		FROM (SELECT channel_id, watched_seconds, watched_seconds >> 6 AS step FROM %[2]s)
		JOIN middle USING (channel_id, step) GROUP BY ALL),
	upto AS (
		SELECT channel_id, watched_seconds, total,
			below + sum(sessions) OVER (PARTITION BY channel_id, step ORDER BY watched_seconds) AS number
		FROM lengths),
	medians AS (
		SELECT channel_id, (min(watched_seconds) FILTER (number >= (total + 1) // 2)
			+ min(watched_seconds) FILTER (number >= total // 2 + 1)) / 2.0 AS median
		FROM upto GROUP BY ALL)
	SELECT channel_id, seconds, sessions, median::DOUBLE FROM totals JOIN medians USING (channel_id)`

// ChannelWatch sums up viewing by channel; see store.ChannelRanker.
func (s *Store) ChannelWatch(ctx context.Context, filter viewing.Filter) ([]viewing.ChannelWatch, error) {
	var channels []viewing.ChannelWatch
	err := s.read(ctx, func(tx *sql.Tx) error {
		sessions, err := s.sessions(ctx, tx, filter)
		if err != nil {
			return err
		}
		channels, err = collect(ctx, tx, func(rows *sql.Rows, c *viewing.ChannelWatch) error {
			return rows.Scan(&c.ChannelID, &c.Seconds, &c.Sessions, &c.MedianSeconds)
		}, fmt.Sprintf(channelWatch, sessions.with, sessions.relation))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("sum up viewing by channel: %w", err)
	}
	return channels, nil
}

// read runs queries that must see one moment of the store.
func (s *Store) read(ctx context.Context, do func(*sql.Tx) error) error {
	return inTx(ctx, s.db, do)
}

// channelConditions is the condition that the column names a channel of the set.
func channelConditions(column string, set store.ChannelSet) string {
	condition := "true"
	if set.Only != nil {
		condition = in(column, set.Only)
	}
	if len(set.Except) > 0 {
		condition += " AND NOT " + in(column, set.Except)
	}
	return condition
}
