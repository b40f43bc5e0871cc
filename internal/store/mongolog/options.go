package mongolog

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/mongo/options"
	"go.mongodb.org/mongo-driver/mongo/readconcern"
	"go.mongodb.org/mongo-driver/mongo/readpref"
	"go.mongodb.org/mongo-driver/mongo/writeconcern"
	"go.mongodb.org/mongo-driver/x/mongo/driver/connstring"
)

// Options say where the server is and who asks: either URI, or Host with what goes with it.
type Options struct {
	URI string // mongodb:// or mongodb+srv://; may name the database

	Host       string
	Port       int
	Username   string // a user of Database; "" = no authentication
	Password   string
	AuthMethod string // SCRAM-SHA-1 or SCRAM-SHA-256; "" = what the server prefers

	Database string // where URI names none
}

// How long is waited for a server that can be used, for a connection to it, and for its answer, whatever it has to read.
// Callers may wait less. Without the last one a connection that died without a word would never be given back.
const (
	selectionTimeout = 5 * time.Second
	connectTimeout   = 5 * time.Second
	answerTimeout    = 5 * time.Minute
)

// settings are the driver's, and the name of the database. What was written is acknowledged by a majority and only what
// a majority has is read, from the primary: whatever a failover takes back was never seen.
func (o Options) settings() (*options.ClientOptions, string, error) {
	settings := options.Client().
		SetAppName("tvstats").
		SetServerSelectionTimeout(selectionTimeout).
		SetConnectTimeout(connectTimeout).
		SetSocketTimeout(answerTimeout)
	database := o.Database
	if o.URI == "" {
		o.byHost(settings)
	} else {
		named, err := databaseOf(o.URI)
		if err != nil {
			return nil, "", err
		}
		if named != "" {
			database = named
		}
		settings.ApplyURI(o.URI)
	}
	// After the URI, which must not weaken them.
	settings.SetWriteConcern(writeconcern.Majority()).SetReadConcern(readconcern.Majority()).SetReadPreference(readpref.Primary())
	if err := settings.Validate(); err != nil {
		return nil, "", fmt.Errorf("MongoDB: %w", err)
	}
	return settings, database, nil
}

// databaseOf answers the database that the URI names. The driver's own errors may quote the URI, and with it a password.
func databaseOf(uri string) (string, error) {
	parsed, err := connstring.Parse(uri)
	if err != nil {
		return "", errors.New("the URI of MongoDB is not valid; it looks like mongodb://user:password@host:27017/database?replicaSet=name")
	}
	return parsed.Database, nil
}

func (o Options) byHost(settings *options.ClientOptions) {
	settings.SetHosts([]string{net.JoinHostPort(o.Host, strconv.Itoa(o.Port))})
	if o.Username != "" {
		settings.SetAuth(options.Credential{
			AuthMechanism: o.AuthMethod, AuthSource: o.Database, Username: o.Username, Password: o.Password, PasswordSet: true,
		})
	}
}

// describe never shows more than the servers and the database.
func describe(hosts []string, database string) string {
	return fmt.Sprintf("mongodb %s/%s", strings.Join(hosts, ","), database)
}
