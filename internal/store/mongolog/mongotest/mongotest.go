// Package mongotest gives tests a MongoDB: a stand-in that is started for them as a process of its own, or the server that
// TVSTATS_TEST_MONGODB_URI names.
package mongotest

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"
)

// serverEnv names a server to test against instead of the stand-in.
const serverEnv = "TVSTATS_TEST_MONGODB_URI"

// dropTimeout bounds how long a test waits for its database to go.
const dropTimeout = 30 * time.Second

// URI names an empty database that is dropped when the test ends. Without a server the test is skipped.
func URI(tb testing.TB) string {
	tb.Helper()
	base := Server(tb)
	kept := base.Path
	name := fmt.Sprintf("tvstats_test_%08x", rand.Uint32()) //nolint:gosec // it need not be secret
	tb.Cleanup(func() {
		if err := drop(base.String(), name); err != nil {
			tb.Errorf("drop database %s: %v", name, err)
		}
	})
	base.Path = "/" + name
	if query := base.Query(); base.User != nil && !query.Has("authSource") {
		query.Set("authSource", cmp.Or(strings.TrimPrefix(kept, "/"), "admin"))
		base.RawQuery = query.Encode()
	}
	return base.String()
}

// Server is the server that tests use.
func Server(tb testing.TB) *url.URL {
	tb.Helper()
	text, err := server()
	if errors.Is(err, errNoStandIn) {
		tb.Skip(err)
	}
	if err != nil {
		tb.Fatal(err)
	}
	parsed, err := url.Parse(text)
	if err != nil {
		tb.Fatalf("%s: %v", serverEnv, err)
	}
	return parsed
}

// Through is the URI by way of an address, at which something stands between a driver and the server. User, authSource and
// all options stay, further ones come in addition; the driver connects to that address alone, whatever the server reports of a
// replica set.
func Through(tb testing.TB, uri, address string, further ...string) string {
	tb.Helper()
	changed, err := url.Parse(uri)
	if err != nil {
		tb.Fatal(err)
	}
	changed.Host = address
	query := changed.Query()
	query.Del("replicaSet")
	query.Set("directConnection", "true")
	for _, option := range further {
		name, value, _ := strings.Cut(option, "=")
		query.Set(name, value)
	}
	changed.RawQuery = query.Encode()
	return changed.String()
}

// Database is the one that the URI names.
func Database(tb testing.TB, uri string) string {
	tb.Helper()
	parsed, err := url.Parse(uri)
	if err != nil {
		tb.Fatal(err)
	}
	return strings.TrimPrefix(parsed.Path, "/")
}

// serverAddress is where the server that tests use listens; of a replica set, its primary.
func serverAddress(tb testing.TB) string {
	tb.Helper()
	uri := Server(tb)
	client, err := mongo.Connect(tb.Context(), options.Client().ApplyURI(uri.String()))
	if err != nil {
		tb.Fatal(err)
	}
	defer client.Disconnect(context.Background()) //nolint:errcheck // it was only asked, and goes in any case
	var server struct {
		Primary string `bson:"primary"`
	}
	if err := client.Database("admin").RunCommand(tb.Context(), bson.M{"isMaster": 1}).Decode(&server); err != nil {
		tb.Fatal(err)
	}
	return cmp.Or(server.Primary, uri.Host)
}

// server returns where the server is, and starts the stand-in the first time.
var server = sync.OnceValues(func() (string, error) {
	if uri := os.Getenv(serverEnv); uri != "" {
		return uri, nil
	}
	return startStandIn()
})

func drop(uri, database string) error {
	ctx, cancel := context.WithTimeout(context.Background(), dropTimeout)
	defer cancel()
	client, err := mongo.Connect(ctx, options.Client().ApplyURI(uri))
	if err != nil {
		return err
	}
	return errors.Join(client.Database(database).Drop(ctx), client.Disconnect(ctx))
}

var errNoStandIn = errors.New(`no MongoDB to test against: run "make mongo-stand-in", or set ` + serverEnv)

// standIn is kept, and with it the open end of the pipe that the stand-in reads: it ends when this process does.
var standIn *exec.Cmd

// startStandIn starts the stand-in and returns where it listens.
func startStandIn() (string, error) {
	_, file, _, _ := runtime.Caller(0)
	folder := filepath.Join(filepath.Dir(file), "..", "..", "..", "..", ".tools", "mongo-stand-in")
	if _, err := os.Stat(filepath.Join(folder, "StandIn.class")); err != nil {
		return "", errNoStandIn
	}
	java, err := exec.LookPath("java")
	if err != nil {
		return "", errNoStandIn
	}
	standIn = exec.CommandContext(context.Background(), java, "-Xmx2g", "-XX:+UseParallelGC", "-cp", folder+string(filepath.ListSeparator)+folder+"/*", "StandIn")
	standIn.Stderr = os.Stderr
	if _, err := standIn.StdinPipe(); err != nil {
		return "", err
	}
	said, err := standIn.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := standIn.Start(); err != nil {
		return "", err
	}
	port, err := bufio.NewReader(said).ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("the stand-in for MongoDB did not start: %w", cmp.Or(standIn.Wait(), err))
	}
	return "mongodb://127.0.0.1:" + strings.TrimSpace(port), nil
}
