package e2e

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/app"
	"github.com/tvstats/tvstats/internal/backup"
	"github.com/tvstats/tvstats/internal/commands"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/store/mongolog/mongotest"
)

// backUp runs tvstats backup against the server and returns the file.
func backUp(t *testing.T, address string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "tvstats.backup")
	if code, output := runProgram(t, "backup", "--server="+address, file); code != commands.ExitDone {
		t.Fatalf("exit code %d: %s", code, output)
	}
	return file
}

// restored makes a store of the file.
func restored(t *testing.T, file string) (dir string, err error) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "data")
	return dir, (&commands.RestoreCommand{File: file, DataDir: dir}).Restore(t.Context(), io.Discard)
}

// TestBackupUnderLoad makes backups while gateways send: what was acknowledged before is in each, nothing twice.
func TestBackupUnderLoad(t *testing.T) {
	t.Parallel()
	server := start(t)
	const perBatch = 100
	started := time.Now().Add(-2 * time.Hour).Truncate(time.Second)
	acknowledged, ended := make(chan struct{}), make(chan int)
	go func() {
		ended <- sendUntilBroken(t, server.address, func(i int) *tvstatsv1.StreamEventsRequest {
			return killBatch(0, i, perBatch, started)
		}, acknowledged)
	}()
	count := 0
	for range 3 {
		for range 20 {
			<-acknowledged
			count++
		}
		before := count
		made := make(chan string)
		go func() { made <- backUp(t, server.address) }()
		file := ""
		for file == "" {
			select {
			case <-acknowledged:
				count++
			case file = <-made:
			}
		}
		dir, err := restored(t, file)
		if err != nil {
			t.Fatal(err)
		}
		other := start(t, func(c *app.Config) { c.DataDir = dir })
		got := sessionsOf(sortingBySessions(t, other, 1), 1)
		if least, most := int64(before*perBatch), int64((count+inFlight)*perBatch); got < least || got > most {
			t.Errorf("%d sessions are in the backup; %d were acknowledged before it, at most %d sent", got, least, most)
		}
	}
	go drain(acknowledged)
	if err := server.stop(); err != nil {
		t.Error(err)
	}
	<-ended
	close(acknowledged)
}

func sortingBySessions(t *testing.T, s *testServer, client int32) *tvstatsv1.ChannelSorting {
	t.Helper()
	response, err := s.CreateChannelSortingByPopularity(t.Context(), &tvstatsv1.CreateChannelSortingByPopularityRequest{
		ClientIds: []int32{client}, DaysNumber: 1, Criterion: tvstatsv1.Criterion_CRITERION_WATCH_SESSIONS,
	})
	if err != nil {
		t.Fatal(err)
	}
	return response.GetSortings()[0]
}

// TestRestoredStoreIsEqual compares results and a new ranking before and after.
func TestRestoredStoreIsEqual(t *testing.T) {
	t.Parallel()
	server := start(t)
	stream(t, server.address, rpctest.Events(500).GetEvents(), 100)
	request := &tvstatsv1.CreateChannelSortingByPopularityRequest{
		ClientIds: []int32{1}, DaysNumber: 30, Criterion: tvstatsv1.Criterion_CRITERION_WATCH_TIME, AsOf: timestamppb.Now(),
	}
	id := calledResult(t, server, request)
	want := storedRanking(t, server, id)
	dir, err := restored(t, backUp(t, server.address))
	if err != nil {
		t.Fatal(err)
	}
	other := start(t, func(c *app.Config) { c.DataDir = dir })
	if got := storedRanking(t, other, id); !proto.Equal(got, want) {
		t.Errorf("the stored result is %v, want %v", got, want)
	}
	if got := storedRanking(t, other, calledResult(t, other, request)); !proto.Equal(got, want) {
		t.Errorf("built anew: %v, want %v", got, want)
	}
}

// TestDamagedBackup: a file that was cut, flipped or emptied anywhere is refused and leaves nothing, or holds everything
// nevertheless, where what was changed is padding.
func TestDamagedBackup(t *testing.T) {
	t.Parallel()
	const seed, places = 5, 40
	r := rand.New(rand.NewPCG(seed, 6))
	server := start(t)
	stream(t, server.address, rpctest.Events(300).GetEvents(), 100)
	whole, err := os.ReadFile(backUp(t, server.address))
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	for i := range places {
		harmed := bytes.Clone(whole)
		at := r.IntN(len(whole))
		if i%2 == 0 {
			harmed = harmed[:at]
		} else {
			harmed[at] ^= byte(1 << r.IntN(8))
		}
		dir, err := restored(t, writeFile(t, string(harmed)))
		if err == nil { // then it is as good as whole
			again := start(t, func(c *app.Config) { c.DataDir = dir })
			if !proto.Equal(counts(t, again), counts(t, server)) {
				t.Errorf("seed %d: changed at %d of %d: less was restored without a word", seed, at, len(whole))
			}
			continue
		}
		refused++
		if !errors.Is(err, backup.ErrDamaged) && !errors.Is(err, store.ErrNewerSchema) {
			t.Errorf("seed %d: changed at %d: %v", seed, at, err)
		}
		if left, err := os.ReadDir(dir); err == nil && len(left) > 0 {
			t.Errorf("seed %d: changed at %d: %v is left", seed, at, left)
		}
	}
	if refused < places/2 {
		t.Errorf("only %d of %d were refused", refused, places)
	}
}

