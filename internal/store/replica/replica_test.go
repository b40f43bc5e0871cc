package replica_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/store/duckdb"
	"github.com/tvstats/tvstats/internal/store/replica"
	"github.com/tvstats/tvstats/internal/store/replica/memlog"
	"github.com/tvstats/tvstats/internal/store/storetest"
	"github.com/tvstats/tvstats/internal/viewing"
)

// disk keeps a local store in a directory.
type disk struct{ options duckdb.Options }

func newDisk(dir string) disk {
	return disk{duckdb.Options{Dir: dir, File: "replica.duckdb", Replica: true, Threads: 1, MemoryLimit: "512MB"}}
}

func (d disk) Open(ctx context.Context) (replica.Local, error) {
	local, err := duckdb.Open(ctx, d.options)
	if err != nil {
		return nil, err
	}
	return local, nil
}

func (disk) Check(m store.Manifest) error { return duckdb.CheckManifest(m) }

func (d disk) Load(ctx context.Context, m store.Manifest, open func(store.Part) (io.ReadCloser, error)) error {
	return duckdb.Load(ctx, d.options, m, open)
}

func (d disk) Remove() error { return duckdb.Remove(d.options) }

// fast has replicas look and make checkpoints often. With the race detector an operation can take minutes to be applied.
var fast = replica.Options{Follow: 5 * time.Millisecond, ApplyTimeout: time.Hour, CheckpointEntries: 100}

