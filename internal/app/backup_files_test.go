package app

import (
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/tvstats/tvstats/internal/store/duckdb"
)

// TestBackupFiles: a backup is one although those that are kept no longer cannot be removed; what was broken off goes, and what has
// another name is left alone.
func TestBackupFiles(t *testing.T) {
	t.Parallel()
	db, err := duckdb.Open(t.Context(), duckdb.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // its directory goes with it
	dir := t.TempDir()
	const (
		oldest, broken = "tvstats-20260101T000000Z.backup", "tvstats-20260103T000000Z.backup.partial"
		foreign, later = "tvstats-before-upgrade.backup", "tvstats-20260109T000000Z.backup.partial"
		second, newest = "tvstats-20260102T000000Z.backup", "tvstats-20260105T000000Z.backup"
	)
	if err := os.MkdirAll(filepath.Join(dir, oldest, "full"), 0o700); err != nil { // it cannot be removed
		t.Fatal(err)
	}
	for _, name := range []string{broken, foreign, later, second} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	begun := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)
	now := func() time.Time { return begun }
	c := backupConfig{BackupDir: dir, BackupKeep: 1}
	b := &backups{store: db, now: now, metrics: newBackupMetrics(now)}
	name, err := c.make(t.Context(), b, begun)
	if err != nil || filepath.Base(name) != newest || !b.metrics.last.Equal(begun) {
		t.Errorf("got %s of %v, %v", name, b.metrics.last, err)
	}
	if err := c.prune(); err == nil {
		t.Error("that a backup could not be removed is no error")
	}
	var left []string
	entries, err := os.ReadDir(dir)
	for _, entry := range entries {
		left = append(left, entry.Name())
	}
	if want := []string{oldest, newest, later, foreign}; err != nil || !slices.Equal(left, want) {
		t.Errorf("%v are left, %v; want %v", left, err, want)
	}
	if at, err := newestBackup(dir); err != nil || !at.Equal(begun) {
		t.Errorf("the newest is of %v, %v", at, err)
	}
	c.BackupDir = filepath.Join(dir, foreign) // a file
	if _, err := c.make(t.Context(), b, begun.Add(time.Hour)); err == nil || !b.metrics.last.Equal(begun) {
		t.Errorf("what was not written counts as a backup of %v, %v", b.metrics.last, err)
	}
	if _, err := c.startBackups(b, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("it starts where there is no directory")
	}
}
