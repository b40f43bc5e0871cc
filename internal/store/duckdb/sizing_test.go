package duckdb

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var (
	sizingDir    = flag.String("sizing", "", "directory that TestSizing keeps its stores and what it measured in, for any number of sizes; without it the test is skipped")
	sizingRounds = flag.Int("sizing-rounds", 3, "how often TestSizing measures what leaves the store as it was")
	sizingPage   = flag.String("sizing-page", "", "page whose table TestSizing writes anew")
	sizingKilled = flag.String("sizing-killed", "", "store in which TestSizingKilled takes in reports until it is killed; TestSizing sets it")
)

// A home has 20 sessions a day, as `tvstats simulate` makes them.
const sessionsOfHome = 20

// sizing is what was measured of a store: seconds, but for what says otherwise.
type sizing map[string]float64

// TestSizing measures a store of so many sessions in 30 days. `make sizing` runs it.
func TestSizing(t *testing.T) {
	if *sizingDir == "" {
		t.Skip("without a directory for the stores: make sizing")
	}
	dir, measured := filepath.Join(*sizingDir, fmt.Sprint(*benchSessions)), sizing{}
	s := sizingStore(t, dir, measured)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	measured.repeat(t, startClean, func(ctx context.Context) (err error) {
		s, err = Open(ctx, Options{Dir: dir, Threads: peerThreads})
		return err
	}, func() error { return s.Close() })
	s = open(t, dir)
	measured.ask(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	kill(t, dir)
	begun := time.Now()
	s = open(t, dir)
	measured[startKilled] = time.Since(begun).Seconds()
	measured.fold(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	keepSizing(t, measured)
}

func open(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(t.Context(), Options{Dir: dir, Threads: peerThreads})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// sizingStore is filled once and kept.
func sizingStore(t *testing.T, dir string, measured sizing) *Store {
	t.Helper()
	filled := filepath.Join(dir, "filled")
	_, missing := os.Stat(filled)
	if missing != nil {
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
	}
	s := open(t, dir)
	if missing != nil {
		begun := time.Now()
		err := fillDays(t.Context(), s, filling{sessions: *benchSessions, accounts: *benchSessions / benchDays / sessionsOfHome})
		if err == nil {
			err = s.rollUpMissing(t.Context())
		}
		t.Logf("%d sessions filled in %s", *benchSessions, time.Since(begun))
		if err == nil {
			err = os.WriteFile(filled, nil, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	err := inTx(t.Context(), s.db, func(tx *sql.Tx) error {
		return execute(t.Context(), tx, append(forgetRollups(fmt.Sprintf("started_at >= %d", benchNow)), // of an earlier run
			fmt.Sprintf("DELETE FROM sessions WHERE started_at >= %d", benchNow),
			fmt.Sprintf("DELETE FROM viewers WHERE started_at >= %d", benchNow))...)
	})
	if err == nil {
		_, err = s.db.ExecContext(t.Context(), `CHECKPOINT`)
	}
	if err == nil {
		err = s.rollUpMissing(t.Context()) // by a newer formula
	}
	var used float64 // the file has free blocks besides, where an earlier run folded
	if err == nil {
		err = s.db.QueryRowContext(t.Context(), `SELECT sum(used_blocks * block_size) FROM pragma_database_size()`).Scan(&used)
	}
	if err != nil {
		t.Fatal(err)
	}
	measured[fileSize] = used
	return s
}

// repeat keeps the middle of some rounds. after is not part of what is measured.
func (m sizing) repeat(t *testing.T, what string, do func(context.Context) error, after func() error) {
	t.Helper()
	var times []time.Duration
	for range *sizingRounds {
		begun := time.Now()
		err := do(t.Context())
		times = append(times, time.Since(begun))
		if after != nil {
			err = errors.Join(err, after())
		}
		if err != nil {
			t.Fatal(what, err)
		}
	}
	m[what] = median(times).Seconds()
	t.Logf("%s: %s", what, spread(times))
}

// ask measures questions, and the most memory that was resident meanwhile.
func (m sizing) ask(t *testing.T, s *Store) {
	t.Helper()
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil { // what is remembered of filling
		t.Log("the most memory is that since the start: ", err)
	}
	for _, one := range sizingQuestions {
		m.repeat(t, one.name, func(ctx context.Context) error {
			_, err := one.ask(ctx, s)
			return err
		}, nil)
	}
	m[memory] = mostResident(t)
}

// mostResident is VmHWM, in bytes.
func mostResident(t *testing.T) float64 {
	t.Helper()
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), "VmHWM:")
	var kib float64
	if _, err := fmt.Sscan(after, &kib); err != nil {
		t.Fatal(err)
	}
	return kib * 1024
}

// lastDayRatings are the ratings of the last day of the guide, which sessions from before it may reach.
func lastDayRatings(ctx context.Context, s *Store) ([]figureRow, error) {
	day := (benchFirst.Day() + 9).Window()
	rated := store.RatingQuery{Filter: peerMonth, Starting: day, Days: []viewing.Window{day}, Reach: reachMillis}
	_, err := s.Ratings(ctx, rated)
	return nil, err
}

// fold measures the folding of one day more, a report a session.
func (m sizing) fold(t *testing.T, s *Store) {
	t.Helper()
	sessions := *benchSessions / benchDays
	if _, err := s.db.ExecContext(t.Context(), dayOfViewing("reports", benchNow.Day(), sessions, sessions/sessionsOfHome)); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	if err := s.foldDue(t.Context(), benchNow+viewing.DayLength); err != nil {
		t.Fatal(err)
	}
	m[foldDay] = time.Since(begun).Seconds()
	t.Logf("%s: %.1f s", foldDay, m[foldDay])
}

// kill lets another process take in reports as long as the log of the store is not moved into the file, and kills it.
func kill(t *testing.T, dir string) {
	t.Helper()
	process := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestSizingKilled$", "-sizing-killed", dir)
	out, err := process.StdoutPipe()
	if err == nil {
		err = process.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "taken in") {
		t.Fatal(line, err)
	}
	if err := process.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	process.Wait() //nolint:errcheck // it was killed
}

// TestSizingKilled is the process that TestSizing kills.
func TestSizingKilled(t *testing.T) {
	if *sizingKilled == "" {
		t.Skip("TestSizing runs it")
	}
	s := open(t, *sizingKilled)
	reports := make([]viewing.Report, 1000)
	for n := range 150 { // not quite as many as the log holds before it is moved
		for i := range reports {
			started := benchNow + viewing.Millis(n*1000+i)
			reports[i] = viewing.Report{
				Identity: viewing.Identity{ClientID: 1, AccountID: int64(i), DeviceUID: "box", Device: "device 1", ChannelID: 1, Mode: viewing.Live, StartedAt: started},
				State:    viewing.State{At: started + 60_000, WatchedSeconds: 60},
			}
		}
		if err := s.AppendReports(t.Context(), reports); err != nil {
			t.Fatal(err)
		}
	}
	fmt.Println("taken in")
	select {} // until it is killed
}

// keepSizing adds what was measured to that of other sizes.
func keepSizing(t *testing.T, measured sizing) {
	t.Helper()
	file, all := filepath.Join(*sizingDir, peersMeasured), map[int]sizing{}
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, &all)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	all[*benchSessions] = measured
	if text, err = json.Marshal(all); err == nil {
		err = os.WriteFile(file, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Log(sizingTable(all))
	if *sizingPage != "" {
		writeTable(t, *sizingPage, sizingTable(all))
	}
}
