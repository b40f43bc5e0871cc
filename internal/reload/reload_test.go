package reload_test

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/tvstats/tvstats/internal/reload"
)

// joined is a value that refuses contents with "bad" in them.
func joined(contents [][]byte) (string, error) {
	var all strings.Builder
	for _, content := range contents {
		all.Write(content)
	}
	if strings.Contains(all.String(), "bad") {
		return "", errors.New("bad content")
	}
	return all.String(), nil
}

func TestChangesAreNoticedAndBadOnesAreNot(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, second := filepath.Join(dir, "first"), filepath.Join(dir, "second")
	write(t, first, "a")
	write(t, second, "b")
	var log strings.Builder
	v, err := reload.New(slog.New(slog.NewTextHandler(&log, nil)), joined, first, second)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		name   string
		change func()
		want   string
		logged int // complaints so far
	}{
		{"nothing", func() {}, "ab", 0},
		{"replaced", func() { write(t, first, "A") }, "Ab", 0},
		{"longer in place", func() { overwrite(t, second, "BB") }, "ABB", 0},
		{"bad", func() { write(t, first, "bad") }, "ABB", 1},
		{"still bad", func() {}, "ABB", 1},
		{"gone", func() { remove(t, first) }, "ABB", 2},
		{"still gone", func() {}, "ABB", 2},
		{"good again", func() { write(t, first, "c") }, "cBB", 2},
	} {
		step.change()
		if got := v.Get(); got != step.want {
			t.Errorf("%s: got %q, want %q", step.name, got, step.want)
		}
		if got := strings.Count(log.String(), "level=ERROR"); got != step.logged {
			t.Errorf("%s: %d complaints, want %d: %s", step.name, got, step.logged, log.String())
		}
	}
}

// write replaces a file at once, as careful programs do.
func write(t *testing.T, file, content string) {
	t.Helper()
	overwrite(t, file+".new", content)
	if err := os.Rename(file+".new", file); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, file string) {
	t.Helper()
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
}

func overwrite(t *testing.T, file, content string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestOnlyOrdinaryFilesAreRead: what a file flag names must neither block nor fill the memory.
func TestOnlyOrdinaryFilesAreRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pipe, large := filepath.Join(dir, "pipe"), filepath.Join(dir, "large")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip("no named pipes here: ", err)
	}
	overwrite(t, large, strings.Repeat("x", 1<<20+1))
	for file, want := range map[string]string{
		dir:                           "is a directory",
		pipe:                          "a regular file is needed",
		"/dev/zero":                   "a regular file is needed",
		large:                         "larger than",
		filepath.Join(dir, "missing"): "no such file",
		"nul\x00byte":                 "invalid argument",
		filepath.Join(dir, "pipe", "..", "..", "passwd"): "no such file",
	} {
		_, err := reload.New(slog.New(slog.DiscardHandler), joined, file)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", file, err, want)
		}
	}
}
