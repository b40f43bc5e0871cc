package replica_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/store/replica"
	"github.com/tvstats/tvstats/internal/store/replica/memlog"
)

// cautiousDisk is the disk of an older version, or of a machine that has too few descriptors; it counts what is removed.
type cautiousDisk struct {
	disk
	lacks, old *atomic.Bool
	removed    *atomic.Int64
}

func (d cautiousDisk) Open(ctx context.Context) (replica.Local, error) {
	if d.lacks.Load() {
		return nil, fmt.Errorf("%w: too many open files", store.ErrUnavailable)
	}
	return d.disk.Open(ctx)
}

func (d cautiousDisk) Check(m store.Manifest) error {
	if d.old.Load() {
		return store.ErrNewerSchema
	}
	return d.disk.Check(m)
}

func (d cautiousDisk) Remove() error {
	d.removed.Add(1)
	return d.disk.Remove()
}

// TestCopyIsKept: a copy is not removed for a checkpoint that cannot be loaded, nor for what the machine lacks.
func TestCopyIsKept(t *testing.T) {
	t.Parallel()
	server := memlog.NewServer("log")
	a, r := replicas(t, server, 1)[0], rand.New(rand.NewPCG(9, 0))
	d := cautiousDisk{newDisk(t.TempDir()), &atomic.Bool{}, &atomic.Bool{}, &atomic.Int64{}}
	start := func() (*replica.Store, error) {
		return replica.Open(context.WithoutCancel(t.Context()), server.Log(), d, fast)
	}
	b, err := start()
	if err != nil {
		t.Fatal(err)
	}
	appendOne(t, a, r)
	if n := count(t, b); n != 1 {
		t.Errorf("%d reports are there", n)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	d.lacks.Store(true)
	if _, err := start(); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("on a machine without descriptors: %v", err)
	}
	d.lacks.Store(false)
	appendOne(t, a, r)
	if err := a.Checkpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.old.Store(true)
	if b, err = start(); err != nil {
		t.Fatal(err)
	}
	defer b.Close() //nolint:errcheck // the test has ended
	if err := b.Ping(t.Context()); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("a checkpoint of a newer version: %v", err)
	}
	if n := d.removed.Load(); n != 0 {
		t.Errorf("the copy was removed %d times", n)
	}
	d.old.Store(false)
	if n := count(t, b); n != 2 {
		t.Errorf("after the upgrade %d reports are there", n)
	}
}
