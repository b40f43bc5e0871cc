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
	"time"

	"github.com/tvstats/tvstats/internal/backup"
	"github.com/tvstats/tvstats/internal/flags"
)

// backupConfig is where and when backups are made without a request.
type backupConfig struct {
	BackupDir   string        `group:"Backup" help:"Directory for backups that the service makes by itself, on another disk; it must exist. None by default."`
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
				if err := c.prune(); err != nil {
					log.Error("backups that are kept no longer were not removed", "dir", c.BackupDir, "error", err)
				}
				log.Info("backup made", "file", name) // from then on the directory is as it stays until the next one
			}
		}
	}), nil
}

// backupRetry is how long after a backup that failed the next one is tried.
const backupRetry = 10 * time.Minute

// make makes a backup. It is one when it is on the disk and was read back.
func (c *backupConfig) make(ctx context.Context, b *backups, begun time.Time) (string, error) {
	name := filepath.Join(c.BackupDir, backupPrefix+begun.UTC().Format(backupTime)+backupSuffix)
	return name, b.one(ctx, begun, func(write func(io.Writer) error) error {
		if err := c.removeBroken(begun); err != nil {
			return err
		}
		file, err := backup.Create(ctx, name, write)
		if err != nil {
			return err
		}
		return file.Close()
	})
}

// removeBroken removes what was begun before that time and was broken off. It would take the room that the next backup needs.
func (c *backupConfig) removeBroken(begun time.Time) error {
	files, err := filesBegun(c.BackupDir, backupSuffix+backup.Partial)
	return errors.Join(err, c.remove(slices.DeleteFunc(files, func(f begunFile) bool { return !f.begun.Before(begun) })))
}

// prune removes all but the newest backups.
func (c *backupConfig) prune() error {
	files, err := filesBegun(c.BackupDir, backupSuffix)
	return errors.Join(err, c.remove(files[:max(0, len(files)-c.BackupKeep)]))
}

func (c *backupConfig) remove(files []begunFile) (err error) {
	for _, file := range files {
		err = errors.Join(err, os.Remove(filepath.Join(c.BackupDir, file.name)))
	}
	return err
}

// begunFile is a file in the directory whose name says when it was begun.
type begunFile struct {
	name  string
	begun time.Time
}

// filesBegun are the files in the directory whose names are as ours are and end so, in the order in which they were begun. What has
// another name does not belong to the service.
func filesBegun(dir, suffix string) (files []begunFile, err error) {
	entries, err := os.ReadDir(dir) // sorted by name
	for _, entry := range entries {
		if begun, wrong := time.Parse(backupPrefix+backupTime+suffix, entry.Name()); wrong == nil {
			files = append(files, begunFile{entry.Name(), begun})
		}
	}
	return files, err
}

// newestBackup is when the newest backup in the directory was begun; the zero time where there is none.
func newestBackup(dir string) (newest time.Time, err error) {
	files, err := filesBegun(dir, backupSuffix)
	if len(files) > 0 {
		newest = files[len(files)-1].begun
	}
	return newest, err
}
