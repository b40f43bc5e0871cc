package commands

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/tvstats/tvstats/internal/backup"
	"github.com/tvstats/tvstats/internal/cli"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/store/duckdb"
)

// RestoreCommand makes a store of a backup.
type RestoreCommand struct {
	File    string `arg:"" help:"A file that tvstats backup or --backup-dir made."`
	DataDir string `default:"./data" help:"Where the store is made: a directory that is missing or holds none."`
}

// Run makes the store, whole or not at all.
func (c *RestoreCommand) Run(ctx context.Context) error { return c.Restore(ctx, os.Stdout) }

// Restore makes the store and writes to out what is in it.
func (c *RestoreCommand) Restore(ctx context.Context, out io.Writer) (err error) {
	file, err := backup.Open(c.File)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	err = file.Load(ctx, func(ctx context.Context, m store.Manifest, open func(store.Part) (io.ReadCloser, error)) error {
		return duckdb.Load(ctx, duckdb.Options{Dir: c.DataDir}, m, open)
	})
	if err != nil {
		return fmt.Errorf("%w\nNothing was restored", err)
	}
	_, err = fmt.Fprintf(out, "%s holds what was acknowledged by %s: %s view sessions%s, made of %s reports.\n", c.DataDir,
		file.CreatedAt.Format(time.RFC3339), cli.Count(sessionsIn(file.State)), spanOf(file.State), cli.Count(file.State.Reports))
	return err
}

// sessionsIn is how many sessions a state holds.
func sessionsIn(m store.Manifest) (sessions int64) {
	for _, part := range m.Parts {
		if part.IsSessions() {
			sessions += part.Rows
		}
	}
	return sessions
}

// spanOf is when these sessions began.
func spanOf(m store.Manifest) string {
	if sessionsIn(m) == 0 {
		return ""
	}
	return fmt.Sprintf(" that began from %s to %s", m.First.Time().Format(time.RFC3339), m.Last.Time().Format(time.RFC3339))
}
