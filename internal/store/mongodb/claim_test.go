package mongodb

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/event"

	"github.com/tvstats/tvstats/internal/store/mongodb/mongotest"
	"github.com/tvstats/tvstats/internal/viewing"
)

// replica is the store of one of several processes, which counts the days that it rolls up.
type replica struct {
	*Store
	rolled int
	midway func() // called when the rollups of a day are made and not yet written
}

// replicas opens two on one database in which five clients have a day that is due.
func replicas(t *testing.T) (a, b *replica) {
	t.Helper()
	uri := mongotest.URI(t)
	a, b = openReplica(t, uri), openReplica(t, uri)
	if err := a.Migrate(t.Context(), false, func(string) {}); err != nil {
		t.Fatal(err)
	}
	for client := range int32(5) {
		a.watch(t, client+1, 20)
	}
	return a, b
}

func openReplica(t *testing.T, uri string) *replica {
	t.Helper()
	r := &replica{midway: func() {}}
	r.Store = openSpied(t, uri, func(command, collection string) {
		if command == "update" && collection == rollupsCollection {
			r.rolled++
			r.midway()
		}
	})
	return r
}

// openSpied opens a store that tells each command and its collection before it is sent.
func openSpied(t *testing.T, uri string, tell func(command, collection string)) *Store {
	t.Helper()
	settings, database, err := Options{URI: uri}.settings()
	if err != nil {
		t.Fatal(err)
	}
	s, err := connect(t.Context(), settings.SetMonitor(&event.CommandMonitor{
		Started: func(_ context.Context, e *event.CommandStartedEvent) {
			collection, _ := e.Command.Lookup(e.CommandName).StringValueOK()
			tell(e.CommandName, collection)
		},
	}), database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() }) //nolint:errcheck // the test is over
	return s
}

func (r *replica) watch(t *testing.T, client, seconds int32) {
	t.Helper()
	if err := r.AppendReports(t.Context(), []viewing.Report{watching(client, 1, seconds)}); err != nil {
		t.Fatal(err)
	}
}

func (r *replica) maintain(ctx context.Context) error { return r.Maintain(ctx, (sceneDay + 1).Start()) }

// want maintains the store and checks how many days it has rolled up since it was opened, and how many are due still.
func (r *replica) want(t *testing.T, rolled, due int) {
	t.Helper()
	if err := r.maintain(t.Context()); err != nil {
		t.Fatal(err)
	}
	days, err := r.dueDays(t.Context(), (sceneDay + 1).Start())
	if err != nil {
		t.Fatal(err)
	}
	if r.rolled != rolled || len(days) != due {
		t.Errorf("it rolled up %d days, and %d are due; want %d and %d", r.rolled, len(days), rolled, due)
	}
}

// TestDaysAreRolledUpOnce has one replica maintain the store while another is at its first day.
func TestDaysAreRolledUpOnce(t *testing.T) {
	t.Parallel()
	a, b := replicas(t)
	a.midway = sync.OnceFunc(func() { b.want(t, 4, 1) })
	a.want(t, 1, 0)
	b.want(t, 4, 0)
}

// TestClaimsOfTheDead ends a replica in the middle of a day. The day is left to it for a while, but for no longer, and not
// if the day has changed.
func TestClaimsOfTheDead(t *testing.T) {
	t.Parallel()
	for name, free := range map[string]func(b *replica){
		"time passes": func(b *replica) {
			_, err := b.collection(daysCollection).UpdateMany(t.Context(), bson.M{"rolled": false},
				bson.M{"$set": bson.M{"rolling.until": time.Now()}})
			if err != nil {
				t.Error(err)
			}
		},
		"a report comes": func(b *replica) { b.watch(t, 1, 50) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b := replicas(t)
			ctx, die := context.WithCancel(t.Context())
			a.midway = die
			if err := a.maintain(ctx); !errors.Is(err, context.Canceled) {
				t.Fatalf("a replica that died says %v", err)
			}
			b.want(t, 4, 1)
			free(b)
			b.want(t, 5, 0)
		})
	}
}

// TestLateRollerLeavesNothing erases an account, and rolls up its day anew, as a process is about to write rollups of that day,
// and ends as soon as it has: they go.
func TestLateRollerLeavesNothing(t *testing.T) {
	t.Parallel()
	uri := mongotest.URI(t)
	calm := openOn(t, uri)
	c := newScene(t, calm, 1, false)
	ctx, die := context.WithCancel(t.Context())
	erased := false
	s := openSpied(t, uri, func(command, collection string) {
		if erased {
			die()
		} else if erased = command == "update" && collection == rollupsCollection; erased {
			for account := range c.written {
				_, err := calm.EraseAccount(t.Context(), 1, account)
				c.must("erase", err)
			}
			c.must("maintain", calm.Maintain(t.Context(), (sceneDay+1).Start()))
		}
	})
	if err := s.Maintain(ctx, (sceneDay + 1).Start()); !errors.Is(err, context.Canceled) {
		t.Errorf("a process that ends says %v", err)
	}
	if left := c.count(rollupsCollection); left != 0 {
		t.Errorf("%d rollups tell of erased accounts", left)
	}
}
