package app

import (
	"context"
	"io"
	"sync"
	"time"

	"github.com/tvstats/tvstats/internal/backup"
	"github.com/tvstats/tvstats/internal/rpc/fault"
	"github.com/tvstats/tvstats/internal/store"
)

// backups makes backups of the store, one at a time: each holds on to a moment of the store, which costs space on disk.
type backups struct {
	store   store.Store
	now     func() time.Time
	metrics *backupMetrics
	running sync.Mutex
}

// one has a backup made of what was acknowledged before the call, and counts how that ended: as a backup only when all of making it
// has succeeded.
func (b *backups) one(ctx context.Context, begun time.Time, makeOne func(write func(io.Writer) error) error) error {
	from, can := b.store.(store.Snapshotter)
	if !can {
		return backup.ErrUnsupported
	}
	if !b.running.TryLock() {
		return &fault.Exhausted{What: "another backup is being made; call again when it has ended"}
	}
	defer b.running.Unlock()
	err := makeOne(func(out io.Writer) error {
		_, err := backup.Write(ctx, out, from, begun)
		return err
	})
	b.metrics.made(begun, err)
	return err
}

// send makes a backup for a caller. It is one when its end was sent, too.
func (b *backups) send(ctx context.Context, out io.Writer, end func() error) error {
	return b.one(ctx, b.now(), func(write func(io.Writer) error) error {
		if err := write(out); err != nil {
			return err
		}
		return end()
	})
}
