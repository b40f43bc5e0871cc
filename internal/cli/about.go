package cli

import (
	"slices"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// aboutSheet says what an export is: what was requested and what the result says of itself, then which program wrote it.
func aboutSheet(asked [][2]any, result protoreflect.Message, now time.Time) sheet {
	s := sheet{name: "About", columns: []string{"what", "value"}}
	for _, pair := range asked {
		s.rows = append(s.rows, []any{pair[0], pair[1]})
	}
	s.addFields("", result)
	s.rows = append(s.rows, []any{"exported_at", now.UTC().Truncate(time.Second)}, []any{"program", "tvstats " + Version})
	return s
}

// addFields adds a row for each field of a message that is not a list of messages; those of messages inside of it below
// their names. Of rows that stand for everything it leaves out what they would be divided by.
func (s *sheet) addFields(prefix string, message protoreflect.Message) {
	for fields, i := message.Descriptor().Fields(), 0; i < fields.Len(); i++ {
		field := fields.Get(i)
		name := prefix + string(field.Name())
		switch {
		case field.Name() == "next_page_token", message.Descriptor().Name() == "AudienceRow" && slices.Contains(rowKeys, field.Name()):
		case field.Message() == nil:
			s.rows = append(s.rows, []any{name, cell(message, field)})
		case field.IsList() || !message.Has(field):
		case field.Message().FullName() == (&timestamppb.Timestamp{}).ProtoReflect().Descriptor().FullName():
			s.rows = append(s.rows, []any{name, cell(message, field)})
		default:
			s.addFields(name+".", message.Get(field).Message())
		}
	}
}
