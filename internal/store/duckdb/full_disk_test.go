package duckdb_test

import (
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/faultydisk"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/store/duckdb"
	"github.com/tvstats/tvstats/internal/viewing"
)

// TestDiskWithoutRoom runs testDisk in a process whose disk is full, and in one whose disk can only be read, whenever it says so.
func TestDiskWithoutRoom(t *testing.T) {
	t.Parallel()
	if disk, is := faultydisk.Own(); is {
		testDisk(t, disk, faultydisk.Mode(os.Getenv(faultEnv)[0]))
		return
	}
	for name, mode := range map[string]faultydisk.Mode{"full": faultydisk.Full, "read-only": faultydisk.ReadOnly} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			program := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestDiskWithoutRoom$", "-test.v")
			program.Env = append(append(os.Environ(), faultydisk.New(t).Env()...), faultEnv+"="+string(rune(mode)))
			if output, err := program.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, output)
			}
		})
	}
}

const faultEnv = "TVSTATS_TEST_FAULT"

// testDisk has the fault while reports and a catalog come, while days are folded, while parts are written, at the stop and at the start.
// Whatever fails says so, and with room again the store goes on by itself, and holds what another one holds that had no fault.
func testDisk(t *testing.T, disk *faultydisk.Disk, fault faultydisk.Mode) {
	t.Helper()
	const seed = 19
	r := rand.New(rand.NewPCG(seed, 0))
	all, dir := randomReports(r, 3000), t.TempDir()
	s, twin := open(t, dir), open(t, t.TempDir())
	defer twin.Close() //nolint:errcheck // its directory goes with it
	accounts := catalog.Batch{ClientID: 1, Accounts: []catalog.Account{{ID: 5, ChangedAt: 5, Active: true, Tariffs: []int32{3}}}}
	must(t, s.AppendReports(t.Context(), all[:1000]))
	must(t, twin.AppendReports(t.Context(), all))
	must(t, twin.ApplyCatalog(t.Context(), accounts))

	steps := []struct {
		what string
		do   func() error
	}{
		{"take reports in", func() error { return s.AppendReports(t.Context(), all[1000:2000]) }},
		{"take a catalog in", func() error { return s.ApplyCatalog(t.Context(), accounts) }},
		{"fold", func() error { return s.Maintain(t.Context(), math.MaxInt32*viewing.DayLength) }},
		{"write parts", func() error { return readAll(t, s) }},
	}
	for _, step := range steps {
		disk.Set(t, fault)
		if err := step.do(); err == nil {
			t.Errorf("%s: nothing was said", step.what)
		}
		disk.Set(t, faultydisk.Normal)
		if err := step.do(); err != nil {
			t.Errorf("%s, with room again: %v", step.what, err)
		}
		for began := time.Now(); s.Ping(t.Context()) != nil; { // looked at once a second
			if time.Since(began) > 20*time.Second {
				t.Fatalf("%s, with room again: %v", step.what, s.Ping(t.Context()))
			}
		}
	}
	disk.Set(t, fault)
	_ = s.Close() // it need not succeed, and must lose nothing
	if broken, err := tryOpen(t, dir); err == nil {
		_ = broken.Close()
	} else if errors.Is(err, store.ErrLoss) {
		t.Errorf("a start without room took that for a loss: %v", err)
	}
	disk.Set(t, faultydisk.Normal)
	s = open(t, dir)
	defer s.Close() //nolint:errcheck // its directory goes with it
	must(t, s.AppendReports(t.Context(), all[2000:]))
	samePart(t, "with room again", partsOf(t, twin), partsOf(t, s))
}

func tryOpen(t *testing.T, dir string) (store.Store, error) {
	t.Helper()
	return duckdb.Open(t.Context(), duckdb.Options{Dir: dir})
}

func readAll(t *testing.T, s store.Store) error {
	t.Helper()
	state, err := s.(store.Snapshotter).Snapshot(t.Context())
	if err != nil {
		return err
	}
	defer state.Close() //nolint:errcheck // it was only read
	_, err = state.WriteParts(t.Context(), func(_ store.Part, content io.Reader) error {
		_, err := io.Copy(io.Discard, content)
		return err
	})
	return err
}
