package replica_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/store/replica"
	"github.com/tvstats/tvstats/internal/store/replica/memlog"
)

// failing is a local store of a machine that cannot apply the catalog, for want of memory or of room on the disk, while it can write
// small things.
type failing struct {
	replica.Local
	fails *atomic.Bool
}

func (f failing) ApplyCatalog(ctx context.Context, batch catalog.Batch) error {
	if f.fails.Load() {
		return fmt.Errorf("%w: no room", store.ErrUnavailable)
	}
	return f.Local.ApplyCatalog(ctx, batch)
}

type failingDisk struct {
	disk
	fails *atomic.Bool
}

func (d failingDisk) Open(ctx context.Context) (replica.Local, error) {
	local, err := d.disk.Open(ctx)
	return failing{local, d.fails}, err
}

// TestFailureOfAMachineSkipsNothing: a replica whose machine cannot apply an operation says so, and applies it once it can.
func TestFailureOfAMachineSkipsNothing(t *testing.T) {
	t.Parallel()
	server, fails := memlog.NewServer("log"), &atomic.Bool{}
	a := replicas(t, server, 1)[0]
	b, err := replica.Open(context.WithoutCancel(t.Context()), server.Log(), failingDisk{newDisk(t.TempDir()), fails}, fast)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close() //nolint:errcheck // the test has ended
	fails.Store(true)
	if err := a.ApplyCatalog(t.Context(), catalog.Batch{ClientID: client, Channels: []catalog.Channel{{ID: 1, Name: "News"}}}); err != nil {
		t.Fatal(err)
	}
	appendOne(t, a, rand.New(rand.NewPCG(6, 0)))
	for range 3 {
		if err := b.Ping(t.Context()); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("ping of a replica that cannot apply: %v", err)
		}
	}
	fails.Store(false)
	channels, err := b.Channels(t.Context(), client)
	if err != nil || len(channels) != 1 {
		t.Errorf("after the failure: %v, %v; want the channel", channels, err)
	}
	if n := count(t, b); n != 1 {
		t.Errorf("%d reports, want 1", n)
	}
}

// TestRestoredWhileRunning: a replica that runs while the database is restored to an earlier state notices, and appends to what is
// there now, so that others see it.
func TestRestoredWhileRunning(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 0))
	server := memlog.NewServer("log")
	s := replicas(t, server, 1)[0]
	for range 5 {
		appendOne(t, s, r)
	}
	server.Reset("log")
	for deadline := time.Now().Add(10 * time.Second); count(t, s) != 0; {
		if time.Now().After(deadline) {
			t.Fatal("the replica still reads from what is no more")
		}
	}
	appendOne(t, s, r)
	if n := count(t, replicas(t, server, 1)[0]); n != 1 {
		t.Errorf("another replica has %d reports, want 1", n)
	}
}

// restored is a log whose database is restored to before the next entry once that is in it.
type restored struct {
	replica.Log
	server *memlog.Server
	armed  atomic.Bool
}

func (l *restored) Append(ctx context.Context, entry replica.Entry) error {
	err := l.Log.Append(ctx, entry)
	if l.armed.CompareAndSwap(true, false) {
		l.server.Reset("log")
	}
	return err
}

// TestRestoredWhileAppending: an entry that is gone before it was seen is not waited for; what it held is appended anew.
func TestRestoredWhileAppending(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(9, 0))
	server := memlog.NewServer("log")
	log := &restored{Log: server.Log(), server: server}
	s, err := replica.Open(context.WithoutCancel(t.Context()), log, newDisk(t.TempDir()), fast)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // the test has ended
	for range 3 {
		appendOne(t, s, r)
	}
	log.armed.Store(true)
	appendOne(t, s, r)
	if n := count(t, s); n != 1 {
		t.Errorf("%d reports are there, want the one that came after the log was restored", n)
	}
}

