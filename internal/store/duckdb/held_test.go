package duckdb

import (
	"errors"
	"os"
	"os/exec"
	"testing"

	"github.com/tvstats/tvstats/internal/store"
)

// heldEnv names the directory that a process of TestDirectoryStaysHeld tries to open.
const heldEnv = "TVSTATS_TEST_HELD"

// TestDirectoryStaysHeld: a second process is refused, also after the mark was written many times.
func TestDirectoryStaysHeld(t *testing.T) {
	if dir := os.Getenv(heldEnv); dir != "" {
		_, err := Open(t.Context(), Options{Dir: dir})
		if !errors.Is(err, store.ErrInUse) {
			t.Errorf("got %v", err)
		}
		return
	}
	dir := t.TempDir()
	s, err := Open(t.Context(), Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // the test has ended
	s.marker.stop()
	for range 3 {
		s.marker.tick()
	}
	second := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestDirectoryStaysHeld$") //nolint:gosec // this very test
	second.Env = append(os.Environ(), heldEnv+"="+dir)
	if output, err := second.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, output)
	}
	s.marker.end = make(chan struct{}) // Close ends it again
}
