package xmltv

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// written is a time in any of its spellings: as XMLTV has it, as RFC 3339 has it, and between. What is left out at its end
// is 0.
var written = regexp.MustCompile(`^(\d{4})-?(\d\d)-?(\d\d)[T ]?(?:(\d\d)(?::?(\d\d)(?::?(\d\d)(?:\.\d*)?)?)?)?\s*(?:([A-Za-z]*)\s*([+-]\d\d?:?(?:\d\d)?)?)$`)

// wallClock is how digits are put together to be read.
const wallClock = "20060102150405"

// parseTime reads a time whose instant is certain. Others are wall clock times in the zone, if there is one.
func parseTime(text string, zone *time.Location) (time.Time, error) {
	parts := written.FindStringSubmatch(strings.TrimSpace(text))
	if parts == nil {
		return time.Time{}, fmt.Errorf("%.40q is no time of XMLTV, for example 20260301200000 +0100", text)
	}
	digits := strings.Join(parts[1:7], "")
	digits += strings.Repeat("0", len(wallClock)-len(digits))
	name, offset := strings.ToUpper(parts[7]), strings.ReplaceAll(parts[8], ":", "")
	certain := name == "Z" || name == "UTC" || name == "GMT" || name == "UT"
	switch {
	case offset != "" && (certain || name == ""):
		return instant(text, digits, offset)
	case offset == "" && certain:
		return instant(text, digits, "+0000")
	case offset != "" || zone == nil:
		return time.Time{}, uncertain(text, name)
	}
	return inZone(text, digits, name, zone)
}

// instant is where digits are with an offset from UTC of one to four digits.
func instant(text, digits, offset string) (time.Time, error) {
	if len(offset) == 2 || len(offset) == 4 { // +1, +130
		offset = offset[:1] + "0" + offset[1:]
	}
	offset += "0000"
	t, err := time.Parse(wallClock+" -0700", digits+" "+offset[:5])
	if err != nil {
		return t, fmt.Errorf("%.40q does not exist", text)
	}
	return t.UTC(), nil
}

// inZone is where digits are by the wall clock of the zone. What the time calls its zone only counts where the clock shows
// the digits twice, in the autumn.
func inZone(text, digits, name string, zone *time.Location) (time.Time, error) {
	t, err := time.ParseInLocation(wallClock, digits, zone)
	if err != nil {
		return t, fmt.Errorf("%.40q does not exist", text)
	}
	for _, other := range []time.Time{t.Add(-time.Hour), t.Add(time.Hour)} {
		if shown, _ := other.Zone(); shown == name && other.Format(wallClock) == digits {
			t = other
		}
	}
	return t.UTC(), nil
}

func uncertain(text, name string) error {
	if name == "" {
		return fmt.Errorf("%.40q names no time zone; say with --time-zone which one is meant, for example --time-zone=Europe/London", text)
	}
	return fmt.Errorf("%.40q names the zone %.20s, which is not certain; say with --time-zone which one is meant, "+
		"for example --time-zone=Europe/London", text, name)
}
