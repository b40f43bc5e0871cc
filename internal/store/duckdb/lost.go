package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// losing is the hours of which viewing goes with the rows that match: those in which a session starts, and those in which
// somebody is online. %[1]s is the condition, %[2]s an expression for when nothing of it is missing any more.
const losing = `WITH going AS MATERIALIZED (
		SELECT started_at, reported_at FROM sessions WHERE %[1]s UNION ALL SELECT started_at, reported_at FROM reports WHERE %[1]s),
	hours AS (
		SELECT false AS online, %[3]s AS hour, started_at AS since, started_at AS until FROM going
		UNION ALL SELECT true, hour, greatest(started_at, hour), least(reported_at, hour + 3600000) - 1 FROM (
			SELECT started_at, reported_at, unnest(range(%[3]s, reported_at, 3600000)) AS hour FROM going WHERE reported_at > started_at))
	SELECT online, hour, min(since) AS first_at, max(until) AS last_at, %[2]s AS data_from FROM hours GROUP BY online, hour`

// removalOf is the condition of the rows that a removal removes, and the query for the hours that lose viewing. What expires
// is complete again from the next day on, what is erased from the next hour on.
func removalOf(r store.Removal) (where, hours string) {
	where = fmt.Sprintf(`client_id = %d AND started_at < %d`, r.ClientID, r.Before)
	until := `hour - ((hour % 86400000) + 86400000) % 86400000 + 86400000`
	if r.AccountID != 0 {
		where += fmt.Sprintf(` AND account_id = %d`, r.AccountID)
		until = `hour + 3600000`
	}
	return where, fmt.Sprintf(losing, where, until, hourOf("started_at"))
}

// Losing finds what a removal would remove; see store.Eraser.
func (s *Store) Losing(ctx context.Context, removal store.Removal) ([]store.Lost, error) {
	_, hours := removalOf(removal)
	return readLost(ctx, s.db, hours)
}

// Lost finds what was removed; see store.Eraser.
func (s *Store) Lost(ctx context.Context, clientID int32, window viewing.Window) ([]store.Lost, error) {
	return readLost(ctx, s.db, fmt.Sprintf(`SELECT online, hour, first_at, last_at, data_from FROM lost
		WHERE client_id = %d AND first_at < %d AND last_at >= %d`, clientID, window.To, window.From))
}

func readLost(ctx context.Context, q querier, hours string) ([]store.Lost, error) {
	return collect(ctx, q, func(rows *sql.Rows, l *store.Lost) error {
		return rows.Scan(&l.Online, &l.Hour, &l.First, &l.Last, &l.DataFrom)
	}, hours+` ORDER BY online, hour`)
}

// lose marks what the removal removes and counts it as a change, unless it was planned from other data.
func lose(ctx context.Context, tx *sql.Tx, removal store.Removal, kept store.Kept) (where string, err error) {
	where, hours := removalOf(removal)
	if err := unmoved(ctx, tx, removal.ClientID, hours, kept); err != nil {
		return "", err
	}
	for _, statement := range []string{
		fmt.Sprintf(`MERGE INTO lost USING (SELECT %d AS client_id, * FROM (%s)) AS new USING (client_id, online, hour)
			WHEN MATCHED THEN UPDATE SET first_at = least(lost.first_at, new.first_at), last_at = greatest(lost.last_at, new.last_at),
				data_from = greatest(lost.data_from, new.data_from)
			WHEN NOT MATCHED THEN INSERT`, removal.ClientID, hours),
		addChanges(viewingChanges, fmt.Sprintf(`SELECT client_id, hour, sum(changes)::BIGINT AS changes FROM (
			SELECT client_id, %[1]s AS hour, count(*) AS changes FROM reports WHERE %[2]s GROUP BY ALL
			UNION ALL SELECT %[3]d, hour, 1 FROM (%[4]s) WHERE NOT online) GROUP BY ALL`,
			hourOf("started_at"), where, removal.ClientID, hours)),
	} {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return "", err
		}
	}
	return where, keepGone(ctx, tx, kept.Figures)
}

// unmoved is store.ErrMoved where the removal removes other hours than was planned, or what is kept is of older data.
func unmoved(ctx context.Context, tx *sql.Tx, client int32, hours string, kept store.Kept) error {
	found, err := readLost(ctx, tx, hours)
	if err != nil {
		return err
	}
	same := func(a, b store.Lost) bool { return a.Online == b.Online && a.Hour == b.Hour }
	if !slices.EqualFunc(found, kept.Lost, same) {
		return fmt.Errorf("%w: viewing of client %d in %d hours would go, %d were planned", store.ErrMoved, client, len(found), len(kept.Lost))
	}
	if kept.Late || len(kept.Figures) == 0 {
		return nil
	}
	version := int64(0)
	_, versions, err := versionsIn(ctx, tx, client, kept.Window, store.Never)
	for _, hour := range versions {
		version += hour.Viewing
	}
	if err == nil && version != kept.Viewing {
		err = fmt.Errorf("%w: viewing of client %d has version %d, figures were kept of %d", store.ErrMoved, client, version, kept.Viewing)
	}
	return err
}

// keepGone stores figures whose viewing is about to go, but for those that are there already.
func keepGone(ctx context.Context, tx *sql.Tx, figures []store.Figure) error {
	for _, f := range figures {
		_, err := tx.ExecContext(ctx, fmt.Sprintf(`INSERT INTO figures SELECT %[1]d, %[2]d, %[3]d, ?, ?
			WHERE NOT EXISTS (FROM figures WHERE kind = %[1]d AND client_id = %[2]d AND start_at = %[3]d)`,
			f.Kind, f.ClientID, f.Start), f.Stamp, string(f.Body))
		if err != nil {
			return err
		}
	}
	return nil
}
