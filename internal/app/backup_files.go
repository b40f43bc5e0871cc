package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tvstats/tvstats/internal/backup"
	"github.com/tvstats/tvstats/internal/flags"
)

// backupConfig is where and when backups are made without being asked for.
type backupConfig struct {
	BackupDir   string        `group:"Backup" help:"Directory for backups that the service makes by itself, on another disk; it must exist. None unless told."`
	BackupEvery time.Duration `group:"Backup" default:"24h" help:"How often a backup is made in --backup-dir. 1m to 8760h."`
	BackupKeep  int           `group:"Backup" default:"7" help:"How many of them are kept, the newest ones. 1 to 10000."`
}

func (c *backupConfig) check() error {
	return errors.Join(
		flags.Within("--backup-every", c.BackupEvery, time.Minute, 365*24*time.Hour),
		flags.Within("--backup-keep", c.BackupKeep, 1, 10_000),
	)
}

// Names of the backups in --backup-dir. They are sorted by the time when they were begun.
const (
	backupPrefix = "tvstats-"
	backupSuffix = ".backup"
	backupTime   = "20060102T150405Z"
)

// startBackups makes a backup in the directory whenever the newest one is older than the interval, until the returned function is
// called.
func (c *backupConfig) startBackups(b *backups, log *slog.Logger) (stop func(), err error) {
	if c.BackupDir == "" {
		return func() {}, nil
	}
	newest, err := newestBackup(c.BackupDir)
	if err != nil {
		return nil, fmt.Errorf("--backup-dir: %w", err)
	}
	b.metrics.every.Set(c.BackupEvery.Seconds())
	b.metrics.newest(newest)
	return inBackground(func(ctx context.Context) {
		for due := newest.Add(c.BackupEvery); WaitUntil(ctx, b.now, due); {
			begun := b.now()
			due = begun.Add(c.BackupEvery)
			name, err := c.make(ctx, b, begun)
			switch {
			case ctx.Err() != nil:
			case err != nil:
				due = begun.Add(min(c.BackupEvery, backupRetry))
				log.Error("no backup was made; it will be tried again", "dir", c.BackupDir, "at", due, "error", err)
			default:
				log.Info("backup made", "file", name)
			}
		}
	}), nil
}

// backupRetry is how long after a backup that failed the next one is tried.
const backupRetry = 10 * time.Minute

// WaitUntil waits until the time has come, by the clock, and returns false where ctx ended before.
func WaitUntil(ctx context.Context, now func() time.Time, due time.Time) bool {
	timer := time.NewTimer(due.Sub(now()))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// make makes a backup and removes those that are kept no longer.
func (c *backupConfig) make(ctx context.Context, b *backups, begun time.Time) (string, error) {
	name := filepath.Join(c.BackupDir, backupPrefix+begun.UTC().Format(backupTime)+backupSuffix)
	file, err := backup.Create(ctx, name, func(out io.Writer) error { return b.write(ctx, out) })
	if err != nil {
		return "", err
	}
	if err := file.Close(); err != nil {
		return "", err
	}
	return name, c.prune()
}

// prune removes all but the newest backups, and what an interruption left.
func (c *backupConfig) prune() error {
	names, err := backupNames(c.BackupDir)
	if err != nil {
		return err
	}
	for _, name := range names[:max(0, len(names)-c.BackupKeep)] {
		err = errors.Join(err, os.Remove(filepath.Join(c.BackupDir, name)))
	}
	return err
}

// backupNames are the names of the backups in the directory, oldest first.
func backupNames(dir string) (names []string, err error) {
	entries, err := os.ReadDir(dir)
	for _, entry := range entries {
		if name := entry.Name(); strings.HasPrefix(name, backupPrefix) && strings.HasSuffix(name, backupSuffix) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, err
}

// newestBackup is when the newest backup in the directory was begun; the zero time where there is none.
func newestBackup(dir string) (newest time.Time, err error) {
	names, err := backupNames(dir)
	for _, name := range names {
		begun, wrong := time.Parse(backupPrefix+backupTime+backupSuffix, name)
		if wrong == nil && begun.After(newest) {
			newest = begun
		}
	}
	return newest, err
}
