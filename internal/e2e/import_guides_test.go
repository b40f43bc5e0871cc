package e2e

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/ulikunitz/xz"
	"golang.org/x/text/encoding/unicode"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/cli"
	"github.com/tvstats/tvstats/internal/commands"
)

// fieldChannels are the channels that the guides below are imported for.
var fieldChannels = []*tvstatsv1.Channel{
	{ChannelId: 1, Name: "Sport"}, {ChannelId: 2, Name: "News"}, {ChannelId: 3, Name: "Cartoons"},
	{ChannelId: 4, Name: "Arena"}, {ChannelId: 5, Name: "Arena HD"},
}

// channelTag and programmeTag are elements of a guide; times are of 1 March 2026.
func channelTag(id string, names ...string) string {
	text := `<channel id="` + id + `">`
	for _, name := range names {
		text += "<display-name>" + name + "</display-name>"
	}
	return text + "</channel>\n"
}

func programmeTag(channel, from, to, title string) string {
	return fmt.Sprintf("<programme start=\"20260301%s00 +0000\" stop=\"20260301%s00 +0000\" channel=%q><title>%s</title></programme>\n",
		from, to, channel, title)
}

// guideOf is a client's guide, a text for each programme.
func guideOf(t *testing.T, server *testServer, client int32) string {
	t.Helper()
	answer, err := server.ListProgrammes(t.Context(), &tvstatsv1.ListProgrammesRequest{ClientId: client, PageSize: 1000})
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, p := range answer.Programmes {
		texts = append(texts, fmt.Sprintf("%d %s %s-%s", p.ChannelId, p.Title, p.Start.AsTime().Format("15:04"), p.End.AsTime().Format("15:04")))
	}
	return strings.Join(texts, ", ")
}

