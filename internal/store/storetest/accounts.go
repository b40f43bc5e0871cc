package storetest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var accountTests = []test{
	{"the latest state is current", testCurrentState},
	{"states in any order", testStatesInAnyOrder},
	{"registered at", testRegisteredAt},
	{"deleted and back", testDeletedAccount},
	{"states take effect when their time comes", testStatesToCome},
}

// testStatesToCome asks at instants around those of random histories, in random order: what is current, what is stamped, who
// counts. The version of who is excluded is another one whenever that changed.
func testStatesToCome(t *testing.T, factory Factory) {
	w := newWorld(t, 2)
	s := newSubject(t, factory)
	for id := range int64(worldAccounts) {
		s.append(watch(id+1, int32(id%worldChannels)+1, w.from, 60))
	}
	excluded := map[uint64]string{}
	for _, batch := range batches(w, w.histories()) {
		s.apply(catalog.Batch{ClientID: 1, Accounts: batch})
		clear(excluded) // a digest is of one history
		for range Rounds(20) {
			s.at(w.instant() + viewing.Millis(w.IntN(3)) - 1)
			var who []int64
			for id := int64(1); id <= worldAccounts; id++ {
				want := s.twin.current(1, id, s.now)
				if want.Excluded {
					who = append(who, id)
				}
				got, err := s.store.Account(t.Context(), 1, id, s.now)
				if there := want.ID != 0 && !want.Deleted; there != (err == nil) || !there && !errors.Is(err, store.ErrNotFound) {
					t.Fatalf("account %d at %d: error %v, want %+v", id, s.now, err, want)
				}
				if want.RegisteredAt = s.twin.registered(1, id, s.now); err == nil && fmt.Sprint(got) != fmt.Sprint(want) {
					t.Fatalf("account %d at %d\n got %+v\nwant %+v", id, s.now, got, want)
				}
				if want.Deleted {
					want.Tariffs = nil
				}
				if stamped := s.stamped(1, id); fmt.Sprint(stamped) != fmt.Sprint(want.Tariffs) {
					t.Fatalf("account %d at %d: stamped %v, want %v", id, s.now, stamped, want.Tariffs)
				}
			}
			q := whole(1)
			q.filter.Now, q.filter.ActiveOnly = s.now, w.chance(50)
			s.check(q)
			version, err := s.store.Exclusions(t.Context(), 1, s.now)
			s.must(err)
			if before, known := excluded[version]; known && before != fmt.Sprint(who) {
				t.Fatalf("version %x is of %s and of %v", version, before, who)
			}
			excluded[version] = fmt.Sprint(who)
		}
		if w.chance(30) {
			s.reopen()
		}
	}
}

// tell tells states of account 1 of client 1, each in a batch of its own.
func (s *subject) tell(states ...catalog.Account) {
	s.t.Helper()
	for _, state := range states {
		state.ID = 1
		s.apply(catalog.Batch{ClientID: 1, Accounts: []catalog.Account{state}})
	}
}

// isNow compares the current state of account 1, of which want may leave out the id.
func (s *subject) isNow(want catalog.Account) {
	s.t.Helper()
	want.ID = 1
	got, err := s.store.Account(s.t.Context(), 1, 1, s.now)
	s.must(err)
	if fmt.Sprint(got) != fmt.Sprint(want) {
		s.t.Fatalf("current state\n got %+v\nwant %+v", got, want)
	}
}

func testCurrentState(t *testing.T, factory Factory) {
	s := newSubject(t, factory)
	if account, err := s.store.Account(t.Context(), 1, 1, s.now); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("an unknown account is %+v, error %v, want ErrNotFound", account, err)
	}
	s.tell(catalog.Account{ChangedAt: noon, Active: true, Tariffs: []int32{1, 2}})
	s.isNow(catalog.Account{ChangedAt: noon, Active: true, Tariffs: []int32{1, 2}, RegisteredAt: noon})
	s.tell(catalog.Account{ChangedAt: noon + 1, Tariffs: []int32{3}})
	s.isNow(catalog.Account{ChangedAt: noon + 1, Tariffs: []int32{3}, RegisteredAt: noon})
	s.tell(catalog.Account{ChangedAt: noon - 1, Active: true}) // late; but it is the earliest now
	s.isNow(catalog.Account{ChangedAt: noon + 1, Tariffs: []int32{3}, RegisteredAt: noon - 1})
	s.tell(catalog.Account{ChangedAt: noon + 1, Active: true}) // of two with one changed_at the last to arrive stands
	s.isNow(catalog.Account{ChangedAt: noon + 1, Active: true, RegisteredAt: noon - 1})
	for _, other := range []struct {
		client  int32
		account int64
	}{{1, 2}, {2, 1}} {
		if account, err := s.store.Account(t.Context(), other.client, other.account, s.now); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("account %d of client %d is %+v, error %v, want ErrNotFound", other.account, other.client, account, err)
		}
	}
}