func open(t *testing.T, server *memlog.Server, dir string) *replica.Store {
	t.Helper()
	s, err := replica.Open(context.WithoutCancel(t.Context()), server.Log(), newDisk(dir), fast)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// replicas opens n of them on one log, and closes them when the test ends.
func replicas(t *testing.T, server *memlog.Server, n int) []*replica.Store {
	t.Helper()
	all := make([]*replica.Store, n)
	for i := range all {
		all[i] = open(t, server, t.TempDir())
		t.Cleanup(func() {
			if err := all[i].Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		})
	}
	return all
}

// reports draws n, whose sessions a few accounts share.
func reports(r *rand.Rand, n int) []viewing.Report {
	all := make([]viewing.Report, n)
	for i := range all {
		started := viewing.Millis(1_700_000_000_000) + viewing.Millis(r.IntN(3*24))*viewing.HourLength
		watched := int32(r.IntN(3600))
		all[i] = viewing.Report{
			Identity: viewing.Identity{
				ClientID: client, AccountID: 1 + r.Int64N(20), DeviceUID: "box", Device: []string{"mag250", "android_tv"}[r.IntN(2)],
				ChannelID: 1 + r.Int32N(5), Mode: viewing.Live, StartedAt: started,
			},
			State: viewing.State{At: started + viewing.Millis(watched)*1000, WatchedSeconds: watched, Tariffs: []int32{1 + r.Int32N(3)}},
		}
	}
	return all
}

const client = 7

// change makes a random change of a replica, and returns how many reports it appended.
func change(ctx context.Context, r *rand.Rand, s *replica.Store, n int) (int64, error) {
	switch r.IntN(6) {
	case 0:
		return 0, s.ApplyCatalog(ctx, catalog.Batch{ClientID: client, Accounts: []catalog.Account{
			{ID: 1 + r.Int64N(20), Active: r.IntN(2) == 0, Tariffs: []int32{1 + r.Int32N(3)}, ChangedAt: viewing.Millis(1_700_000_000_000 + r.Int64N(1e9))},
		}})
	case 1:
		return 0, s.SaveResults(ctx, []store.Result{{ID: fmt.Sprint(n), ClientID: client, Kind: store.ChannelSorting, CreatedAt: viewing.Millis(n), Body: []byte("{}")}})
	case 2:
		return 0, s.Maintain(ctx, viewing.Millis(1_700_000_000_000)+viewing.Millis(r.IntN(3))*viewing.DayLength)
	default:
		all := reports(r, 1+r.IntN(50))
		return int64(len(all)), s.AppendReports(ctx, all)
	}
}

// digest is what the replica's state comes to: the hash of each table and each day.
func digest(t *testing.T, dir string) map[string]string {
	t.Helper()
	local, err := newDisk(dir).Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer local.Close() //nolint:errcheck // it was only read
	state, err := local.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer state.Close() //nolint:errcheck // likewise
	hashes := map[string]string{}
	if _, err := state.WriteParts(t.Context(), func(part store.Part, content io.Reader) error {
		hashes[part.Name] = part.SHA256
		_, err := io.Copy(io.Discard, content)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return hashes
}

// TestReplicasUnderFaults has three replicas change the store at once while calls fail and responses are lost: what was acknowledged is in
// once, whatever is not counts once or not at all, and all replicas come to the same, whatever they folded when.
func TestReplicasUnderFaults(t *testing.T) {
	t.Parallel()
	for _, seed := range storetest.Seeds(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			server := memlog.NewServer("log")
			var faults sync.Mutex
			dice := rand.New(rand.NewPCG(seed, 1))
			server.SetFault(func(string, bool) error {
				faults.Lock()
				defer faults.Unlock()
				if dice.IntN(12) == 0 {
					return errors.New("the dice say so")
				}
				return nil
			})
			dirs := []string{t.TempDir(), t.TempDir(), t.TempDir()}
			var appended, results atomic.Int64
			var all sync.WaitGroup
			for i, dir := range dirs {
				all.Go(func() {
					r := rand.New(rand.NewPCG(seed, 100+uint64(i)))
					s := open(t, server, dir)
					for n := range 60 {
						count, err := change(t.Context(), r, s, i*1000+n)
						if err != nil {
							t.Errorf("seed %d: change %d of replica %d: %v", seed, n, i, err)
						}
						appended.Add(count)
						if r.IntN(20) == 0 { // restarted, with what it had
							if err := s.Close(); err != nil {
								t.Errorf("close: %v", err)
							}
							s = open(t, server, dir)
						}
					}
					results.Add(1)
					if err := s.Close(); err != nil {
						t.Errorf("close: %v", err)
					}
				})
			}
			all.Wait()
			server.SetFault(nil)
			for _, dir := range dirs {
				s := open(t, server, dir)
				before, _, err := s.Versions(t.Context(), client, viewing.Window{From: store.Never - 1, To: store.Never}, store.Never)
				if err != nil {
					t.Fatal(err)
				}
				if before.Viewing != appended.Load() {
					t.Errorf("seed %d: %d reports were acknowledged, %d are in", seed, appended.Load(), before.Viewing)
				}
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
			}
			want := digest(t, dirs[0])
			for _, dir := range dirs[1:] {
				if got := digest(t, dir); !reflect.DeepEqual(got, want) {
					t.Errorf("seed %d: replicas differ:\n%v\n%v", seed, got, want)
				}
			}
		})
	}
}

// appendOne appends a report and fails where that fails.
func appendOne(t *testing.T, s *replica.Store, r *rand.Rand) {
	t.Helper()
	if err := s.AppendReports(t.Context(), reports(r, 1)); err != nil {
		t.Fatal(err)
	}
}

func count(t *testing.T, s *replica.Store) int64 {
	t.Helper()
	before, _, err := s.Versions(t.Context(), client, viewing.Window{From: store.Never - 1, To: store.Never}, store.Never)
	if err != nil {
		t.Fatal(err)
	}
	return before.Viewing
}

// TestCheckpoint: a replica that begins with nothing and one that slept load the checkpoint; the log holds what came after it only.
func TestCheckpoint(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 0))
	server := memlog.NewServer("log")
	sleeper := t.TempDir()
	s := open(t, server, sleeper)
	appendOne(t, s, r)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	a := replicas(t, server, 1)[0]
	for range 10 {
		appendOne(t, a, r)
	}
	for range 2 { // the second names parts of the first
		if err := a.Checkpoint(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := server.Entries(); n != 0 {
			t.Errorf("%d entries are left", n)
		}
		appendOne(t, a, r)
	}
	fresh := replicas(t, server, 1)[0]
	if n := count(t, fresh); n != 13 {
		t.Errorf("a new replica has %d reports, want 13", n)
	}
	woken := open(t, server, sleeper)
	defer woken.Close() //nolint:errcheck // the test has ended
	if n := count(t, woken); n != 13 {
		t.Errorf("the one that slept has %d reports, want 13", n)
	}
	appendOne(t, woken, r)
	if n := count(t, a); n != 14 {
		t.Errorf("the first has %d reports, want 14", n)
	}
}

