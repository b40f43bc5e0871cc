// Package convert turns messages of the API into types of the domain and back. It decides nothing and calls nothing.
package convert

import (
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/tvstats/tvstats/internal/viewing"
)

// All converts each item.
func All[T, P any](items []T, convert func(T) P) []P {
	converted := make([]P, len(items))
	for i, item := range items {
		converted[i] = convert(item)
	}
	return converted
}

// Time is an instant as a message.
func Time(t viewing.Millis) *timestamppb.Timestamp { return timestamppb.New(t.Time()) }

// knownTime is an instant as a message; nil where it is not known.
func knownTime(t viewing.Millis) *timestamppb.Timestamp {
	if t == 0 {
		return nil
	}
	return Time(t)
}

// TimeOr is an optional time of a request, or what its absence means.
func TimeOr(t *timestamppb.Timestamp, absent viewing.Millis) viewing.Millis {
	if t == nil {
		return absent
	}
	return viewing.At(t.AsTime())
}
