package main

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// A message that could not be read holds nothing but why, in one of these fields. Their numbers are in the range that no
// .proto may use.
const (
	malformedField protowire.Number = 19_998
	tooLargeField  protowire.Number = 19_999
)

// markUnreadable empties the message but for the reason why it could not be read.
func markUnreadable(m proto.Message, field protowire.Number, reason string) {
	proto.Reset(m)
	m.ProtoReflect().SetUnknown(protowire.AppendString(protowire.AppendTag(nil, field, protowire.BytesType), reason))
}

// unreadable tells why the message could not be read, if so.
func unreadable(m proto.Message) error {
	unknown := m.ProtoReflect().GetUnknown()
	field, _, tag := protowire.ConsumeTag(unknown)
	if field != malformedField && field != tooLargeField {
		return nil
	}
	reason, _ := protowire.ConsumeString(unknown[tag:])
	if field == tooLargeField {
		return &exhausted{what: reason}
	}
	return invalidArgument("request", "the message cannot be read: "+reason)
}

func tooLarge(size, limit int) string {
	return fmt.Sprintf("a message of %d bytes; at most %d are allowed, send it in several", size, limit)
}