// TestGuidesOfTheField imports guides as people have them, each for a client of its own.
func TestGuidesOfTheField(t *testing.T) {
	t.Parallel()
	server := start(t)
	long := strings.Repeat("é", 300)
	cartoons := channelTag("a", "Cartoons")
	for name, c := range map[string]struct {
		guide string // inside of <tv>
		flags string
		code  int
		want  string // guide
		says  string // part of the complaints
	}{
		"a bare ampersand": {cartoons + programmeTag("a", "1000", "1010", "Cat & Mouse") + programmeTag("a", "1010", "1020", "Next"), "",
			commands.ExitDone, "3 Cat & Mouse 10:00-10:10, 3 Next 10:10-10:20", ""},
		"characters that are none": {cartoons + programmeTag("a", "1000", "1010", "Caf\xe9") + programmeTag("a", "1010", "1020", "A\x1aZ"), "",
			commands.ExitDone, "3 Caf� 10:00-10:10, 3 A�Z 10:10-10:20", "line 2: 1 characters could not be read and are U+FFFD now"},
		"a name wins over a number that is no channel": {channelTag("77", "Sport") + programmeTag("77", "1900", "2100", "Derby"), "",
			commands.ExitDone, "1 Derby 19:00-21:00", ""},
		"name and number agree": {channelTag("1", "Sport") + programmeTag("1", "1900", "2100", "Derby"), "",
			commands.ExitDone, "1 Derby 19:00-21:00", ""},
		"name and number differ": {channelTag("2", "Sport") + programmeTag("2", "1900", "2100", "Derby"), "",
			cli.ExitNothing, "", `channel "2" (Sport): 1 programmes not imported: its name is that of channel 1 (Sport), its id in the guide that of channel 2 (News); give --channel 2=<channel_id>`},
		"name and number differ, given": {channelTag("2", "Sport") + programmeTag("2", "1900", "2100", "Derby"), "--channel 2=1",
			commands.ExitDone, "1 Derby 19:00-21:00", ""},
		"a number alone": {channelTag("2", "Nachrichten") + programmeTag("2", "1900", "2100", "Today"), "",
			commands.ExitDone, "2 Today 19:00-21:00", `channel "2" (Nachrichten) is matched to channel 2 (News) by its number`},
		"names of two channels": {channelTag("x", "Sport", "News") + programmeTag("x", "1900", "2100", "Derby"), "",
			cli.ExitNothing, "", "its names fit channel 1 (Sport) and channel 2 (News)"},
		"two channels of one name": {channelTag("x", "Sport") + channelTag("y", "Sport") + programmeTag("x", "1900", "2100", "Derby") +
			programmeTag("y", "1800", "2100", "Match"), "", cli.ExitNothing, "", `channel 1 (Sport) is found for "x" and for "y"`},
		"two channels of one name, one given": {channelTag("x", "Sport") + channelTag("y", "Sport") + programmeTag("x", "1900", "2100", "Derby") +
			programmeTag("y", "1800", "2100", "Match"), "--channel y=1", commands.ExitDone, "1 Match 18:00-21:00", `channel 1 (Sport) is found for "x" and for "y"`},
		"one for two": {channelTag("arena.example", "Arena") + programmeTag("arena.example", "1900", "2000", "Match"),
			"--channel arena.example=4 --channel arena.example=5", commands.ExitDone, "4 Match 19:00-20:00, 5 Match 19:00-20:00", ""},
		"case of ids": {channelTag("Arena.Example", "Arena") + programmeTag("arena.example", "1900", "2000", "Match"), "",
			commands.ExitDone, "4 Match 19:00-20:00", ""},
		"programmes before channels": {programmeTag("x", "1900", "2000", "Match") + channelTag("x", "Arena"), "",
			commands.ExitDone, "4 Match 19:00-20:00", ""},
		"a shared slot": {cartoons +
			strings.Replace(programmeTag("a", "1900", "2000", "One"), "<programme", `<programme clumpidx="0/2"`, 1) +
			strings.Replace(programmeTag("a", "1900", "2000", "Two"), "<programme", `<programme clumpidx="1/2"`, 1) +
			programmeTag("a", "2000", "2100", ""), "",
			commands.ExitDone, "3 One 19:00-19:30, 3 Two 19:30-20:00, 3  20:00-21:00", "line 3: the programme shares its slot and got part 2 of 2 of it"},
		"two that start at once": {cartoons + programmeTag("a", "1900", "2000", "One") + programmeTag("a", "1900", "2000", "Two"), "",
			cli.ExitRejected, "3 Two 19:00-20:00", "line 2: line 3 has another programme that starts then on the same channel, which is taken"},
		"the same twice": {cartoons + programmeTag("a", "1900", "2000", "One") + programmeTag("a", "1900", "2000", "One"), "",
			commands.ExitDone, "3 One 19:00-20:00", ""},
		"a long title": {cartoons + programmeTag("a", "1900", "2000", long), "",
			commands.ExitDone, "3 " + strings.Repeat("é", 254) + "… 19:00-20:00", "line 2: the title is longer than 255 characters and was cut"},
		"no zone": {cartoons + `<programme start="20260301190000" stop="20260301200000" channel="a"/>`, "",
			cli.ExitNothing, "", `line 2: start "20260301190000" names no time zone; say with --time-zone which one is meant`},
		"no zone, given": {cartoons + `<programme start="20260301190000" stop="20260301200000" channel="a"/>`, "--time-zone=Europe/Riga",
			commands.ExitDone, "3  17:00-18:00", ""},
		"an unknown channel": {channelTag("x", "Nobody\x1b[2J") + programmeTag("x", "1900", "2000", "A") + programmeTag("x", "2000", "2100", "B"), "",
			cli.ExitNothing, "", `line 1: channel "x" (Nobody�[2J): 2 programmes not imported: no channel of the catalog has its name`},
		"some may be rejected": {cartoons + programmeTag("a", "soon", "2000", "A") + programmeTag("a", "2000", "2100", "B"), "--max-rejected=1",
			commands.ExitDone, "3 B 20:00-21:00", "line 2: start"},
	} {
		client := nextClient(t, server)
		file := writeFile(t, "<?xml version='1.0'?><tv>"+c.guide+"</tv>")
		out, complaints, code := shell(t, server, fmt.Sprintf("import xmltv %s --client-id=%d %s", file, client, c.flags))
		if got := guideOf(t, server, client); code != c.code || got != c.want || !strings.Contains(complaints, c.says) {
			t.Errorf("%s: exit code %d, guide %q, want %q; says %s%swant %s", name, code, got, c.want, out, complaints, c.says)
		}
	}
}

