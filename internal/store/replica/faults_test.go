package replica_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"

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

