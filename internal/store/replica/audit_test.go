package replica_test

import (
	"context"
	"database/sql"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2" // to damage a local store behind its back

	"github.com/tvstats/tvstats/internal/store/replica"
	"github.com/tvstats/tvstats/internal/store/replica/memlog"
)

// messages hands on what is logged.
type messages chan string

func (m messages) Write(line []byte) (int, error) {
	m <- string(line)
	return len(line), nil
}

// await returns the next line with the text.
func (m messages) await(t *testing.T, text string) string {
	t.Helper()
	late := time.After(time.Minute)
	for {
		select {
		case line := <-m:
			if strings.Contains(line, text) {
				return line
			}
		case <-late:
			t.Fatalf("%q was not logged", text)
		}
	}
}

// TestReplicasThatDifferSaySo: a local store in which a row was changed behind its back is found when another replica makes a
// checkpoint, with the day that it is of, and only there.
func TestReplicasThatDifferSaySo(t *testing.T) {
	t.Parallel()
	const seed = 8
	r := rand.New(rand.NewPCG(seed, 0))
	server, dir := memlog.NewServer("log"), t.TempDir()
	maker := replicas(t, server, 1)[0]
	for range 3 {
		if err := maker.AppendReports(t.Context(), reports(r, 40)); err != nil {
			t.Fatal(err)
		}
	}
	differs := open(t, server, dir)
	if n := count(t, differs); n != 120 {
		t.Fatalf("it has %d reports", n)
	}
	if err := differs.Close(); err != nil {
		t.Fatal(err)
	}
	damage(t, dir, `UPDATE reports SET watched_seconds = watched_seconds + 7 WHERE rowid = (SELECT min(rowid) FROM reports WHERE started_at < 1700006400000)`)
	said := make(messages, 100)
	differs = openLogging(t, server, dir, said)
	for range 2 { // the second checkpoint names the wrong day again, which is not said twice
		if err := maker.AppendReports(t.Context(), reports(r, 1)); err != nil {
			t.Fatal(err)
		}
		count(t, differs)
		if err := maker.Checkpoint(t.Context()); err != nil {
			t.Fatal(err)
		}
		count(t, differs)
	}
	if line := said.await(t, "holds other data"); !strings.Contains(line, "sessions/2023-11-14.parquet") {
		t.Errorf("seed %d: %s", seed, line)
	}
	if status := differs.Status(); status.Differing < 1 || status.CheckpointAt.IsZero() || time.Since(status.CaughtUpAt) > time.Minute {
		t.Errorf("seed %d: the status is %+v", seed, status)
	}
	if status := maker.Status(); status.Differing != 0 {
		t.Errorf("seed %d: the status of the other is %+v", seed, status)
	}
	if entries, bytes, err := maker.Extent(t.Context()); err != nil || entries != 0 || bytes != 0 {
		t.Errorf("after a checkpoint the log has %d entries, %d bytes, %v", entries, bytes, err)
	}
}

// damage changes a closed local store.
func damage(t *testing.T, dir, statement string) {
	t.Helper()
	db, err := sql.Open("duckdb", filepath.Join(dir, "replica.duckdb"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // what was changed is looked at
	outcome, err := db.ExecContext(t.Context(), statement)
	if err != nil {
		t.Fatal(err)
	}
	if rows, err := outcome.RowsAffected(); err != nil || rows == 0 {
		t.Fatalf("nothing was damaged: %v", err)
	}
}

func openLogging(t *testing.T, server *memlog.Server, dir string, to messages) *replica.Store {
	t.Helper()
	options := fast
	options.Log = slog.New(slog.NewTextHandler(to, nil))
	s, err := replica.Open(context.WithoutCancel(t.Context()), server.Log(), newDisk(dir), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}
