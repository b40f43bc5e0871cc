package duckdb_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/store/duckdb"
	"github.com/tvstats/tvstats/internal/store/storetest"
	"github.com/tvstats/tvstats/internal/viewing"
)

// parts is a state in memory.
type parts struct {
	manifest store.Manifest
	content  map[string][]byte
}

// partsOf takes the state of a store.
func partsOf(t *testing.T, s store.Store) parts {
	t.Helper()
	state, err := s.(store.Snapshotter).Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer state.Close() //nolint:errcheck // it was only read
	return write(t, state)
}

func write(t *testing.T, state store.State) parts {
	t.Helper()
	p := parts{content: map[string][]byte{}}
	var err error
	p.manifest, err = state.WriteParts(t.Context(), func(part store.Part, content io.Reader) (err error) {
		p.content[part.Name], err = io.ReadAll(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// load makes a store of the parts, in a directory of its own.
func (p parts) load(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := p.tryLoad(t, dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

func (p parts) tryLoad(t *testing.T, dir string) error {
	return duckdb.Load(t.Context(), duckdb.Options{Dir: dir}, p.manifest, func(part store.Part) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(p.content[part.Name])), nil
	})
}

// moving is a store that moves house when it is closed: what is opened afterwards was made of its parts.
type moving struct {
	*duckdb.Store
	t     *testing.T
	moved func(dir string)
}

// Close takes the state along.
func (m *moving) Close() error {
	if m.t.Context().Err() == nil { // else the test is over
		m.moved(partsOf(m.t, m.Store).load(m.t))
	}
	return m.Store.Close()
}

// TestPartsAreTheWholeState holds a store that was written as parts and loaded from them to the whole conformance suite: every
// time that a test of it opens its store again, that is another one, made of parts. Where not all worlds are gone through,
// TestStore does this every other time.
func TestPartsAreTheWholeState(t *testing.T) {
	t.Parallel()
	if !storetest.Whole() {
		t.Skip("TestStore moves its stores; make worlds has a suite of its own for it")
	}
	factory := func(t *testing.T) func() store.Store {
		dir := t.TempDir()
		return func() store.Store {
			return &moving{open(t, dir).(*duckdb.Store), t, func(to string) { dir = to }}
		}
	}
	storetest.Run(t, factory)
	runDependents(t, factory)
}

// randomReports are reports of sessions, some of which change their tariffs.
func randomReports(r *rand.Rand, n int) []viewing.Report {
	all := make([]viewing.Report, n)
	for i := range all {
		account, started := r.Int64N(40)+1, viewing.Millis(r.Int64N(3*24))*3_600_000-viewing.DayLength
		watched := r.Int32N(3000)
		all[i] = viewing.Report{
			Identity: viewing.Identity{
				ClientID: r.Int32N(2) + 1, AccountID: account, DeviceUID: fmt.Sprint("box ", account),
				Device: []string{"mag250", "android_tv", "web"}[account%3], ChannelID: r.Int32N(9) + 1, Mode: viewing.Live, StartedAt: started,
			},
			State: viewing.State{
				At: started + viewing.Millis(watched)*1000, WatchedSeconds: watched, Ended: r.IntN(2) == 0,
				Tariffs: [][]int32{nil, {1}, {2, 5}, {1, 7}}[r.IntN(4)],
			},
		}
	}
	return all
}

// TestEqualStoresHaveEqualParts gives stores the same reports, catalogs and results in different orders, folded at different
// moments and numbered differently: their parts are the same, byte for byte, and so are those of a store made of them.
func TestEqualStoresHaveEqualParts(t *testing.T) {
	t.Parallel()
	for _, seed := range storetest.Seeds(5) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 12))
			reports := randomReports(r, 3000)
			first := partsOf(t, filled(t, r, reports))
			samePart(t, "another order", first, partsOf(t, filled(t, r, reports)))
			loaded := open(t, first.load(t))
			defer loaded.Close() //nolint:errcheck // its directory goes with it
			samePart(t, "loaded", first, partsOf(t, loaded))
			if err := loaded.Maintain(t.Context(), math.MaxInt32*viewing.DayLength); err != nil {
				t.Fatal(err)
			}
			samePart(t, "folded", first, partsOf(t, loaded))
		})
	}
}

