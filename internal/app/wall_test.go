package app

import (
	"bytes"
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/tvstats/tvstats/internal/audience"
	"github.com/tvstats/tvstats/internal/store/duckdb"
)

// TestWallEndsQuietly: figures that cannot be computed are a warning in the log, but not while the service stops.
func TestWallEndsQuietly(t *testing.T) {
	db, err := duckdb.Open(t.Context(), duckdb.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	shown := newWall(&Config{WallClients: []int32{1}}, db, audience.New(db, 24*time.Hour), time.Now, slog.New(slog.NewTextHandler(&log, nil)))
	stopped, stop := context.WithCancel(t.Context())
	stop()
	shown.look(stopped)
	if log.Len() > 0 {
		t.Errorf("it logs, as it stops: %s", &log)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	shown.look(t.Context())
	if log.Len() == 0 {
		t.Error("it does not log that the store fails")
	}
}
