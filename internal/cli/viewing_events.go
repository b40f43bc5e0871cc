package cli

import (
	"bytes"
	"fmt"
	"iter"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

// eventReader makes events of the lines of a file.
type eventReader struct {
	clientID int32  // of events that name none
	device   string // likewise
	columns  columns
}

// lineEvent is an event and the line that it stood on.
type lineEvent struct {
	number int
	event  *tvstatsv1.ViewEvent
}

// eventParser makes an event of one line.
type eventParser func(text []byte) (*tvstatsv1.ViewEvent, error)

// events makes an event of each line. The first line tells the format: JSON begins with a brace, CSV with its header. A
// *badLine stands for a line that is none; any other error is the last.
func (r eventReader) events(lines iter.Seq2[line, error]) iter.Seq2[lineEvent, error] {
	return func(yield func(lineEvent, error) bool) {
		var parse eventParser
		for l, err := range lines {
			if err == nil && parse == nil {
				var isHeader bool
				if parse, isHeader, err = r.parserFor(l.text); isHeader && err == nil {
					continue
				}
				if err != nil {
					yield(lineEvent{}, fmt.Errorf("line %d: %w", l.number, err))
					return
				}
			}
			var event *tvstatsv1.ViewEvent
			if err == nil {
				if event, err = parse(l.text); err != nil {
					err = &badLine{l.number, err}
				} else {
					r.complete(event)
				}
			}
			if !yield(lineEvent{l.number, event}, err) {
				return
			}
		}
	}
}

// parserFor recognises the format of a file by its first line, which in CSV is no event itself.
func (r eventReader) parserFor(first []byte) (parse eventParser, isHeader bool, err error) {
	if !bytes.HasPrefix(bytes.TrimSpace(first), []byte("{")) {
		parse, err = csvParser(first, r.columns)
		return parse, true, err
	}
	if len(r.columns) > 0 {
		return objectParser(r.columns), false, nil
	}
	return parseViewEvent, false, nil
}

// complete fills in what an event does not say. Without a device_uid an account is taken to have one device.
func (r eventReader) complete(event *tvstatsv1.ViewEvent) {
	if event.ClientId == 0 {
		event.ClientId = r.clientID
	}
	if event.Device == "" {
		event.Device = r.device
	}
	if event.DeviceUid == "" {
		event.DeviceUid = fmt.Sprintf("account-%d", event.AccountId)
	}
}
