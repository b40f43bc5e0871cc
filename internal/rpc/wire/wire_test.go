package wire

import (
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
	"github.com/tvstats/tvstats/internal/viewing"
)

// FuzzDecodeEvents holds the decoder of the busiest message to the generated code: it accepts what that accepts, and
// reads the same.
func FuzzDecodeEvents(f *testing.F) {
	seed, err := proto.Marshal(rpctest.Events(3))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add([]byte("\x08\x05\x12\x04\x62\x02\x01\x02"))                         // packed tariffs
	f.Add([]byte("\x12\x06\x60\x07\x60\x08\x58\x01\x12\x00\x1a\x00"))         // tariffs one by one, an empty event, an unknown field
	f.Add([]byte("\x12\x06\x32\x02\x08\x01\x32\x00"))                         // a timestamp in two parts
	f.Add([]byte("\x12\x0c\x6a\x04\x08\x05\x10\x07\x72\x04\x08\x01\x10\x02")) // last_activity_at and position_at
	f.Fuzz(func(t *testing.T, message []byte) {
		batch := &EventBatch{Limit: 100}
		batch.decode(message)
		var want tvstatsv1.StreamEventsRequest
		if err := proto.Unmarshal(message, &want); err != nil {
			return // invalid UTF-8 alone is refused event by event here
		}
		if batch.invalid != nil {
			t.Fatalf("refused: %v", batch.invalid)
		}
		if batch.ID != want.BatchId || batch.count != len(want.Events) {
			t.Fatalf("batch %d of %d events, want %d of %d", batch.ID, batch.count, want.BatchId, len(want.Events))
		}
		for i, e := range batch.Events {
			if got := eventProto(e); !proto.Equal(got, known(want.Events[i])) {
				t.Fatalf("event %d: got %v, want %v", i, got, want.Events[i])
			}
		}
	})
}

// eventProto turns a decoded event back.
func eventProto(e viewing.Event) *tvstatsv1.ViewEvent {
	m := &tvstatsv1.ViewEvent{
		ClientId: e.ClientID, AccountId: e.AccountID, DeviceUid: e.DeviceUID, Device: e.Device, ChannelId: e.ChannelID,
		Mode: tvstatsv1.ViewMode(e.ModeNumber), ProgrammeId: e.ProgrammeID, Ended: e.Ended, Tariffs: e.Tariffs,
		StartedAt: eventTime(e.Started), At: eventTime(e.Reported),
		LastActivityAt: eventTime(e.LastActivity), PositionAt: eventTime(e.Position),
	}
	if e.WatchedSet {
		m.WatchedSeconds = &e.Watched
	}
	return m
}

func eventTime(t viewing.Timestamp) *timestamppb.Timestamp {
	if !t.Set {
		return nil
	}
	return &timestamppb.Timestamp{Seconds: t.Seconds, Nanos: t.Nanos}
}

// known is the event without the fields that it does not declare, which the decoder ignores.
func known(e *tvstatsv1.ViewEvent) *tvstatsv1.ViewEvent {
	e.ProtoReflect().SetUnknown(nil)
	for _, t := range []*timestamppb.Timestamp{e.StartedAt, e.At, e.LastActivityAt, e.PositionAt} {
		if t != nil {
			t.ProtoReflect().SetUnknown(nil)
		}
	}
	return e
}
