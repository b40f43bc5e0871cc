package cli

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// sheet is what spreadsheets hold. A cell is a string, an int64, a float64, a bool, a day or a time.Time; nil is empty.
type sheet struct {
	name    string
	columns []string
	rows    [][]any
}

// day is a day as 2026-03-01.
type day string

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
	if !field.IsList() || field.Message() == nil {
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

// withNames puts the channels' numbers and names first, where rows are of channels and names are to be had.
func (s sheet) withNames(known Names) sheet {
	at := slices.Index(s.columns, "channel_id")
	s.columns = append([]string{"channel_number", "channel_name"}, s.columns...)
	for i, row := range s.rows {
		channel := known[int32(row[at].(int64))] //nolint:gosec // it was an int32
		s.rows[i] = append([]any{int64(channel.Number), channel.Name}, row...)
	}
	return s
}

// cell is a field's value as spreadsheets know values. Fields of other kinds are empty.
func cell(message protoreflect.Message, field protoreflect.FieldDescriptor) any {
	value := message.Get(field)
	switch v := value.Interface().(type) {
	case int32:
		return int64(v)
	case uint32:
		return int64(v)
	case protoreflect.EnumNumber:
		return enumName(field.Enum(), v)
	case protoreflect.List:
		texts := make([]string, v.Len())
		for i := range texts {
			texts[i] = v.Get(i).String()
		}
		return strings.Join(texts, " ")
	case protoreflect.Message:
		if t, is := v.Interface().(*timestamppb.Timestamp); is && message.Has(field) {
			return t.AsTime()
		}
		return nil
	case string:
		if _, err := time.Parse(time.DateOnly, v); err == nil && field.Name() == "day" {
			return day(v)
		}
		return v
	default: // int64, float64, bool
		return v
	}
}

// enumName is a value as people say it: CRITERION_WATCH_TIME is watch_time.
func enumName(enum protoreflect.EnumDescriptor, number protoreflect.EnumNumber) string {
	value := enum.Values().ByNumber(number)
	if value == nil {
		return strconv.Itoa(int(number))
	}
	none := strings.TrimSuffix(string(enum.Values().Get(0).Name()), "UNSPECIFIED")
	return strings.ToLower(strings.TrimPrefix(string(value.Name()), none))
}