// TestCheckpointsOverlap: of two that build on the same base one wins, and the other removes nothing that it needs.
func TestCheckpointsOverlap(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(2, 0))
	server := memlog.NewServer("log")
	all := replicas(t, server, 2)
	for range 20 {
		appendOne(t, all[r.IntN(2)], r)
		var both sync.WaitGroup
		for _, s := range all {
			both.Go(func() {
				if err := s.Checkpoint(t.Context()); err != nil && !errors.Is(err, replica.ErrBaseMoved) {
					t.Errorf("checkpoint: %v", err)
				}
			})
		}
		both.Wait()
	}
	if n := count(t, replicas(t, server, 1)[0]); n != 20 {
		t.Errorf("a new replica has %d reports, want 20", n)
	}
}

// TestStaleEntryIsUsedByNobody: what a sleeper appends at a position that was trimmed does not count, and it appends anew.
func TestStaleEntryIsUsedByNobody(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 0))
	server := memlog.NewServer("log")
	a := replicas(t, server, 1)[0]
	for range 5 {
		appendOne(t, a, r)
	}
	if err := a.Checkpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	server.Put(replica.Entry{Position: 3, ID: "stale", LogID: "log", Format: replica.Format, Operations: []byte("not even zstd")})
	appendOne(t, a, r)
	if n := count(t, replicas(t, server, 1)[0]); n != 6 {
		t.Errorf("a new replica has %d reports, want 6", n)
	}
}

// TestOtherDatabase: a local store of another log, or of one that was restored to an earlier state, is made again.
func TestOtherDatabase(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(4, 0))
	server, dir := memlog.NewServer("log"), t.TempDir()
	s := open(t, server, dir)
	for range 5 {
		appendOne(t, s, r)
	}
	server.Reset("other")
	if n := count(t, s); n != 0 {
		t.Errorf("%d reports are there after the log was replaced", n)
	}
	appendOne(t, s, r)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	server.Reset("other") // as if restored to before the entry
	restored := open(t, server, dir)
	defer restored.Close() //nolint:errcheck // the test has ended
	if n := count(t, restored); n != 0 {
		t.Errorf("%d reports are there after the log was restored", n)
	}
}

// TestNewerFormatStops: a replica does not skip what it cannot read, and says so.
func TestNewerFormatStops(t *testing.T) {
	t.Parallel()
	server := memlog.NewServer("log")
	s := replicas(t, server, 1)[0]
	server.Put(replica.Entry{Position: 1, ID: "new", LogID: "log", Format: replica.Format + 1})
	if err := s.Ping(t.Context()); !errors.Is(err, store.ErrUnavailable) || !errors.Is(err, store.ErrNewerSchema) {
		t.Errorf("ping: %v", err)
	}
	if _, err := s.Clients(t.Context()); !errors.Is(err, store.ErrNewerSchema) {
		t.Errorf("read: %v", err)
	}
}

// TestReadsSeeWhatWasAcknowledgedElsewhere: without waiting, after every acknowledgement.
func TestReadsSeeWhatWasAcknowledgedElsewhere(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 0))
	all := replicas(t, memlog.NewServer("log"), 3)
	for n := range 60 {
		appendOne(t, all[r.IntN(3)], r)
		if got := count(t, all[r.IntN(3)]); got != int64(n+1) {
			t.Fatalf("%d reports were acknowledged, %d are seen", n+1, got)
		}
	}
}
