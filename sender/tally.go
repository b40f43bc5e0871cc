package sender

import (
	"fmt"
	"time"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

// Tally is what the service made of the events that it acknowledged. The zero value has counted nothing.
type Tally struct {
	Batches  int64
	Accepted int64
	Rejected map[string]*Rejections // by reason
}

// Rejections are the events that were refused for one reason.
type Rejections struct {
	Count   int64
	Samples []string // the first few, each saying which event it was
}

// maxSamples of rejections are kept for each reason.
const maxSamples = 3

// Events is how many events were acknowledged, accepted and rejected together.
func (t *Tally) Events() int64 {
	events := t.Accepted
	for _, r := range t.Rejected {
		events += r.Count
	}
	return events
}

// add counts an acknowledged batch.
func (t *Tally) add(b batch, response *tvstatsv1.StreamEventsResponse) error {
	if sum := int(response.Accepted) + len(response.Rejected); sum != len(b.events) {
		return fmt.Errorf("it counted %d events in batch %d, which has %d", sum, b.id, len(b.events))
	}
	for _, r := range response.Rejected {
		if int(r.Index) >= len(b.events) {
			return fmt.Errorf("it rejected event %d of batch %d, which has %d", r.Index, b.id, len(b.events))
		}
		t.reject(r.Reason, 1, sample(b.events[r.Index], r.Message))
	}
	t.Batches++
	t.Accepted += int64(response.Accepted)
	return nil
}

// Merge adds what another sender counted.
func (t *Tally) Merge(other Tally) {
	t.Batches += other.Batches
	t.Accepted += other.Accepted
	for reason, r := range other.Rejected {
		t.reject(reason, r.Count, r.Samples...)
	}
}

func (t *Tally) reject(reason string, count int64, samples ...string) {
	r := t.Rejected[reason]
	if r == nil {
		if t.Rejected == nil {
			t.Rejected = map[string]*Rejections{}
		}
		r = &Rejections{}
		t.Rejected[reason] = r
	}
	r.Count += count
	r.Samples = append(r.Samples, samples[:min(len(samples), maxSamples-len(r.Samples))]...)
}

func sample(event *tvstatsv1.ViewEvent, message string) string {
	return fmt.Sprintf("account %d, channel %d, started %s: %s",
		event.AccountId, event.ChannelId, event.StartedAt.AsTime().Format(time.RFC3339), message)
}