// counts is a ranking without what differs between two that are built.
func counts(t *testing.T, s *testServer) *tvstatsv1.ChannelSorting {
	t.Helper()
	sorting := sortingBySessions(t, s, 1)
	sorting.SortingId, sorting.CreatedAt, sorting.WindowStart, sorting.WindowEnd = "", nil, nil, nil
	sorting.ProvisionalUntil, sorting.SilentDevices = nil, 0 // which depend on when it is requested
	return sorting
}

// TestInterruptedBackup ends a backup at random moments: no file has its name then, and one that was there stays.
func TestInterruptedBackup(t *testing.T) {
	t.Parallel()
	server := start(t)
	stream(t, server.address, rpctest.Events(1000).GetEvents(), 100)
	name := filepath.Join(t.TempDir(), "backup")
	for i := range 30 {
		ctx, cancel := context.WithCancel(t.Context())
		_, err := backup.Create(ctx, name, func(to io.Writer) error {
			stream, err := tvstatsv1.NewOperationClient(server.conn).Backup(ctx, &tvstatsv1.BackupRequest{})
			if err != nil {
				return err
			}
			for n := 0; ; n++ {
				if n == i/10 {
					cancel()
				}
				response, err := stream.Recv()
				if err != nil {
					return err
				}
				if _, err := to.Write(response.GetChunk()); err != nil {
					return err
				}
			}
		})
		cancel()
		if err == nil {
			t.Fatal("it was not interrupted")
		}
		if left, err := os.ReadDir(filepath.Dir(name)); err != nil || len(left) > 0 {
			t.Fatalf("left: %v, %v", left, err)
		}
	}
}

// TestBackupsByThemselves: the service makes backups in its directory, keeps the newest, and says how old it is.
func TestBackupsByThemselves(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, old := range []string{"20200101T000000Z", "20200102T000000Z"} {
		if err := os.WriteFile(filepath.Join(dir, "tvstats-"+old+".backup"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	server := start(t, func(c *app.Config) { c.BackupDir, c.BackupKeep = dir, 2 })
	server.log.Await(rpctest.Context(t), t, "backup made")
	names, err := filepath.Glob(filepath.Join(dir, "tvstats-*.backup"))
	if err != nil || len(names) != 2 || !strings.Contains(names[0], "20200102") {
		t.Fatalf("there are %v, %v", names, err)
	}
	if _, err := restored(t, names[1]); err != nil {
		t.Error(err)
	}
	metrics := scraped(t, "http://"+probes(t, server)+"/metrics")
	if !strings.Contains(metrics, "\ntvstats_backup_every_seconds 86400") || strings.Contains(metrics, "\ntvstats_backup_age_seconds +Inf") {
		t.Error("the metrics do not say when the backup was made")
	}
}

// TestBackupMovesBetweenStores: a backup of an embedded store makes the beginning of an empty log in MongoDB, and one of that an embedded
// store again: results and rankings are the same. A database that holds something is left as it is, and a damaged file leaves it empty.
func TestBackupMovesBetweenStores(t *testing.T) {
	t.Parallel()
	embedded := start(t)
	stream(t, embedded.address, rpctest.Events(500).GetEvents(), 100)
	request := &tvstatsv1.CreateChannelSortingByPopularityRequest{
		ClientIds: []int32{1}, DaysNumber: 30, Criterion: tvstatsv1.Criterion_CRITERION_WATCH_TIME, AsOf: timestamppb.Now(),
	}
	id := calledResult(t, embedded, request)
	want, file, uri := storedRanking(t, embedded, id), backUp(t, embedded.address), app.Secret(mongotest.URI(t))
	runMigrate(t, &commands.MigrateCommand{MongoDB: app.MongoDB{MongodbURI: uri}})
	restore := func(file string) error {
		return (&commands.RestoreCommand{MongoDB: app.MongoDB{MongodbURI: uri}, File: file}).Restore(t.Context(), io.Discard)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	content[bytes.Index(content, []byte("PAR1"))+4] ^= 1 // in a part, not in what fills the archive up
	if err := restore(writeFile(t, string(content))); !errors.Is(err, backup.ErrDamaged) {
		t.Errorf("a damaged file: %v", err)
	}
	if err := restore(file); err != nil {
		t.Fatal(err)
	}
	replicated := start(t, func(c *app.Config) { c.MongodbURI = uri })
	if got := storedRanking(t, replicated, id); !proto.Equal(got, want) {
		t.Errorf("in MongoDB the result is %v, want %v", got, want)
	}
	stream(t, replicated.address, rpctest.Events(10).GetEvents(), 10)
	want = storedRanking(t, replicated, calledResult(t, replicated, request))
	if err := restore(file); !errors.Is(err, store.ErrNotEmpty) {
		t.Errorf("into what holds something: %v", err)
	}
	dir, err := restored(t, backUp(t, replicated.address))
	if err != nil {
		t.Fatal(err)
	}
	back := start(t, func(c *app.Config) { c.DataDir = dir })
	if got := storedRanking(t, back, calledResult(t, back, request)); !proto.Equal(got, want) {
		t.Errorf("back again: %v, want %v", got, want)
	}
}