// TestErasedLeavesTheLog: after an erasure one checkpoint is enough, and the log holds no part from before it, be it of a checkpoint
// that was never finished.
func TestErasedLeavesTheLog(t *testing.T) {
	t.Parallel()
	server := memlog.NewServer("log")
	s := replicas(t, server, 1)[0]
	all := reports(rand.New(rand.NewPCG(8, 0)), 20)
	if err := s.AppendReports(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	if err := s.Checkpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	erased := all[0].AccountID
	lost, err := s.Losing(t.Context(), store.Removal{ClientID: client, AccountID: erased, Before: store.Never})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.EraseAccount(t.Context(), client, erased, 1_700_000_000_000, store.Kept{Lost: lost}); err != nil {
		t.Fatal(err)
	}
	server.SetFault(func(call string, _ bool) error {
		if call == "MoveBase" {
			return errors.New("cut off")
		}
		return nil
	})
	if err := s.Checkpoint(t.Context()); err == nil {
		t.Fatal("a checkpoint was made though the base did not move")
	}
	server.SetFault(func(call string, _ bool) error {
		if call == "RemoveParts" {
			return errors.New("cut off")
		}
		return nil
	})
	if err := s.Checkpoint(t.Context()); err == nil {
		t.Fatal("parts were removed though that fails")
	}
	server.SetFault(nil)
	if err := s.Checkpoint(t.Context()); err != nil { // nothing happened since: it only finishes the one before
		t.Fatal(err)
	}
	left, err := server.Log().Parts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	used := usedParts(t, server, left)
	for _, name := range left {
		if !used[name] {
			t.Errorf("part %s is left, of which nobody has any use", name)
		}
	}
	if got, want := count(t, replicas(t, server, 1)[0]), count(t, s); got != want {
		t.Errorf("a new replica counts %d reports, want %d", got, want)
	}
}

// usedParts are those that the newest manifest names, and it.
func usedParts(t *testing.T, server *memlog.Server, names []string) map[string]bool {
	t.Helper()
	var newest string
	for _, name := range names {
		if strings.HasSuffix(name, "/manifest") {
			newest = max(newest, name)
		}
	}
	content, err := server.Log().Part(t.Context(), newest)
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct{ Stored map[string]string }
	if err := json.NewDecoder(content).Decode(&manifest); err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{newest: true}
	for _, name := range manifest.Stored {
		used[name] = true
	}
	return used
}

// TestAdmissionKnowsWhatWasAcknowledged: whether reports may be accepted, and with which tariffs, follows from all that anybody was
// acknowledged before, also on a replica that has only just begun or has not looked at the log since.
func TestAdmissionKnowsWhatWasAcknowledged(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	server := memlog.NewServer("log")
	a := replicas(t, server, 1)[0]
	closed := catalog.NewClient(client)
	closed.CollectionEnabled = false
	batch := catalog.Batch{ClientID: client, Client: &closed, Accounts: []catalog.Account{{ID: 1, Active: true, Tariffs: []int32{3}, ChangedAt: 1}}}
	if err := a.ApplyCatalog(ctx, batch); err != nil {
		t.Fatal(err)
	}
	lazy := fast
	lazy.Follow = time.Hour
	b, err := replica.Open(context.WithoutCancel(ctx), server.Log(), newDisk(t.TempDir()), lazy)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close() //nolint:errcheck // the test has ended
	for _, enabled := range []bool{false, true, false} {
		closed.CollectionEnabled = enabled
		batch.Accounts[0].ChangedAt++
		batch.Accounts[0].Tariffs[0]++
		if err := a.ApplyCatalog(ctx, batch); err != nil {
			t.Fatal(err)
		}
		if got, err := b.CollectionEnabled(ctx, client); err != nil || got != enabled {
			t.Errorf("collection enabled: %t, %v, want %t", got, err, enabled)
		}
		one := reports(rand.New(rand.NewPCG(9, 0)), 1)
		one[0].AccountID, one[0].Tariffs = 1, nil
		if err := b.StampTariffs(ctx, one, 1000); err != nil || !slices.Equal(one[0].Tariffs, batch.Accounts[0].Tariffs) {
			t.Errorf("stamped with %v, %v, want %v", one[0].Tariffs, err, batch.Accounts[0].Tariffs)
		}
	}
}
