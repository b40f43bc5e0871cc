package duckdb

import (
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// TestDamagedBlock overwrites a block of the sessions in a closed store: what reads it fails and says so, Ping names the file from then on,
// and what lies elsewhere is served and written as before.
func TestDamagedBlock(t *testing.T) {
	t.Parallel()
	const seed, reports = 17, 400_000
	r := rand.New(rand.NewPCG(seed, 0))
	dir := t.TempDir()
	s := reopened(t, dir)
	all := make([]viewing.Report, reports)
	for i := range all {
		all[i] = reportOf(r.Int64N(1e15)+1, "box", viewing.Millis(r.Int64N(int64(viewing.DayLength))))
	}
	for len(all) > 0 {
		if err := s.AppendReports(t.Context(), all[:20_000]); err != nil {
			t.Fatal(err)
		}
		all = all[20_000:]
	}
	if err := s.Maintain(t.Context(), 30*viewing.DayLength); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, fileName)
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const block, header = 256 << 10, 3 * 4096
	at := header + len(content)/2/block*block + 1000 // in the middle of the file there is nothing but sessions
	content[at] ^= 0x55
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	s = reopened(t, dir)
	defer s.Close() //nolint:errcheck // it is damaged
	if err := s.Ping(t.Context()); err != nil {
		t.Fatalf("before anybody read the block: %v", err)
	}
	state, err := s.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer state.Close() //nolint:errcheck // it was only read
	if _, err := state.WriteParts(t.Context(), func(store.Part, io.Reader) error { return nil }); !errors.Is(err, store.ErrDamaged) {
		t.Errorf("a backup of it ended with %v", err)
	}
	if err := s.Ping(t.Context()); !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), file) {
		t.Errorf("Ping says %v", err)
	}
	if _, err := s.Clients(t.Context()); err != nil {
		t.Errorf("what lies elsewhere: %v", err)
	}
	if err := s.AppendReports(t.Context(), []viewing.Report{reportOf(5, "box", 5)}); err != nil {
		t.Errorf("taking in goes on: %v", err)
	}
}
