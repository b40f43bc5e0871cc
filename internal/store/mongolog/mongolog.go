// Package mongolog keeps the log of a replicated store, and its checkpoints, in MongoDB.
package mongolog

import (
	"context"
	"errors"

	"github.com/tvstats/tvstats/internal/store"
)

// Store is a replica whose log is in MongoDB.
type Store struct{ store.Store }

// Open opens the replica.
func Open(context.Context, Options) (*Store, error) { return nil, errors.New("being replaced") }

// CheckSchema says why the database must not be served.
func (*Store) CheckSchema(context.Context) error { return nil }

// Migrate prepares the database.
func (*Store) Migrate(context.Context, bool, func(string)) error { return nil }
