package commands

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tvstats/tvstats/internal/app"
	"github.com/tvstats/tvstats/internal/backup"
	"github.com/tvstats/tvstats/internal/cli"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/store/duckdb"
	"github.com/tvstats/tvstats/internal/store/replica"
)

// CopyCommand makes a store of the whole state of another one.
type CopyCommand struct {
	app.MongoDB

	From string `required:"" help:"A data directory, a URI mongodb://…, or the word mongodb for what MONGODB_HOST or MONGODB_URI names."`
	To   string `required:"" help:"The same. It must hold nothing yet, or the same."`
}

// Validate reports every flag that cannot work. The command line calls it.
func (c *CopyCommand) Validate() error {
	if c.From == c.To {
		return errors.New("--from and --to name the same store")
	}
	return c.Check()
}

// Run copies. Nobody must write to either store meanwhile; the embedded one sees to that itself.
func (c *CopyCommand) Run(ctx context.Context) error { return c.Copy(ctx, os.Stdout, os.Stderr) }

// Copy copies, writes the outcome to out and shows progress on bar.
func (c *CopyCommand) Copy(ctx context.Context, out io.Writer, bar *os.File) (err error) {
	from, err := c.OpenEnd(ctx, "--from", c.From)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	rows, err := rowsOf(ctx, from)
	if err != nil {
		return err
	}
	var read atomic.Int64
	progress := cli.NewProgress(bar, "records", 2*rows, read.Load) // they are written, and then compared
	defer progress.Close()
	whole := &counted{Snapshotter: from, count: func(n int64) {
		read.Add(n)
		progress.Acknowledged(int(n))
	}}
	wanted, err := c.Write(ctx, whole)
	switch {
	case errors.Is(err, store.ErrNotEmpty): // an earlier run of the same command has done it, perhaps
		if differs := c.compare(ctx, whole, nil); differs != nil {
			return errors.Join(err, differs)
		}
	case err != nil:
		return fmt.Errorf("%w\nWhat was written is not whole and is used by nobody; the same command again begins anew", err)
	default:
		if err := c.compare(ctx, whole, wanted); err != nil {
			return err
		}
	}
	progress.Close()
	_, err = fmt.Fprintf(out, "About %s records are in %s, and both stores hold the same.\n", cli.Count(rows), c.called(c.To))
	return err
}

// rowsOf is about how many records the store holds.
func rowsOf(ctx context.Context, s store.Snapshotter) (int64, error) {
	state, err := s.Snapshot(ctx)
	if err != nil {
		return 0, err
	}
	rows, err := state.Rows(ctx)
	return rows, errors.Join(err, state.Close())
}

// Write makes a store of the state where --to says, whole or not at all, and returns what it consists of.
func (c *CopyCommand) Write(ctx context.Context, from store.Snapshotter) (*store.Manifest, error) {
	mongo, dir, err := c.end("--to", c.To)
	if err != nil {
		return nil, err
	}
	if mongo == nil {
		return writeDir(ctx, from, dir)
	}
	db, err := mongo.OpenMigrated(ctx)
	if err != nil {
		return nil, err
	}
	manifest := &store.Manifest{}
	err = replica.Seed(ctx, db, func(use func(store.Part, io.Reader) error) (store.Manifest, error) {
		*manifest, err = partsOf(ctx, from, use)
		return *manifest, err
	})
	return manifest, errors.Join(err, db.Close())
}

