package e2e

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/app"
	"github.com/tvstats/tvstats/internal/commands"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/store/mongolog/mongotest"
)

// TestCopyThereAndBack copies a store with everything into MongoDB, is interrupted on the way and repeated, and copies that
// into another embedded store: a server on each returns the same results, down to the stored results and the accounts.
func TestCopyThereAndBack(t *testing.T) {
	t.Parallel()
	const seed = 41
	r := rand.New(rand.NewPCG(seed, 14))
	w := randomWorld(r, 1, time.Now())
	s := start(t)
	pushWorld(t, s.address, w)
	stream(t, s.address, w.events, 500)
	for _, seconds := range []int64{60, 0} { // the copies must have the revision of the policy, 2
		setPolicy(t, s, &tvstatsv1.MeasurementPolicy{MaxSessionSeconds: seconds})
		w.revision++
	}
	built, err := s.CreateChannelSelectionByPopularity(rpctest.Context(t), rpctest.ValidChannelSelection())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.EraseAccount(rpctest.Context(t), &tvstatsv1.EraseAccountRequest{ClientId: 1, AccountId: 99}); err != nil {
		t.Fatal(err)
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	uri, back := mongotest.URI(t), t.TempDir()
	runMigrate(t, &commands.MigrateCommand{MongoDB: app.MongoDB{MongodbURI: app.Secret(uri)}})

	interruptCopy(t, &commands.CopyCommand{From: s.dir, To: uri})
	for _, ends := range []commands.CopyCommand{{From: s.dir, To: uri}, {From: s.dir, To: uri}, {From: uri, To: back}} {
		var out bytes.Buffer
		if err := ends.Copy(rpctest.Context(t), &out, os.Stderr); err != nil {
			t.Fatalf("copy from %s to %s: %v", ends.From, ends.To, err)
		}
		if !strings.Contains(out.String(), "both stores hold the same") {
			t.Errorf("copy said %s", &out)
		}
	}
	copies := map[string]*testServer{
		"MongoDB":  start(t, func(cfg *app.Config) { cfg.MongodbURI = app.Secret(uri) }),
		"embedded": start(t, func(cfg *app.Config) { cfg.DataDir = back }),
	}
	for name, copied := range copies {
		clients, err := copied.ListClients(rpctest.Context(t), &tvstatsv1.ListClientsRequest{})
		if err != nil || clients.GetClients()[0].GetPolicyRevision() != 2 {
			t.Errorf("the %s copy: %v, %v", name, clients, err)
		}
	}
	for name, copied := range copies { // an erased account stays rejected
		batch := rpctest.Events(1)
		batch.Events[0].AccountId = 99
		if response, err := oneRequest(copied.StreamEvents(rpctest.Context(t)))(batch); err != nil || response.GetAccepted() != 0 {
			t.Errorf("the %s copy: %v, %v", name, response, err)
		}
	}
	id := built.GetSelection().GetSelectionId()
	want := canonical(t, built.GetSelection())
	for name, copied := range copies {
		selection, err := copied.GetSelection(rpctest.Context(t), &tvstatsv1.GetSelectionRequest{SelectionId: id})
		if err != nil || canonical(t, selection.GetSelection()) != want {
			t.Errorf("the selection in the %s copy: %v, %v\nwant %s", name, selection, err, want)
		}
	}
	for i := range 15 {
		q := randomQuery(r, w)
		want := canonical(t, q.expect(w))
		for name, copied := range copies {
			if got := canonical(t, q.ask(t, copied.address)); got != want {
				t.Fatalf("seed %d, query %d %+v on the %s copy:\ngot  %s\nwant %s", seed, i, q, name, got, want)
			}
		}
	}
}

// interruptCopy begins to copy and ends that in the middle: nobody can use what is there then.
func interruptCopy(t *testing.T, c *commands.CopyCommand) {
	t.Helper()
	ctx, interrupt := context.WithCancel(t.Context())
	from, err := c.OpenEnd(ctx, "--from", c.From)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = c.Write(ctx, interrupted{from, interrupt}); !errors.Is(err, context.Canceled) {
		t.Errorf("what was interrupted ended with %v", err)
	}
	if err := from.Close(); err != nil {
		t.Error(err)
	}
	half, err := c.OpenEnd(t.Context(), "--to", c.To)
	if err != nil {
		t.Fatal(err)
	}
	defer half.Close() //nolint:errcheck // it holds nothing
	if err := half.(store.Monitor).Ping(t.Context()); err == nil || !strings.Contains(err.Error(), "being loaded") {
		t.Errorf("half a copy says %v", err)
	}
}

// interrupted is a store that calls interrupt when three parts of it are written.
type interrupted struct {
	store.Snapshotter
	interrupt func()
}

func (i interrupted) Snapshot(ctx context.Context) (store.State, error) {
	state, err := i.Snapshotter.Snapshot(ctx)
	return interruptedState{state, i.interrupt}, err
}

type interruptedState struct {
	store.State
	interrupt func()
}

func (i interruptedState) WriteParts(ctx context.Context, use func(store.Part, io.Reader) error) (store.Manifest, error) {
	parts := 0
	return i.State.WriteParts(ctx, func(part store.Part, content io.Reader) error {
		parts++
		if parts == 3 {
			i.interrupt()
		}
		return use(part, content)
	})
}

// TestWrongCopies: an error says what is wrong with either end.
func TestWrongCopies(t *testing.T) {
	t.Parallel()
	dir, empty := t.TempDir(), mongotest.URI(t)
	for _, test := range []struct {
		ends commands.CopyCommand
		want string
	}{
		{commands.CopyCommand{From: dir + "/missing", To: dir}, "--from: stat " + dir + "/missing"},
		{commands.CopyCommand{From: dir, To: "mongodb"}, "--to=mongodb: neither MONGODB_HOST nor MONGODB_URI is set"},
		{commands.CopyCommand{From: dir, To: empty}, "run tvstats migrate"},
		{commands.CopyCommand{From: dir, To: storeWith(t, 10)}, "the stores differ from "},
	} {
		err := test.ends.Copy(rpctest.Context(t), io.Discard, os.Stderr)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: got %v, want %s", test.ends, err, test.want)
		}
	}
}
