package duckdb

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/measure"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/store/storetest"
	"github.com/tvstats/tvstats/internal/viewing"
)

// shaken is a store of which rollups are lost, or are wrong and of an older formula, whenever it was maintained.
type shaken struct {
	*Store
	t *testing.T
	r *rand.Rand
}

// Maintain leaves a part of the rollups as they are.
func (s shaken) Maintain(ctx context.Context, closed viewing.Millis) error {
	if err := s.Store.Maintain(ctx, closed); err != nil {
		return err
	}
	rolled, err := s.rolled(ctx)
	for day := range rolled {
		where := fmt.Sprintf("client_id = %d AND started_at = %d", day.client, day.start)
		switch s.r.IntN(4) {
		case 0:
			run(ctx, s.t, s.Store, forgetRollups(where)...)
		case 1:
			run(ctx, s.t, s.Store, `UPDATE rolled_days SET formula = formula - 1, ends = started_at WHERE `+where,
				`UPDATE rollups SET watch = watch + 1000, sessions = sessions + 1, watching = watching + 1 WHERE `+where)
		}
	}
	return err
}

// rolledDay is a row of rolled_days.
type rolledDay struct {
	client int32
	start  viewing.Millis
}

// rolled are the days that are rolled up, with the sessions that their rollups count.
func (s *Store) rolled(ctx context.Context) (map[rolledDay]int64, error) {
	all := map[rolledDay]int64{}
	_, err := collect(ctx, s.db, func(rows *sql.Rows, _ *struct{}) error {
		var day rolledDay
		var sessions int64
		err := rows.Scan(&day.client, &day.start, &sessions)
		all[day] = sessions
		return err
	}, `SELECT client_id, started_at, coalesce(sum(sessions), 0)::BIGINT FROM rolled_days LEFT JOIN rollups USING (client_id, started_at)
		GROUP BY client_id, started_at`)
	return all, err
}

