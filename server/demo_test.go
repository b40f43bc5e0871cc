package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
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
		"\nChannel selection by median watch time", "\nProgramme selection", "\n  10  ", "go run ./server", "grpcurl -plaintext",
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
	told := bufio.NewReader(out)
	for said := ""; !strings.Contains(said, "pushed"); { // the streams are opened now
		if said, err = told.ReadString('\n'); err != nil {
			t.Fatalf("%v: %s", err, complaints.String())
		}
	}
	if err := command.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, told); err != nil {
		t.Error(err)
	}
	var exit *exec.ExitError
	if err := command.Wait(); !errors.As(err, &exit) || exit.ExitCode() != exitRefused {
		t.Errorf("the demo ended with %v", err)
	}
	if complaints.String() != "tvstats: interrupt signal received\n" {
		t.Errorf("it complained: %s", complaints.String())
	}
	checkEmpty(t, temporary)
}
