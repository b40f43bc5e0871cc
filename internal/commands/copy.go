package commands

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"

	"github.com/tvstats/tvstats/internal/app"
	"github.com/tvstats/tvstats/internal/cli"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/store/duckdb"
	"github.com/tvstats/tvstats/internal/store/transfer"
)

// CopyCommand moves everything from one store into another.
type CopyCommand struct {
	app.MongoDB

	From string `required:"" help:"A data directory, a URI mongodb://…, or the word mongodb for what MONGODB_HOST or MONGODB_URI names."`
	To   string `required:"" help:"The same. What it holds already stays."`
}

// Validate reports every flag that cannot work. The command line calls it.
func (c *CopyCommand) Validate() error {
	if c.From == c.To {
		return errors.New("--from and --to name the same store")
	}
	return c.Check()
}

// Run moves the data. Nobody must write to either store meanwhile; the embedded one sees to that itself.
func (c *CopyCommand) Run(ctx context.Context) error { return c.Copy(ctx, os.Stdout, os.Stderr) }

// Copy moves the data, writes the outcome to out and shows progress on bar.
func (c *CopyCommand) Copy(ctx context.Context, out io.Writer, bar *os.File) (err error) {
	from, err := c.OpenEnd(ctx, "--from", c.From)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	to, err := c.OpenEnd(ctx, "--to", c.To)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	moved, err := move(ctx, from, to, bar)
	if err != nil {
		return fmt.Errorf("%w\nWhat was copied stays and is right; the same command again completes it", err)
	}
	_, err = fmt.Fprintf(out, "%s records are in %s, and both stores answer the same.\n", cli.Count(moved), to.Describe())
	return err
}

func move(ctx context.Context, from, to store.Store, bar *os.File) (int64, error) {
	total, err := transfer.Size(ctx, from)
	if err != nil {
		return 0, err
	}
	var moved atomic.Int64
	progress := cli.NewProgress(bar, "records", total, moved.Load)
	defer progress.Close()
	all := &transfer.Transfer{From: from, To: to, Moved: func(count int) {
		moved.Add(int64(count))
		progress.Acknowledged(count)
	}}
	err = all.Run(ctx)
	return moved.Load(), err
}

// OpenEnd opens what the flag names.
func (c *CopyCommand) OpenEnd(ctx context.Context, flag, name string) (store.Store, error) {
	mongo := c.MongoDB
	switch {
	case strings.HasPrefix(name, "mongodb://"), strings.HasPrefix(name, "mongodb+srv://"):
		mongo = app.MongoDB{MongodbURI: app.Secret(name)}
	case name != "mongodb":
		if _, err := os.Stat(name); err != nil && flag == "--from" {
			return nil, fmt.Errorf("--from: %w", err) // opening would make an empty store of it
		}
		return duckdb.Open(ctx, duckdb.Options{Dir: name})
	case !mongo.Enabled():
		return nil, fmt.Errorf("%s=mongodb: neither MONGODB_HOST nor MONGODB_URI is set", flag)
	}
	db, err := mongo.Open(ctx)
	if err != nil {
		return nil, err
	}
	if err := app.SchemaAdvice(db.CheckSchema(ctx)); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	dir, err := os.MkdirTemp("", "tvstats-copy-")
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	copied, err := app.OpenReplica(ctx, db, duckdb.Options{Dir: dir}, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return passing{copied, dir}, nil
}

// passing is a store whose copy goes when it is closed.
type passing struct {
	store.Store
	dir string
}

// Close closes the store and removes the copy.
func (p passing) Close() error { return errors.Join(p.Store.Close(), os.RemoveAll(p.dir)) }
