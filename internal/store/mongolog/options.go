package mongolog

import (
	"cmp"
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
	Username   string // a user of Database or of admin; "" = no authentication
	Password   string
	AuthMethod string // SCRAM-SHA-1 or SCRAM-SHA-256; "" = what the server prefers

	Database string // where URI names none

	authSource string // where the user is kept; "" = as the URI says, or Database
}

// adminDatabase is where users are kept that are for the whole server.
const adminDatabase = "admin"

// elsewhere reports whether the user, unknown where it was looked for, may be kept in admin.
func (o Options) elsewhere() bool {
	return o.URI == "" && o.Username != "" && o.authSource == "" && o.Database != adminDatabase
}

// How long is waited for a server that can be used, for a connection to it, and for its response, whatever it has to read.
// Callers may wait less. Without the last one a connection that died without a word would never be given back.
const (
	selectionTimeout = 5 * time.Second
	connectTimeout   = 5 * time.Second
	answerTimeout    = 5 * time.Minute
)

// settings are the driver's, and the name of the database. What was written is in the journals of a majority before it is
// acknowledged, and only what a majority has is read, from the primary: whatever a failover takes back was never seen.
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
	journaled := true
	settings.SetWriteConcern(&writeconcern.WriteConcern{W: "majority", Journal: &journaled}).
		SetReadConcern(readconcern.Majority()).SetReadPreference(readpref.Primary())
	if err := settings.Validate(); err != nil {
		return nil, "", fmt.Errorf("MongoDB: %w", err)
	}
	return settings, database, nil
}

// databaseOf returns the database that the URI names. The driver's own errors may quote the URI, and with it a password.
func databaseOf(uri string) (string, error) {
	parsed, err := connstring.Parse(uri)
	if err != nil {
		return "", errors.New("the URI of MongoDB is not valid; it looks like mongodb://user:password@host:27017/database?replicaSet=name")
	}
	return parsed.Database, nil
}

// anonymous reports whether no user is named.
func (o Options) anonymous() bool {
	if o.URI == "" {
		return o.Username == ""
	}
	parsed, err := connstring.Parse(o.URI)
	return err == nil && !parsed.UsernameSet && parsed.AuthMechanism == ""
}

// kept lists the databases in which the user was looked for.
func (o Options) kept() string {
	switch {
	case o.URI != "":
		parsed, err := connstring.Parse(o.URI)
		if err != nil {
			return adminDatabase
		}
		return cmp.Or(parsed.AuthSource, parsed.Database, adminDatabase)
	case o.Database == adminDatabase:
		return adminDatabase
	default:
		return o.Database + " and " + adminDatabase
	}
}

func (o Options) byHost(settings *options.ClientOptions) {
	settings.SetHosts([]string{net.JoinHostPort(o.Host, strconv.Itoa(o.Port))})
	if o.Username != "" {
		settings.SetAuth(options.Credential{
			AuthMechanism: o.AuthMethod, AuthSource: cmp.Or(o.authSource, o.Database), Username: o.Username, Password: o.Password, PasswordSet: true,
		})
	}
}

// describe never shows more than the servers and the database.
func describe(hosts []string, database string) string {
	return fmt.Sprintf("mongodb %s/%s", strings.Join(hosts, ","), database)
}
