// Package ingest takes view events in: it refuses what is wrong, gathers what is right from all streams into groups, and
// lets a batch be acknowledged only when its group is on stable storage.
package ingest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// ErrClosed means that the service stops and takes nothing in any more.
var ErrClosed = errors.New("the service is shutting down")

// Store is what ingest needs of the engine.
type Store interface {
	store.SessionWriter
	store.Subscriptions
	store.Erasures
}

// Config bounds what ingest holds in memory and how long it waits.
type Config struct {
	Rules         viewing.Rules
	CommitReports int           // a group is committed when it holds so many reports …
	CommitDelay   time.Duration // … or when its first batch has waited so long
	QueueReports  int           // reports that may wait for a commit, over all streams; more wait in their streams
}

// Rejected is an event that was refused.
type Rejected struct {
	Index int // in the batch
	viewing.Rejection
}

// Ingest gathers the batches of all streams. It serves any number of goroutines.
type Ingest struct {
	store    Store
	config   Config
	observer Observer
	queue    *queue
	done     chan struct{} // closed when the last group is committed
}

// New starts an ingest that ends with Close.
func New(s Store, config Config, observer Observer) *Ingest {
	in := &Ingest{
		store: s, config: config, observer: observer,
		queue: newQueue(config.QueueReports), done: make(chan struct{}),
	}
	go in.commitAll()
	return in
}

// Admit appends the valid events to reports, complete with the tariffs of their accounts, and returns them with those
// that it refused. An error concerns the whole batch. may reports whether the sender may report for a client; now is the
// service's clock.
func (in *Ingest) Admit(
	ctx context.Context, events []viewing.Event, reports []viewing.Report, may func(client int32) bool, now viewing.Millis,
) ([]viewing.Report, []Rejected, error) {
	var rejected []Rejected
	before := len(reports)
	enabled := collection{store: in.store, may: may, refused: map[int32]*viewing.Rejection{}}
	for i := range events {
		report, err := events[i].Report(in.config.Rules, now)
		if err == nil {
			err = enabled.check(ctx, report.ClientID)
		}
		if err == nil {
			err = in.rejectErased(ctx, report)
		}
		if refused := (*viewing.Rejection)(nil); errors.As(err, &refused) {
			rejected = append(rejected, Rejected{Index: i, Rejection: *refused})
			in.observer.Rejected(refused.Reason)
			continue
		}
		if err != nil {
			return nil, nil, fmt.Errorf("admit events: %w", err)
		}
		reports = append(reports, report)
	}
	if err := in.store.StampTariffs(ctx, reports, now); err != nil {
		return nil, nil, fmt.Errorf("stamp tariffs: %w", err)
	}
	in.observer.Admitted(reports[before:])
	return reports, rejected, nil
}

// collection remembers for every client of the batch whether its viewing may be stored, which a store may have to request from others.
type collection struct {
	store   store.Subscriptions
	may     func(client int32) bool
	refused map[int32]*viewing.Rejection // nil = may be accepted
}

// check returns a *viewing.Rejection for a client whose viewing is not taken in.
func (c *collection) check(ctx context.Context, client int32) error {
	refused, known := c.refused[client]
	if !known {
		var err error
		if refused, err = c.ask(ctx, client); err != nil {
			return err
		}
		c.refused[client] = refused
	}
	if refused != nil {
		return refused
	}
	return nil
}

func (c *collection) ask(ctx context.Context, client int32) (*viewing.Rejection, error) {
	if !c.may(client) {
		return &viewing.Rejection{
			Reason:  viewing.ReasonPermissionDenied,
			Message: fmt.Sprintf("the token does not cover client %d", client),
		}, nil
	}
	enabled, err := c.store.CollectionEnabled(ctx, client)
	if err != nil || enabled {
		return nil, err
	}
	return &viewing.Rejection{
		Reason:  viewing.ReasonCollectionDisabled,
		Message: fmt.Sprintf("client %d has collection switched off in its catalog", client),
	}, nil
}

// rejectErased refuses the reports of an account that was erased. The store would ignore them; rejected here, the gateway sees why.
func (in *Ingest) rejectErased(ctx context.Context, report viewing.Report) error {
	erased, err := in.store.IsErased(ctx, report.ClientID, report.AccountID)
	if erased {
		return &viewing.Rejection{
			Reason:  viewing.ReasonInvalidEvent,
			Message: "the account was erased; no data about it is accepted any more",
		}
	}
	return err
}

// Submit queues reports for the next group and returns where its outcome will be sent: nil when all of them are on stable
// storage, else why none of them is. It waits while the queue is full; that is how a slow disk slows the streams down.
// The reports belong to ingest until the outcome is received.
func (in *Ingest) Submit(ctx context.Context, reports []viewing.Report) (<-chan error, error) {
	b := batch{reports: reports, outcome: make(chan error, 1)}
	if len(reports) == 0 {
		b.outcome <- nil
		return b.outcome, nil
	}
	if err := in.queue.push(ctx, b); err != nil {
		return nil, err
	}
	return b.outcome, nil
}

// Pending is the number of reports that wait for a commit.
func (in *Ingest) Pending() int { return int(in.queue.pending.Load()) }

// Close takes nothing in any more, commits what was queued and returns when that is on stable storage.
func (in *Ingest) Close() {
	in.queue.close()
	<-in.done
}

// commitAll commits one group after the other until the queue is closed and empty.
func (in *Ingest) commitAll() {
	defer close(in.done)
	var group []viewing.Report
	for {
		batches := in.queue.take(in.config.CommitReports, in.config.CommitDelay)
		if batches == nil {
			return
		}
		group = in.commit(batches, group[:0])
	}
}

// commit stores the batches as one group and sends each its outcome. No caller's context may stop it: other streams' reports
// are in it too. It returns the group for reuse.
func (in *Ingest) commit(batches []batch, group []viewing.Report) []viewing.Report {
	for _, b := range batches {
		group = append(group, b.reports...)
	}
	start := time.Now() //nolint:forbidigo // how long a commit takes is measured, and in no figure
	err := in.store.AppendReports(context.Background(), group)
	in.observer.Committed(len(group), time.Since(start), err) //nolint:forbidigo // likewise
	in.queue.release(batches)                                 // before the outcome is sent: from then on the reports are no longer ours
	for _, b := range batches {
		b.outcome <- err
	}
	clear(group) // lets go of the strings
	return group
}
