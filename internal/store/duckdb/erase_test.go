package duckdb

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// What identifies the account that is erased: bytes that occur by chance nowhere else.
const (
	erasedUID           = "\xc3\x9fONE-OF-A-KIND-\xc3\xbf-BOX"
	erasedAccount int64 = 0x5a17_c0de_1dea_77f3
)

// traces counts what of the account is found in the files of the directory: the id of its box, the beginning of that, as
// statistics keep it, and the account's own id.
func traces(t *testing.T, dir string) (found int) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("files %v, error %v", files, err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, trace := range [][]byte{
			[]byte(erasedUID), []byte(erasedUID[:8]),
			binary.LittleEndian.AppendUint64(nil, uint64(erasedAccount)), binary.BigEndian.AppendUint64(nil, uint64(erasedAccount)),
		} {
			found += bytes.Count(content, trace)
		}
	}
	return found
}

func reportOf(account int64, uid string, started viewing.Millis) viewing.Report {
	return viewing.Report{
		Identity: viewing.Identity{
			ClientID: 1, AccountID: account, DeviceUID: uid, Device: "mag250", ChannelID: 1, Mode: viewing.Live, StartedAt: started,
		},
		State: viewing.State{At: started + 60_000, WatchedSeconds: 60},
	}
}

// fill stores viewing of the account among that of others, folded and not, and its states and payments.
func fill(t *testing.T, s *Store) {
	t.Helper()
	const start = benchFirst
	for day := range viewing.Millis(3) {
		var reports []viewing.Report
		for i := range viewing.Millis(500) {
			reports = append(reports, reportOf(int64(i), "another box", start+day*viewing.DayLength+i))
		}
		reports = append(reports, reportOf(erasedAccount, erasedUID, start+day*viewing.DayLength))
		if err := s.AppendReports(t.Context(), reports); err != nil {
			t.Fatal(err)
		}
	}
	batch := catalog.Batch{ClientID: 1}
	for _, id := range []int64{1, erasedAccount} {
		batch.Accounts = append(batch.Accounts, catalog.Account{ID: id, ChangedAt: start, Active: true, Tariffs: []int32{7}})
		batch.Payments = append(batch.Payments, catalog.Payment{ID: id % 1000, AccountID: id, Currency: "EUR", PaidAt: start})
	}
	if err := s.ApplyCatalog(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	if err := s.Maintain(t.Context(), start+2*viewing.DayLength); err != nil {
		t.Fatal(err)
	}
}

// TestNoByteIsLeftOfAnErasedAccount looks into the files: after a clean stop, and after a crash and the start that follows.
func TestNoByteIsLeftOfAnErasedAccount(t *testing.T) {
	t.Parallel()
	dir, crashed := t.TempDir(), t.TempDir()
	s := reopened(t, dir)
	fill(t, s)
	if _, err := s.db.ExecContext(t.Context(), `CHECKPOINT`); err != nil {
		t.Fatal(err)
	}
	fill(t, s) // a part is in the log
	if traces(t, dir) < 2 {
		t.Fatal("the test does not see what it looks for")
	}
	lost, err := s.Losing(t.Context(), store.Removal{ClientID: 1, AccountID: erasedAccount, Before: store.Never})
	if err != nil {
		t.Fatal(err)
	}
	erased, err := s.EraseAccount(t.Context(), 1, erasedAccount, benchFirst, store.Kept{Lost: lost})
	if want := (store.Erased{Sessions: 3, States: 1, Payments: 1}); err != nil || erased != want {
		t.Fatalf("erased %+v, error %v, want %+v", erased, err, want)
	}
	if err := os.CopyFS(crashed, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{dir, crashed} {
		if dir == crashed {
			s = reopened(t, dir)
			if got := traces(t, dir); got != 0 {
				t.Errorf("%d traces are left after the start", got)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if got := traces(t, dir); got != 0 {
			t.Errorf("%d traces are left after the stop", got)
		}
		wantOthers(t, dir)
	}
}

// wantOthers checks that what is not of the account is still there, and that nothing is written anew without need.
func wantOthers(t *testing.T, dir string) {
	t.Helper()
	before, err := os.Stat(filepath.Join(dir, fileName))
	if err != nil {
		t.Fatal(err)
	}
	s := reopened(t, dir)
	channels, err := s.Aggregate(t.Context(), benchQuery(benchFilter(benchDays)))
	if err != nil || len(channels) != 1 || channels[0].Values[1] != 3*500 {
		t.Errorf("got %+v, error %v", channels, err)
	}
	if account, err := s.Account(t.Context(), 1, 1, benchNow); err != nil || len(account.Tariffs) != 1 {
		t.Errorf("got %+v, error %v", account, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	after, err := os.Stat(filepath.Join(dir, fileName))
	if err != nil || !os.SameFile(before, after) {
		t.Errorf("the file was written anew, error %v", err)
	}
}

func reopened(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(t.Context(), Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	return s
}
