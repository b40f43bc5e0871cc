package mongolog_test

import (
	"errors"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"go.mongodb.org/mongo-driver/bson"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/store/mongolog"
	"github.com/tvstats/tvstats/internal/store/mongolog/mongotest"
)

// byHost names the database of the URI by the single settings.
func byHost(t *testing.T, uri, address string) mongolog.Options {
	t.Helper()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	return mongolog.Options{
		Host: host, Port: number, Database: mongotest.Database(t, uri),
		Username: "u", Password: "geheim", AuthMethod: "SCRAM-SHA-256",
	}
}

// TestRefusedUsers: an error says which setting is wrong, that waiting does not help, and no password; the user was looked
// for in the database itself and in admin.
func TestRefusedUsers(t *testing.T) {
	t.Parallel()
	uri := migrated(t)
	for code, want := range map[int32]string{18: "MONGODB_USERNAME or MONGODB_PASSWORD is wrong", 2: "MONGODB_AUTH_METHOD names", 334: "MONGODB_AUTH_METHOD names"} {
		var inDatabase, inAdmin atomic.Bool
		address := mongotest.Relay(t, func(command bson.Raw) mongotest.Fate {
			if command.Index(0).Key() != "saslStart" {
				return nil
			}
			switch command.Lookup("$db").StringValue() {
			case "admin":
				inAdmin.Store(true)
			case mongotest.Database(t, uri):
				inDatabase.Store(true)
			}
			return mongotest.Refused(code)
		})
		err := openWith(t, byHost(t, uri, address)).CheckSchema(t.Context())
		if err == nil || errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "geheim") {
			t.Errorf("code %d: got %v", code, err)
		}
		if !inDatabase.Load() || !inAdmin.Load() {
			t.Errorf("code %d: looked for in the database %v, in admin %v", code, inDatabase.Load(), inAdmin.Load())
		}
	}
}

// TestMissingRights: an error names the role, or says that a user is required.
func TestMissingRights(t *testing.T) {
	t.Parallel()
	uri := migrated(t)
	address := mongotest.Relay(t, func(command bson.Raw) mongotest.Fate {
		if command.Index(0).Key() == "find" {
			return mongotest.Refused(mongotest.Unauthorized)
		}
		return nil
	})
	err := open(t, mongotest.Through(t, uri, address)).CheckSchema(t.Context())
	want := "set MONGODB_USERNAME"
	if mongotest.Server(t).User != nil {
		want = "role readWrite"
	}
	if err == nil || errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v", err)
	}
}

// TestUnreachable says so, once.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	l := open(t, "mongodb://127.0.0.1:1/x?serverSelectionTimeoutMS=100")
	err := l.CheckSchema(t.Context())
	if !errors.Is(err, store.ErrUnavailable) || strings.Count(err.Error(), "see that MongoDB runs") != 1 {
		t.Errorf("got %v", err)
	}
}
