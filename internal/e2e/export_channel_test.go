package e2e

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/commands"
)

// TestChannelReport writes the report of a channel that is second in one of its categories and alone in the other.
func TestChannelReport(t *testing.T) {
	t.Parallel()
	server := start(t)
	evening := time.Date(2026, 3, 1, 23, 0, 0, 0, time.UTC)
	pushAll(t, server, &tvstatsv1.SyncRequest{
		ClientId: 1, Categories: []*tvstatsv1.Category{{CategoryId: 7, Name: "Sport"}, {CategoryId: 8, Name: "=Arena"}},
		Channels: []*tvstatsv1.Channel{
			{ChannelId: 1, Name: "Sport", Number: 10, Categories: []int32{7, 8}}, {ChannelId: 2, Name: "Rival", Categories: []int32{7}}, {ChannelId: 3, Name: "News"},
		},
		Programmes: []*tvstatsv1.Programme{
			{ProgrammeId: 50, ChannelId: 1, Title: "Late", Start: timestamppb.New(evening.Add(time.Hour)), End: timestamppb.New(evening.Add(2 * time.Hour))},
			{ProgrammeId: 51, ChannelId: 1, Title: "Final", Start: timestamppb.New(evening), End: timestamppb.New(evening.Add(time.Hour))},
			{ProgrammeId: 52, ChannelId: 2, Title: "Secret", Start: timestamppb.New(evening), End: timestamppb.New(evening.Add(time.Hour))},
		},
	})
	var events []*tvstatsv1.ViewEvent
	for channel, watched := range map[int32]time.Duration{1: 90 * time.Minute, 2: 3 * time.Hour, 3: 4 * time.Hour} {
		events = append(events, &tvstatsv1.ViewEvent{
			ClientId: 1, AccountId: int64(channel), DeviceUid: "box", Device: "mag250", ChannelId: channel,
			StartedAt: timestamppb.New(evening), At: timestamppb.New(evening.Add(watched)), Ended: true,
		})
	}
	stream(t, server.address, events, 10)
	file := filepath.Join(t.TempDir(), "report.xlsx")
	exportOne(t, server, "export channel-report --client-id=1 --channel-id=1 --from=2026-03-01 --to=2026-03-02 -o "+file)
	book, err := excelize.OpenFile(file)
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close() //nolint:errcheck // it was only read
	if got := strings.Join(book.GetSheetList(), " "); got != "days programmes places About" {
		t.Errorf("the sheets are %s", got)
	}
	for name, want := range map[string][]map[string]string{
		"days": {
			{"channel_number": "10", "channel_name": "Sport", "day": "2026-03-01", "watch_seconds": "3600", "watch_sessions": "1", "accounts": "1"},
			{"day": "2026-03-02", "watch_seconds": "1800"},
		},
		"programmes": {
			{"channel_name": "Sport", "title": "Final", "watch_seconds": "3600", "start": "2026-03-01 23:00:00"},
			{"title": "Late", "watch_seconds": "1800", "live_seconds": "1800"},
		},
		"places": {
			{"category_name": "all channels", "rank": "3", "channels": "3", "watch_seconds": "5400"},
			{"category_name": "Sport", "category_id": "7", "rank": "2", "channels": "2", "watch_seconds": "5400"},
			{"category_name": "=Arena", "rank": "1", "channels": "1", "percent_of_category": "100"},
		},
	} {
		rows, err := book.GetRows(name)
		if err != nil || len(rows) != len(want)+1 {
			t.Errorf("%s: got %v, %v", name, rows, err)
			continue
		}
		for i, cells := range want {
			for column, title := range rows[0] {
				if text, there := cells[title]; there && at(rows[i+1], column) != text {
					t.Errorf("%s, row %d: %s is %q, want %q", name, i+1, title, at(rows[i+1], column), text)
				}
			}
		}
	}
	if about, err := book.GetRows("About"); err != nil || len(about) < 6 || at(about[1], 1) != "1" {
		t.Errorf("About says %v, %v", about, err)
	}
	for flags, want := range map[string]string{
		"-o report.csv": "several sheets", "-o -": "several sheets", "-o report.pdf": "several sheets", "": "--out",
	} {
		if _, complaints, code := shell(t, server, "export channel-report --client-id=1 --channel-id=1 "+flags); code != commands.ExitWrongUsage || !strings.Contains(complaints, want) {
			t.Errorf("%s: exit code %d: %s", flags, code, complaints)
		}
	}
	if _, complaints, code := shell(t, server, "export channel-report --client-id=1 --channel-id=9 -o "+file); code != commands.ExitRefused || !strings.Contains(complaints, "channel 9") {
		t.Errorf("an unknown channel: exit code %d: %s", code, complaints)
	}
}
