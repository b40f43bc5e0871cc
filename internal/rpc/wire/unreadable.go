package wire

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/tvstats/tvstats/internal/rpc/fault"
)

// A message that could not be read holds nothing but why, in one of these fields. Their numbers are in the range that no
// .proto may use.
const (
	MalformedField protowire.Number = 19_998
	tooLargeField  protowire.Number = 19_999
)

// MarkUnreadable empties the message but for the reason why it could not be read.
func MarkUnreadable(m proto.Message, field protowire.Number, reason string) {
	proto.Reset(m)
	m.ProtoReflect().SetUnknown(protowire.AppendString(protowire.AppendTag(nil, field, protowire.BytesType), reason))
}

// Unreadable returns why the message could not be read, if so.
func Unreadable(m proto.Message) error {
	unknown := m.ProtoReflect().GetUnknown()
	field, _, tag := protowire.ConsumeTag(unknown)
	if field != MalformedField && field != tooLargeField {
		return nil
	}
	reason, _ := protowire.ConsumeString(unknown[tag:])
	if field == tooLargeField {
		return &fault.Exhausted{What: reason}
	}
	return fault.InvalidArgument("request", "the message cannot be read: "+reason)
}

func tooLarge(size, limit int) string {
	return fmt.Sprintf("a message of %d bytes; at most %d are allowed, send it in several", size, limit)
}
