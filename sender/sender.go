package sender

import (
	"context"
	"errors"
	"fmt"
	"time"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

// Sender is a gateway's side of ViewStats.StreamEvents. It keeps every batch until the service has acknowledged it, and
// when the stream breaks it connects again and sends all that it keeps: every event arrives at least once, which by the
// contract is as good as once. One sender is one stream; several may share a connection and a channel of batches.
type Sender struct {
	client  tvstatsv1.ViewStatsClient
	config  Config
	batches <-chan []*tvstatsv1.ViewEvent // nil once it was closed and is read out
	kept    []batch                       // not acknowledged, oldest first; at most config.InFlight
	lastID  uint64
	tally   Tally
}

// batch is some events under the number by which the service acknowledges them.
type batch struct {
	id       uint64
	events   []*tvstatsv1.ViewEvent
	poisoned []*tvstatsv1.RejectedEvent // of the events, those that cannot be encoded and so are not sent
}

// New makes a sender for one Run.
func New(client tvstatsv1.ViewStatsClient, config Config) *Sender {
	return &Sender{client: client, config: config.withDefaults()}
}

// Run sends batches until their channel is closed and all are acknowledged. It returns an error when the service refuses
// the stream for good, when it gives up, or when ctx ends; what is not in the tally then may or may not be stored. Batches
// belong to the sender from when it takes them. It can run once.
func (s *Sender) Run(ctx context.Context, batches <-chan []*tvstatsv1.ViewEvent) error {
	s.batches = batches
	retry := retries{config: s.config}
	for {
		if err := s.awaitWork(ctx); err != nil || s.finished() {
			return err
		}
		began, acknowledged := time.Now(), s.tally.Batches
		err := s.stream(ctx)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case s.finished():
			return nil
		case errors.Is(err, errPoisoned):
			continue // without what cannot be encoded
		case !passes(err):
			return fmt.Errorf("the service refused the stream: %w", err)
		case s.tally.Batches > acknowledged:
			retry, began = retries{config: s.config}, time.Now() // it gives up so long after it broke
		}
		if err := retry.wait(ctx, began, err); err != nil {
			return err
		}
	}
}

// Tally is what has become of the events so far. It may be read while the sender does not run, or in its functions.
func (s *Sender) Tally() Tally { return s.tally }

func (s *Sender) finished() bool { return s.batches == nil && len(s.kept) == 0 }

// awaitWork returns when there is something to send, or nothing will ever be: services end streams that stay silent.
func (s *Sender) awaitWork(ctx context.Context) error {
	if s.batches == nil || len(s.kept) > 0 {
		return nil
	}
	select {
	case events, more := <-s.batches:
		s.keep(events, more)
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// keep puts events among what is to be acknowledged, or notes that there will be no more.
func (s *Sender) keep(events []*tvstatsv1.ViewEvent, more bool) {
	if !more {
		s.batches = nil
		return
	}
	s.lastID++
	s.kept = append(s.kept, batch{id: s.lastID, events: events})
}
