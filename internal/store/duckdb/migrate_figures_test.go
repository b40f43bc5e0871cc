package duckdb

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/dynamics"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// oldMidnight begins the first of the days of oldRows.
const oldMidnight = viewing.Millis(1_700_006_400_000)

// oldRows is what the version before facts and figures in parts (schema 4) had of client 1, whose time zone is that of Berlin, on
// four days: the viewing of the first and second had expired, and only of the first there are figures; that of the third is folded and
// that of the fourth is not.
const oldRows = `
	INSERT INTO clients VALUES (1, 'old', 'Europe/Berlin', true);
	INSERT INTO devices VALUES (0, 'mag250');
	INSERT INTO account_states VALUES (1, 7, 1700010000000, true, [3], 1700010000000, false);
	INSERT INTO accounts VALUES (1, 7, 1700010000000, true, [3], 1700010000000, false);
	INSERT INTO ledger VALUES (1, 7, 1700010000000, false, true, false, true, [], [3]);
	INSERT INTO payments VALUES (1, 1, 7, 100, 'EUR', 1700010000001, false);
	INSERT INTO sessions SELECT 1, 7, 'box', 0, 1, 0, 0, 1700179200000 + n * 7200000, 1700179260000 + n * 7200000, 60, true, 0 FROM range(2) t(n);
	INSERT INTO viewers VALUES (1, 7, 'box', 0, 1700186400000);
	INSERT INTO reports VALUES (1, 7, 'box', 0, 1, 0, 0, 1700265600000, 1700265690000, 90, true, 0);
	INSERT INTO versions VALUES (1, 1, 1700010000000, 5), (1, 1, 1700017200000, 1), (1, 1, 1700096400000, 2), (1, 1, 1700179200000, 1),
		(1, 1, 1700186400000, 1), (1, 2, 1700010000000, 1), (1, 3, 1700010000000, 1);
	INSERT INTO figures VALUES
		(1, 1, 1700006400000, 'v0 a0 p0 o6 t0s', '{"accounts":{"Count":4,"At":1700010000500},"devices":{"Count":5,"At":1700010000600}}'),
		(1, 1, 1700179200000, 'v0 a0 p0 o4 t0s', '{"accounts":{"Count":1,"At":1700179200000},"devices":{"Count":1,"At":1700179200000}}'),
		(1, 1, 1700352000000, 'v0 a0 p0 o1 t0s', '{"accounts":{"Count":0,"At":0},"devices":{"Count":0,"At":0}}'),
		(2, 1, 1700010000000, 'v5 a1 p1 o0 t0s', '{"opening_active":0,"flows":{"New":1,"NewActive":1,"Activated":0,"Deactivated":0,"Removed":0,"RemovedActive":0},
			"total_accounts":1,"payments":{"Count":1,"Accounts":1,"Sums":{"EUR":100}},"watch":{"Accounts":4,"Seconds":1800,"Sessions":5}}'),
		(2, 1, 1700017200000, 'v1 a1 p0 o0 t0s', '{"opening_active":1,"flows":{"New":0,"NewActive":0,"Activated":0,"Deactivated":0,"Removed":0,"RemovedActive":0},
			"total_accounts":1,"payments":{"Count":0,"Accounts":0},"watch":{"Accounts":1,"Seconds":7,"Sessions":1}}'),
		(3, 1, 1700006400000, 'v6 a1 p1 o6 t0s', '{"opening_active":0,"flows":{"New":1,"NewActive":1,"Activated":0,"Deactivated":0,"Removed":0,"RemovedActive":0},
			"total_accounts":1,"payments":{"Count":1,"Accounts":1,"Sums":{"EUR":100}},"watch":{"Accounts":4,"Seconds":1807,"Sessions":6},
			"active_by_tariff":{"3":1},"max_online":4}'),
		(3, 1, 1700179200000, 'v2 a1 p0 o4 t0s', '{"opening_active":1,"flows":{"New":0,"NewActive":0,"Activated":0,"Deactivated":0,"Removed":0,"RemovedActive":0},
			"total_accounts":1,"payments":{"Count":0,"Accounts":0},"watch":{"Accounts":1,"Seconds":120,"Sessions":2},
			"active_by_tariff":{"3":1},"max_online":1}'),
		(4, 1, 1700100000000, 'v6 a1 p1 o0 t5m0s', '{"Total":1}');`

