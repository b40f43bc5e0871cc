package mongodb

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"go.mongodb.org/mongo-driver/bson"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/store/mongodb/mongotest"
	"github.com/tvstats/tvstats/internal/viewing"
)

// These tests take writers, folders and rollers apart into their steps and do these in many orders, as processes that know
// nothing of each other would. Whenever it is looked the store must answer with exactly what is written at that moment, and
// a reader who finds the versions that it found before must find the data that it found before. To look is to fold: so it is
// looked after every step, and in another run at the end alone.

// TestWriterMeetsRoller does the steps of one writer and one roller in every order that keeps each of them in its own.
func TestWriterMeetsRoller(t *testing.T) {
	t.Parallel()
	meet(t, 5, (*scene).roller)
}

// TestWriterMeetsFolder does so with a folder.
func TestWriterMeetsFolder(t *testing.T) {
	t.Parallel()
	meet(t, 4, (*scene).folder)
}

func meet(t *testing.T, steps int, other func(*scene) []func() error) {
	t.Helper()
	for _, rolled := range []bool{false, true} {
		for _, looking := range []bool{false, true} {
			t.Run(fmt.Sprintf("rolled up before: %v, looking: %v", rolled, looking), func(t *testing.T) {
				t.Parallel()
				s := openHourly(t)
				client := int32(0)
				for order := range orders(4, steps) {
					client++
					scene := newScene(t, s, client, rolled)
					scene.run(fmt.Sprintf("order %v", order), order, looking, scene.writer(1), other(scene))
				}
			})
		}
	}
}

// TestAllMeet does so with two of each in random orders; some of them die on the way.
func TestAllMeet(t *testing.T) {
	t.Parallel()
	s := openHourly(t)
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 1))
		scene := newScene(t, s, int32(seed)+1, seed%2 == 0)
		actors := [][]func() error{scene.writer(1), scene.writer(2), scene.folder(), scene.folder(), scene.roller(), scene.roller()}
		var order []int
		for i := range actors {
			if r.IntN(4) == 0 {
				actors[i] = actors[i][:r.IntN(len(actors[i]))]
			}
			order = append(order, slices.Repeat([]int{i}, len(actors[i]))...)
		}
		r.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		scene.run(fmt.Sprintf("seed %d, order %v", seed, order), order, seed%4 < 2, actors...)
	}
}

// orders yields every order of a steps of actor 0 and b steps of actor 1.
func orders(a, b int) func(yield func([]int) bool) {
	var extend func(order []int, a, b int, yield func([]int) bool) bool
	extend = func(order []int, a, b int, yield func([]int) bool) bool {
		if a+b == 0 {
			return yield(order)
		}
		return (a == 0 || extend(append(slices.Clone(order), 0), a-1, b, yield)) &&
			(b == 0 || extend(append(slices.Clone(order), 1), a, b-1, yield))
	}
	return func(yield func([]int) bool) { extend(nil, a, b, yield) }
}

func openMigrated(tb testing.TB) *Store {
	tb.Helper()
	return openOn(tb, mongotest.URI(tb))
}

// openOn opens a store on the database and migrates it.
func openOn(tb testing.TB, uri string) *Store {
	tb.Helper()
	s, err := Open(tb.Context(), Options{URI: uri})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { s.Close() }) //nolint:errcheck // the test is over
	if err := s.Migrate(tb.Context(), false, func(string) {}); err != nil {
		tb.Fatal(err)
	}
	return s
}

// openHourly opens a store that rolls up hours however little was watched.
func openHourly(t *testing.T) *Store {
	t.Helper()
	s := openMigrated(t)
	s.sessionsInHour = 1
	return s
}

// scene is a day of a client on which something was watched before, and what is written of it.
type scene struct {
	t       *testing.T
	store   *Store
	client  int32
	written map[int64]int32   // watched seconds by account
	seen    map[string]string // what was found, by the versions that were found before
	looks   int
}

const sceneDay = viewing.Day(20_000)

// sceneActive are the accounts of scenes that are active, sceneGuide is what was on.
var (
	sceneActive = map[int64]bool{1: true, 3: true, 10: true}
	sceneGuide  = []catalog.Programme{
		{ID: 1, ChannelID: 1, Start: startOf(1), End: startOf(1) + minute}, {ID: 2, ChannelID: 1, Start: startOf(1), End: startOf(12)},
	}
)