// filled appends the reports in a random order and folds now and then.
func filled(t *testing.T, r *rand.Rand, reports []viewing.Report) store.Store {
	t.Helper()
	s, ctx := open(t, t.TempDir()), t.Context()
	t.Cleanup(func() { s.Close() }) //nolint:errcheck // its directory goes with it
	reports = slices.Clone(reports)
	r.Shuffle(len(reports), func(i, j int) { reports[i], reports[j] = reports[j], reports[i] })
	for batch := range slices.Chunk(reports, 500) {
		must(t, s.AppendReports(ctx, batch))
		if r.IntN(2) == 0 {
			must(t, s.Maintain(ctx, viewing.Millis(r.Int64N(4)-1)*viewing.DayLength))
		}
	}
	var accounts []catalog.Account
	for id := range int64(20) {
		accounts = append(accounts, catalog.Account{ID: id + 1, ChangedAt: 5, Active: id%2 == 0, Tariffs: []int32{int32(id % 3), 9}})
	}
	must(t, s.ApplyCatalog(ctx, catalog.Batch{ClientID: 1, Accounts: accounts}))
	must(t, s.SaveResults(ctx, []store.Result{{ID: "result", ClientID: 1, Kind: store.ChannelSorting, CreatedAt: 7, Body: []byte(`{}`)}}))
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func samePart(t *testing.T, what string, a, b parts) {
	t.Helper()
	if fmt.Sprint(a.manifest) != fmt.Sprint(b.manifest) {
		t.Errorf("%s: manifests differ:\n%+v\n%+v", what, a.manifest, b.manifest)
	}
	for name, content := range a.content {
		if !bytes.Equal(content, b.content[name]) {
			t.Errorf("%s: %s differs", what, name)
		}
	}
}

// TestSnapshotIsOfItsMoment: what comes after a snapshot was taken is not in it, what came before is.
func TestSnapshotIsOfItsMoment(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 12))
	reports := randomReports(r, 2000)
	s := filled(t, r, reports)
	before := partsOf(t, s)
	state, err := s.(store.Snapshotter).Snapshot(t.Context())
	must(t, err)
	defer state.Close() //nolint:errcheck // it was only read
	must(t, s.AppendReports(t.Context(), randomReports(r, 500)))
	must(t, s.Maintain(t.Context(), math.MaxInt32*viewing.DayLength))
	due, err := s.Expiring(t.Context(), 0)
	must(t, err)
	for client, days := range due {
		for _, day := range days {
			lost, err := s.Losing(t.Context(), store.Removal{ClientID: client, Before: day.Window().To})
			must(t, err)
			must(t, s.ExpireViewing(t.Context(), client, day, store.Kept{Lost: lost}))
		}
	}
	samePart(t, "the snapshot", before, write(t, state))
	if later := partsOf(t, s); later.manifest.Reports < before.manifest.Reports+500 {
		t.Errorf("%d reports, then %d", before.manifest.Reports, later.manifest.Reports)
	}
}

// TestLoadIsWholeOrNothing: what is damaged, newer, interrupted or in the way leaves no store, and the same directory takes
// the right parts afterwards.
func TestLoadIsWholeOrNothing(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(4, 12))
	good := partsOf(t, filled(t, r, randomReports(r, 500)))
	for name, c := range map[string]struct {
		harm func(*parts)
		want error
	}{
		"flipped bit": {func(p *parts) { p.content["accounts.parquet"][40] ^= 1 }, store.ErrDamaged},
		"cut":         {func(p *parts) { p.content["versions.parquet"] = p.content["versions.parquet"][:50] }, store.ErrDamaged},
		"empty":       {func(p *parts) { p.content["results.parquet"] = nil }, store.ErrDamaged},
		"rows":        {func(p *parts) { p.manifest.Parts[0].Rows++ }, store.ErrDamaged},
		"stranger":    {func(p *parts) { p.manifest.Parts[0].Name = "devices.parquet" }, store.ErrDamaged},
		"no schema":   {func(p *parts) { p.manifest.Schema = 0 }, store.ErrDamaged},
		"schema":      {func(p *parts) { p.manifest.Schema = 1000 }, store.ErrNewerSchema},
		"format":      {func(p *parts) { p.manifest.Format++ }, store.ErrNewerSchema},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bad, dir := parts{good.manifest, map[string][]byte{}}, t.TempDir()
			bad.manifest.Parts = slices.Clone(good.manifest.Parts)
			for name, content := range good.content {
				bad.content[name] = bytes.Clone(content)
			}
			c.harm(&bad)
			if err := bad.tryLoad(t, dir); !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
				t.Errorf("left: %v, %v", left, err)
			}
			must(t, good.tryLoad(t, dir))
			if err := good.tryLoad(t, dir); !errors.Is(err, store.ErrNotEmpty) {
				t.Errorf("error %v, want %v", err, store.ErrNotEmpty)
			}
		})
	}
}