func run(ctx context.Context, t *testing.T, s *Store, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := s.db.ExecContext(ctx, statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// TestResultsDoNotDependOnRollups holds a store whose rollups are there for some days, missing for others and wrong for others yet, but then of an
// older formula, to what the twin of the suite computes session by session.
func TestResultsDoNotDependOnRollups(t *testing.T) {
	t.Parallel()
	groups := []string{"aggregate"}
	if storetest.Whole() {
		groups = []string{"aggregate", "audience", "policy", "late", "privacy", "brighttv"}
	}
	const seed = 15
	storetest.Run(t, func(t *testing.T) func() store.Store {
		dir := t.TempDir()
		return func() store.Store {
			s, err := Open(t.Context(), Options{Dir: dir})
			if err != nil {
				t.Fatal(err)
			}
			return shaken{s, t, rand.New(rand.NewPCG(seed, 0))}
		}
	}, groups...)
}

const rollupsFirst = benchFirst // the start of the first of three days of viewing

// rollupsStore has three days of viewing, of 20 accounts of each of two clients.
func rollupsStore(t *testing.T) *Store {
	t.Helper()
	s, err := Open(t.Context(), Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() }) //nolint:errcheck // its directory goes with it
	for day := range viewing.Millis(3) {
		var reports []viewing.Report
		for i := range viewing.Millis(40) {
			report := reportOf(int64(i/2)+1, "box", rollupsFirst+day*viewing.DayLength+i*viewing.HourLength/2)
			report.ClientID = int32(i%2) + 1
			reports = append(reports, report)
		}
		check(t, s.AppendReports(t.Context(), reports))
	}
	return s
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func fold(t *testing.T, s *Store) {
	t.Helper()
	check(t, s.Maintain(t.Context(), rollupsFirst+30*viewing.DayLength))
}

// byDay is how many sessions client 1 has on each of the three days.
func byDay(t *testing.T, s *Store) (sessions [3]int64) {
	t.Helper()
	bounds := make([]viewing.Millis, 4)
	for i := range bounds {
		bounds[i] = rollupsFirst + viewing.Millis(i)*viewing.DayLength
	}
	rows, err := s.Aggregate(t.Context(), measure.Query{
		Filter:  viewing.Filter{ClientID: 1, Now: store.Never, Window: viewing.Window{From: bounds[0], To: bounds[3]}},
		GroupBy: []measure.Dimension{measure.Period}, Slices: measure.Slices(bounds), Measures: []measure.Measure{measure.Sessions},
	})
	check(t, err)
	for _, row := range rows {
		sessions[row.Period] = row.Values[0]
	}
	return sessions
}

// TestRollupsFollowTheirDay falsifies the rollups, by which it can be seen where they are used, and then changes what they are of: of
// a day that has changed they are not used, and after the next maintenance they are there again, and right.
func TestRollupsFollowTheirDay(t *testing.T) {
	t.Parallel()
	const falsified = 1000
	late := reportOf(99, "box", rollupsFirst+viewing.DayLength)
	for name, c := range map[string]struct {
		change func(t *testing.T, s *Store)
		then   [3]int64 // sessions a day
		after  [3]int64 // after maintenance
	}{
		"nothing": {
			func(*testing.T, *Store) {}, [3]int64{20 + falsified, 20 + falsified, 20 + falsified}, [3]int64{20 + falsified, 20 + falsified, 20 + falsified},
		},
		"a late report": {
			func(t *testing.T, s *Store) { check(t, s.AppendReports(t.Context(), []viewing.Report{late})) },
			[3]int64{20 + falsified, 21, 20 + falsified}, [3]int64{20 + falsified, 21, 20 + falsified},
		},
		"an account that was on every day is erased": {
			func(t *testing.T, s *Store) { erase(t, s, 1) }, [3]int64{19, 19, 19}, [3]int64{19, 19, 19},
		},
		"an account is excluded": {
			func(t *testing.T, s *Store) {
				check(t, s.ApplyCatalog(t.Context(), catalog.Batch{ClientID: 1, Accounts: []catalog.Account{{ID: 1, ChangedAt: 1, Excluded: true}}}))
			},
			[3]int64{19 + falsified, 19 + falsified, 19 + falsified}, [3]int64{19 + falsified, 19 + falsified, 19 + falsified},
		},
		"a day expires": {
			func(t *testing.T, s *Store) { expire(t, s, (rollupsFirst).Day()) },
			[3]int64{0, 20 + falsified, 20 + falsified}, [3]int64{0, 20 + falsified, 20 + falsified},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := rollupsStore(t)
			fold(t, s)
			run(t.Context(), t, s, fmt.Sprintf(`UPDATE rollups SET sessions = sessions + %d WHERE client_id = 1`, falsified))
			c.change(t, s)
			if got := byDay(t, s); got != c.then {
				t.Errorf("sessions %v, want %v", got, c.then)
			}
			fold(t, s)
			if got := byDay(t, s); got != c.after {
				t.Errorf("after maintenance: sessions %v, want %v", got, c.after)
			}
			rolled, err := s.rolled(t.Context())
			if err != nil || len(rolled) != 6 {
				t.Errorf("rolled up: %v, %v, want three days of each client", rolled, err)
			}
		})
	}
}

func erase(t *testing.T, s *Store, account int64) {
	t.Helper()
	lost, err := s.Losing(t.Context(), store.Removal{ClientID: 1, AccountID: account, Before: store.Never})
	check(t, err)
	_, err = s.EraseAccount(t.Context(), 1, account, rollupsFirst, store.Kept{Lost: lost})
	check(t, err)
}

func expire(t *testing.T, s *Store, day viewing.Day) {
	t.Helper()
	lost, err := s.Losing(t.Context(), store.Removal{ClientID: 1, Before: day.Window().To})
	check(t, err)
	check(t, s.ExpireViewing(t.Context(), 1, day, store.Kept{Lost: lost}))
}

// TestRollupsAreInNoPart: a store that was made of parts has none, and makes them when it is maintained.
func TestRollupsAreInNoPart(t *testing.T) {
	t.Parallel()
	s := rollupsStore(t)
	fold(t, s)
	want, err := s.rolled(t.Context())
	check(t, err)
	state, err := s.Snapshot(t.Context())
	check(t, err)
	defer state.Close() //nolint:errcheck // it was only read
	content := map[string][]byte{}
	manifest, err := state.WriteParts(t.Context(), func(part store.Part, from io.Reader) (err error) {
		content[part.Name], err = io.ReadAll(from)
		return err
	})
	check(t, err)
	dir := t.TempDir()
	check(t, Load(t.Context(), Options{Dir: dir}, manifest, func(part store.Part) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(content[part.Name])), nil
	}))
	loaded, err := Open(t.Context(), Options{Dir: dir})
	check(t, err)
	defer loaded.Close() //nolint:errcheck // its directory goes with it
	if rolled, err := loaded.rolled(t.Context()); err != nil || len(rolled) != 0 {
		t.Errorf("loaded: %v, %v", rolled, err)
	}
	fold(t, loaded)
	if rolled, err := loaded.rolled(t.Context()); err != nil || !maps.Equal(rolled, want) {
		t.Errorf("maintained: %v, %v, want %v", rolled, err, want)
	}
}

// TestRollupsHaveWhatAddsUp: for each measure that rollups are used for there is an expression, and for no other.
func TestRollupsHaveWhatAddsUp(t *testing.T) {
	t.Parallel()
	day := measure.Rollup{Formula: measure.RollupFormula, Day: 1}
	for _, m := range measure.All() {
		reason := measure.Query{Filter: viewing.Filter{Window: day.Day.Window()}, Measures: []measure.Measure{m}}.RefuseRollup(day)
		if (reason == "") != (expressions[m].ofRollups != "") {
			t.Errorf("%s: refused %q, computed by %q", m, reason, expressions[m].ofRollups)
		}
	}
}

// TestRollupFormula fails when rollups are made in another way than under this number of the formula, since old ones would be used with
// new ones: raise measure.RollupFormula and write down the new digest. Where the statements only look different, the digest will do.
func TestRollupFormula(t *testing.T) {
	t.Parallel()
	made := map[int]string{1: "456dade1579d", 2: "73eee53de969"} // by number of the formula
	digest := fmt.Sprintf("%x", sha256.Sum256([]byte(strings.Join(rollUp(0, "source", "clients"), "; "))))[:12]
	if digest != made[measure.RollupFormula] {
		t.Errorf("formula %d: %s, was %q", measure.RollupFormula, digest, made[measure.RollupFormula])
	}
}
