package cli

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/ncruces/go-strftime"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// timeFlags says how the times of a file are written.
type timeFlags struct {
	TimeFormat []timeFormat `sep:"none" placeholder:"FORMAT" help:"How the file writes times, as strftime has it, for example \"%m/%d/%Y %I:%M %p\"; may be repeated. Without it RFC 3339, \"2026-03-01 20:00\", \"01.03.2026 20:00\" (the day first), and Unix seconds, milliseconds or microseconds are recognised."`
	TimeZone   timeZone     `placeholder:"ZONE" help:"Zone of times that name none, for example Europe/Riga; UTC by default."`
}

// timeReader is what reads the times of a file.
func (f *timeFlags) timeReader() timeReader {
	r := timeReader{zone: f.TimeZone.location}
	for _, format := range f.TimeFormat {
		r.layouts = append(r.layouts, format.layout)
	}
	return r
}

// timeFormat is a flag that says how times are written.
type timeFormat struct{ layout string }

// UnmarshalText reads the flag.
func (f *timeFormat) UnmarshalText(text []byte) error {
	layout, err := strftime.Layout(string(text))
	if err != nil || layout == string(text) {
		return fmt.Errorf("%q is no format of times as strftime has it, for example \"%%d.%%m.%%Y %%H:%%M:%%S\"", text)
	}
	f.layout = layout
	return nil
}

// timeReader reads the times of a file. The zero value reads what needs no explanation.
type timeReader struct {
	layouts []string       // of the file, before those that all files may have
	zone    *time.Location // of times that name none; nil is UTC
}

// Of a whole number since 1970 its size says what it counts: the same as seconds would be after the year 5000.
const (
	unixMillis = 100_000_000_000
	unixMicros = 100_000_000_000_000
)

// layouts are the spellings of which each has one meaning. Fractions of seconds are read with any.
var layouts = []string{
	time.RFC3339, time.DateTime, "2006-01-02 15:04", "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05Z07:00",
	"2006-01-02 15:04:05 -0700", "2006-01-02T15:04:05-0700", "2006-01-02 15:04:05 -0700 MST",
	"02.01.2006 15:04:05", "02.01.2006 15:04", "2006/01/02 15:04:05", "2006/01/02 15:04",
}

// read reads a time in any of the forms that files have.
func (r timeReader) read(text string) (*timestamppb.Timestamp, error) {
	for _, layout := range r.layouts {
		if t, err := r.parse(layout, text); err == nil {
			return timestamppb.New(t), nil
		}
	}
	if number, err := strconv.ParseInt(text, 10, 64); err == nil {
		switch {
		case number >= unixMicros:
			return timestamppb.New(time.UnixMicro(number)), nil
		case number >= unixMillis:
			return timestamppb.New(time.UnixMilli(number)), nil
		default:
			return timestamppb.New(time.Unix(number, 0)), nil
		}
	}
	for _, layout := range layouts {
		if t, err := r.parse(layout, text); err == nil {
			return timestamppb.New(t), nil
		}
	}
	return nil, errors.New("is no time such as 2016-01-01T00:32:00Z, 2016-01-01 00:32 or 01.01.2016 00:32; --time-format says how the file writes times")
}

func (r timeReader) parse(layout, text string) (time.Time, error) {
	if r.zone == nil {
		return time.Parse(layout, text)
	}
	return time.ParseInLocation(layout, text, r.zone)
}
