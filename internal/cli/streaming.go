package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/flags"
	"github.com/tvstats/tvstats/internal/plaintext"
	"github.com/tvstats/tvstats/sender"
)

// Streaming is what commands that stream view events have in common.
type Streaming struct {
	Connection
	Streams  int           `default:"4" help:"Streams that share the work, 1 to 1000."`
	Batch    int           `default:"1000" help:"Reports in one message, 1 to 10000."`
	RetryFor time.Duration `default:"1m" help:"How long to try again where the server cannot be reached, before giving up. From 0s."`

	// Answered, if set, is called with each batch that is on stable storage. Streams call it at the same time.
	Answered func([]*tvstatsv1.ViewEvent, []*tvstatsv1.RejectedEvent) `kong:"-"`
}

// Validate reports every flag that cannot work.
func (o *Streaming) Validate() error {
	return errors.Join(
		o.Connection.Validate(),
		flags.Within("--streams", o.Streams, 1, 1000),
		flags.Within("--batch", o.Batch, 1, 10_000),
		flags.Within("--retry-for", o.RetryFor, 0, 365*24*time.Hour),
	)
}

// Source gives batches to a channel until it has no more. It returns ctx's error when they are no longer read.
type Source func(ctx context.Context, batches chan<- []*tvstatsv1.ViewEvent) error

// Stream sends all that the source gives, shared out among the streams, and sums up what became of it. The order in which
// reports of one session arrive does not matter, so that any stream may take any batch.
func (o *Streaming) Stream(ctx context.Context, client tvstatsv1.ViewStatsClient, from Source, shown *Progress) (sender.Tally, error) {
	sending, ctx := errgroup.WithContext(ctx)
	batches, read := make(chan []*tvstatsv1.ViewEvent), make(chan error, 1)
	reading, stop := context.WithCancel(ctx)
	go func() {
		defer close(batches)
		read <- from(reading, batches)
	}()
	senders, config := make([]*sender.Sender, o.Streams), o.senderConfig(shown)
	for i := range senders {
		senders[i] = sender.New(client, config)
		sending.Go(func() error { return senders[i].Run(ctx, batches) })
	}
	err := sending.Wait()
	stop()
	if readErr := <-read; err == nil { // else it was stopped for that
		err = readErr
	}
	var total sender.Tally
	for _, s := range senders {
		total.Merge(s.Tally())
	}
	return total, err
}

// senderConfig is what all streams have in common. When they break, they break together, and again and again: that is logged
// now and then, not each time.
func (o *Streaming) senderConfig(shown *Progress) sender.Config {
	sometimes := rate.Sometimes{Interval: 5 * time.Second}
	return sender.Config{
		GiveUp: max(o.RetryFor, 1), // 0 would be for ever
		Acknowledged: func(events []*tvstatsv1.ViewEvent, rejected []*tvstatsv1.RejectedEvent) {
			if o.Answered != nil {
				o.Answered(events, rejected)
			}
			shown.Acknowledged(len(events))
		},
		Broken: func(err error, _ time.Duration) {
			sometimes.Do(func() {
				shown.Note("Streaming was interrupted and is tried again, for %s (--retry-for): %v", o.RetryFor, Readable(err))
			})
		},
	}
}

// Give hands a batch over.
func Give(ctx context.Context, batches chan<- []*tvstatsv1.ViewEvent, events []*tvstatsv1.ViewEvent) error {
	select {
	case batches <- events:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// PrintTally sums up a tally for people, if there is anything in it.
func PrintTally(out io.Writer, t *sender.Tally, took time.Duration) {
	if t.Batches == 0 {
		return
	}
	perSecond := float64(t.Events()) / max(took.Seconds(), 1e-3)
	fmt.Fprintf(out, "%s reports acknowledged in %.1f s, %s a second\n", Count(t.Events()), took.Seconds(), Count(int64(perSecond)))
	fmt.Fprintf(out, "  accepted %s\n", Count(t.Accepted))
	for _, reason := range slices.Sorted(maps.Keys(t.Rejected)) {
		fmt.Fprintf(out, "  rejected %s: %s, for example\n", Count(t.Rejected[reason].Count), reason)
		for _, sample := range t.Rejected[reason].Samples {
			fmt.Fprintf(out, "    %s\n", plaintext.ForTerminal(sample))
		}
	}
}
