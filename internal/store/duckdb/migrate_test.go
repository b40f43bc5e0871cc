package duckdb

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// TestMigrationsAreNumbered: a step's version is its place, so names are 0001, 0002 and so on, and none is left out.
func TestMigrationsAreNumbered(t *testing.T) {
	t.Parallel()
	steps, err := migrations.ReadDir("migrations")
	if err != nil {
		t.Fatal(err)
	}
	for i, step := range steps {
		if want := fmt.Sprintf("%04d_", i+1); !strings.HasPrefix(step.Name(), want) {
			t.Errorf("%s is step %d", step.Name(), i+1)
		}
	}
}

// TestMigrationOfOldData opens a store that a version without subscriber dynamics wrote: its data has versions and an
// audience, as if it had come later.
func TestMigrationOfOldData(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	old, err := sql.Open("duckdb", filepath.Join(dir, fileName))
	if err != nil {
		t.Fatal(err)
	}
	const hour = 1_700_006_400_000
	if _, err := old.ExecContext(t.Context(), `CREATE TABLE schema_version (version INTEGER NOT NULL)`); err != nil {
		t.Fatal(err)
	}
	if err := migrateStep(t.Context(), old, "0001_initial.sql", 1); err != nil {
		t.Fatal(err)
	}
	if _, err := old.ExecContext(t.Context(), `
		INSERT INTO devices VALUES (0, 'mag250');
		INSERT INTO sessions SELECT 1, account, 'uid', 0, 1, 1, 0, 1700006400000 + account, 1700006460000, 60, true, 0 FROM range(3) t(account);
		INSERT INTO account_states VALUES (1, 1, 1700006400005, true, [], 1700002800000, false);
		INSERT INTO accounts VALUES (1, 1, 1700006400005, true, [], 1700002800000, false);
		INSERT INTO payments VALUES (1, 1, 1, 100, 'EUR', 1700010000000, false), (1, 2, 0, 0, '', 0, true)`); err != nil {
		t.Fatal(err)
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // its directory goes with it
	_, hours, err := s.Versions(t.Context(), 1, viewing.Window{From: hour - viewing.DayLength, To: hour + viewing.DayLength}, hour+viewing.DayLength)
	want := []store.HourVersion{
		{Hour: hour - viewing.HourLength, Version: store.Version{Accounts: 1}},
		{Hour: hour, Version: store.Version{Viewing: 3}},
		{Hour: hour + viewing.HourLength, Version: store.Version{Payments: 1}},
	}
	if err != nil || len(hours) != len(want) || hours[0] != want[0] || hours[1] != want[1] || hours[2] != want[2] {
		t.Errorf("versions %+v, error %v, want %+v", hours, err, want)
	}
	before, flows, err := s.Flows(t.Context(), 1, []viewing.Millis{hour - viewing.HourLength, hour}, hour+viewing.DayLength)
	if want := (store.Flows{New: 1, NewActive: 1}); err != nil || before != (store.Flows{}) || flows[0] != want {
		t.Errorf("flows before %+v, in the hour %+v, error %v", before, flows, err)
	}
	audience, err := s.ViewerCounts(t.Context(), 1, hour+2*viewing.DayLength, hour+2*viewing.DayLength)
	if err != nil || audience.In7Days != (store.Viewers{Accounts: 3, Devices: 1}) || audience.ByDevice["mag250"] != 3 {
		t.Errorf("audience %+v, error %v", audience, err)
	}
}
