package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/tvstats/tvstats/internal/commands"
)

// demoProgram is the demo as a command, with a folder for temporary files that is its own.
func demoProgram(t *testing.T, args ...string) (command *exec.Cmd, temporary string) {
	t.Helper()
	temporary = t.TempDir()
	command = programCommand(t.Context(), append([]string{"demo"}, args...)...)
	command.Env = append(command.Env, "TMPDIR="+temporary)
	return command, temporary
}

func checkEmpty(t *testing.T, dir string) {
	t.Helper()
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestDemo(t *testing.T) {
	command, temporary := demoProgram(t, "--boxes", "50")
	command.Args[0] = "./tvstats" // as in the folder of a tarball
	var out, complaints bytes.Buffer
	command.Stdout, command.Stderr = &out, &complaints
	if err := command.Run(); err != nil {
		t.Fatalf("%v: %s", err, complaints.String())
	}
	for line := range strings.Lines(complaints.String()) {
		if !strings.HasSuffix(line, " % done\n") { // progress, which a slow machine gets to see
			t.Errorf("it complained: %s", line)
		}
	}
	checkEmpty(t, temporary)
	for _, part := range []string{
		"catalog of client 1 pushed: ", "reports acknowledged in ", "\nChannel sorting by watch time", "\n  38   38  Subscriber Information ",
		"\nChannel selection by median watch time", "\nProgramme selection", "\n  10  ",
		`run "./tvstats serve", in another terminal "./tvstats simulate"`, "\n  ./tvstats create_epg_selection_by_popularity ", `"./tvstats demo --serve"`,
	} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("the demo lacks %q:\n%s", part, out.String())
		}
	}
}

// TestDemoEndsCleanOnInterrupt interrupts it in the middle of more viewing than it could ever stream.
func TestDemoEndsCleanOnInterrupt(t *testing.T) {
	command, temporary := demoProgram(t, "--boxes", "100000")
	var complaints bytes.Buffer
	command.Stderr = &complaints
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	for said := ""; !strings.Contains(said, "pushed"); { // the streams are opened now
		if said, err = lines.ReadString('\n'); err != nil {
			t.Fatalf("%v: %s", err, complaints.String())
		}
	}
	if err := command.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, lines); err != nil {
		t.Error(err)
	}
	var exit *exec.ExitError
	if err := command.Wait(); !errors.As(err, &exit) || exit.ExitCode() != commands.ExitRefused {
		t.Errorf("the demo ended with %v", err)
	}
	if complaints.String() != "tvstats: interrupt signal received\n" {
		t.Errorf("it complained: %s", complaints.String())
	}
	checkEmpty(t, temporary)
}

// TestDemoServes looks at the console of a demo that goes on, and interrupts it.
func TestDemoServes(t *testing.T) {
	t.Parallel()
	command, temporary := demoProgram(t, "--boxes=200", "--serve")
	var complaints bytes.Buffer
	command.Stderr = &complaints
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	said := ""
	for !strings.Contains(said, "Ctrl-C") {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatalf("%v: %s%s", err, said, complaints.String())
		}
		said += line
	}
	_, rest, _ := strings.Cut(said, "The console: ")
	s := &testServer{web: strings.TrimSuffix(strings.Fields(rest)[0], "/")}
	if got := s.do(t, http.MethodGet, "/", ""); got.status != http.StatusOK || !strings.Contains(got.body, "console.js") {
		t.Errorf("the console: got %d %s", got.status, got.body)
	}
	var got struct {
		Stats struct{ OnlineAccounts, TotalAccounts string }
	}
	answer := s.post(t, "SubscriberDynamics/GetStats", `{"clientId": 1}`)
	if err := json.Unmarshal([]byte(answer.body), &got); err != nil || got.Stats.TotalAccounts == "0" {
		t.Errorf("got %v of %s", err, answer.body)
	}
	if err := command.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, lines); err != nil {
		t.Error(err)
	}
	if err := command.Wait(); err != nil {
		t.Errorf("the demo ended with %v: %s", err, complaints.String())
	}
	checkEmpty(t, temporary)
}
