package cli

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// sheet is what spreadsheets hold. A cell is a string, an int64, a float64, a bool or a time.Time; nil is empty.
type sheet struct {
	name    string
	columns []string
	rows    [][]any
}

// sheetOf makes a row of each message. Its columns are the fields by their names in the contract. A list of pairs, such as
// sums by currency, becomes a column for each of its keys, for example payment_sums_EUR.
func sheetOf[M proto.Message](name string, messages []M) sheet {
	s := sheet{name: name, rows: make([][]any, len(messages))}
	var none M
	for fields, i := none.ProtoReflect().Descriptor().Fields(), 0; i < fields.Len(); i++ {
		s.addField(fields.Get(i), func(row int) protoreflect.Message { return messages[row].ProtoReflect() })
	}
	return s
}

func (s *sheet) addField(field protoreflect.FieldDescriptor, message func(row int) protoreflect.Message) {
	if !field.IsList() {
		s.addColumn(string(field.Name()), func(row int) any { return cell(message(row), field) })
		return
	}
	pairs, keys := make([]map[string]any, len(s.rows)), map[string]bool{}
	for row := range s.rows {
		pairs[row] = pairsOf(message(row).Get(field).List(), field)
		for key := range pairs[row] {
			keys[key] = true
		}
	}
	for _, key := range slices.SortedFunc(maps.Keys(keys), byNumberThenText) {
		s.addColumn(string(field.Name())+"_"+key, func(row int) any {
			if value, has := pairs[row][key]; has {
				return value
			}
			return int64(0)
		})
	}
}

// pairsOf are the values of a list by their keys: a pair's first field is its key, its second the value.
func pairsOf(list protoreflect.List, field protoreflect.FieldDescriptor) map[string]any {
	parts, pairs := field.Message().Fields(), map[string]any{}
	for i := range list.Len() {
		pair := list.Get(i).Message()
		pairs[fmt.Sprint(cell(pair, parts.Get(0)))] = cell(pair, parts.Get(1))
	}
	return pairs
}

func byNumberThenText(a, b string) int {
	x, errX := strconv.Atoi(a)
	y, errY := strconv.Atoi(b)
	if errX == nil && errY == nil {
		return x - y
	}
	return cmp.Compare(a, b)
}

func (s *sheet) addColumn(name string, cell func(row int) any) {
	s.columns = append(s.columns, name)
	for row := range s.rows {
		s.rows[row] = append(s.rows[row], cell(row))
	}
}

// withNames adds the channels' names, where rows are of channels and names are to be had.
func (s sheet) withNames(known Names) sheet {
	at := slices.Index(s.columns, "channel_id")
	s.addColumn("channel_name", func(row int) any { return known[int32(s.rows[row][at].(int64))].Name }) //nolint:gosec // it was an int32
	return s
}

// cell is a field's value as spreadsheets know values.
func cell(message protoreflect.Message, field protoreflect.FieldDescriptor) any {
	value := message.Get(field)
	switch v := value.Interface().(type) {
	case int32:
		return int64(v)
	case protoreflect.Message:
		if t, is := v.Interface().(*timestamppb.Timestamp); is && message.Has(field) {
			return t.AsTime()
		}
		return nil
	default: // string, int64, float64, bool: rows have no others
		return v
	}
}
