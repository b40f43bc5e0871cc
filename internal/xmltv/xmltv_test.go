package xmltv

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// read is what becomes of a guide, a line for each element or error.
func read(guide string) []string {
	var got []string
	for e, err := range Read(strings.NewReader(guide)) {
		switch {
		case err != nil:
			got = append(got, err.Error())
		case e.Channel != nil:
			got = append(got, fmt.Sprintf("%d: channel %s %q", e.Line, e.Channel.ID, e.Channel.Names))
		default:
			got = append(got, fmt.Sprintf("%d: %s on %s, %s to %s", e.Line, e.Programme.Title, e.Programme.Channel,
				e.Programme.Start.Format(time.RFC3339), e.Programme.Stop.Format(time.RFC3339)))
		}
	}
	return got
}

func TestRead(t *testing.T) {
	for guide, want := range map[string][]string{
		`<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE tv SYSTEM "xmltv.dtd">
<tv generator-info-name="x">
  <channel id="news.example.com"><display-name lang="en">News</display-name><display-name>1</display-name><icon src="x"/></channel>
  <programme start="20260301200000 +0100" stop="20260301213000 +0100" channel="news.example.com">
    <title lang="en"> The day &amp; the night </title><title lang="de">Tag</title><desc>long</desc>
  </programme>
  <advert/>
  <programme start="202603012100" channel="news.example.com"/>
</tv>`: {
			`4: channel news.example.com ["News" "1"]`,
			"5: The day & the night on news.example.com, 2026-03-01T19:00:00Z to 2026-03-01T20:30:00Z",
			"9:  on news.example.com, 2026-03-01T21:00:00Z to 0001-01-01T00:00:00Z",
		},
		"<tv><channel/>\n<programme start='20260301' stop='never' channel='a'/>\n<programme start='20260301200000 CET' channel='a'/><programme start='20260301200000 UTC' channel='a'/></tv>": {
			"line 1: the channel has no id",
			`line 2: stop "never" is no time of XMLTV, for example 20260301200000 +0100`,
			`line 3: start "20260301200000 CET" is no time of XMLTV, for example 20260301200000 +0100`,
			"3:  on a, 2026-03-01T20:00:00Z to 0001-01-01T00:00:00Z",
		},
		"<?xml version='1.0' encoding='iso-8859-1'?><tv><channel id='a'><display-name>T\xe9l\xe9</display-name></channel></tv>": {
			`1: channel a ["Télé"]`,
		},
		"<tv><channel id='a'>": {"XML syntax error on line 1: unexpected EOF"},
		"<tv>\n":               {"XML syntax error on line 2: unexpected EOF"},
		"<html></html>":        {"it is no XMLTV guide: it begins with <html>, not with <tv>"},
		"a,b,c":                {"it is no XMLTV guide: EOF"},
	} {
		if got := read(guide); !slices.Equal(got, want) {
			t.Errorf("%s:\n%q\nwant\n%q", guide, got, want)
		}
	}
}

// FuzzRead reads anything: nothing panics, and it ends.
func FuzzRead(f *testing.F) {
	f.Add(`<tv><channel id="1"/><programme start="20260301200000 +0100" channel="1"><title>A</title></programme></tv>`)
	f.Add(`<!DOCTYPE tv [<!ENTITY a "b">]><tv>&a;</tv>`)
	f.Fuzz(func(_ *testing.T, guide string) { read(guide) })
}
