package mongodb

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/bson"

	"github.com/tvstats/tvstats/internal/store/mongodb/mongotest"
	"github.com/tvstats/tvstats/internal/viewing"
)

// TestReportsMeetInTheJournal tells of one session five times and reads once: one session is written, and nothing is left
// in the journal.
func TestReportsMeetInTheJournal(t *testing.T) {
	t.Parallel()
	s := openMigrated(t)
	scene := newScene(t, s, 1, false)
	scene.look("before")
	for i := range int32(5) {
		scene.append(s, scene.report(1, 60*(i+1)))
	}
	if got := scene.count(reportsCollection); got != 5 {
		t.Errorf("%d entries are in the journal before anybody reads, want 5", got)
	}
	scene.look("after five reports")
	if got := scene.count(reportsCollection); got != 0 {
		t.Errorf("%d entries are in the journal after somebody has read", got)
	}
}

// append is what AppendReports does, at the store, and notes that it was written.
func (c *scene) append(s *Store, report viewing.Report) {
	c.t.Helper()
	c.must("append", s.AppendReports(c.t.Context(), []viewing.Report{report}))
	c.written[report.AccountID] = max(c.written[report.AccountID], report.WatchedSeconds)
}

// count answers how many documents of the client the collection has.
func (c *scene) count(collection string) int64 {
	c.t.Helper()
	n, err := c.store.collection(collection).CountDocuments(c.t.Context(), bson.M{"_id": ofClient(c.client)})
	c.must("count", err)
	return n
}

// TestWhoFoldsWhenNobodyReads: the process that wrote folds when it is time, others much later, in case that it died.
func TestWhoFoldsWhenNobodyReads(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		age    time.Duration
		own    bool
		folded bool
	}{
		"own, young":      {0, true, false},
		"own, old":        {foldedAfter + time.Minute, true, true},
		"another's, old":  {foldedAfter + time.Minute, false, false},
		"left by another": {orphanedAfter + time.Minute, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openMigrated(t)
			scene := newScene(t, s, 1, false)
			scene.look("before")
			scene.append(s, scene.report(1, 60))
			_, err := s.collection(reportsCollection).UpdateMany(t.Context(), bson.M{"_id": ofClient(1)},
				bson.M{"$set": bson.M{"written_at": time.Now().Add(-test.age)}})
			scene.must("age", err)
			s.backlog.entries[0].WrittenAt = time.Now().Add(-test.age)
			if !test.own {
				s.backlog.takeExcess(0, 1)
			}
			scene.must("maintain", s.Maintain(t.Context(), 0))
			if got := scene.count(reportsCollection) == 0; got != test.folded {
				t.Errorf("folded: %v, want %v", got, test.folded)
			}
			scene.look("after")
		})
	}
}

// TestFoldingComesLate puts entries back after what they tell of was erased, or has expired, as a process would see them
// that read them before: nothing comes back with them.
func TestFoldingComesLate(t *testing.T) {
	t.Parallel()
	for name, remove := range map[string]func(*scene) error{
		"erased": func(c *scene) error {
			_, err := c.store.EraseAccount(c.t.Context(), c.client, 1)
			return err
		},
		"expired": func(c *scene) error { return c.store.ExpireViewing(c.t.Context(), (sceneDay + 1).Start()) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openMigrated(t)
			c := &scene{t: t, store: s, client: 1, written: map[int64]int32{}, seen: map[string]string{}}
			c.append(s, c.report(1, 60))
			entries, err := find[journalEntry](t.Context(), s.collection(reportsCollection), bson.M{"_id": ofClient(1)})
			c.must("read the journal", err)
			for range 2 {
				c.must("remove", remove(c))
				if left := c.count(reportsCollection) + c.count(sessionsCollection); left != 0 {
					t.Fatalf("%d documents are left", left)
				}
				_, err = s.collection(reportsCollection).InsertOne(t.Context(), entries[0])
				c.must("put back", err)
				c.must("fold", s.foldMatching(t.Context(), bson.M{"_id": ofClient(1)}))
			}
			if left := c.count(reportsCollection) + c.count(sessionsCollection); left != 0 {
				t.Errorf("%d documents came back", left)
			}
		})
	}
}

