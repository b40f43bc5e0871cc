package duckdb

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var _ store.FlowReader = (*Store)(nil)

// channelFlows puts the sessions of each device beside the ones before and after. Each session has how its channel was left,
// and, where the device had not been watching, that it was come to.
const channelFlows = `WITH %[1]s
	visits AS (
		SELECT account_id, channel_id, lead(channel_id) OVER device AS next_channel,
			coalesce(started_at - lag(ended_at) OVER device > %[3]d, true) AS came,
			coalesce(lead(started_at) OVER device - ended_at > %[3]d, true) AS went
		FROM (SELECT *, started_at + watched_seconds * 1000::BIGINT AS ended_at FROM %[2]s JOIN ` + devicePlaces + ` USING (device))
		WINDOW device AS ` + orderOnDevice + `),
	moves AS (
		SELECT account_id, channel_id AS from_id, CASE WHEN went THEN 0 ELSE next_channel END AS to_id
		FROM visits WHERE went OR next_channel <> channel_id
		UNION ALL SELECT account_id, 0, channel_id FROM visits WHERE came),
	by_account AS (SELECT from_id, to_id, account_id, count(*) AS switches FROM moves WHERE %[4]s GROUP BY ALL)
	SELECT from_id, to_id, sum(switches)::BIGINT, count(*) FROM by_account GROUP BY from_id, to_id`

// ChannelFlows finds from where to where devices switched; see store.FlowReader.
func (s *Store) ChannelFlows(
	ctx context.Context, filter viewing.Filter, gap viewing.Millis, channel int32,
) ([]store.Flow, error) {
	touching := "true"
	if channel != 0 {
		touching = fmt.Sprintf("%d IN (from_id, to_id)", channel)
	}
	var flows []store.Flow
	err := s.read(ctx, func(tx *sql.Tx) error {
		sessions, err := s.sessions(ctx, tx, filter)
		if err != nil {
			return err
		}
		flows, err = collect(ctx, tx, func(rows *sql.Rows, f *store.Flow) error {
			return rows.Scan(&f.From, &f.To, &f.Switches, &f.Accounts)
		}, fmt.Sprintf(channelFlows, sessions.with, sessions.relation, gap, touching))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("find flows between channels: %w", err)
	}
	return flows, nil
}
