package cli

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

// csvColumn reads one field of a row into the event.
type csvColumn func(event *tvstatsv1.ViewEvent, field string) error

// csvColumns are the columns by their names. Those that a row cannot do without have a true.
var csvColumns = map[string]struct {
	read     csvColumn
	required bool
}{
	"user_id":         {readAccount, true},
	"channel_id":      {readChannel, true},
	"started_at":      {readStart, true},
	"watched_seconds": {readWatched, true},
	"client_id":       {readClient, false},
	"device":          {func(e *tvstatsv1.ViewEvent, field string) error { e.Device = field; return nil }, false},
	"device_uid":      {func(e *tvstatsv1.ViewEvent, field string) error { e.DeviceUid = field; return nil }, false},
}

// csvParser reads rows under a header. A row is a whole session: one last report, made when all of it had been watched.
func csvParser(header []byte) (eventParser, error) {
	names, err := csvFields(header)
	if err != nil {
		return nil, fmt.Errorf("the header is no CSV: %w", err)
	}
	var missing []string
	for _, name := range slices.Sorted(maps.Keys(csvColumns)) {
		if csvColumns[name].required && !slices.Contains(names, name) {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("the header of the CSV lacks %s; it names %.200q", strings.Join(missing, ", "), names)
	}
	return func(text []byte) (*tvstatsv1.ViewEvent, error) { return parseRow(names, text) }, nil
}

func parseRow(names []string, text []byte) (*tvstatsv1.ViewEvent, error) {
	fields, err := csvFields(text)
	if err != nil {
		return nil, err
	}
	if len(fields) != len(names) {
		return nil, fmt.Errorf("%d fields where the header has %d", len(fields), len(names))
	}
	event := &tvstatsv1.ViewEvent{Ended: true}
	for i, name := range names {
		column, known := csvColumns[name]
		if !known {
			continue
		}
		if err := column.read(event, fields[i]); err != nil {
			return nil, fmt.Errorf("%s %.60q %w", name, fields[i], err)
		}
	}
	event.At = &timestamppb.Timestamp{Seconds: event.StartedAt.Seconds + event.GetWatchedSeconds(), Nanos: event.StartedAt.Nanos}
	if !event.At.IsValid() {
		return nil, errors.New("the session ends after the year 9999")
	}
	return event, nil
}

// csvFields cuts one row into its fields, without the space around them.
func csvFields(text []byte) ([]string, error) {
	if !bytes.ContainsRune(text, '"') {
		fields := strings.Split(string(text), ",")
		for i, field := range fields {
			fields[i] = strings.TrimSpace(field)
		}
		return fields, nil
	}
	quoted := csv.NewReader(bytes.NewReader(text))
	quoted.TrimLeadingSpace = true
	fields, err := quoted.Read()
	if parse := (*csv.ParseError)(nil); errors.As(err, &parse) {
		return nil, fmt.Errorf("column %d: %w", parse.Column, parse.Err) // its line is always the first
	}
	return fields, err
}

func readAccount(e *tvstatsv1.ViewEvent, field string) (err error) {
	e.AccountId, err = wholeNumber(field, 64)
	return err
}

func readChannel(e *tvstatsv1.ViewEvent, field string) error {
	id, err := wholeNumber(field, 32)
	e.ChannelId = int32(id) //nolint:gosec // it has 32 bits
	return err
}

func readClient(e *tvstatsv1.ViewEvent, field string) error {
	if field == "" {
		return nil // as if there were no such column
	}
	id, err := wholeNumber(field, 32)
	e.ClientId = int32(id) //nolint:gosec // it has 32 bits
	return err
}

func readStart(e *tvstatsv1.ViewEvent, field string) error {
	start, err := time.Parse(time.RFC3339, field)
	if err != nil {
		return errors.New("is no time as RFC 3339 has it, for example 2016-01-01T00:32:00Z")
	}
	e.StartedAt = timestamppb.New(start)
	return nil
}

func readWatched(e *tvstatsv1.ViewEvent, field string) error {
	seconds, err := wholeNumber(field, 64)
	if err == nil && seconds < 0 {
		err = errors.New("is negative")
	}
	e.WatchedSeconds = &seconds
	return err
}

func wholeNumber(field string, bits int) (int64, error) {
	n, err := strconv.ParseInt(field, 10, bits)
	if err != nil {
		return 0, fmt.Errorf("is no whole number of %d bits", bits)
	}
	return n, nil
}