// TestOnlyWhatWasReadIsRemoved names an entry that is not found when it is read, as on a primary that has just been elected.
func TestOnlyWhatWasReadIsRemoved(t *testing.T) {
	t.Parallel()
	uri := mongotest.URI(t)
	calm := openOn(t, uri)
	c := &scene{t: t, store: calm, client: 1, written: map[int64]int32{}, seen: map[string]string{}}
	read, late := newEntry(dayID(1, sceneDay), []viewing.Report{c.report(1, 60)}), newEntry(dayID(1, sceneDay), []viewing.Report{c.report(2, 60)})
	_, err := calm.collection(reportsCollection).InsertOne(t.Context(), read)
	c.must("write", err)
	appear := sync.OnceFunc(func() {
		_, err := calm.collection(reportsCollection).InsertOne(t.Context(), late)
		c.must("appear", err)
	})
	s := openSpied(t, uri, func(command, collection string) {
		if command == "update" && collection == sessionsCollection {
			appear()
		}
	})
	c.must("fold", s.foldPortion(t.Context(), []string{read.ID, late.ID}))
	left, err := find[journalEntry](t.Context(), calm.collection(reportsCollection), bson.M{})
	if err != nil || len(left) != 1 || left[0].ID != late.ID {
		t.Errorf("the journal holds %+v: %v", left, err)
	}
}

// TestBacklog: it is taken when it has become much or old, and not before; of what is too much the oldest first.
func TestBacklog(t *testing.T) {
	var b backlog
	now := time.Unix(1_700_000_000, 0)
	take := func(what string, taken []journalEntry, want string) {
		t.Helper()
		var got string
		for _, e := range taken {
			got += e.ID + e.Reports
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", what, got, want)
		}
	}
	b.add([]journalEntry{
		{ID: "a", WrittenAt: now, Count: 3, Reports: "lines"}, {ID: "b", WrittenAt: now.Add(1), Count: 4}, {ID: "c", WrittenAt: now.Add(2), Count: 5},
	})
	take("twelve are not more than twelve", b.takeExcess(12, 1), "")
	take("nor is any older than itself", b.takeDue(12, now), "")
	take("four of too many", b.takeExcess(11, 4), "ab")
	take("now there are five", b.takeExcess(5, 1), "")
	b.putBack([]journalEntry{{ID: "b", WrittenAt: now.Add(1), Count: 4}})
	take("the oldest is in time", b.takeDue(9, now.Add(1)), "")
	take("the oldest is too old", b.takeDue(9, now.Add(2)), "bc")
	take("nothing is left", b.takeDue(0, now.Add(9)), "")
	take("of nothing", b.takeExcess(0, 1), "")
	b.add([]journalEntry{{ID: "d", WrittenAt: now, Count: 2}})
	take("two are more than one", b.takeDue(1, now), "d")
}

// TestPortions: each holds about foldedAtOnce reports, at least one entry, and all together hold every entry once.
func TestPortions(t *testing.T) {
	for _, counts := range [][]int{{}, {1}, {foldedAtOnce + 1}, {foldedAtOnce, 1}, {foldedAtOnce - 1, 1, 1}, {1, foldedAtOnce, 1, 1}} {
		var entries []journalEntry
		var all, joined []string
		for i, count := range counts {
			entries = append(entries, journalEntry{ID: fmt.Sprint(i), Count: count})
			all = append(all, fmt.Sprint(i))
		}
		for _, ids := range portions(entries) {
			sum := 0
			for _, id := range ids {
				var i int
				if _, err := fmt.Sscan(id, &i); err != nil {
					t.Fatal(err)
				}
				sum += counts[i]
			}
			if len(ids) == 0 || len(ids) > 1 && sum > foldedAtOnce {
				t.Errorf("%v: a portion of %d entries and %d reports", counts, len(ids), sum)
			}
			joined = append(joined, ids...)
		}
		if fmt.Sprint(joined) != fmt.Sprint(all) {
			t.Errorf("%v: got %v", counts, joined)
		}
	}
}
