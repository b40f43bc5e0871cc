package main

import (
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// unreadableField is a field of a message that could not be read, holding the reason. Its number is in the range that no
// .proto may use.
const unreadableField protowire.Number = 19_999

// markUnreadable empties the message but for the reason why it could not be read.
func markUnreadable(m proto.Message, reason error) {
	proto.Reset(m)
	tag := protowire.AppendTag(nil, unreadableField, protowire.BytesType)
	m.ProtoReflect().SetUnknown(protowire.AppendString(tag, reason.Error()))
}

// unreadable tells why the message could not be read, if so.
func unreadable(m proto.Message) error {
	unknown := m.ProtoReflect().GetUnknown()
	number, _, tag := protowire.ConsumeTag(unknown)
	if number != unreadableField {
		return nil
	}
	reason, _ := protowire.ConsumeString(unknown[tag:])
	return invalidArgument("request", "the message cannot be read: "+reason)
}
