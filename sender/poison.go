package sender

import (
	"errors"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

// reasonInvalid is why the service rejects events that break a rule; one that cannot be encoded breaks the first of all.
const reasonInvalid = "INVALID_EVENT"

var (
	// errPoisoned means that a batch held events that cannot be encoded. It is rid of them: the next stream does better.
	errPoisoned = errors.New("the batch held events that cannot be encoded")
	// errUnsendable means that a batch cannot be sent for a reason that is in no single event; no stream will ever do better.
	errUnsendable = errors.New("the batch cannot be sent")
)

// isolate finds the events that cannot be encoded, for example because a text is no UTF-8. It is false where there are no
// more of them than are known.
func (b *batch) isolate() bool {
	known := len(b.poisoned)
	b.poisoned = nil
	for i, event := range b.events {
		if _, err := proto.Marshal(event); err != nil {
			b.poisoned = append(b.poisoned, &tvstatsv1.RejectedEvent{
				Index: uint32(i), Reason: reasonInvalid, Message: fmt.Sprintf("the event cannot be encoded: %v", err), //nolint:gosec // an index
			})
		}
	}
	return len(b.poisoned) > known
}

// places are the indexes of the events that can be encoded.
func (b *batch) places() []int {
	left, places := b.poisoned, make([]int, 0, len(b.events))
	for i := range b.events {
		if len(left) > 0 && int(left[0].Index) == i {
			left = left[1:]
			continue
		}
		places = append(places, i)
	}
	return places
}

// sendable are the events that can be encoded.
func (b *batch) sendable() []*tvstatsv1.ViewEvent {
	if len(b.poisoned) == 0 {
		return b.events
	}
	var events []*tvstatsv1.ViewEvent
	for _, i := range b.places() {
		events = append(events, b.events[i])
	}
	return events
}

// whole is a response of the service as one about all events of the batch, those that were not sent among the rejected.
func (b *batch) whole(response *tvstatsv1.StreamEventsResponse) (*tvstatsv1.StreamEventsResponse, error) {
	if len(b.poisoned) == 0 {
		return response, nil
	}
	places, rejected := b.places(), slices.Clone(b.poisoned)
	for _, r := range response.Rejected {
		if int(r.Index) >= len(places) {
			return nil, fmt.Errorf("it rejected event %d of batch %d, of which it got %d", r.Index, b.id, len(places))
		}
		rejected = append(rejected, &tvstatsv1.RejectedEvent{
			Index: uint32(places[r.Index]), Reason: r.Reason, Message: r.Message, //nolint:gosec // an index
		})
	}
	slices.SortFunc(rejected, func(x, y *tvstatsv1.RejectedEvent) int { return int(x.Index) - int(y.Index) })
	return &tvstatsv1.StreamEventsResponse{BatchId: response.BatchId, Accepted: response.Accepted, Rejected: rejected}, nil
}
