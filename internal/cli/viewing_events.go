package cli

import (
	"bytes"
	"fmt"
	"iter"

	"google.golang.org/protobuf/encoding/protojson"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

// eventParser makes an event of one line.
type eventParser func(text []byte) (*tvstatsv1.ViewEvent, error)

// readEvents makes an event of each line. The first line tells the format: JSON begins with a brace, CSV with its header.
// A *badLine stands for a line that is none; any other error is the last.
func readEvents(lines iter.Seq2[line, error], defaults eventDefaults) iter.Seq2[*tvstatsv1.ViewEvent, error] {
	return func(yield func(*tvstatsv1.ViewEvent, error) bool) {
		var parse eventParser
		for l, err := range lines {
			if err == nil && parse == nil {
				var isHeader bool
				if parse, isHeader, err = parserFor(l.text); isHeader && err == nil {
					continue
				}
				if err != nil {
					yield(nil, fmt.Errorf("line %d: %w", l.number, err))
					return
				}
			}
			var event *tvstatsv1.ViewEvent
			if err == nil {
				if event, err = parse(l.text); err != nil {
					err = &badLine{l.number, err}
				} else {
					defaults.fill(event)
				}
			}
			if !yield(event, err) {
				return
			}
		}
	}
}

// parserFor recognises the format of a file by its first line, which in CSV is no event itself.
func parserFor(first []byte) (parse eventParser, isHeader bool, err error) {
	if bytes.HasPrefix(bytes.TrimSpace(first), []byte("{")) {
		return parseJSON, false, nil
	}
	parse, err = csvParser(first)
	return parse, true, err
}

// parseJSON reads a ViewEvent in the JSON form of protobuf.
func parseJSON(text []byte) (*tvstatsv1.ViewEvent, error) {
	event := &tvstatsv1.ViewEvent{}
	if err := protojson.Unmarshal(text, event); err != nil {
		return nil, fmt.Errorf("it is no ViewEvent as JSON: %w", err)
	}
	return event, nil
}

// eventDefaults are for events that do not say themselves.
type eventDefaults struct {
	clientID int32
	device   string
}

// fill completes an event. Without a device_uid an account is taken to have one device.
func (d eventDefaults) fill(event *tvstatsv1.ViewEvent) {
	if event.ClientId == 0 {
		event.ClientId = d.clientID
	}
	if event.Device == "" {
		event.Device = d.device
	}
	if event.DeviceUid == "" {
		event.DeviceUid = fmt.Sprintf("account-%d", event.AccountId)
	}
}
