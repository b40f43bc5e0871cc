package duckdb

import (
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/measure"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// harmPlaces is how many times a file is harmed; 200 for all.
var harmPlaces = flag.Int("harm", 24, "how many places of a store's files are damaged")

const markedBatches, markedBatch = 8, 500

// markedStore takes in reports, of which half are folded and moved out of the log, and closes or, where crashed, leaves the
// files as a kill would.
func markedStore(t *testing.T, crashed bool) string {
	t.Helper()
	s, err := Open(t.Context(), Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	for n := range markedBatches {
		reports := make([]viewing.Report, markedBatch)
		for i := range reports {
			started := benchFirst + viewing.Millis(n)*viewing.DayLength
			reports[i] = viewing.Report{
				Identity: viewing.Identity{ClientID: 1, AccountID: int64(i), DeviceUID: fmt.Sprint(i), Device: "web", ChannelID: 1, Mode: viewing.Live, StartedAt: started},
				State:    viewing.State{At: started + 1000, WatchedSeconds: 1},
			}
		}
		if err := s.AppendReports(t.Context(), reports); err != nil {
			t.Fatal(err)
		}
		if n == markedBatches/2 {
			if err := s.Maintain(t.Context(), benchFirst+2*viewing.DayLength); err != nil {
				t.Fatal(err)
			}
			if _, err := s.db.ExecContext(t.Context(), `CHECKPOINT`); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := s.ApplyCatalog(t.Context(), catalog.Batch{ClientID: 1, Channels: []catalog.Channel{{ID: 1, Name: "last"}}}); err != nil {
		t.Fatal(err)
	}
	s.marker.tick()
	s.marker.tick() // a second later, so that it vouches for the log
	dir := s.options.Dir
	if crashed {
		dir = copyOf(t, dir)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func copyOf(t *testing.T, dir string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return to
}

// harm changes a file in one of the ways and says which.
func harm(t *testing.T, r *rand.Rand, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	at := r.IntN(len(content))
	way := r.IntN(4)
	switch way {
	case 0:
		err = os.Remove(file)
	case 1:
		err = os.Truncate(file, 0)
	case 2:
		err = os.Truncate(file, int64(at))
	default:
		content[at] ^= 1 << r.IntN(8)
		err = os.WriteFile(file, content, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%s: %s at %d of %d", filepath.Base(file), []string{"deleted", "emptied", "cut", "flipped"}[way], at, len(content))
}

// TestNeverSilentlyLess harms the files of stores that were closed and that crashed, at random places: a start has everything,
// or is refused; and so is one with everything that cannot be read.
func TestNeverSilentlyLess(t *testing.T) {
	t.Parallel()
	const seed = 7
	r := rand.New(rand.NewPCG(seed, 12))
	stores := map[bool]string{true: markedStore(t, true), false: markedStore(t, false)}
	lost := 0
	for i := range *harmPlaces {
		crashed := i%3 > 0
		dir := copyOf(t, stores[crashed])
		files, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil {
			t.Fatal(err)
		}
		how := harm(t, r, files[r.IntN(len(files))])
		s, err := Open(t.Context(), Options{Dir: dir})
		if err != nil {
			if errors.Is(err, store.ErrLoss) {
				lost++
			}
			continue
		}
		checkWhole(t, s, fmt.Sprintf("seed %d, place %d, crashed %v: %s", seed, i, crashed, how))
		s.Close() //nolint:errcheck // a damaged one may fail to
	}
	if lost == 0 {
		t.Error("no start said that data is missing")
	}
	for crashed, dir := range stores {
		s, err := Open(t.Context(), Options{Dir: dir})
		if err != nil {
			t.Fatalf("crashed %v, unharmed: %v", crashed, err)
		}
		checkWhole(t, s, "unharmed")
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestUnreadableMark: the mark before it still says what must be there, also where there is none; a loss that was accepted is not
// found again.
func TestUnreadableMark(t *testing.T) {
	t.Parallel()
	for _, harmed := range []func(name string) error{os.Remove, func(name string) error { return os.Truncate(name, 10) }} {
		dir := markedStore(t, true)
		file := filepath.Join(dir, fileName)
		if err := errors.Join(harmed(markOf(file)), os.Truncate(file+".wal", 0)); err != nil {
			t.Fatal(err)
		}
		var log strings.Builder
		options := Options{Dir: dir, Log: slog.New(slog.NewTextHandler(&log, nil))}
		if _, err := Open(t.Context(), options); !errors.Is(err, store.ErrLoss) || !strings.Contains(log.String(), "the one before it is taken") {
			t.Errorf("got %v, and the log %s", err, &log)
		}
		options.AcceptLoss = true
		s, err := Open(t.Context(), options)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if err := harmed(markOf(file)); err != nil {
			t.Fatal(err)
		}
		if s, err = Open(t.Context(), Options{Dir: dir}); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFaultsOfTheMachine: they are distinguished from faults of the files, and a replica keeps its copy.
func TestFaultsOfTheMachine(t *testing.T) {
	t.Parallel()
	for text, is := range map[string]bool{
		`IO Error: Cannot open file "/data/replica.duckdb": Too many open files`: true,
		`IO Error: Could not write file: No space left on device`:                true,
		`IO Error: Cannot open file "/data/replica.duckdb": Permission denied`:   true,
		`IO Error: Corrupt database file: computed checksum 1`:                   false,
		`Serialization Error: Failed to deserialize`:                             false,
	} {
		if err := unlessOfMachine(errors.New(text)); errors.Is(err, store.ErrUnavailable) != is {
			t.Errorf("got %v", err)
		}
	}
	if err := unlessOfMachine(&os.PathError{Op: "open", Err: syscall.EMFILE}); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
}

// checkWhole holds a store to what it was given, unless reading it is an error: that is said, too.
func checkWhole(t *testing.T, s *Store, how string) {
	t.Helper()
	total, err := s.received(t.Context())
	if err == nil && total != markedBatches*markedBatch {
		t.Errorf("%s: %d reports", how, total)
	}
	watched, err := s.Aggregate(t.Context(), measure.Query{
		Filter:   viewing.Filter{ClientID: 1, Window: viewing.Window{From: 0, To: 1 << 50}},
		Measures: []measure.Measure{measure.Sessions},
	})
	if err == nil && (len(watched) != 1 || watched[0].Values[0] != markedBatches*markedBatch) {
		t.Errorf("%s: %+v", how, watched)
	}
	channels, err := s.Channels(t.Context(), 1)
	if err == nil && len(channels) != 1 {
		t.Errorf("%s: the catalog has %+v", how, channels)
	}
}

// TestLossMayBeAccepted: with what is left, once; the next start finds nothing missing.
func TestLossMayBeAccepted(t *testing.T) {
	t.Parallel()
	dir := markedStore(t, true)
	if err := os.Remove(filepath.Join(dir, fileName+".wal")); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), Options{Dir: dir}); !errors.Is(err, store.ErrLoss) {
		t.Fatalf("error %v, want %v", err, store.ErrLoss)
	}
	for _, accept := range []bool{true, false} {
		s, err := Open(t.Context(), Options{Dir: dir, AcceptLoss: accept})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
