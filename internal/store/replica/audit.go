package replica

import (
	"context"
	"errors"
	"time"

	"github.com/tvstats/tvstats/internal/store"
)

// audits looks at each checkpoint that another replica made: whether the days that it wrote are the same here. Replicas that applied
// the same log and differ are wrong in a way that nothing else would notice.
type audits struct {
	of    *Store
	bases chan Base       // holds the newest one that was not looked at yet
	seen  map[string]bool // names of the parts that were compared, or came from the log or from here
}

func newAudits(of *Store) *audits { return &audits{of: of, bases: make(chan Base, 1)} }

// newest has the checkpoint looked at that became the base.
func (a *audits) newest(base Base) {
	select {
	case <-a.bases: // an older one, whose parts the newer one names as far as they still count
	default:
	}
	a.bases <- base // only the goroutine that follows the log sends
}

// run looks at checkpoints until the store is closed.
func (a *audits) run() {
	for {
		select {
		case base := <-a.bases:
			if err := a.audit(base); err != nil && !errors.Is(err, store.ErrNotFound) && a.of.work.Err() == nil {
				a.of.options.Log.Warn("a checkpoint could not be compared with this replica", "position", base.Position, "error", err)
			}
		case <-a.of.work.Done():
			return
		}
	}
}

// audit compares the days that were written anew for the checkpoint. Of the first one that is seen it compares all, but where this
// replica began with it.
func (a *audits) audit(base Base) error {
	m, err := a.of.manifest(base)
	if err != nil || m == nil {
		return err
	}
	a.of.checkpointAt.Store(m.MadeAt.UnixMilli())
	if m.Builder != a.of.owner {
		if err := a.compare(a.of.work, base, m); err != nil {
			return err
		}
	}
	a.seen = map[string]bool{}
	for _, name := range m.Stored {
		a.seen[name] = true
	}
	return nil
}

func (a *audits) compare(ctx context.Context, base Base, m *manifest) error {
	state, at, err := a.of.snapshot(ctx)
	if err != nil {
		return err
	}
	defer state.Close() //nolint:errcheck // it was only read
	if at.LogID != base.LogID || at.Position < base.Position {
		return nil // the local store is about to be made again
	}
	if loaded := a.of.loaded.Load(); loaded != nil && *loaded == base.Manifest {
		return nil
	}
	differing, err := state.Differing(ctx, m.State, func(part store.Part) bool { return !a.seen[m.Stored[part.Name]] })
	for _, name := range differing {
		a.of.differing.Add(1)
		a.of.options.Log.Error("this replica holds other data than the one that made the checkpoint, though both applied the same log; "+
			"stop one of the two, remove its replica.duckdb and start it again",
			"part", name, "position", base.Position, "checkpoint made at", m.MadeAt.Format(time.RFC3339))
	}
	return err
}
