// Package wire reads messages off the wire: view events straight into the domain's structs, and all others so that one which
// cannot be read is refused like any other wrong input.
package wire

import (
	"fmt"

	"google.golang.org/grpc/encoding"
	protoencoding "google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/tvstats/tvstats/internal/rpc/fault"
	"github.com/tvstats/tvstats/internal/viewing"
)

// codec gives an eventBatch the bytes of its message and leaves every other message to gRPC's own codec. Decoding view
// events straight into the domain's structs costs no allocation an event; the generated code costs four.
//
// It fails for no message: gRPC would end the call at once, without details, with INTERNAL where a message is malformed, and
// before what came earlier on the stream has its response. A message that cannot be read is passed on with the reason instead,
// and refused like any other wrong input.
type codec struct {
	encoding.CodecV2
	limit int // bytes of a message
}

// NewCodec makes the codec; limit is how many bytes a message may have.
func NewCodec(limit int) encoding.CodecV2 {
	return codec{encoding.GetCodecV2(protoencoding.Name), limit}
}

// Unmarshal implements encoding.CodecV2.
func (c codec) Unmarshal(data mem.BufferSlice, v any) error {
	switch m := v.(type) {
	case *EventBatch:
		c.unmarshalEvents(data, m)
	case proto.Message:
		if size := data.Len(); size > c.limit {
			MarkUnreadable(m, tooLargeField, tooLarge(size, c.limit))
		} else if err := c.CodecV2.Unmarshal(data, v); err != nil {
			MarkUnreadable(m, MalformedField, err.Error())
		}
	default:
		return c.CodecV2.Unmarshal(data, v)
	}
	return nil
}

func (c codec) unmarshalEvents(data mem.BufferSlice, batch *EventBatch) {
	if size := data.Len(); size > c.limit {
		batch.invalid = &fault.Exhausted{What: tooLarge(size, c.limit)}
		return
	}
	message := data.MaterializeToBuffer(mem.DefaultBufferPool())
	defer message.Free()
	batch.decode(message.ReadOnlyData())
}

// EventBatch is a StreamEventsRequest as events of the domain. Its memory is used again for the next message of the
// stream, but for what events point to: names and tariffs live as long as the reports made of them.
type EventBatch struct {
	Limit   int // events that are decoded; more are only counted
	ID      uint64
	Events  []viewing.Event
	count   int
	invalid error // why the message cannot be taken at all

	names   string  // the message; device and device_uid are parts of it
	tariffs []int32 // those of all events, one after the other
}

// Numbers of the fields in view_stats.proto; FuzzDecodeEvents holds them, and all of decode, to the generated code.
const (
	fieldBatchID = 1
	fieldEvents  = 2

	fieldClientID       = 1
	fieldAccountID      = 2
	fieldDeviceUID      = 3
	fieldDevice         = 4
	fieldChannelID      = 5
	fieldStartedAt      = 6
	fieldAt             = 7
	fieldWatchedSeconds = 8
	fieldMode           = 9
	fieldProgrammeID    = 10
	fieldEnded          = 11
	fieldTariffs        = 12
	fieldLastActivityAt = 13
	fieldPositionAt     = 14

	fieldSeconds = 1
	fieldNanos   = 2
)

// decode reads a message; where it cannot, it sets invalid.
func (b *EventBatch) decode(message []byte) {
	b.ID, b.Events, b.count, b.tariffs, b.invalid = 0, b.Events[:0], 0, nil, nil
	b.names = string(message)
	err := eachField(message, 0, func(number protowire.Number, f field) error {
		switch {
		case number == fieldBatchID && f.isVarint():
			b.ID = f.varint
		case number == fieldEvents && f.isBytes():
			return b.decodeEvent(f)
		}
		return nil
	})
	if err != nil {
		b.invalid = fault.InvalidArgument("events", "the message is no StreamEventsRequest: "+err.Error())
	}
}

