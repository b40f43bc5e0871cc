package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/alecthomas/kong"
	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

// criteria are the names by which cron lines call them.
var criteria = map[string]tvstatsv1.Criterion{
	"watch":              tvstatsv1.Criterion_CRITERION_WATCH_TIME,
	"watch_time":         tvstatsv1.Criterion_CRITERION_WATCH_TIME,
	"watch_sessions":     tvstatsv1.Criterion_CRITERION_WATCH_SESSIONS,
	"average":            tvstatsv1.Criterion_CRITERION_AVERAGE_WATCH_TIME,
	"average_watch_time": tvstatsv1.Criterion_CRITERION_AVERAGE_WATCH_TIME,
	"median_watch_time":  tvstatsv1.Criterion_CRITERION_MEDIAN_WATCH_TIME,
}

// criterion is a flag that says what to rank by.
type criterion struct{ tvstatsv1.Criterion }

// UnmarshalText reads the flag.
func (c *criterion) UnmarshalText(text []byte) error {
	known, exists := criteria[string(text)]
	if !exists {
		return fmt.Errorf("%q does not exist; it is one of watch_time, watch_sessions, average_watch_time, median_watch_time", text)
	}
	c.Criterion = known
	return nil
}

// instant is a flag that says a time; nil where it was not given.
type instant struct{ proto *timestamppb.Timestamp }

// UnmarshalText reads the flag.
func (i *instant) UnmarshalText(text []byte) error {
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, string(text)); err == nil {
			i.proto = timestamppb.New(t)
			return nil
		}
	}
	return fmt.Errorf("%q is no time; allowed are a day, 2026-03-02, and RFC 3339, 2026-03-02T06:00:00Z", text)
}

// onOff is a flag that may stand alone, or with true or false behind it, also as a word of its own.
type onOff bool

// IsBool tells the command line that the flag may stand alone.
func (*onOff) IsBool() bool { return true }

// Decode reads the flag.
func (o *onOff) Decode(flag *kong.DecodeContext) error {
	next := flag.Scan.Peek()
	switch word := strings.ToLower(fmt.Sprint(next.Value)); {
	case !next.IsEOL() && (word == "true" || word == "false"):
		flag.Scan.Pop()
		*o = word == "true"
	case next.Type == kong.FlagValueToken:
		return fmt.Errorf("%q is neither true nor false", next.Value)
	default:
		*o = true
	}
	return nil
}
