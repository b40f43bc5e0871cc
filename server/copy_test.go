package main

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
	"github.com/tvstats/tvstats/internal/store/mongolog/mongotest"
)

// TestCopyThereAndBack copies a store with everything into MongoDB, is interrupted on the way and repeated, and copies that
// into another embedded store: a server on each answers the same, down to the stored results and the accounts.
func TestCopyThereAndBack(t *testing.T) {
	t.Parallel()
	const seed = 41
	r := rand.New(rand.NewPCG(seed, 14))
	w := randomWorld(r, 1, time.Now())
	s := start(t)
	pushWorld(t, s.address, w)
	stream(t, s.address, w.events, 500)
	built, err := s.CreateChannelSelectionByPopularity(testContext(t), validChannelSelection())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.EraseAccount(testContext(t), &tvstatsv1.EraseAccountRequest{ClientId: 1, AccountId: 99}); err != nil {
		t.Fatal(err)
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	uri, back := mongotest.URI(t), t.TempDir()
	runMigrate(t, &migrateCommand{mongoConfig: mongoConfig{MongodbURI: secret(uri)}})

	interruptCopy(t, &copyCommand{From: s.dir, To: uri})
	for _, ends := range []copyCommand{{From: s.dir, To: uri}, {From: s.dir, To: uri}, {From: uri, To: back}} {
		var out bytes.Buffer
		if err := ends.copy(testContext(t), &out, os.Stderr); err != nil {
			t.Fatalf("copy from %s to %s: %v", ends.From, ends.To, err)
		}
		if !strings.Contains(out.String(), "both stores hold the same") {
			t.Errorf("copy said %s", &out)
		}
	}
	copies := map[string]*testServer{
		"MongoDB":  start(t, func(cfg *config) { cfg.MongodbURI = secret(uri) }),
		"embedded": start(t, func(cfg *config) { cfg.DataDir = back }),
	}
	for name, copied := range copies { // who was erased stays away
		batch := events(1)
		batch.Events[0].AccountId = 99
		if response, err := oneRequest(copied.StreamEvents(testContext(t)))(batch); err != nil || response.GetAccepted() != 0 {
			t.Errorf("the %s copy: %v, %v", name, response, err)
		}
	}
	id := built.GetSelection().GetSelectionId()
	want := canonical(t, built.GetSelection())
	for name, copied := range copies {
		selection, err := copied.GetSelection(testContext(t), &tvstatsv1.GetSelectionRequest{SelectionId: id})
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
func interruptCopy(t *testing.T, c *copyCommand) {
	t.Helper()
	ctx, interrupt := context.WithCancel(t.Context())
	from, err := c.openEnd(ctx, "--from", c.From)
	if err != nil {
		t.Fatal(err)
	}
	parts := 0
	_, err = c.write(ctx, &counted{Snapshotter: from, count: func(int64) {
		if parts++; parts == 3 {
			interrupt()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("what was interrupted ended with %v", err)
	}
	if err := from.Close(); err != nil {
		t.Error(err)
	}
	half, err := c.openEnd(t.Context(), "--to", c.To)
	if err != nil {
		t.Fatal(err)
	}
	defer half.Close() //nolint:errcheck // it holds nothing
	if err := half.(passing).Ping(t.Context()); err == nil || !strings.Contains(err.Error(), "being loaded") {
		t.Errorf("half a copy says %v", err)
	}
}

// TestWrongCopies: an error says what is wrong with either end.
func TestWrongCopies(t *testing.T) {
	t.Parallel()
	dir, empty := t.TempDir(), mongotest.URI(t)
	for _, test := range []struct {
		ends copyCommand
		want string
	}{
		{copyCommand{From: dir + "/missing", To: dir}, "--from: stat " + dir + "/missing"},
		{copyCommand{From: dir, To: "mongodb"}, "--to=mongodb: neither MONGODB_HOST nor MONGODB_URI is set"},
		{copyCommand{From: dir, To: empty}, "run tvstats migrate"},
		{copyCommand{From: dir, To: storeWith(t, 10)}, "the stores differ from "},
	} {
		err := test.ends.copy(testContext(t), io.Discard, os.Stderr)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: got %v, want %s", test.ends, err, test.want)
		}
	}
}