func newScene(t *testing.T, s *Store, client int32, rolled bool) *scene {
	t.Helper()
	scene := &scene{t: t, store: s, client: client, written: map[int64]int32{}, seen: map[string]string{}}
	batch := catalog.Batch{ClientID: client, Programmes: sceneGuide}
	for account := range sceneActive {
		batch.Accounts = append(batch.Accounts, catalog.Account{ID: account, Active: true, ChangedAt: (sceneDay - 9).Start()})
	}
	scene.must("before all", s.ApplyCatalog(t.Context(), batch))
	before := scene.writer(9)
	if rolled {
		before = append(before, scene.roller()...)
	}
	for _, step := range before {
		scene.must("before all", step())
	}
	return scene
}

func (c *scene) must(when string, err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatalf("%s: %v", when, err)
	}
}

// writer is what AppendReports does: it lengthens a session that all writers know and adds one, in two entries of the
// journal.
func (c *scene) writer(number int64) []func() error {
	ctx := c.t.Context()
	reports := []viewing.Report{c.report(1, int32(10*number)), c.report(number+1, 60)}
	hours := hoursOf(reports)
	write := func(report viewing.Report) func() error {
		return func() error {
			c.written[report.AccountID] = max(c.written[report.AccountID], report.WatchedSeconds)
			_, err := c.store.appendEntries(ctx, []viewing.Report{report})
			return err
		}
	}
	return []func() error{
		func() error { return c.store.beginWriting(ctx, viewingChanges, hours) },
		write(reports[0]), write(reports[1]),
		func() error { return c.store.endWriting(ctx, viewingChanges, hours) },
	}
}

// startOf spreads the accounts' sessions over the hours from noon on.
func startOf(account int64) viewing.Millis {
	return sceneDay.Start() + 12*viewing.HourLength + viewing.Millis(account-1)*40*60_000
}

func (c *scene) report(account int64, seconds int32) viewing.Report {
	start := startOf(account)
	return viewing.Report{
		Identity: viewing.Identity{
			ClientID: c.client, AccountID: account, DeviceUID: "box", Device: "mag250", ChannelID: 1, Mode: viewing.Live, StartedAt: start,
		},
		State: viewing.State{At: start + viewing.Millis(seconds)*1000, WatchedSeconds: seconds},
	}
}

// folder is what foldMatching does, which folds what it finds when it begins: a session after the other, since the server
// may do it in parts.
func (c *scene) folder() []func() error {
	ctx := c.t.Context()
	var ids []string
	var sessions []viewing.Report
	return []func() error{
		func() error {
			entries, err := find[journalEntry](ctx, c.store.collection(reportsCollection), bson.M{"_id": ofClient(c.client)})
			for _, e := range entries {
				reports, err := e.lines()
				c.must("read the journal", err)
				ids, sessions = append(ids, e.ID), append(sessions, reports...)
			}
			sessions = merged(sessions)
			return err
		},
		func() error { return c.store.upsertSessions(ctx, sessions[:len(sessions)/2]) },
		func() error { return c.store.upsertSessions(ctx, sessions[len(sessions)/2:]) },
		func() error { return c.store.removeEntries(ctx, ids) },
	}
}

// roller is what Maintain does of the day, if it is due when the roller looks.
func (c *scene) roller() []func() error {
	ctx := c.t.Context()
	var days []dayState
	var rollups []rollup
	whenDue := func(do func() error) func() error {
		return func() error {
			if len(days) == 0 {
				return nil
			}
			return do()
		}
	}
	return []func() error{
		func() (err error) {
			days, err = c.store.dueDays(ctx, (sceneDay + 1).Start())
			days = slices.DeleteFunc(days, func(d dayState) bool { return d.ClientID != c.client })
			return err
		},
		whenDue(func() (err error) { rollups, err = c.store.makeRollups(ctx, days[0]); return err }),
		whenDue(func() error { return c.store.writeRollups(ctx, rollups) }),
		whenDue(func() error { return c.store.setRolled(ctx, days[0], rollups) }),
		whenDue(func() error { return c.store.sweepRollups(ctx, days[0]) }),
	}
}

