package cli

import (
	"bytes"
	"encoding/json"
	"fmt"

	"google.golang.org/protobuf/encoding/protojson"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

// parseViewEvent reads a ViewEvent in the JSON form of protobuf.
func parseViewEvent(text []byte) (*tvstatsv1.ViewEvent, error) {
	event := &tvstatsv1.ViewEvent{}
	if err := protojson.Unmarshal(text, event); err != nil {
		return nil, fmt.Errorf("it is no ViewEvent as JSON: %w", err)
	}
	return event, nil
}

// objectParser reads plain objects whose keys are the file's own. As with CSV, an object is a whole session.
func objectParser(called columns) eventParser {
	return func(text []byte) (*tvstatsv1.ViewEvent, error) {
		var object map[string]any
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.UseNumber() // ids may need all 64 bits
		if err := decoder.Decode(&object); err != nil {
			return nil, fmt.Errorf("it is no JSON object: %w", err)
		}
		names := make([]string, 0, len(object))
		for name := range object {
			names = append(names, name)
		}
		bound, err := called.bind(names)
		if err != nil {
			return nil, err
		}
		return session(bound, func(b boundField) string { return plain(object[b.column]) })
	}
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
	default:
		return fmt.Sprint(v)
	}
}
