package xmltv

import (
	"cmp"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

// read is what becomes of a guide, a line for each element or error.
func read(guide string) []string { return readIn(guide, nil) }

func readIn(guide string, zone *time.Location) []string {
	var got []string
	for e, err := range Read(strings.NewReader(guide), zone) {
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
  <programme start="202603012100 Z" channel="news.example.com"/>
</tv>`: {
			`4: channel news.example.com ["News" "1"]`,
			"5: The day & the night on news.example.com, 2026-03-01T19:00:00Z to 2026-03-01T20:30:00Z",
			"9:  on news.example.com, 2026-03-01T21:00:00Z to 0001-01-01T00:00:00Z",
		},
		"<tv><channel/>\n<programme start='20260301 +0000' stop='never' channel='a'/>\n<programme start='20260301200000 CET' channel='a'/><programme start='20260301200000 UTC' channel='a'/></tv>": {
			"line 1: the channel has no id",
			`line 2: stop "never" is no time of XMLTV, for example 20260301200000 +0100`,
			`line 3: start "20260301200000 CET" names the zone CET, which is not certain; say with --time-zone which one is meant, for example --time-zone=Europe/London`,
			"3:  on a, 2026-03-01T20:00:00Z to 0001-01-01T00:00:00Z",
		},
		"<?xml version='1.0' encoding='iso-8859-1'?><tv><channel id='a'><display-name>T\xe9l\xe9</display-name></channel></tv>": {
			`1: channel a ["Télé"]`,
		},
		"<tv><channel id='a'>": {"line 1: the guide ends without </tv>: it was cut off"},
		"<tv>\n":               {"line 2: the guide ends without </tv>: it was cut off"},
		"<html></html>":        {"it is no XMLTV guide: it begins with <html>, not with <tv>"},
		"a,b,c":                {"it is no XMLTV guide: it has no <tv>"},
	} {
		if got := read(guide); !slices.Equal(got, want) {
			t.Errorf("%s:\n%q\nwant\n%q", guide, got, want)
		}
	}
}

// TestGuidesOfTheField reads what an XML parser refuses.
func TestGuidesOfTheField(t *testing.T) {
	programme := func(inside string) string {
		return `<programme start="20260301100000 +0000" channel="a">` + inside + "</programme>"
	}
	for name, c := range map[string]struct{ inside, want string }{
		"a bare ampersand":      {"<title>Cat & Mouse</title>", "Cat & Mouse"},
		"an entity of HTML":     {"<title>Caf&eacute;&nbsp;Noir</title>", "Café\u00a0Noir"},
		"an unknown entity":     {"<title>A &nosuch; B</title>", "A &nosuch; B"},
		"a byte that is none":   {"<title>Caf\xe9</title>", "Caf�"},
		"a control character":   {"<title>A\x1aZ</title>", "A�Z"},
		"one by its number":     {"<title>A&#26;Z</title>", "A�Z"},
		"less than":             {"<title>1 < 2 <3</title>", "1 < 2 <3"},
		"an open element":       {"<title>A<desc>B", "A B"},
		"CDATA":                 {"<title><![CDATA[A &amp; <B>]]></title>", "A &amp; <B>"},
		"an element in a title": {"<title>A<i>B</i>C</title>", "A BC"},
		"empty titles":          {"<title/><title> </title><title>A</title><title>B</title>", "A"},
		"a title of two lines":  {"<title>A\r\n  B</title>", "A B"},
		"a comment":             {"<!-- <title>no</title> --><title>A</title>", "A"},
		"a long description":    {"<desc>" + strings.Repeat("x", 3*maxRun) + "</desc><title>A</title>", "A"},
		"a long comment":        {"<!-- " + strings.Repeat("x<y>\n", maxRun) + "--><title>A</title>", "A"},
		"a long attribute":      {`<icon src="data:` + strings.Repeat("x", maxToken) + `"/><title>A</title>`, "A"},
		"a long title":          {"<title>" + strings.Repeat("x", maxToken) + "</title>", strings.Repeat("x", maxText)},
	} {
		guide := "<tv>" + programme(c.inside) + programme("<title>last</title>") + "</tv>"
		got := read(guide)
		if len(got) != 2 || !strings.Contains(got[0], ": "+c.want+" on a") || !strings.Contains(got[1], ": last on a") {
			t.Errorf("%s: got %.300q", name, got)
		}
	}
}

// TestEndlessTokens reads tokens that never end, in bounded memory.
func TestEndlessTokens(t *testing.T) {
	for _, begin := range []string{"<tv><title>", "<tv><!-- ", "<tv><icon src='", "<tv><![CDATA[", "<tv><?", "<!DOCTYPE ", "x", "<tv a='1' "} {
		for _, filling := range []string{"x", "-", "a='b' ", "<", ">", "]"} {
			endless := io.MultiReader(strings.NewReader(begin), io.LimitReader(repeated{filling}, 4*maxToken))
			before := allocated()
			var last error
			for _, err := range Read(endless, nil) {
				last = err
			}
			if last == nil {
				t.Errorf("%s%s…: no error", begin, filling)
			}
			if grown := allocated() - before; grown > 10*maxToken {
				t.Errorf("%s%s…: took %d bytes", begin, filling, grown)
			}
		}
	}
}

// allocated is how many bytes were ever allocated.
func allocated() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.TotalAlloc
}

// repeated is a text without an end.
type repeated struct{ text string }

func (r repeated) Read(p []byte) (int, error) {
	n := copy(p, r.text)
	for n < len(p) && n%len(r.text) == 0 { // doubles what is there, which the race detector need not watch byte by byte
		n += copy(p[n:], p[:n])
	}
	return n - n%len(r.text), nil
}

func TestReplacedCharactersAreCounted(t *testing.T) {
	guide := "<tv><channel id='a'><display-name>\x01A</display-name><display-name>\xff</display-name></channel>" +
		"<programme channel='a' start='20260301 Z'><title>A\x1a\x1bZ</title></programme></tv>"
	var got []int
	for e, err := range Read(strings.NewReader(guide), nil) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, e.Replaced)
	}
	if !slices.Equal(got, []int{2, 2}) {
		t.Errorf("%v characters were replaced", got)
	}
}

func TestEncodings(t *testing.T) {
	const head, rest = `<?xml version="1.0" encoding="%s"?>`, "<tv><channel id='a'><display-name>Télé</display-name></channel></tv>"
	for name, c := range map[string]struct {
		declared string
		written  encoding.Encoding
	}{
		"UTF-16, little":                {"UTF-16", unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM)},
		"UTF-16, big":                   {"utf-16", unicode.UTF16(unicode.BigEndian, unicode.ExpectBOM)},
		"UTF-16 without a mark":         {"utf-16", unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)},
		"UTF-16, big, without a mark":   {"utf-16", unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)},
		"UTF-32":                        {"utf-32", utf32.UTF32(utf32.LittleEndian, utf32.UseBOM)},
		"UTF-8 that says it were wide":  {"utf-16", unicode.UTF8},
		"UTF-8 with a mark":             {"utf-8", unicode.UTF8BOM},
		"UTF-8 with a mark, wrong name": {"iso-8859-1", unicode.UTF8BOM},
		"Latin":                         {"ISO-8859-1", charmap.ISO8859_1},
		"of old computers":              {"cp437", charmap.CodePage437},
	} {
		guide, err := c.written.NewEncoder().String(fmt.Sprintf(head, c.declared) + rest)
		if err != nil {
			t.Fatal(err)
		}
		want := []string{`1: channel a ["Télé"]`}
		if c.declared == "cp437" {
			want = []string{`the guide says that its encoding is "cp437", which is not known; convert it to UTF-8`}
		}
		if got := read(guide); !slices.Equal(got, want) {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

func TestTimes(t *testing.T) {
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	const uncertain = "--time-zone"
	for text, want := range map[string]struct{ certain, inLondon string }{
		"20260703190000 +0100":          {"2026-07-03T18:00:00Z", ""},
		"20260703190000+0100":           {"2026-07-03T18:00:00Z", ""},
		"20260703190000 +01:00":         {"2026-07-03T18:00:00Z", ""},
		"20260703190000 +01":            {"2026-07-03T18:00:00Z", ""},
		"20260703190000 -0330":          {"2026-07-03T22:30:00Z", ""},
		"20260703190000 UTC+1":          {"2026-07-03T18:00:00Z", ""},
		"20260703190000 GMT":            {"2026-07-03T19:00:00Z", ""},
		"20260703190000 gmt":            {"2026-07-03T19:00:00Z", ""},
		"20260703190000 Z":              {"2026-07-03T19:00:00Z", ""},
		"20260703190000Z":               {"2026-07-03T19:00:00Z", ""},
		" 20260703190000  UTC\n":        {"2026-07-03T19:00:00Z", ""},
		"202607031900 +0000":            {"2026-07-03T19:00:00Z", ""},
		"2026070319 +0000":              {"2026-07-03T19:00:00Z", ""},
		"20260703 +0000":                {"2026-07-03T00:00:00Z", ""},
		"2026-07-03T19:00:00Z":          {"2026-07-03T19:00:00Z", ""},
		"2026-07-03T19:00:00.000+02:00": {"2026-07-03T17:00:00Z", ""},
		"2026-07-03 19:00 +0200":        {"2026-07-03T17:00:00Z", ""},
		"20260703190000":                {uncertain, "2026-07-03T18:00:00Z"},
		"2026-07-03T19:00:00":           {uncertain, "2026-07-03T18:00:00Z"},
		"20260703190000 BST":            {uncertain, "2026-07-03T18:00:00Z"},
		"20260103190000 BST":            {uncertain, "2026-01-03T19:00:00Z"},
		"20261025013000 BST":            {uncertain, "2026-10-25T00:30:00Z"}, // shown twice
		"20260703190000 CEST+1":         {uncertain, uncertain},
		"20261303190000 +0000":          {"does not exist", ""},
		"20260703250000":                {uncertain, "does not exist"},
		"soon":                          {"is no time of XMLTV", ""},
		"2026":                          {"is no time of XMLTV", ""},
	} {
		for zone, expected := range map[*time.Location]string{nil: want.certain, london: cmp.Or(want.inLondon, want.certain)} {
			got, err := parseTime(text, zone)
			if err != nil && !strings.Contains(err.Error(), expected) || err == nil && got.Format(time.RFC3339) != expected {
				t.Errorf("%q in %v: got %v, %v, want %s", text, zone, got, err, expected)
			}
		}
	}
	// Of the two instants with one name and one clock in autumn the name chooses.
	for name, want := range map[string]string{"BST": "00:30", "GMT": "01:30"} {
		if got, err := inZone("", "20261025013000", name, london); err != nil || got.Format("15:04") != want {
			t.Errorf("%s: got %v, %v, want %s", name, got, err, want)
		}
	}
}

func TestClumps(t *testing.T) {
	for text, want := range map[string]Clump{"0/2": {0, 2}, "1/3": {1, 3}, "": {}, "2/2": {}, "-1/2": {}, "a/b": {}} {
		if got := clumpOf(text); got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}

// FuzzRead reads anything: nothing panics, and it ends.
func FuzzRead(f *testing.F) {
	f.Add(`<tv><channel id="1"/><programme start="20260301200000 +0100" channel="1"><title>A</title></programme></tv>`)
	f.Add(`<!DOCTYPE tv [<!ENTITY a "b">]><tv>&a;</tv>`)
	f.Fuzz(func(_ *testing.T, guide string) { read(guide) })
}
