package cli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

// eventField is a field of an event that files may have as text.
type eventField struct {
	name     string // in the contract
	alias    string // another name that needs no --column
	optional bool   // may be empty
	read     func(event *tvstatsv1.ViewEvent, text string, times timeReader) error
}

// eventFields are all that an import reads.
var eventFields = []eventField{
	{"client_id", "", true, func(e *tvstatsv1.ViewEvent, text string, _ timeReader) (err error) {
		e.ClientId, err = id32(text)
		return err
	}},
	{"account_id", "user_id", false, func(e *tvstatsv1.ViewEvent, text string, _ timeReader) (err error) {
		e.AccountId, err = wholeNumber(text, 64)
		return err
	}},
	{"device_uid", "", true, func(e *tvstatsv1.ViewEvent, text string, _ timeReader) error { e.DeviceUid = text; return nil }},
	{"device", "", true, func(e *tvstatsv1.ViewEvent, text string, _ timeReader) error { e.Device = text; return nil }},
	{"channel_id", "", false, func(e *tvstatsv1.ViewEvent, text string, _ timeReader) (err error) {
		e.ChannelId, err = id32(text)
		return err
	}},
	{"started_at", "", false, func(e *tvstatsv1.ViewEvent, text string, times timeReader) (err error) {
		e.StartedAt, err = times.read(text)
		return err
	}},
	{"at", "", true, func(e *tvstatsv1.ViewEvent, text string, times timeReader) (err error) {
		e.At, err = times.read(text)
		return err
	}},
	{"watched_seconds", "", true, readWatched},
	{"mode", "", true, readMode},
	{"programme_id", "", true, func(e *tvstatsv1.ViewEvent, text string, _ timeReader) (err error) {
		e.ProgrammeId, err = wholeNumber(text, 64)
		return err
	}},
	{"tariffs", "", true, readTariffs},
	{"last_activity_at", "", true, func(e *tvstatsv1.ViewEvent, text string, times timeReader) (err error) {
		e.LastActivityAt, err = times.read(text)
		return err
	}},
	{"position_at", "", true, func(e *tvstatsv1.ViewEvent, text string, times timeReader) (err error) {
		e.PositionAt, err = times.read(text)
		return err
	}},
}

func readWatched(e *tvstatsv1.ViewEvent, text string, _ timeReader) error {
	seconds, err := wholeNumber(text, 64)
	if err == nil && seconds < 0 {
		err = errors.New("is negative")
	}
	e.WatchedSeconds = &seconds
	return err
}

func readMode(e *tvstatsv1.ViewEvent, text string, _ timeReader) error {
	number, known := tvstatsv1.ViewMode_value["VIEW_MODE_"+strings.ToUpper(text)]
	if !known {
		return errors.New("is none of live, catchup, timeshift")
	}
	e.Mode = tvstatsv1.ViewMode(number)
	return nil
}

func readTariffs(e *tvstatsv1.ViewEvent, text string, _ timeReader) error {
	for number := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ' ' || r == ';' || r == ',' }) {
		tariff, err := id32(number)
		if err != nil {
			return err
		}
		e.Tariffs = append(e.Tariffs, tariff)
	}
	return nil
}

func after(start *timestamppb.Timestamp, seconds int64) *timestamppb.Timestamp {
	return &timestamppb.Timestamp{Seconds: start.Seconds + seconds, Nanos: start.Nanos}
}

func id32(text string) (int32, error) {
	id, err := wholeNumber(text, 32)
	return int32(id), err //nolint:gosec // it has 32 bits
}

func wholeNumber(text string, bits int) (int64, error) {
	whole, fraction, _ := strings.Cut(text, ".") // a number of MongoDB's is 600.0
	if strings.Trim(fraction, "0") != "" || whole == "" {
		whole = text
	}
	n, err := strconv.ParseInt(whole, 10, bits)
	if err != nil {
		return 0, fmt.Errorf("is no whole number of %d bits", bits)
	}
	return n, nil
}