func (b *EventBatch) decodeEvent(event field) error {
	b.count++
	if b.count > b.Limit {
		return nil
	}
	b.Events = append(b.Events, viewing.Event{})
	e := &b.Events[len(b.Events)-1]
	firstTariff := len(b.tariffs)
	err := eachField(event.bytes, event.offset, func(number protowire.Number, f field) error {
		switch {
		case f.isVarint():
			b.setNumber(e, number, f.varint)
		case f.isBytes():
			return b.setBytes(e, number, f)
		}
		return nil
	})
	e.Tariffs = b.tariffs[firstTariff:len(b.tariffs):len(b.tariffs)]
	return err
}

func (b *EventBatch) setNumber(e *viewing.Event, number protowire.Number, v uint64) {
	switch number {
	case fieldClientID:
		e.ClientID = int32(v)
	case fieldAccountID:
		e.AccountID = int64(v)
	case fieldChannelID:
		e.ChannelID = int32(v)
	case fieldWatchedSeconds:
		e.Watched, e.WatchedSet = int64(v), true
	case fieldMode:
		e.ModeNumber = int32(v)
	case fieldProgrammeID:
		e.ProgrammeID = int64(v)
	case fieldEnded:
		e.Ended = v != 0
	case fieldTariffs:
		b.tariffs = append(b.tariffs, int32(v))
	}
}

func (b *EventBatch) setBytes(e *viewing.Event, number protowire.Number, f field) error {
	switch number {
	case fieldDeviceUID:
		e.DeviceUID = b.names[f.offset : f.offset+len(f.bytes)]
	case fieldDevice:
		e.Device = b.names[f.offset : f.offset+len(f.bytes)]
	case fieldStartedAt:
		return setTimestamp(&e.Started, f)
	case fieldAt:
		return setTimestamp(&e.Reported, f)
	case fieldLastActivityAt:
		return setTimestamp(&e.LastActivity, f)
	case fieldPositionAt:
		return setTimestamp(&e.Position, f)
	case fieldTariffs:
		return b.addPacked(f.bytes)
	}
	return nil
}

func (b *EventBatch) addPacked(packed []byte) error {
	for len(packed) > 0 {
		v, n := protowire.ConsumeVarint(packed)
		if n < 0 {
			return protowire.ParseError(n)
		}
		b.tariffs = append(b.tariffs, int32(v))
		packed = packed[n:]
	}
	return nil
}

func setTimestamp(t *viewing.Timestamp, message field) error {
	t.Set = true
	return eachField(message.bytes, message.offset, func(number protowire.Number, f field) error {
		switch {
		case number == fieldSeconds && f.isVarint():
			t.Seconds = int64(f.varint)
		case number == fieldNanos && f.isVarint():
			t.Nanos = int32(f.varint)
		}
		return nil
	})
}

// field is the value of one field of a message.
type field struct {
	kind   protowire.Type
	varint uint64
	bytes  []byte
	offset int // of bytes in the whole message
}

func (f field) isVarint() bool { return f.kind == protowire.VarintType }
func (f field) isBytes() bool  { return f.kind == protowire.BytesType }

// eachField calls set for every field of a message that begins at offset. As protobuf demands, set ignores fields that
// it does not know or whose wire type is not the declared one.
func eachField(message []byte, offset int, set func(protowire.Number, field) error) error {
	for at := 0; at < len(message); {
		number, kind, n := protowire.ConsumeTag(message[at:])
		if n < 0 {
			return malformed(offset+at, n)
		}
		at += n
		f := field{kind: kind}
		switch kind {
		case protowire.VarintType:
			f.varint, n = protowire.ConsumeVarint(message[at:])
		case protowire.BytesType:
			f.bytes, n = protowire.ConsumeBytes(message[at:])
		default:
			n = protowire.ConsumeFieldValue(number, kind, message[at:])
		}
		if n < 0 {
			return malformed(offset+at, n)
		}
		at += n
		f.offset = offset + at - len(f.bytes)
		if err := set(number, f); err != nil {
			return err
		}
	}
	return nil
}

func malformed(offset, code int) error {
	return fmt.Errorf("byte %d: %w", offset, protowire.ParseError(code))
}

// Check returns what of the message concerns the whole stream.
func (b *EventBatch) Check() error {
	switch {
	case b.invalid != nil:
		return b.invalid
	case b.count > b.Limit:
		return fault.InvalidArgument("events", fmt.Sprintf("a batch of %d events; at most %d are allowed, send them in several", b.count, b.Limit))
	}
	return nil
}
