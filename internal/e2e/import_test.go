package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/cli"
	"github.com/tvstats/tvstats/internal/commands"
)

// guide has a channel that the catalog knows by its name, one with a number for an id, one that --channel names, and one
// that nobody knows.
const guide = `<tv>
<channel id="news.example.com"><display-name>1</display-name><display-name> NEWS </display-name></channel>
<channel id="20"><display-name>Sport</display-name><display-name>2</display-name></channel>
<channel id="films.example.com"><display-name>Films</display-name></channel>
<channel id="nobody.example.com"><display-name>Nobody</display-name></channel>
<programme start="20260301200000 +0100" stop="20260301210000 +0100" channel="news.example.com"><title>Evening</title></programme>
<programme start="20260301200000 +0000" channel="20"><title>Cup</title></programme>
<programme start="20260301220000 +0000" channel="20"><title>Talk</title></programme>
<programme start="20260301200000 Z" stop="20260301230000 Z" channel="FILMS.example.com"><title>Film</title></programme>
<programme start="20260301190000 Z" stop="20260301180000 Z" channel="films.example.com"><title>Backwards</title></programme>
<programme start="20260301200000 Z" stop="20260301210000 Z" channel="nobody.example.com"><title>Nothing</title></programme>
<programme start="soon" channel="20"/>
</tv>`

// TestImportXMLTV imports a guide twice: the second time changes nothing, and the catalog's own channel stays as it was.
func TestImportXMLTV(t *testing.T) {
	t.Parallel()
	server := start(t)
	news := &tvstatsv1.Channel{ChannelId: 10, Name: "News", Number: 5, Categories: []int32{3}, Enabled: new(false)}
	pushAll(t, server, &tvstatsv1.SyncRequest{ClientId: 4, Channels: []*tvstatsv1.Channel{news}})
	file, rejected := writeFile(t, guide), filepath.Join(t.TempDir(), "rejected")
	line := fmt.Sprintf("import xmltv %s --client-id=4 --channel films.example.com=30 --rejected=%s", file, rejected)
	var programmes [2]*tvstatsv1.ListProgrammesResponse
	for i := range programmes {
		out, complaints, code := shell(t, server, line)
		added := []string{"2", "0"}[i]
		want := added + " channels added, 4 programmes pushed, 3 elements not imported\n"
		if code != cli.ExitRejected || out != want {
			t.Fatalf("exit code %d, %q, want %q: %s", code, out, want, complaints)
		}
		var err error
		if programmes[i], err = server.ListProgrammes(t.Context(), &tvstatsv1.ListProgrammesRequest{ClientId: 4}); err != nil {
			t.Fatal(err)
		}
	}
	if !proto.Equal(programmes[0], programmes[1]) {
		t.Errorf("the second import made %v of %v", programmes[1], programmes[0])
	}
	var got []string
	for _, p := range programmes[1].Programmes {
		got = append(got, fmt.Sprintf("%d %s %s-%s", p.ChannelId, p.Title, p.Start.AsTime().Format("15:04"), p.End.AsTime().Format("15:04")))
	}
	if want := "10 Evening 19:00-20:00, 20 Cup 20:00-22:00, 30 Film 20:00-23:00, 20 Talk 22:00-22:30"; strings.Join(got, ", ") != want {
		t.Errorf("the guide is %q, want %s", got, want)
	}
	channels, err := server.ListChannels(t.Context(), &tvstatsv1.ListChannelsRequest{ClientId: 4})
	if err != nil || len(channels.Channels) != 3 || !proto.Equal(channels.Channels[0], news) ||
		channels.Channels[1].Name != "Sport" || channels.Channels[1].Number != 2 || channels.Channels[2].Name != "Films" {
		t.Errorf("the channels are %v, %v", channels, err)
	}
	report, err := os.ReadFile(rejected)
	for _, part := range []string{
		`line 5: channel "nobody.example.com" (Nobody): 1 programmes not imported: no channel of the catalog has its name; give --channel nobody.example.com=<channel_id> or --channels-file`,
		"line 10: programmes: INVALID_ENTITY: end is not after start",
		`line 12: start "soon" is no time of XMLTV`, "line 8: the programme has no stop, and no other follows on its channel: it is taken to last 30 minutes",
	} {
		if err != nil || !strings.Contains(string(report), part) {
			t.Errorf("the report lacks %q: %s, %v", part, report, err)
		}
	}
}

// TestImportViewing imports the file of another system twice: the second time changes nothing.
func TestImportViewing(t *testing.T) {
	t.Parallel()
	server := start(t)
	const line5, line6 = "2026-03-01 20:00:00,90000,2,5\n", "x,60,2,6\n"
	file := writeFile(t, "begin,seconds,ch,subscriber\n2026-03-01 20:00:00,60,2,5\n1772395200,30,3,5\n1772395200000,30,3,6\n"+line5+line6)
	rejected := filepath.Join(t.TempDir(), "rejected")
	line := "import viewing " + file + " --client-id=4 --device=stb --rejected=" + rejected +
		" --column account_id=subscriber,channel_id=ch --column started_at=begin --column watched_seconds=seconds"
	for range 2 {
		out, complaints, code := shell(t, server, line)
		if code != cli.ExitRejected || !strings.Contains(out, "  accepted 3\n  rejected 1: INVALID_EVENT") {
			t.Fatalf("exit code %d: %s%s", code, out, complaints)
		}
		got := watchedBy(t, server, 4, 1, timestamppb.New(time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)))
		if got[2] != (watched{60, 1}) || got[3] != (watched{60, 2}) || len(got) != 2 {
			t.Errorf("%+v were watched", got)
		}
		report, err := os.ReadFile(rejected)
		if err != nil || !strings.Contains(string(report), "line 5: INVALID_EVENT: at is more than 24h0m0s after started_at") ||
			!strings.Contains(string(report), `line 6: begin "x" is no time`) || strings.Count(string(report), "\n") != 2 {
			t.Errorf("the report is %s, %v", report, err)
		}
	}
}

// TestImportViewingOfOthers says of how many events the file itself names another client than the command line.
func TestImportViewingOfOthers(t *testing.T) {
	t.Parallel()
	server := start(t)
	const own, other = ",5,2,2026-03-01T20:00:00Z,60\n", "3,6,2,2026-03-01T20:00:00Z,90\n"
	file := writeFile(t, "client_id,account_id,channel_id,started_at,watched_seconds\n"+own+other)
	out, complaints, code := shell(t, server, "import viewing "+file+" --client-id=4")
	if code != commands.ExitDone || !strings.Contains(out, "  accepted 2\n  1 were of other clients than --client-id=4: their lines name them\n") {
		t.Errorf("exit code %d: %s%s", code, out, complaints)
	}
	for client, want := range map[int32]watched{3: {90, 1}, 4: {60, 1}} {
		got := watchedBy(t, server, client, 1, timestamppb.New(time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)))
		if len(got) != 1 || got[2] != want {
			t.Errorf("client %d: %+v were watched, want %+v", client, got, want)
		}
	}
}
