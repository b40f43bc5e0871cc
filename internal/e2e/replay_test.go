package e2e

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/tvstats/tvstats/internal/app"
	"github.com/tvstats/tvstats/internal/cli"
	"github.com/tvstats/tvstats/internal/commands"
	"github.com/tvstats/tvstats/internal/store/storetest"
)

const csvHeader = "user_id,channel_id,started_at,watched_seconds"

// writeFile makes a file for a test to read.
func writeFile(t *testing.T, content string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "viewing")
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// growing is a file whose every line is made when it is read.
type growing struct {
	lines int
	line  func(i int) string
	next  int
}

// Read returns one line.
func (g *growing) Read(p []byte) (int, error) {
	if g.next == g.lines {
		return 0, io.EOF
	}
	g.next++
	return copy(p, g.line(g.next-1)+"\n"), nil
}

// TestReplayOutlivesTheService stops the service in the middle of a file and starts it again: each session counts once.
func TestReplayOutlivesTheService(t *testing.T) {
	server := start(t)
	restarted := make(chan *testServer, 1)
	restart := func() {
		defer close(restarted)
		restarted <- start(t, func(c *app.Config) { c.DataDir, c.Listen = server.dir, server.address })
	}
	replay := programCommand(t.Context(), "replay", "-", "--client-id", "7", "--streams", "2", "--batch", "100",
		"--server", server.address)
	replay.Stdin = &growing{lines: 20_001, line: func(i int) string {
		if i == 0 {
			return csvHeader
		}
		if i == 10_000 {
			if err := server.stop(); err != nil {
				t.Error(err)
			}
			go restart()
		}
		return fmt.Sprintf("%d,%d,2026-03-01T20:00:00Z,%d", i, i%3+1, i)
	}}
	if output, err := replay.CombinedOutput(); err != nil || !strings.Contains(string(output), "  accepted 20,000\n") {
		t.Fatalf("%v: %s", err, output)
	}
	again := <-restarted
	if again == nil {
		t.Fatal("the service did not start again")
	}
	want := map[int32]watched{}
	for i := int64(1); i <= 20_000; i++ {
		channel := int32(i%3 + 1)
		want[channel] = watched{want[channel].seconds + i, want[channel].sessions + 1}
	}
	asOf := timestamppb.New(time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC))
	if got := watchedBy(t, again, 7, 1, asOf); !maps.Equal(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// TestReplayOfRealViewing replays the sessions of BrightTV as they are, and counts them in plain Go.
func TestReplayOfRealViewing(t *testing.T) {
	name := storetest.BrightTV(t)
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	rows := strings.Split(strings.TrimSpace(string(text)), "\n")[1:]
	longest := map[string]int64{} // by user, channel and start
	for _, row := range rows {
		cut := strings.LastIndexByte(row, ',')
		seconds, err := strconv.ParseInt(row[cut+1:], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		longest[row[:cut]] = max(longest[row[:cut]], seconds)
	}
	want := watched{sessions: int64(len(longest))}
	for _, seconds := range longest {
		want.seconds += seconds
	}

	server := start(t)
	output, err := programCommand(t.Context(), "replay", name, "--server", server.address, "--client-id", "3").CombinedOutput()
	if accepted := fmt.Sprintf("  accepted %s\n", cli.Count(int64(len(rows)))); err != nil || !strings.Contains(string(output), accepted) {
		t.Fatalf("%v, not %q: %s", err, accepted, output)
	}
	var got watched
	asOf := timestamppb.New(time.Date(2016, 3, 2, 0, 0, 0, 0, time.UTC))
	for _, channel := range watchedBy(t, server, 3, 61, asOf) {
		got.seconds, got.sessions = got.seconds+channel.seconds, got.sessions+channel.sessions
	}
	if got != want {
		t.Errorf("%+v were watched, want %+v", got, want)
	}
}

func TestReplayReportsWhatBecameOfTheFile(t *testing.T) {
	server := start(t)
	name := writeFile(t, csvHeader+"\n1,2,2026-03-01T20:00:00Z,5\n1,2,2026-03-01T20:00:00Z,90000\n\nx,2,2026-03-01T20:00:00Z,5\n")
	code, output := runProgram(t, "replay", name, "--client-id=1", "--server", server.address)
	if code != cli.ExitRejected {
		t.Errorf("exit code %d: %s", code, output)
	}
	for _, part := range []string{
		"2 reports acknowledged in ", "  accepted 1\n", "  rejected 1: INVALID_EVENT, for example\n",
		"2 rejected, more than --max-rejected=0; the rest was sent (exit code 4)\n",
		"    account 1, channel 2, started 2026-03-01T20:00:00Z: at is more than 24h0m0s after started_at",
		`line 5: user_id "x" is no whole number of 64 bits`, "  not sent 1: lines that cannot be read\n",
	} {
		if !strings.Contains(output, part) {
			t.Errorf("the output lacks %q: %s", part, output)
		}
	}
	for args, why := range map[string]string{
		"nothing.csv": "open nothing.csv: no such file", writeFile(t, "a,b\n"): "viewing: line 1: the header of the CSV lacks account_id, channel_id",
	} {
		var exit *exec.ExitError
		output, err := programCommand(t.Context(), "replay", args, "--server", server.address).CombinedOutput()
		if !errors.As(err, &exit) || exit.ExitCode() != commands.ExitRefused || !strings.Contains(string(output), why) {
			t.Errorf("%v: %s; want %q", err, output, why)
		}
	}
}

// TestReplayReportsThatThereIsNothing: silence would leave open whether the file was read.
func TestReplayReportsThatThereIsNothing(t *testing.T) {
	server := start(t)
	const nothing = "nothing was sent: the input is empty, or the lines above say why (exit code 3)\n"
	for content, last := range map[string]string{
		"": nothing, csvHeader + "\n": nothing,
		csvHeader + "\nx,2,2026-03-01T20:00:00Z,5\n": "nothing was sent, 1 rejected (exit code 3)\n",
	} {
		code, output := runProgram(t, "replay", writeFile(t, content), "--client-id=1", "--server", server.address)
		if code != cli.ExitNothing || !strings.HasSuffix(output, last) {
			t.Errorf("replay of %q: exit code %d, %q", content, code, output)
		}
	}
}