// nextClient makes a client that has the channels of the guides.
func nextClient(t *testing.T, server *testServer) int32 {
	t.Helper()
	clients, err := server.ListClients(t.Context(), &tvstatsv1.ListClientsRequest{PageSize: 1000})
	if err != nil {
		t.Fatal(err)
	}
	client := int32(len(clients.Clients)) + 1
	pushAll(t, server, &tvstatsv1.SyncRequest{ClientId: client, Channels: fieldChannels})
	return client
}

// TestPackedGuides imports one guide in every packing and encoding.
func TestPackedGuides(t *testing.T) {
	t.Parallel()
	server := start(t)
	guide := "<tv>" + channelTag("a", "Cartoons") + programmeTag("a", "1900", "2000", "Café") + "</tv>"
	pack := func(open func(io.Writer) (io.WriteCloser, error)) string {
		var packed bytes.Buffer
		w, err := open(&packed)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, guide); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return packed.String()
	}
	zipped := func(names ...string) string {
		var packed bytes.Buffer
		w := zip.NewWriter(&packed)
		for _, name := range names {
			file, err := w.Create(name)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.WriteString(file, guide)
		}
		_ = w.Close()
		return packed.String()
	}
	wide, err := unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewEncoder().String(guide)
	if err != nil {
		t.Fatal(err)
	}
	bzipped, err := os.ReadFile("testdata/guide.xml.bz2")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ packed, wrong string }{
		"gzip":          {pack(func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil }), ""},
		"xz":            {pack(func(w io.Writer) (io.WriteCloser, error) { return xz.NewWriter(w) }), ""},
		"bzip2":         {string(bzipped), ""},
		"ZIP":           {zipped("guide/", "guide/epg.xml", "__MACOSX/epg.xml"), ""},
		"ZIP of two":    {zipped("a.xml", "b.xml"), `the ZIP archive has 2 files, ["a.xml" "b.xml"]; it must have one`},
		"UTF-16":        {wide, ""},
		"Zstandard":     {"\x28\xb5\x2f\xfd....", "it is compressed with Zstandard, which is not read"},
		"7-Zip":         {"7z\xbc\xaf\x27\x1c....", "it is compressed with 7-Zip, which is not read"},
		"cut off":       {guide[:len(guide)-7], "the guide ends without </tv>: it was cut off"},
		"another thing": {"<html><body>502</body></html>", "it is no XMLTV guide: it begins with <html>, not with <tv>"},
	} {
		for _, from := range []string{"%s", "- < %s"} {
			client, code := nextClient(t, server), commands.ExitDone
			if c.wrong != "" {
				code = commands.ExitRefused
			}
			line := fmt.Sprintf("import xmltv --client-id=%d "+from, client, writeFile(t, c.packed))
			_, complaints, got := shell(t, server, line)
			if text := guideOf(t, server, client); got != code || !strings.Contains(complaints, c.wrong) ||
				c.wrong == "" && text != "3 Café 19:00-20:00" {
				t.Errorf("%s %s: exit code %d, guide %q: %s", name, from, got, text, complaints)
			}
		}
	}
}