// run does the next step of each actor that the order names, and looks at the end and, if it shall, after every step.
func (c *scene) run(name string, order []int, looking bool, actors ...[]func() error) {
	c.t.Helper()
	c.look(name + ", before the first step")
	for i, actor := range order {
		when := fmt.Sprintf("%s, step %d", name, i)
		c.must(when, actors[actor][0]())
		actors[actor] = actors[actor][1:]
		if looking || i == len(order)-1 {
			c.look(when)
		}
	}
}

// look asks for the channels of the whole day and, of active accounts and by turns, for channels or programmes of a part of it
// that begins and ends within hours.
func (c *scene) look(when string) {
	c.t.Helper()
	before, hours, err := c.store.Versions(c.t.Context(), c.client, sceneDay.Window())
	c.must(when, err)
	day := viewing.Filter{ClientID: c.client, Window: sceneDay.Window()}
	part := viewing.Filter{ClientID: c.client, Window: viewing.Window{From: startOf(1) + 1, To: startOf(4) + 600_000}, ActiveOnly: true}
	var sessions []viewing.Report
	for account, seconds := range c.written {
		sessions = append(sessions, c.report(account, seconds))
	}
	got, active := ranking(c.t, c.store, day), chosen(sessions, part, sceneActive)
	c.same(when, got, fmt.Sprint(plainly(sessions)))
	c.looks++
	if c.looks%2 == 0 {
		c.same(when, ranking(c.t, c.store, part), fmt.Sprint(plainly(active)))
	} else {
		c.same(when, programmes(c.t, c.store, part), fmt.Sprint(plainlyProgrammes(active, sceneGuide)))
	}
	versions := fmt.Sprint(before, hours)
	if found, known := c.seen[versions]; known && found != got {
		c.t.Fatalf("%s: the versions are %s as before, but the data that was %s is %s", when, versions, found, got)
	}
	c.seen[versions] = got
}

func (c *scene) same(when, got, want string) {
	c.t.Helper()
	if got != want {
		c.t.Fatalf("%s: got %s, want %s", when, got, want)
	}
}

// TestErasedWhileCallerLeaves erases an account as something of it is about to be written, by a caller who goes away as soon
// as that is done: nothing stays.
func TestErasedWhileCallerLeaves(t *testing.T) {
	t.Parallel()
	batch := catalog.Batch{
		ClientID: 1, Accounts: []catalog.Account{{ID: 1, ChangedAt: sceneDay.Start(), Active: true}},
		Payments: []catalog.Payment{{ID: 1, AccountID: 1, Currency: "EUR", PaidAt: sceneDay.Start()}},
	}
	for written, write := range map[string]func(context.Context, *Store) error{
		sessionsCollection: func(ctx context.Context, s *Store) error { return s.foldMatching(ctx, bson.M{"_id": ofClient(1)}) },
		accountsCollection: func(ctx context.Context, s *Store) error { return s.ApplyCatalog(ctx, batch) },
		paymentsCollection: func(ctx context.Context, s *Store) error { return s.ApplyCatalog(ctx, batch) },
	} {
		t.Run(written, func(t *testing.T) {
			t.Parallel()
			uri := mongotest.URI(t)
			calm := openOn(t, uri)
			c := &scene{t: t, store: calm, client: 1, written: map[int64]int32{}, seen: map[string]string{}}
			c.append(calm, c.report(1, 60))
			ctx, leave := context.WithCancel(t.Context())
			erased := false
			s := openSpied(t, uri, func(command, collection string) {
				if erased {
					leave()
				} else if erased = command == "update" && collection == written; erased {
					_, err := calm.EraseAccount(t.Context(), 1, 1)
					c.must("erase", err)
				}
			})
			if err := write(ctx, s); !errors.Is(err, context.Canceled) {
				t.Errorf("a caller who went away is told %v", err)
			}
			if left := c.count(reportsCollection) + c.count(sessionsCollection) + c.count(accountsCollection) + c.count(paymentsCollection); left != 0 {
				t.Errorf("%d documents are left", left)
			}
		})
	}
}