// testStatesInAnyOrder tells one history in different orders and groupings.
func testStatesInAnyOrder(t *testing.T, factory Factory) {
	w := newWorld(t, 1)
	s := newSubject(t, factory)
	var history []catalog.Account
	for i := range 10 {
		history = append(history, catalog.Account{
			ChangedAt: noon + viewing.Millis(i), Active: i%2 == 0, Deleted: i == 4, Tariffs: numbers(int32(i % 4)),
			RegisteredAt: []viewing.Millis{0, noon - 100, 0, noon - 200, 0}[i%5],
		})
	}
	want := history[9]
	want.RegisteredAt = noon - 200 // by the ninth; the tenth told none
	for id := int64(1); id <= int64(Rounds(20)); id++ {
		told := append(some(w, history, 50), history...)
		shuffle(w, told)
		for i := range told {
			told[i].ID = id
		}
		for _, batch := range batches(w, told) {
			s.apply(catalog.Batch{ClientID: 1, Accounts: batch})
		}
		want.ID = id
		if got, err := s.store.Account(t.Context(), 1, id, s.now); err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("after %+v\n got %+v, error %v\nwant %+v", told, got, err, want)
		}
	}
}

// testRegisteredAt: what the latest state that told one has told, else the changed_at of the earliest state.
func testRegisteredAt(t *testing.T, factory Factory) {
	s := newSubject(t, factory)
	s.tell(catalog.Account{ChangedAt: noon + 5})
	s.isNow(catalog.Account{ChangedAt: noon + 5, RegisteredAt: noon + 5})
	s.tell(catalog.Account{ChangedAt: noon + 2})
	s.isNow(catalog.Account{ChangedAt: noon + 5, RegisteredAt: noon + 2})
	s.tell(catalog.Account{ChangedAt: noon + 3, RegisteredAt: noon - 1000})
	s.isNow(catalog.Account{ChangedAt: noon + 5, RegisteredAt: noon - 1000})
	s.tell(catalog.Account{ChangedAt: noon + 1, RegisteredAt: noon - 2000})
	s.isNow(catalog.Account{ChangedAt: noon + 5, RegisteredAt: noon - 1000})
	s.tell(catalog.Account{ChangedAt: noon + 5, RegisteredAt: -3000})
	s.isNow(catalog.Account{ChangedAt: noon + 5, RegisteredAt: -3000})
	s.tell(catalog.Account{ChangedAt: noon + 6})
	s.reopen()
	s.isNow(catalog.Account{ChangedAt: noon + 6, RegisteredAt: -3000})
}

func testDeletedAccount(t *testing.T, factory Factory) {
	s := newSubject(t, factory)
	s.tell(catalog.Account{ChangedAt: noon, Active: true, Tariffs: []int32{1}}, catalog.Account{ChangedAt: noon + 2, Deleted: true})
	for range 2 {
		if account, err := s.store.Account(t.Context(), 1, 1, s.now); !errors.Is(err, store.ErrNotFound) {
			t.Fatalf("a deleted account is %+v, error %v, want ErrNotFound", account, err)
		}
		s.tell(catalog.Account{ChangedAt: noon + 1, Active: true}) // before it was deleted
		s.reopen()
	}
	s.tell(catalog.Account{ChangedAt: noon + 3, Active: true})
	s.isNow(catalog.Account{ChangedAt: noon + 3, Active: true, RegisteredAt: noon})
}
