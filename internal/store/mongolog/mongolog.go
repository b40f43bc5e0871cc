// Package mongolog keeps the log of a replicated store, and its checkpoints, in MongoDB: any server from 3.6 on, alone or
// in a replica set or behind mongos, and what speaks its protocol. It needs a unique _id, writes and reads of a majority,
// causally consistent sessions and GridFS; no aggregation and no transaction.
//
// The collections, none of which is sharded, so that all are in one replica set:
//
//	log      the entries, by position
//	state    the base, and the claim of who makes checkpoints
//	fences   what replicas write before they read
//	parts.*  GridFS: the parts of checkpoints, by name
//	schema   the number of this layout
package mongolog

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/store/replica"
)

// The collections.
const (
	logCollection    = "log"
	stateCollection  = "state"
	fencesCollection = "fences"
	partsBucket      = "parts"
	filesCollection  = partsBucket + ".files"
	chunksCollection = partsBucket + ".chunks"
	schemaCollection = "schema"
)

// fences is how many documents replicas write before they read. Each takes one; that two take the same does no harm.
const fences = 1024

// Log is a log in a database of the server. It serves any number of goroutines and processes.
type Log struct {
	options  Options
	describe string
	fence    int32 // _id of the document that this one writes

	atATime atomic.Int64 // entries read together

	mu       sync.Mutex                     // held while the connection is being made usable
	usable   atomic.Pointer[mongo.Database] // nil until the schema was found to be ours
	sessions bool                           // of the server; set before usable
	client   *mongo.Client                  // guarded by mu
}

var _ replica.Log = (*Log)(nil)

// Open prepares the use of the database and does not wait for the server: CheckSchema reports whether it can be used.
func Open(ctx context.Context, o Options) (*Log, error) {
	settings, database, err := o.settings()
	if err != nil {
		return nil, err
	}
	client, err := mongo.Connect(ctx, settings)
	if err != nil {
		return nil, fmt.Errorf("MongoDB: %w", err)
	}
	o.Database = database
	return &Log{
		options: o, client: client, describe: describe(settings.Hosts, database),
		fence: rand.Int32N(fences), //nolint:gosec // it need not be secret
	}, nil
}

// Close lets go of the server.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.usable.Store(nil)
	return l.client.Disconnect(context.Background())
}

// Describe names the servers and the database.
func (l *Log) Describe() string { return l.describe }

// Size is what the collections and indexes of the database take on disk, in bytes.
func (l *Log) Size(ctx context.Context) (int64, error) {
	db, err := l.database(ctx)
	if err != nil {
		return 0, err
	}
	var stats struct {
		StorageSize float64 `bson:"storageSize"`
		IndexSize   float64 `bson:"indexSize"`
	}
	err = db.RunCommand(ctx, bson.M{"dbStats": 1}).Decode(&stats)
	return int64(stats.StorageSize + stats.IndexSize), l.fault(ctx, "read the size of the database", err)
}

// Extent is how many entries the log holds, and how many bytes their documents have before the server compresses them.
func (l *Log) Extent(ctx context.Context) (entries, bytes int64, err error) {
	db, err := l.database(ctx)
	if err != nil {
		return 0, 0, err
	}
	var stats struct {
		Count float64 `bson:"count"`
		Size  float64 `bson:"size"`
	}
	err = db.RunCommand(ctx, bson.M{"collStats": logCollection}).Decode(&stats)
	return int64(stats.Count), int64(stats.Size), l.fault(ctx, "read the size of the log", err)
}

// database stands before every use: nothing is read from or written into a database that was never found to be ours.
func (l *Log) database(ctx context.Context) (*mongo.Database, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if db := l.usable.Load(); db != nil {
		return db, nil
	}
	if err := l.CheckSchema(ctx); err != nil {
		return nil, err
	}
	if db := l.usable.Load(); db != nil {
		return db, nil
	}
	return nil, fmt.Errorf("%w: %s was closed", store.ErrUnavailable, l.describe)
}

// greeting is how a server describes itself.
type greeting struct {
	SessionTimeout *int `bson:"logicalSessionTimeoutMinutes"` // nil without sessions, which MongoDB has since 3.6
}

// connected has do use the database. A user is looked for in the database itself and then in admin, unless the URI says
// where it is kept.
func (l *Log) connected(ctx context.Context, do func(*mongo.Database) error) error {
	err := do(l.client.Database(l.options.Database))
	if refused := (*refusedUser)(nil); !errors.As(err, &refused) || !l.options.elsewhere() {
		return err
	}
	inAdmin := l.options
	inAdmin.authSource = adminDatabase
	settings, _, settingsErr := inAdmin.settings()
	if settingsErr != nil {
		return settingsErr
	}
	other, connectErr := mongo.Connect(ctx, settings)
	if connectErr != nil {
		return fmt.Errorf("MongoDB: %w", connectErr)
	}
	if otherErr := do(other.Database(l.options.Database)); otherErr != nil {
		return errors.Join(otherErr, other.Disconnect(context.Background())) //nolint:contextcheck // it goes in any case
	}
	unused := l.client
	l.client, l.options = other, inAdmin
	return unused.Disconnect(context.Background()) //nolint:contextcheck // likewise
}
