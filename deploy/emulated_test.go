package deploy

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// emulator runs programs of another kind of machine, with the libraries that its compiler brings.
type emulator struct{ arch, program, libraries string }

// emulators are by the kind of machine that they run on.
var emulators = map[string]emulator{
	"amd64": {"arm64", "qemu-aarch64-static", "/usr/aarch64-linux-gnu"},
	"arm64": {"amd64", "qemu-x86_64-static", "/usr/x86_64-linux-gnu"},
}

// TestOtherKindOfMachine starts the program that was built for the other kind of machine, emulated, and compares what it
// makes of some viewing with what this machine's makes of it.
func TestOtherKindOfMachine(t *testing.T) {
	made, other := dist(t), emulators[runtime.GOARCH]
	tarballs, err := filepath.Glob(filepath.Join(made, "tvstats-*-linux-"+other.arch+".tar.gz"))
	if err != nil || len(tarballs) == 0 {
		t.Skipf("nothing was built for %s: that takes its compiler, and ARCHS not to say otherwise", other.arch)
	}
	if _, err := exec.LookPath(other.program); err != nil {
		t.Skipf("%v; Debian: qemu-user-static", err)
	}
	native, folder := unpacked(t), t.TempDir()
	output(t, exec.CommandContext(t.Context(), "tar", "-xzf", tarballs[0], "-C", folder, "--strip-components=1"))
	emulated := []string{other.program, "-L", other.libraries, filepath.Join(folder, "tvstats")}

	version := exec.CommandContext(t.Context(), emulated[0], append(emulated[1:], "version")...)
	if got := output(t, version); !strings.HasSuffix(got, " linux/"+other.arch+"\n") {
		t.Errorf("it says of itself %q", got)
	}
	want := ranked(t, native, serving(t, native))
	if got := ranked(t, native, serving(t, emulated...)); got != want || strings.Count(got, "\n") != 4 {
		t.Errorf("emulated: %s\nwant\n%s", got, want)
	}
}

// serving serves from a directory of its own until the test ends, and returns the address.
func serving(t *testing.T, program ...string) string {
	t.Helper()
	ctx := context.WithoutCancel(t.Context()) // it is stopped in order, after the test as well
	command := exec.CommandContext(ctx, program[0], append(program[1:], "serve", "--listen=127.0.0.1:0", "--http-listen=off",
		"--web-listen=off", "--schedule=off", "--data-dir="+t.TempDir())...)
	log, err := command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(log)
	t.Cleanup(func() {
		_ = command.Process.Signal(syscall.SIGTERM) // if it has ended, that is said below
		rest, _ := io.ReadAll(lines)
		if err := command.Wait(); err != nil {
			t.Errorf("%v ended with %v: %s", program, err, rest)
		}
	})
	for said := ""; ; {
		line, err := lines.ReadString('\n')
		said += line
		if at := regexp.MustCompile(`msg=serving grpc=(\S+)`).FindStringSubmatch(line); at != nil {
			return at[1]
		}
		if err != nil {
			t.Fatalf("%v: %v: %s", program, err, said)
		}
	}
}

// ranked brings a little viewing in and returns how its channels are ranked, without the line that says when.
func ranked(t *testing.T, program, address string) string {
	t.Helper()
	viewing := filepath.Join(t.TempDir(), "viewing.csv")
	rows := "account_id,channel_id,started_at,watched_seconds\n1,10,2026-03-01T19:00:00Z,3600\n2,20,2026-03-01T19:00:00Z,600\n2,20,2026-03-01T20:00:00Z,1801\n1,30,2026-03-01T21:00:00Z,7\n"
	if err := os.WriteFile(viewing, []byte(rows), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) string {
		command := exec.CommandContext(t.Context(), program, args...)
		command.Env = append(os.Environ(), "TVSTATS_SERVER="+address)
		return output(t, command)
	}
	run("health")
	run("import", "viewing", viewing, "--client-id=1")
	_, table, _ := strings.Cut(run("create_channel_sorting_by_popularity", "--client_id=1", "--days_number=1", "--criterion=median_watch_time",
		"--as_of=2026-03-02"), "\n")
	return table
}
