package commands

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/tvstats/tvstats/internal/app"
	"github.com/tvstats/tvstats/internal/backup"
	"github.com/tvstats/tvstats/internal/cli"
	"github.com/tvstats/tvstats/internal/flags"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/store/duckdb"
	"github.com/tvstats/tvstats/internal/store/replica"
)

// RestoreCommand makes a store of a backup.
type RestoreCommand struct {
	app.MongoDB

	File    string `arg:"" help:"A file that tvstats backup or --backup-dir made, of either kind of store."`
	DataDir string `default:"./data" help:"Where the store is made, unless a MongoDB is named: a directory that is missing or holds none."`
}

// Validate reports every flag that cannot work. The command line calls it.
func (c *RestoreCommand) Validate() error {
	return errors.Join(flags.Directory("--data-dir", c.DataDir), c.Check())
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
	where := c.DataDir
	if c.Enabled() {
		where, err = c.intoMongoDB(ctx, file)
	} else {
		err = file.Load(ctx, loadInto(duckdb.Options{Dir: c.DataDir}))
	}
	if err != nil {
		return fmt.Errorf("%w\nNothing was restored", err)
	}
	_, err = fmt.Fprintf(out, "%s holds what was acknowledged by %s: %s view sessions%s, made of %s reports.\n", where,
		file.CreatedAt.Format(time.RFC3339), cli.Count(sessionsIn(file.State)), spanOf(file.State), cli.Count(file.State.Reports))
	return err
}

// intoMongoDB makes the backup the beginning of an empty log, and returns the log's name. Every replica must be able to load it, so
// that it is loaded here first, into a directory that goes afterwards.
func (c *RestoreCommand) intoMongoDB(ctx context.Context, file *backup.File) (where string, err error) {
	db, err := c.OpenMigrated(ctx)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	trial, err := os.MkdirTemp("", "tvstats-restore-")
	if err != nil {
		return "", err
	}
	err = file.Load(ctx, loadInto(duckdb.Options{Dir: trial}))
	if err := errors.Join(err, os.RemoveAll(trial)); err != nil {
		return "", err
	}
	return db.Describe(), replica.Seed(ctx, db, func(use func(store.Part, io.Reader) error) (store.Manifest, error) {
		return file.State, file.EachPart(use)
	})
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
