package e2e

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tvstats/tvstats/internal/app"
	"github.com/tvstats/tvstats/internal/commands"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
	"github.com/tvstats/tvstats/internal/store/mongolog/mongotest"
	"github.com/tvstats/tvstats/internal/store/storetest"
)

// onMongoDB is a change of configuration: a database that is migrated and empty.
func onMongoDB(tb testing.TB) func(*app.Config) {
	tb.Helper()
	uri := app.Secret(mongotest.URI(tb))
	runMigrate(tb, &commands.MigrateCommand{MongoDB: app.MongoDB{MongodbURI: uri}})
	return func(cfg *app.Config) { cfg.MongodbURI = uri }
}

func runMigrate(tb testing.TB, command *commands.MigrateCommand) string {
	tb.Helper()
	var out bytes.Buffer
	if err := command.Migrate(tb.Context(), &out); err != nil {
		tb.Fatal(err)
	}
	return out.String()
}

// TestEnginesAgree sends the same data to a server on each engine, in different ways, and the same requests: what they return
// is equal byte for byte, and equals what brute force says, also of days that change after they were rolled up.
func TestEnginesAgree(t *testing.T) {
	t.Parallel()
	mongo := onMongoDB(t)
	for _, seed := range storetest.Seeds(3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 11))
			w := randomWorld(r, int32(seed+1), time.Now())
			embedded := start(t)
			pushWorld(t, embedded.address, w)
			stream(t, embedded.address, w.events, 1000)

			shared := start(t, mongo)
			for third := range slices.Chunk(w.events, len(w.events)/3) {
				stream(t, shared.address, third, 70)
				if err := shared.stop(); err != nil {
					t.Fatalf("serve: %v", err)
				}
				shared = start(t, mongo) // which rolls up all days but the last two
			}
			pushWorld(t, shared.address, w)

			for i := range 25 {
				q := randomQuery(r, w)
				want := canonical(t, q.expect(w))
				for name, address := range map[string]string{"embedded": embedded.address, "MongoDB": shared.address} {
					if got := canonical(t, q.ask(t, address)); got != want {
						t.Fatalf("seed %d, query %d %+v on %s:\ngot  %s\nwant %s", seed, i, q, name, got, want)
					}
				}
			}
		})
	}
}

// TestUnmigratedDatabaseIsRefused: serving says which command is missing; that command says what it does, does nothing in
// a dry run and nothing the second time.
func TestUnmigratedDatabaseIsRefused(t *testing.T) {
	t.Parallel()
	uri := app.Secret(mongotest.URI(t))
	cfg := app.DefaultConfig()
	cfg.Listen, cfg.HTTPListen, cfg.MongodbURI = "127.0.0.1:0", "127.0.0.1:0", uri
	err := app.Serve(t.Context(), cfg, cfg.Logger(&rpctest.Log{}), time.Now, func(app.Addresses) { t.Error("it serves") })
	if err == nil || !strings.Contains(err.Error(), "run tvstats migrate") {
		t.Errorf("serve: %v", err)
	}
	migrate := &commands.MigrateCommand{MongoDB: app.MongoDB{MongodbURI: uri}, DryRun: true}
	dry := runMigrate(t, migrate)
	migrate.DryRun = false
	done, again := runMigrate(t, migrate), runMigrate(t, migrate)
	if !strings.Contains(dry, "create collection log\n") || !strings.Contains(dry, "--dry-run") {
		t.Errorf("the dry run says %s", dry)
	}
	if steps, dry := strings.Split(done, "\n"), strings.Split(dry, "\n"); fmt.Sprint(steps[:len(steps)-2]) != fmt.Sprint(dry[:len(dry)-2]) {
		t.Errorf("the dry run said %s, and done was %s", dry, steps)
	}
	if !strings.HasSuffix(again, "Nothing to do.\n") {
		t.Errorf("the second run says %s", again)
	}
	start(t, func(cfg *app.Config) { cfg.MongodbURI = uri })
}

func TestMigrateEmbedded(t *testing.T) {
	if said := runMigrate(t, &commands.MigrateCommand{}); !strings.Contains(said, "embedded store needs no migrating") {
		t.Error(said)
	}
}

func TestMongoDBConfiguration(t *testing.T) {
	for _, test := range []struct {
		variables, want string // want is the wrong, or what Describe says
	}{
		{"MONGODB_HOST=db.example", "mongodb db.example:27017/tvstats"},
		{"MONGODB_HOST=db.example MONGODB_PORT=27018 MONGODB_NAME=stats", "mongodb db.example:27018/stats"},
		{"MONGODB_HOST=::1 MONGODB_USERNAME=u MONGODB_PASSWORD=geheim MONGODB_AUTH_METHOD=SCRAM-SHA-1", "mongodb [::1]:27017/tvstats"},
		{"MONGODB_HOST=h MONGODB_USERNAME=u MONGODB_PASSWORD=geheim MONGODB_AUTH_METHOD=SCRAM-SHA-256", "mongodb h:27017/tvstats"},
		{"MONGODB_URI=mongodb://u:geheim@a,b:27018/stats?replicaSet=r&authSource=admin", "mongodb a,b:27018/stats"},
		{"MONGODB_URI=mongodb://a MONGODB_NAME=stats", "mongodb a/stats"},
		{"MONGODB_URI=mongodb://u:geheim@a:port/stats", "the URI of MongoDB is not valid"},
		{"MONGODB_URI=mongodb://u:geheim@a MONGODB_HOST=h", "MONGODB_URI says all"},
		{"MONGODB_URI=mongodb://a MONGODB_PASSWORD=geheim", "MONGODB_URI says all"},
		{"MONGODB_PORT=27017", "MONGODB_HOST is missing"},
		{"MONGODB_HOST=h MONGODB_PORT=65536", "MONGODB_PORT=65536: allowed are 1 to 65535"},
		{"MONGODB_HOST=h MONGODB_PASSWORD=geheim", "MONGODB_USERNAME is missing"},
		{"MONGODB_HOST=h MONGODB_USERNAME=u MONGODB_PASSWORD=geheim MONGODB_AUTH_METHOD=PLAIN", `MONGODB_AUTH_METHOD="PLAIN": allowed are SCRAM-SHA-1 and SCRAM-SHA-256`},
	} {
		t.Run(test.variables, func(t *testing.T) {
			for variable := range strings.FieldsSeq(test.variables) {
				name, value, _ := strings.Cut(variable, "=")
				t.Setenv(name, value)
			}
			said := describeEnvironment(t)
			if !strings.Contains(said, test.want) {
				t.Errorf("got %s, want %s", said, test.want)
			}
			if strings.Contains(said, "geheim") {
				t.Errorf("the password shows in %s", said)
			}
		})
	}
}

// describeEnvironment returns all that is shown of the configuration that the environment makes: as it is printed, and
// either what is wrong with it or how the store describes itself.
func describeEnvironment(t *testing.T) string {
	t.Helper()
	var p commands.Program
	if _, err := commands.NewParser(&p).Parse(nil); err != nil {
		return err.Error()
	}
	shown := fmt.Sprintf("%v %+v ", p.Serve.MongoDB, p.Serve.MongoDB)
	db, err := p.Serve.Open(t.Context())
	if err != nil {
		return shown + err.Error()
	}
	defer db.Close() //nolint:errcheck // it was never used
	return shown + db.Describe()
}