// openOld makes a store of oldRows and opens it.
func openOld(t *testing.T) *Store {
	t.Helper()
	dir := t.TempDir()
	old, err := sql.Open("duckdb", filepath.Join(dir, fileName))
	if err != nil {
		t.Fatal(err)
	}
	if err := migrateTo(t.Context(), old, 4); err != nil {
		t.Fatal(err)
	}
	if _, err := old.ExecContext(t.Context(), oldRows); err != nil {
		t.Fatal(err)
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

// TestMigrationOfOldFacts: sessions and reports of before have no activity and no position, and no account is excluded.
func TestMigrationOfOldFacts(t *testing.T) {
	t.Parallel()
	s := openOld(t)
	sessions := 0
	if err := s.EachSession(t.Context(), 1, func(r viewing.Report) error {
		sessions++
		if r.LastActivityAt != viewing.Unknown || r.PositionAt != viewing.Unknown || r.AccountID != 7 || r.WatchedSeconds == 0 {
			t.Errorf("session %+v", r)
		}
		return nil
	}); err != nil || sessions != 3 {
		t.Errorf("%d sessions, error %v, want 3", sessions, err)
	}
	now := oldMidnight + 9*viewing.DayLength
	account, err := s.Account(t.Context(), 1, 7, now)
	if want := (catalog.Account{ID: 7, ChangedAt: 1_700_010_000_000, RegisteredAt: 1_700_010_000_000, Active: true, Tariffs: []int32{3}}); err != nil ||
		!reflect.DeepEqual(account, want) {
		t.Errorf("account %+v, error %v, want %+v", account, err, want)
	}
	excluded := account
	excluded.Excluded, excluded.ChangedAt = true, now-1
	if err := s.ApplyCatalog(t.Context(), catalog.Batch{ClientID: 1, Accounts: []catalog.Account{excluded}}); err != nil {
		t.Fatal(err)
	}
	for at, want := range map[viewing.Millis]int64{now - 2: 3, now: 0} {
		watch, err := s.ViewerCounts(t.Context(), 1, now-2, at)
		if got := watch.In30Days.Accounts; err != nil || got != min(want, 1) {
			t.Errorf("at %d: %d accounts watched, error %v, want %d", at, got, err, min(want, 1))
		}
	}
}

// TestMigrationOfOldFigures: what was kept of viewing that is gone stays as it was, by day and hour, also when a payment comes late; the
// day of which nothing was kept says so; the other days are those of their rows; what was kept of them is still right.
func TestMigrationOfOldFigures(t *testing.T) {
	t.Parallel()
	s := openOld(t)
	now := oldMidnight + 9*viewing.DayLength
	d := dynamics.New(s, 5*time.Minute, 24*time.Hour).At(now)
	done, err := d.CollectDailyStats(t.Context(), dynamics.Command{ClientIDs: []int32{1}, AsOf: oldMidnight + 3*viewing.DayLength}, func(float64) {})
	if err != nil || done.Computed != 0 || done.Fresh != 2 || len(done.Healed) > 0 {
		t.Errorf("a run over the days before the last did %+v, error %v, want two that are fresh", done, err)
	}
	checkOldFigures(t, d, now, 100)
	late := catalog.Batch{ClientID: 1, Payments: []catalog.Payment{{ID: 2, AccountID: 7, AmountMinor: 11, Currency: "EUR", PaidAt: oldMidnight + 5}}}
	if err := s.ApplyCatalog(t.Context(), late); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		checkOldFigures(t, d, now, 111)
		if _, err := d.CollectDailyStats(t.Context(), dynamics.Command{ClientIDs: []int32{1}, AsOf: now}, func(float64) {}); err != nil {
			t.Fatal(err)
		}
	}
	for kind, after := range map[store.FigureKind]viewing.Millis{store.Snapshot: 0, store.MaxOnlineDay: oldMidnight + 4*viewing.DayLength} {
		figures, err := s.Figures(t.Context(), kind, 1, viewing.Window{From: after, To: now})
		if err != nil || len(figures) > 0 {
			t.Errorf("figures of kind %d are %+v, error %v, want none", kind, figures, err)
		}
	}
}

// checkOldFigures reads the four days, with the sum that was paid on the first.
func checkOldFigures(t *testing.T, d *dynamics.Dynamics, now viewing.Millis, paid int64) {
	t.Helper()
	q := dynamics.Question{ClientID: 1, Now: now}
	read := func(window viewing.Window, g viewing.Granularity) (lines []string) {
		points, err := d.CustomersDynamic(t.Context(), q, window, g)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range points {
			if f := p.Figure; g == viewing.ByDay || f.Watch != (store.Watch{}) {
				lines = append(lines, fmt.Sprintf("+%dh: %d accounts %d s %d sessions, %d→%d %d, coverage %d to %d",
					(p.Period.From-oldMidnight)/viewing.HourLength, f.Watch.Accounts, f.Watch.Seconds, f.Watch.Sessions,
					f.OpeningActive, f.ClosingActive(), f.Payments.Sums["EUR"], f.Coverage, max(f.DataFrom-oldMidnight, 0)/viewing.HourLength))
			}
		}
		return lines
	}
	same(t, "days", read(viewing.Window{From: oldMidnight, To: oldMidnight + 4*viewing.DayLength}, viewing.ByDay), []string{
		fmt.Sprintf("+0h: 4 accounts 1807 s 6 sessions, 0→1 %d, coverage %d to 0", paid, viewing.Complete),
		fmt.Sprintf("+24h: 0 accounts 0 s 0 sessions, 1→1 0, coverage %d to 48", viewing.Expired),
		fmt.Sprintf("+48h: 1 accounts 120 s 2 sessions, 1→1 0, coverage %d to 0", viewing.Complete),
		fmt.Sprintf("+72h: 1 accounts 90 s 1 sessions, 1→1 0, coverage %d to 0", viewing.Complete),
	})
	same(t, "hours", read(viewing.Window{From: oldMidnight, To: oldMidnight + 2*viewing.DayLength}, viewing.ByHour), []string{
		fmt.Sprintf("+1h: 4 accounts 1800 s 5 sessions, 0→1 100, coverage %d to 0", viewing.Complete),
		fmt.Sprintf("+3h: 1 accounts 7 s 1 sessions, 1→1 0, coverage %d to 0", viewing.Complete),
	})
	online, err := d.MaxOnline(t.Context(), q, oldMidnight.Day(), oldMidnight.Day()+3)
	if err != nil {
		t.Fatal(err)
	}
	var peaks []string
	for _, day := range online {
		f := day.Figure
		peaks = append(peaks, fmt.Sprintf("%+v, coverage %d", f.Figure, f.Coverage))
	}
	same(t, "greatest numbers online", peaks, []string{
		fmt.Sprintf("{Accounts:{Count:4 At:1700010000500} Devices:{Count:5 At:1700010000600}}, coverage %d", viewing.Complete),
		fmt.Sprintf("{Accounts:{Count:0 At:0} Devices:{Count:0 At:0}}, coverage %d", viewing.Expired),
		fmt.Sprintf("{Accounts:{Count:1 At:1700179200000} Devices:{Count:1 At:1700179200000}}, coverage %d", viewing.Complete),
		fmt.Sprintf("{Accounts:{Count:1 At:1700265600000} Devices:{Count:1 At:1700265600000}}, coverage %d", viewing.Complete),
	})
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %q\nwant %q", what, got, want)
	}
}
