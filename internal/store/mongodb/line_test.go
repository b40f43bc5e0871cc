package mongodb

import (
	"reflect"
	"strings"
	"testing"

	"github.com/tvstats/tvstats/internal/viewing"
)

// FuzzLine: what is written into the journal is read back as it was.
func FuzzLine(f *testing.F) {
	f.Add(int64(1), int32(2), "mag250", uint8(1), int64(0), int64(1_700_000_000_123), int64(1_700_000_060_000), int32(60), true, "00:1a:79:00:00:01", int32(7), uint8(2))
	f.Add(int64(1<<62), int32(1), "a", uint8(2), int64(9), int64(0), int64(1), int32(0), false, "a \"b\"\r\n\\ \x00\u2028 ", int32(1), uint8(0))
	f.Fuzz(func(
		t *testing.T, account int64, channel int32, device string, mode uint8, programme, started, at int64, watched int32, ended bool, uid string,
		tariff int32, tariffs uint8,
	) {
		if strings.ContainsAny(device, " \n") || max(started, at) > 253_402_300_799_999 || min(started, at) < -62_167_219_200_000 {
			t.Skip("no such device; no year of four digits")
		}
		report := viewing.Report{
			Identity: viewing.Identity{
				ClientID: 3, AccountID: account, DeviceUID: uid, Device: device, ChannelID: channel, Mode: viewing.Mode(mode%3 + 1),
				ProgrammeID: programme, StartedAt: viewing.Millis(started),
			},
			State: viewing.State{At: viewing.Millis(at), WatchedSeconds: watched, Ended: ended},
		}
		for range tariffs {
			report.Tariffs = append(report.Tariffs, tariff)
		}
		entry := newEntry("3/2026-03-10", []viewing.Report{report, report})
		got, err := entry.lines()
		if want := []viewing.Report{report, report}; err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %+v, %v; want %+v", entry.Reports, got, err, want)
		}
	})
}

// TestBrokenLines: what is no report is told, not read as another one.
func TestBrokenLines(t *testing.T) {
	const whole = `1 2 mag250 live 0 2026-03-10T12:00:00Z 2026-03-10T12:00:01Z 1 true 7 "box"`
	if _, err := parseLine(1, whole); err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(whole, " ")
	for i, part := range parts {
		if part == "mag250" {
			continue
		}
		broken := strings.Join(append(append(append([]string{}, parts[:i]...), "?"), parts[i+1:]...), " ")
		if r, err := parseLine(1, broken); err == nil || !strings.Contains(err.Error(), "the journal holds") {
			t.Errorf("%s: got %+v, %v", broken, r, err)
		}
	}
	if _, err := parseLine(1, whole[:40]); err == nil {
		t.Error("half a line is no report")
	}
}
