package e2e

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tvstats/tvstats/internal/commands"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
)

// storeWith is the directory of a store with something in it, cleanly stopped.
func storeWith(t *testing.T, count int) string {
	t.Helper()
	s := start(t)
	stream(t, s.address, rpctest.Events(count).GetEvents(), 100)
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	return s.dir
}

// TestCorruptStore: a store whose file was damaged is not served, and it is said which file that is.
func TestCorruptStore(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func([]byte) []byte{
		"the beginning":     func(file []byte) []byte { return overwritten(file, 0, 4096) },
		"the first headers": func(file []byte) []byte { return overwritten(file, 4096, 3*4096) },
		"cut off":           func(file []byte) []byte { return file[:len(file)/2] },
		"not a store":       func([]byte) []byte { return []byte(strings.Repeat("not a store ", 5000)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := storeWith(t, 300)
			file := filepath.Join(dir, "tvstats.duckdb")
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, damage(content), 0o600); err != nil {
				t.Fatal(err)
			}
			code, output := runProgram(t, "--data-dir="+dir, "--listen=127.0.0.1:0", "--http-listen=127.0.0.1:0")
			if code != commands.ExitRefused || !strings.Contains(output, dir) {
				t.Errorf("exit code %d with %q", code, output)
			}
		})
	}
}

func overwritten(file []byte, from, to int) []byte {
	return append(append(bytes.Clone(file[:from]), bytes.Repeat([]byte{0xa5}, to-from)...), file[to:]...)
}
