package duckdb

import (
	"context"

	"github.com/tvstats/tvstats/internal/catalog"
)

// changePolicy is the statement that replaces a client's policy. One that is equal to that in force, or a first one that is
// all off, changes nothing.
const changePolicy = `MERGE INTO policies AS stored USING (SELECT ?::INTEGER AS client_id, ?::INTEGER AS longest, ?::INTEGER AS inactivity,
			?::BOOLEAN AS one_channel, ?::INTEGER AS least) AS told ON stored.client_id = told.client_id
		WHEN MATCHED AND (max_session_seconds, inactivity_seconds, one_channel_per_device, min_session_seconds)
				<> (longest, inactivity, one_channel, least) THEN
			UPDATE SET max_session_seconds = longest, inactivity_seconds = inactivity, one_channel_per_device = one_channel,
				min_session_seconds = least, revision = stored.revision + 1
		WHEN NOT MATCHED AND (longest <> 0 OR inactivity <> 0 OR one_channel OR least <> 0) THEN
			INSERT VALUES (told.client_id, longest, inactivity, one_channel, least, 1)`

// applyPolicy replaces the client's policy where the batch has one.
func (tx *bulkTx) applyPolicy(ctx context.Context, batch catalog.Batch) error {
	p := batch.Policy
	if p == nil {
		return nil
	}
	_, err := tx.ExecContext(ctx, changePolicy, batch.ClientID, p.MaxSessionSeconds, p.InactivitySeconds, p.OneChannelPerDevice,
		p.MinSessionSeconds)
	return err
}
