package app

import (
	"context"
	"errors"
	"io"
	"log/slog"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/store/duckdb"
	"github.com/tvstats/tvstats/internal/store/mongolog"
	"github.com/tvstats/tvstats/internal/store/replica"
)

// replicaFile is the copy of what the log holds. An embedded store in the same directory has another name.
const replicaFile = "replica.duckdb"

// OpenReplica opens a replica of the log whose copy is where the options say.
func OpenReplica(ctx context.Context, log *mongolog.Log, options duckdb.Options, events *slog.Logger) (*replica.Store, error) {
	options.File, options.Replica, options.Log = replicaFile, true, events
	db, err := replica.Open(ctx, log, disk{options}, replica.Options{Log: events})
	if err != nil {
		return nil, errors.Join(err, log.Close()) //nolint:contextcheck // closing is not up to the caller
	}
	return db, nil
}

// disk is where a replica's copy is.
type disk struct{ options duckdb.Options }

// Open opens the copy.
func (d disk) Open(ctx context.Context) (replica.Local, error) {
	db, err := duckdb.Open(ctx, d.options)
	if err != nil {
		return nil, err
	}
	return db, nil
}

// Check refuses what cannot be loaded.
func (disk) Check(m store.Manifest) error { return duckdb.CheckManifest(m) }

// Load makes the copy from parts.
func (d disk) Load(ctx context.Context, m store.Manifest, open func(store.Part) (io.ReadCloser, error)) error {
	return duckdb.Load(ctx, d.options, m, open)
}

// Remove removes the copy.
func (d disk) Remove() error { return duckdb.Remove(d.options) }