// writeDir makes an embedded store by way of a backup: what a store consists of must be known before it is loaded.
func writeDir(ctx context.Context, from store.Snapshotter, dir string) (_ *store.Manifest, err error) {
	temporary, err := os.MkdirTemp("", "tvstats-copy-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temporary)) }()
	file, err := backup.Create(ctx, filepath.Join(temporary, "state"), func(out io.Writer) error {
		_, err := backup.Write(ctx, out, from, time.Now())
		return err
	})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return &file.State, file.Load(ctx, loadInto(duckdb.Options{Dir: dir}))
}

// loadInto loads a state into a directory.
func loadInto(options duckdb.Options) store.Loader {
	return func(ctx context.Context, m store.Manifest, open func(store.Part) (io.ReadCloser, error)) error {
		return duckdb.Load(ctx, options, m, open)
	}
}

// compare reads the store that --to names and holds it to what was to be written; nil = what the other store holds.
func (c *CopyCommand) compare(ctx context.Context, from *counted, wanted *store.Manifest) (err error) {
	if wanted == nil {
		manifest, err := partsOf(ctx, from, readOver)
		if err != nil {
			return err
		}
		wanted = &manifest
	}
	to, err := c.OpenEnd(ctx, "--to", c.To)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	got, err := partsOf(ctx, &counted{Snapshotter: to, count: from.count}, readOver)
	if err != nil {
		return err
	}
	for i := range max(len(wanted.Parts), len(got.Parts)) {
		if i >= len(got.Parts) || i >= len(wanted.Parts) || got.Parts[i] != wanted.Parts[i] {
			return fmt.Errorf("the stores differ from %s on; it held something before, or was written to meanwhile", partAt(wanted, &got, i))
		}
	}
	return nil
}

// partAt is the name of a part of one of the two.
func partAt(one, other *store.Manifest, i int) string {
	if i < len(one.Parts) {
		return one.Parts[i].Name
	}
	return other.Parts[i].Name
}

// readOver reads a part for its description alone.
func readOver(_ store.Part, content io.Reader) error {
	_, err := io.Copy(io.Discard, content)
	return err
}

// partsOf hands over all parts of the store.
func partsOf(ctx context.Context, s store.Snapshotter, use func(store.Part, io.Reader) error) (store.Manifest, error) {
	state, err := s.Snapshot(ctx)
	if err != nil {
		return store.Manifest{}, err
	}
	manifest, err := state.WriteParts(ctx, use)
	return manifest, errors.Join(err, state.Close())
}

// counted reports how many records of a store were read.
type counted struct {
	store.Snapshotter
	count func(rows int64)
}

// Snapshot takes a state that is counted while its parts are written.
func (c *counted) Snapshot(ctx context.Context) (store.State, error) {
	state, err := c.Snapshotter.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	return countedState{state, c.count}, nil
}

type countedState struct {
	store.State
	count func(rows int64)
}

// WriteParts counts the records of each part that was used.
func (c countedState) WriteParts(ctx context.Context, use func(store.Part, io.Reader) error) (store.Manifest, error) {
	return c.State.WriteParts(ctx, func(part store.Part, content io.Reader) error {
		err := use(part, content)
		if err == nil {
			c.count(part.Rows)
		}
		return err
	})
}

// Snapshots is a store at an end of a copy.
type Snapshots interface {
	store.Snapshotter
	io.Closer
}

// end is what the flag names: a MongoDB or, where that is nil, a directory.
func (c *CopyCommand) end(flag, name string) (mongo *app.MongoDB, dir string, err error) {
	switch {
	case strings.HasPrefix(name, "mongodb://"), strings.HasPrefix(name, "mongodb+srv://"):
		return &app.MongoDB{MongodbURI: app.Secret(name)}, "", nil
	case name != "mongodb":
		return nil, name, nil
	case !c.Enabled():
		return nil, "", fmt.Errorf("%s=mongodb: neither MONGODB_HOST nor MONGODB_URI is set", flag)
	}
	return &c.MongoDB, "", nil
}

// called is what messages call an end, without a password.
func (c *CopyCommand) called(name string) string {
	if mongo, _, err := c.end("", name); err == nil && mongo != nil {
		return "MongoDB"
	}
	return name
}

// OpenEnd opens the store that the flag names.
func (c *CopyCommand) OpenEnd(ctx context.Context, flag, name string) (Snapshots, error) {
	mongo, dir, err := c.end(flag, name)
	if err != nil {
		return nil, err
	}
	if mongo == nil {
		if _, err := os.Stat(dir); err != nil { // opening would make an empty store of it
			return nil, fmt.Errorf("%s: %w", flag, err)
		}
		return duckdb.Open(ctx, duckdb.Options{Dir: dir, Replica: true}) // leases are copied as they are
	}
	db, err := mongo.OpenMigrated(ctx)
	if err != nil {
		return nil, err
	}
	if dir, err = os.MkdirTemp("", "tvstats-copy-"); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	followed, err := app.OpenReplica(ctx, db, duckdb.Options{Dir: dir}, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return passing{followed, dir}, nil
}

// passing is a store whose copy goes when it is closed.
type passing struct {
	*replica.Store
	dir string
}

// Close closes the store and removes the copy.
func (p passing) Close() error { return errors.Join(p.Store.Close(), os.RemoveAll(p.dir)) }
