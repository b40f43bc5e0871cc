package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

// streamOptions are what simulate and replay have in common.
type streamOptions struct {
	Server   string        `default:"127.0.0.1:50051" help:"Address of the server, host:port."`
	Streams  int           `default:"4" help:"Streams that share the work, 1 to 1000."`
	Batch    int           `default:"1000" help:"Reports in one message, 1 to 10000."`
	RetryFor time.Duration `default:"1m" help:"How long to try again where the server cannot be reached, before giving up. From 0s."`
}

func (o *streamOptions) validate() error {
	return errors.Join(
		address("--server", o.Server),
		within("--streams", o.Streams, 1, 1000),
		within("--batch", o.Batch, 1, 10_000),
		within("--retry-for", o.RetryFor, 0, 365*24*time.Hour),
	)
}

// source gives batches to a channel until it has no more. It returns ctx's error when nobody takes them any longer.
type source func(ctx context.Context, batches chan<- []*tvstatsv1.ViewEvent) error

// stream sends all that the source gives, shared out among the streams, and sums up what became of it. The order in which
// reports of one session arrive does not matter, so that any stream may take any batch.
func (o *streamOptions) stream(ctx context.Context, client tvstatsv1.ViewStatsClient, from source, shown *progress) (tally, error) {
	sending, ctx := errgroup.WithContext(ctx)
	batches, read := make(chan []*tvstatsv1.ViewEvent), make(chan error, 1)
	reading, stop := context.WithCancel(ctx)
	go func() {
		defer close(batches)
		read <- from(reading, batches)
	}()
	senders, config := make([]*sender, o.Streams), o.senderConfig(shown)
	for i := range senders {
		senders[i] = newSender(client, config)
		senders[i].config.Random = rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())) //nolint:gosec // scatters retries, no secret
		sending.Go(func() error { return senders[i].Run(ctx, batches) })
	}
	err := sending.Wait()
	stop()
	if readErr := <-read; err == nil { // else it was stopped for that
		err = readErr
	}
	total := newTally()
	for _, s := range senders {
		total.merge(s.Tally())
	}
	return total, readable(err)
}

// senderConfig is what all streams have in common. When they break, they break together, and again and again: that is told
// now and then, not each time.
func (o *streamOptions) senderConfig(shown *progress) senderConfig {
	sometimes := rate.Sometimes{Interval: 5 * time.Second}
	return senderConfig{
		InFlight:     8,
		FirstRetry:   200 * time.Millisecond,
		LastRetry:    5 * time.Second,
		GiveUp:       max(o.RetryFor, 1), // 0 would be for ever
		Acknowledged: shown.Acknowledged,
		Broken: func(err error, _ time.Duration) {
			sometimes.Do(func() { shown.Note("Streaming was interrupted and is tried again: %v", readable(err)) })
		},
	}
}

// give hands a batch over.
func give(ctx context.Context, batches chan<- []*tvstatsv1.ViewEvent, events []*tvstatsv1.ViewEvent) error {
	select {
	case batches <- events:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// print sums up a tally for people, if there is anything in it.
func (t *tally) print(out io.Writer, took time.Duration) {
	if t.Batches == 0 {
		return
	}
	perSecond := float64(t.Events()) / max(took.Seconds(), 1e-3)
	fmt.Fprintf(out, "%s reports acknowledged in %.1f s, %s a second\n", count(t.Events()), took.Seconds(), count(int64(perSecond)))
	fmt.Fprintf(out, "  accepted %s\n", count(t.Accepted))
	for _, reason := range slices.Sorted(maps.Keys(t.Rejected)) {
		fmt.Fprintf(out, "  rejected %s: %s, for example\n", count(t.Rejected[reason].Count), reason)
		for _, sample := range t.Rejected[reason].Samples {
			fmt.Fprintf(out, "    %s\n", sample)
		}
	}
}
