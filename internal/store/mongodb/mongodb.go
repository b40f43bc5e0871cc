// Package mongodb is the engine for those who outgrow one machine: any number of processes share one database, on a
// standalone server, a replica set or a sharded cluster.
//
// Reports are written into a journal (writer.go, journal.go) and merged into view sessions, one document each, later and by
// whoever reads (fold.go). The days that a write touches are marked around it (days.go), so that days that have ended can
// be rolled up (rollup.go) and a ranking reads what was rolled up of whole days and hours (plan.go), and sums up the other
// sessions on the server (channels.go, programmes.go).
package mongodb

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"
	"golang.org/x/sync/semaphore"

	"github.com/tvstats/tvstats/internal/store"
)

// Store is a database of the server. It serves any number of goroutines; other processes may use the database too.
type Store struct {
	client   *mongo.Client
	db       *mongo.Database
	describe string
	usable   atomic.Bool // the schema was found to be ours
	clients  sync.Map    // int32 to struct{}: those that exist; none ever goes
	tariffs  tariffCache
	erased   atomic.Pointer[erasures] // nil before it was read
	backlog  backlog
	folding  *semaphore.Weighted // 1 for whoever folds: others wait, and find less to fold

	sessionsInHour int64 // from which on hours are rolled up; tests change it
}

var _ store.Store = (*Store)(nil)

// Open prepares the use of the database and does not wait for the server: CheckSchema tells whether it can be used.
func Open(ctx context.Context, o Options) (*Store, error) {
	settings, database, err := o.settings()
	if err != nil {
		return nil, err
	}
	return connect(ctx, settings, database)
}

func connect(ctx context.Context, settings *options.ClientOptions, database string) (*Store, error) {
	client, err := mongo.Connect(ctx, settings)
	if err != nil {
		return nil, fmt.Errorf("MongoDB: %w", err)
	}
	return &Store{
		client: client, db: client.Database(database), describe: describe(settings.Hosts, database), folding: semaphore.NewWeighted(1),
		sessionsInHour: sessionsInHour,
	}, nil
}

// Close lets go of the server.
func (s *Store) Close() error {
	return s.client.Disconnect(context.Background())
}

// Ping answers whether the server can be read and holds a database that this program can use.
func (s *Store) Ping(ctx context.Context) error {
	err := s.CheckSchema(ctx)
	switch {
	case err == nil || errors.Is(err, store.ErrUnavailable):
		return err
	case ctx.Err() != nil:
		return fmt.Errorf("%w: %w; see that MongoDB is not too busy and can be reached", store.ErrUnavailable, err)
	default:
		return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	}
}

// Size is what the collections and indexes of the database take on disk.
func (s *Store) Size(ctx context.Context) (int64, error) {
	var stats struct {
		StorageSize float64 `bson:"storageSize"`
		IndexSize   float64 `bson:"indexSize"`
	}
	err := s.db.RunCommand(ctx, bson.M{"dbStats": 1}).Decode(&stats)
	return int64(stats.StorageSize + stats.IndexSize), fault(ctx, "read the size of the database", err)
}

// Describe names the engine, its servers and the database.
func (s *Store) Describe() string { return s.describe }

// The collections; README.md describes their documents.
func (s *Store) collection(name string) *mongo.Collection { return s.db.Collection(name) }

const (
	schemaCollection     = "schema"
	clientsCollection    = "clients"
	channelsCollection   = "channels"
	tariffsCollection    = "tariffs"
	categoriesCollection = "categories"
	accountsCollection   = "accounts"
	programmesCollection = "programmes"
	paymentsCollection   = "payments"
	reportsCollection    = "reports"
	sessionsCollection   = "sessions"
	daysCollection       = "days"
	rollupsCollection    = "rollups"
	resultsCollection    = "results"
	jobsCollection       = "jobs"
	figuresCollection    = "figures"
	erasuresCollection   = "erasures"
)
