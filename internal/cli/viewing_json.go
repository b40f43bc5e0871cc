package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"google.golang.org/protobuf/encoding/protojson"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

// mongoID is the key that every document of MongoDB has, and nothing else.
const mongoID = "_id"

// parseJSON reads an object of a line: a ViewEvent in the JSON form of protobuf, or a plain object, whose keys are the
// file's own where --column says so. As with CSV a plain object is a whole session. What mongoexport writes is plain.
func (r eventReader) parseJSON(text []byte) (*tvstatsv1.ViewEvent, error) {
	if len(r.columns) == 0 && !bytes.Contains(text, []byte(`"`+mongoID+`"`)) && !bytes.Contains(text, []byte(`"$`)) {
		return parseViewEvent(text)
	}
	var object map[string]any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber() // ids may need all 64 bits
	if err := decoder.Decode(&object); err != nil {
		return nil, fmt.Errorf("it is no JSON object: %w", err)
	}
	delete(object, mongoID)
	bound, err := r.columns.bind(slices.Sorted(maps.Keys(object)))
	if err != nil {
		return nil, err
	}
	return session(bound, r.times, func(b boundField) string { return plain(object[b.column]) })
}

// parseViewEvent reads a ViewEvent in the JSON form of protobuf.
func parseViewEvent(text []byte) (*tvstatsv1.ViewEvent, error) {
	event := &tvstatsv1.ViewEvent{}
	if err := protojson.Unmarshal(text, event); err != nil {
		return nil, fmt.Errorf("it is no ViewEvent as JSON: %w; where the file has names of its own, give --column account_id=NAME and the others", err)
	}
	return event, nil
}

// plain is a value as a row of CSV would have it; a list of numbers becomes numbers with spaces between.
func plain(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case []any:
		var list []byte
		for _, item := range v {
			list = fmt.Append(list, plain(item), " ")
		}
		return string(bytes.TrimSpace(list))
	case map[string]any:
		return extended(v)
	default:
		return fmt.Sprint(v)
	}
}

// extended is a value that MongoDB's extended JSON wraps to name its type, {"$numberLong": "21"}.
func extended(wrapped map[string]any) string {
	if date, is := wrapped["$date"]; is {
		text := plain(date)
		if millis, err := strconv.ParseInt(text, 10, 64); err == nil { // of any size
			return time.UnixMilli(millis).UTC().Format(time.RFC3339Nano)
		}
		return text
	}
	for _, key := range []string{"$numberLong", "$numberInt", "$numberDouble", "$numberDecimal", "$oid"} {
		if value, is := wrapped[key]; is {
			return plain(value)
		}
	}
	return fmt.Sprint(wrapped) // no field takes it; the error shows it
}
