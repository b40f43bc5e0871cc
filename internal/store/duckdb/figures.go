package duckdb

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var _ store.FigureStore = (*Store)(nil)

var figuresTable = table{"figures", 3, []string{"kind", "client_id", "start_at", "stamp", "body"}}

// SaveFigures stores figures in one transaction; see store.FigureStore.
func (s *Store) SaveFigures(ctx context.Context, figures []store.Figure) error {
	s.caching.Lock()
	defer s.caching.Unlock()
	if err := s.saveFigures(ctx, figures); err != nil {
		return writeError(ctx, "save figures", err)
	}
	return nil
}

func (s *Store) saveFigures(ctx context.Context, figures []store.Figure) error {
	tx, err := beginBulk(ctx, s.db)
	if err != nil {
		return err
	}
	defer tx.end()
	err = tx.upsert(ctx, figuresTable, rowsOf(figures, func(f *store.Figure) row {
		return row{uint8(f.Kind), f.ClientID, int64(f.Start), f.Stamp, string(f.Body)}
	}))
	if err != nil {
		return err
	}
	return tx.commit(ctx)
}

// Figures returns the figures that start in the window; see store.FigureStore.
func (s *Store) Figures(
	ctx context.Context, kind store.FigureKind, clientID int32, window viewing.Window,
) ([]store.Figure, error) {
	return collect(ctx, s.db, func(rows *sql.Rows, f *store.Figure) error {
		return rows.Scan(&f.Kind, &f.ClientID, &f.Start, &f.Stamp, (*[]byte)(&f.Body))
	}, fmt.Sprintf(`SELECT kind, client_id, start_at, stamp, body FROM figures
		WHERE kind = %d AND client_id = %d AND start_at >= %d AND start_at < %d ORDER BY start_at`,
		kind, clientID, window.From, window.To))
}

// DeleteFigures removes figures; see store.FigureStore.
func (s *Store) DeleteFigures(ctx context.Context, kind store.FigureKind, clientID int32, starts []viewing.Millis) error {
	if len(starts) == 0 {
		return ctx.Err()
	}
	s.caching.Lock()
	defer s.caching.Unlock()
	err := s.change(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, fmt.Sprintf(`DELETE FROM figures WHERE kind = %d AND client_id = %d AND %s`,
			kind, clientID, in("start_at", starts)))
		return err
	})
	if err != nil {
		return writeError(ctx, "delete figures", err)
	}
	return nil
}
