package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/tvstats/tvstats/internal/flags"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/store/duckdb"
	"github.com/tvstats/tvstats/internal/store/mongolog"
)

// MongoDB names a MongoDB, by the names that operators of the middleware have in its settings already, or by a URI.
// Where it names none the store is the embedded one.
type MongoDB struct {
	MongodbHost       string `group:"MongoDB" name:"mongodb-host" env:"MONGODB_HOST" help:"Keep everything in the MongoDB on this host instead of the data directory."`
	MongodbPort       int    `group:"MongoDB" name:"mongodb-port" env:"MONGODB_PORT" help:"Its port; 27017 by default."`
	MongodbName       string `group:"MongoDB" name:"mongodb-name" env:"MONGODB_NAME" help:"Its database; tvstats by default."`
	MongodbUsername   string `group:"MongoDB" name:"mongodb-username" env:"MONGODB_USERNAME" help:"A user of that database or of admin; none by default."`
	MongodbPassword   Secret `group:"MongoDB" name:"mongodb-password" env:"MONGODB_PASSWORD" help:"The user's password; safer in the environment than on the command line."`
	MongodbAuthMethod string `group:"MongoDB" name:"mongodb-auth-method" env:"MONGODB_AUTH_METHOD" help:"SCRAM-SHA-1 or SCRAM-SHA-256; what the server prefers by default."`
	MongodbURI        Secret `group:"MongoDB" name:"mongodb-uri" env:"MONGODB_URI" help:"For replica sets, sharded clusters and TLS, instead of the others: mongodb://user:password@host,host/database?replicaSet=name"`
}

// Secret is text that must not be shown.
type Secret string

// String shows that there is something, but not what.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "(secret)"
}

// Defaults of what goes with a host.
const (
	mongoPort = 27017
	mongoName = "tvstats"
)

// Enabled reports whether a MongoDB is named.
func (c *MongoDB) Enabled() bool { return c.MongodbHost != "" || c.MongodbURI != "" }

// Check reports what cannot work.
func (c *MongoDB) Check() error {
	besidesHost := c.MongodbPort != 0 || c.MongodbUsername != "" || c.MongodbPassword != "" || c.MongodbAuthMethod != ""
	switch {
	case c.MongodbURI != "" && (c.MongodbHost != "" || besidesHost):
		return errors.New("MONGODB_URI says all; MONGODB_HOST, _PORT, _USERNAME, _PASSWORD and _AUTH_METHOD must not be set beside it")
	case c.MongodbHost == "" && besidesHost:
		return errors.New("MONGODB_HOST is missing; MONGODB_PORT, _USERNAME, _PASSWORD and _AUTH_METHOD mean nothing without it")
	case c.MongodbPassword != "" && c.MongodbUsername == "":
		return errors.New("MONGODB_USERNAME is missing; MONGODB_PASSWORD means nothing without it")
	}
	switch c.MongodbAuthMethod {
	case "", "SCRAM-SHA-1", "SCRAM-SHA-256":
	default:
		return fmt.Errorf("MONGODB_AUTH_METHOD=%q: allowed are SCRAM-SHA-1 and SCRAM-SHA-256", c.MongodbAuthMethod)
	}
	return flags.Within("MONGODB_PORT", cmp.Or(c.MongodbPort, mongoPort), 1, 65535)
}

// Open opens the log in the MongoDB that is named.
func (c *MongoDB) Open(ctx context.Context) (*mongolog.Log, error) {
	return mongolog.Open(ctx, mongolog.Options{
		URI: string(c.MongodbURI), Host: c.MongodbHost, Port: cmp.Or(c.MongodbPort, mongoPort),
		Database: cmp.Or(c.MongodbName, mongoName), Username: c.MongodbUsername, Password: string(c.MongodbPassword),
		AuthMethod: c.MongodbAuthMethod,
	})
}

// OpenMigrated opens the log in a database that can be served.
func (c *MongoDB) OpenMigrated(ctx context.Context) (*mongolog.Log, error) {
	db, err := c.Open(ctx)
	if err != nil {
		return nil, err
	}
	if err := schemaAdvice(db.CheckSchema(ctx)); err != nil {
		return nil, errors.Join(err, db.Close()) //nolint:contextcheck // closing is not up to the caller
	}
	return db, nil
}

// openStore opens the store that the configuration chooses.
func openStore(ctx context.Context, cfg Config, log *slog.Logger) (store.Store, error) {
	if !cfg.Enabled() {
		return openEmbedded(ctx, cfg, log)
	}
	db, err := cfg.Open(ctx)
	if err != nil {
		return nil, err
	}
	if err := mayServe(ctx, db, log); err != nil {
		return nil, errors.Join(err, db.Close()) //nolint:contextcheck // closing is not up to the caller
	}
	follows, err := OpenReplica(ctx, db, cfg.storeOptions(), log)
	if err != nil {
		return nil, err
	}
	return follows, nil
}

// openEmbedded opens the embedded store, and says what is missing in it whether that is accepted or not.
func openEmbedded(ctx context.Context, cfg Config, log *slog.Logger) (store.Store, error) {
	options := cfg.storeOptions()
	options.AcceptLoss, options.Log = false, log
	db, err := duckdb.Open(ctx, options)
	if !errors.Is(err, store.ErrLoss) {
		return asStore(db, err)
	}
	if !cfg.AcceptLoss {
		return nil, fmt.Errorf("%w; restore a backup, put the missing file back, or start with --accept-loss to go on with what is left", err)
	}
	log.Error("the store goes on without data that was acknowledged: --accept-loss", "error", err)
	return asStore(duckdb.Open(ctx, cfg.storeOptions()))
}

// asStore keeps a store that was not opened from becoming one that is not nil.
func asStore(db *duckdb.Store, err error) (store.Store, error) {
	if err != nil {
		return nil, err
	}
	return db, nil
}

// mayServe returns why the database must not be served. One that cannot be reached now is waited for while the service
// runs.
func mayServe(ctx context.Context, db *mongolog.Log, log *slog.Logger) error {
	err := db.CheckSchema(ctx)
	if errors.Is(err, store.ErrUnavailable) {
		log.Warn("the store cannot be reached; calls fail with UNAVAILABLE until it can", "error", err)
		return nil
	}
	return schemaAdvice(err)
}

// schemaAdvice says what to do about a database whose schema is not that of this program.
func schemaAdvice(err error) error {
	if errors.Is(err, store.ErrOldSchema) {
		return fmt.Errorf("%w; run tvstats migrate", err)
	}
	return err
}
