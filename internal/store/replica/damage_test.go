package replica_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/tvstats/tvstats/internal/store/replica/memlog"
	"github.com/tvstats/tvstats/internal/viewing"
)

// TestDamagedCopyIsMadeAgain: a replica that reads a damaged block of its copy makes the copy again and then serves the read.
func TestDamagedCopyIsMadeAgain(t *testing.T) {
	t.Parallel()
	const seed, reported = 18, 160_000
	r := rand.New(rand.NewPCG(seed, 0))
	server, dir := memlog.NewServer("log"), t.TempDir()
	s := open(t, server, dir)
	all := make([]viewing.Report, reported)
	for i := range all {
		all[i] = reports(r, 1)[0]
		all[i].AccountID = r.Int64N(1e15) + 1
	}
	if err := s.AppendReports(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	if n := count(t, s); n != reported {
		t.Fatalf("%d reports are there", n)
	}
	if err := s.Maintain(t.Context(), all[0].StartedAt.Add(1000*60*60*1_000_000_000)); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "replica.duckdb")
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const block, header = 256 << 10, 3 * 4096
	content[header+len(content)/2/block*block+1000] ^= 0x55
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	said := make(messages, 100)
	s = openLogging(t, server, dir, said)
	sessions := 0
	if err := s.EachSession(t.Context(), client, func(viewing.Report) error { sessions++; return nil }); err != nil || sessions != reported {
		t.Errorf("seed %d: %d sessions, %v", seed, sessions, err)
	}
	said.await(t, "a block of it is damaged")
}
