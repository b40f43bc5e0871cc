package cli

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"
	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

// criterion is a flag that says what to rank by.
type criterion struct{ tvstatsv1.Criterion }

// shortCriteria are names that cron lines of the old module have.
var shortCriteria = map[string]string{"watch": "watch_time", "average": "average_watch_time"}

// UnmarshalText reads the flag: the name of a value of the API, without its prefix.
func (c *criterion) UnmarshalText(text []byte) error {
	name := string(text)
	value, exists := tvstatsv1.Criterion_value[criterionPrefix+strings.ToUpper(cmp.Or(shortCriteria[name], name))]
	if !exists || value == 0 || name != strings.ToLower(name) {
		return fmt.Errorf("%q does not exist; it is one of %s", text, strings.Join(criterionNames(), ", "))
	}
	c.Criterion = tvstatsv1.Criterion(value)
	return nil
}

// Vars are what help texts of commands name as ${…}.
func Vars() kong.Vars { return kong.Vars{"criteria": strings.Join(criterionNames(), ", ")} }

const criterionPrefix = "CRITERION_"

func criterionNames() []string {
	values := tvstatsv1.Criterion(0).Descriptor().Values()
	names := make([]string, values.Len()-1) // all but unspecified
	for i := range names {
		names[i] = strings.ToLower(strings.TrimPrefix(string(values.Get(i+1).Name()), criterionPrefix))
	}
	return names
}

// modes are the names of how sessions play.
var modes = map[string]tvstatsv1.ViewMode{
	"live":      tvstatsv1.ViewMode_VIEW_MODE_LIVE,
	"catchup":   tvstatsv1.ViewMode_VIEW_MODE_CATCHUP,
	"timeshift": tvstatsv1.ViewMode_VIEW_MODE_TIMESHIFT,
}

// mode is a flag that says how sessions play.
type mode struct{ tvstatsv1.ViewMode }

// UnmarshalText reads the flag.
func (m *mode) UnmarshalText(text []byte) error {
	known, exists := modes[string(text)]
	if !exists {
		return fmt.Errorf("%q does not exist; it is one of live, catchup, timeshift", text)
	}
	m.ViewMode = known
	return nil
}

func modesOf(flags []mode) []tvstatsv1.ViewMode {
	all := make([]tvstatsv1.ViewMode, len(flags))
	for i, flag := range flags {
		all[i] = flag.ViewMode
	}
	return all
}

// instant is a flag that says a time; nil where it was not given.
type instant struct{ proto *timestamppb.Timestamp }

// UnmarshalText reads the flag.
func (i *instant) UnmarshalText(text []byte) error {
	t, err := timeAt(string(text), time.Now())
	if err != nil {
		return err
	}
	i.proto = timestamppb.New(t)
	return nil
}

// units are what lengths of time are counted in.
var units = map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour}

// timeAt reads a time that a person writes, in UTC where it names no zone.
func timeAt(text string, now time.Time) (time.Time, error) {
	today := now.UTC().Truncate(24 * time.Hour)
	switch text {
	case "now":
		return now, nil
	case "today":
		return today, nil
	case "yesterday":
		return today.AddDate(0, 0, -1), nil
	}
	if ago.MatchString(text) {
		count, err := strconv.ParseInt(text[1:len(text)-1], 10, 32)
		if err == nil && count <= 36500 {
			return now.Add(-time.Duration(count) * units[text[len(text)-1]]), nil
		}
	}
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day, nil
	}
	if t, err := (timeReader{}).read(text); err == nil && t.IsValid() {
		return t.AsTime(), nil
	}
	return time.Time{}, fmt.Errorf("%q is no time; allowed are now, today, yesterday, -7d (or h, m, w), a day, 2026-03-02, "+
		"and a time of it, 2026-03-02T06:00:00Z or \"2026-03-02 06:00\" in UTC", text)
}

// onOff is a flag that may stand alone, or with true or false behind it, also as a word of its own.
type onOff bool

// IsBool lets the flag be given without a value.
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
