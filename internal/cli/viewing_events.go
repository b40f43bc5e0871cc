package cli

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"strings"
	"unicode/utf8"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

// eventReader makes events of the lines of a file.
type eventReader struct {
	clientID  int32  // of events that name none; 0 where each must name one
	device    string // of events that name none
	columns   columns
	delimiter rune // of CSV; 0 where the header shows it
	times     timeReader
}

// lineEvent is an event and the line that it stood on.
type lineEvent struct {
	number int
	event  *tvstatsv1.ViewEvent
}

// eventParser makes an event of one line.
type eventParser func(text []byte) (*tvstatsv1.ViewEvent, error)

// events makes an event of each line. The first line shows the format: JSON begins with a brace, CSV with its header. A
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
				if event, err = r.event(parse, l.text); err != nil {
					err = &badLine{l.number, err}
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
	switch first := bytes.TrimSpace(first); {
	case bytes.HasPrefix(first, []byte("[")):
		return nil, false, errors.New("it is a JSON array; write one object a line (mongoexport without --jsonArray, jq -c '.[]')")
	case bytes.HasPrefix(first, []byte("{")):
		return r.parseJSON, false, nil
	}
	parse, err = r.csvParser(first)
	return parse, true, err
}

// errNoClient says what to do about events that name no operator.
var errNoClient = errors.New("no client_id says whose viewing it is; give --client-id, or --column client_id=NAME where a column has it")

// event makes an event of one line.
func (r eventReader) event(parse eventParser, text []byte) (*tvstatsv1.ViewEvent, error) {
	if !utf8.Valid(text) {
		valid := strings.ToValidUTF8(string(text), "")
		at := 0
		for at < len(valid) && valid[at] == text[at] {
			at++
		}
		return nil, fmt.Errorf("byte %d is no UTF-8; convert the file to UTF-8", at+1)
	}
	event, err := parse(text)
	if err != nil {
		return nil, err
	}
	if event.ClientId == 0 && r.clientID == 0 {
		return nil, errNoClient
	}
	r.complete(event)
	return event, nil
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