// TestChannelsFile writes the file of channels with guesses, and imports with it once it was corrected.
func TestChannelsFile(t *testing.T) {
	t.Parallel()
	server := start(t)
	client := nextClient(t, server)
	guide := writeFile(t, "<tv>"+channelTag("sport.example", "Sport")+channelTag("news.example", "News TV (HD)")+
		channelTag("arena.example", "=Arena()")+channelTag("2", "Sport 2")+programmeTag("arena.example", "1900", "2000", "Match")+"</tv>")
	line := fmt.Sprintf("import xmltv %s --client-id=%d ", guide, client)
	template, complaints, code := shell(t, server, line+"--write-channels-file=-")
	const want = "guide_id,channel_id,guide_name,channel_name,programmes,found_by\n" +
		"sport.example,1,Sport,Sport,0,name\n" +
		"news.example,2,News TV (HD),News,0,guess: check it\n" +
		"arena.example,4,'=Arena(),Arena,1,guess: check it\n" +
		"2,2,Sport 2,News,0,number\n"
	if code != commands.ExitDone || template != want {
		t.Fatalf("exit code %d: %s, the template is %s, want %s", code, complaints, template, want)
	}
	if got := guideOf(t, server, client); got != "" {
		t.Errorf("writing the template imported %s", got)
	}
	file := writeFile(t, "guide_id;note;channel_id\nARENA.example;x;4\narena.example;\"y;z\";5\nsport.example;;\n")
	if out, complaints, code := shell(t, server, line+"--channels-file="+file); code != commands.ExitDone ||
		guideOf(t, server, client) != "4 Match 19:00-20:00, 5 Match 19:00-20:00" {
		t.Errorf("exit code %d, guide %q: %s%s", code, guideOf(t, server, client), out, complaints)
	}
	for content, says := range map[string]string{
		"a,b\n":                       "the header must name guide_id and channel_id; it names [\"a\" \"b\"]",
		"guide_id,channel_id\nx,one":  `line 2: channel_id "one" is no positive whole number of 32 bits`,
		"guide_id,channel_id\n\n,1\n": "line 3: the guide_id is empty",
	} {
		if _, complaints, code := shell(t, server, line+"--channels-file="+writeFile(t, content)); code != commands.ExitRefused ||
			!strings.Contains(complaints, says) {
			t.Errorf("%q: exit code %d: %s", content, code, complaints)
		}
	}
}

// TestMovedGuidesLeaveNoGhosts imports a guide, then the same after it was moved.
func TestMovedGuidesLeaveNoGhosts(t *testing.T) {
	t.Parallel()
	server := start(t)
	sport := channelTag("sport.example", "Sport")
	before := sport + programmeTag("sport.example", "1700", "1910", "Talk") + programmeTag("sport.example", "1900", "2100", "Final") +
		programmeTag("sport.example", "2100", "2200", "Studio") + programmeTag("sport.example", "2200", "2300", "Night")
	after := sport + programmeTag("sport.example", "1905", "2105", "Final") + programmeTag("sport.example", "2105", "2200", "Studio")
	for flags, want := range map[string]string{
		"":       "1 Talk 17:00-19:05, 1 Final 19:05-21:05, 1 Studio 21:05-22:00, 1 Night 22:00-23:00",
		"--keep": "1 Talk 17:00-19:10, 1 Final 19:00-21:00, 1 Final 19:05-21:05, 1 Studio 21:00-22:00, 1 Studio 21:05-22:00, 1 Night 22:00-23:00",
	} {
		client := nextClient(t, server)
		for i, guide := range []string{before, after, after} {
			out, complaints, code := shell(t, server, fmt.Sprintf("import xmltv %s --client-id=%d %s", writeFile(t, "<tv>"+guide+"</tv>"), client, flags))
			if pushed := []string{"0 channels added, 4 ", "0 channels added, 2 ", "0 channels added, 2 "}[i]; code != commands.ExitDone || !strings.HasPrefix(out, pushed) {
				t.Fatalf("exit code %d: %s%s", code, out, complaints)
			}
		}
		if got := guideOf(t, server, client); got != want {
			t.Errorf("%s: the guide is %s, want %s", flags, got, want)
		}
	}
	// Viewing of it counts for the Final that there is, once.
	client := nextClient(t, server)
	for _, guide := range []string{before, after} {
		shell(t, server, fmt.Sprintf("import xmltv %s --client-id=%d", writeFile(t, "<tv>"+guide+"</tv>"), client))
	}
	shell(t, server, fmt.Sprintf("import viewing %s --client-id=%d", writeFile(t, csvHeader+"\n5,1,2026-03-01 19:00,7500\n"), client))
	out, complaints, code := shell(t, server, fmt.Sprintf("create_epg_selection_by_popularity --client_id=%d --days_number=1 --selection_size=9 --as_of=2026-03-02", client))
	if code != commands.ExitDone || strings.Count(out, "Final") != 1 || !strings.Contains(out, "1  Final") || !strings.Contains(out, "2:00  ") {
		t.Errorf("exit code %d: %s%s", code, out, complaints)
	}
}
