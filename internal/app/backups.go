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

// write writes a backup of what was acknowledged before the call.
func (b *backups) write(ctx context.Context, out io.Writer) error {
	from, can := b.store.(store.Snapshotter)
	if !can {
		return backup.ErrUnsupported
	}
	if !b.running.TryLock() {
		return &fault.Exhausted{What: "another backup is being made; call again when it has ended"}
	}
	defer b.running.Unlock()
	begun := b.now()
	_, err := backup.Write(ctx, out, from, begun)
	b.metrics.made(begun, err)
	return err
}
