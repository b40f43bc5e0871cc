package storetest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var accountTests = Tests{
	"the latest state is current":              testCurrentState,
	"states in any order":                      testStatesInAnyOrder,
	"registered at":                            testRegisteredAt,
	"deleted and back":                         testDeletedAccount,
	"states take effect when their time comes": testStatesToCome,
}

// testStatesToCome asks at instants around those of random histories, in random order: what is current, what is stamped, who
// counts. The version of who is excluded is another one whenever that changed.
func testStatesToCome(t *testing.T, factory Factory) {
	w := NewWorld(t, 2)
	s := NewSubject(t, factory)
	for id := range int64(WorldAccounts) {
		s.Append(Watch(id+1, int32(id%worldChannels)+1, w.From, 60))
	}
	excluded := map[uint64]string{}
	for _, batch := range Batches(w, w.Histories()) {
		s.Apply(catalog.Batch{ClientID: 1, Accounts: batch})
		clear(excluded) // a digest is of one history
		for range Rounds(20) {
			s.At(w.Instant() + viewing.Millis(w.IntN(3)) - 1)
			var who []int64
			for id := int64(1); id <= WorldAccounts; id++ {
				want := s.Twin.current(1, id, s.Now)
				if want.Excluded {
					who = append(who, id)
				}
				got, err := s.Store.Account(t.Context(), 1, id, s.Now)
				if there := want.ID != 0 && !want.Deleted; there != (err == nil) || !there && !errors.Is(err, store.ErrNotFound) {
					t.Fatalf("account %d at %d: error %v, want %+v", id, s.Now, err, want)
				}
				if want.RegisteredAt = s.Twin.registered(1, id, s.Now); err == nil && fmt.Sprint(got) != fmt.Sprint(want) {
					t.Fatalf("account %d at %d\n got %+v\nwant %+v", id, s.Now, got, want)
				}
				if want.Deleted {
					want.Tariffs = nil
				}
				if stamped := s.stamped(1, id); fmt.Sprint(stamped) != fmt.Sprint(want.Tariffs) {
					t.Fatalf("account %d at %d: stamped %v, want %v", id, s.Now, stamped, want.Tariffs)
				}
			}
			q := whole(1)
			q.filter.Now, q.filter.ActiveOnly = s.Now, w.Chance(50)
			s.check(q)
			version, err := s.Store.Exclusions(t.Context(), 1, s.Now)
			s.Must(err)
			if before, known := excluded[version]; known && before != fmt.Sprint(who) {
				t.Fatalf("version %x is of %s and of %v", version, before, who)
			}
			excluded[version] = fmt.Sprint(who)
		}
		if w.Chance(30) {
			s.Reopen()
		}
	}
}

// push applies states of account 1 of client 1, each in a batch of its own.
func (s *Subject) push(states ...catalog.Account) {
	s.T.Helper()
	for _, state := range states {
		state.ID = 1
		s.Apply(catalog.Batch{ClientID: 1, Accounts: []catalog.Account{state}})
	}
}

// isNow compares the current state of account 1, of which want may leave out the id.
func (s *Subject) isNow(want catalog.Account) {
	s.T.Helper()
	want.ID = 1
	got, err := s.Store.Account(s.T.Context(), 1, 1, s.Now)
	s.Must(err)
	if fmt.Sprint(got) != fmt.Sprint(want) {
		s.T.Fatalf("current state\n got %+v\nwant %+v", got, want)
	}
}

func testCurrentState(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	if account, err := s.Store.Account(t.Context(), 1, 1, s.Now); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("an unknown account is %+v, error %v, want ErrNotFound", account, err)
	}
	s.push(catalog.Account{ChangedAt: Noon, Active: true, Tariffs: []int32{1, 2}})
	s.isNow(catalog.Account{ChangedAt: Noon, Active: true, Tariffs: []int32{1, 2}, RegisteredAt: Noon})
	s.push(catalog.Account{ChangedAt: Noon + 1, Tariffs: []int32{3}})
	s.isNow(catalog.Account{ChangedAt: Noon + 1, Tariffs: []int32{3}, RegisteredAt: Noon})
	s.push(catalog.Account{ChangedAt: Noon - 1, Active: true}) // late; but it is the earliest now
	s.isNow(catalog.Account{ChangedAt: Noon + 1, Tariffs: []int32{3}, RegisteredAt: Noon - 1})
	s.push(catalog.Account{ChangedAt: Noon + 1, Active: true}) // of two with one changed_at the last to arrive stands
	s.isNow(catalog.Account{ChangedAt: Noon + 1, Active: true, RegisteredAt: Noon - 1})
	for _, other := range []struct {
		client  int32
		account int64
	}{{1, 2}, {2, 1}} {
		if account, err := s.Store.Account(t.Context(), other.client, other.account, s.Now); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("account %d of client %d is %+v, error %v, want ErrNotFound", other.account, other.client, account, err)
		}
	}
}

// testStatesInAnyOrder applies one history in different orders and groupings.
func testStatesInAnyOrder(t *testing.T, factory Factory) {
	w := NewWorld(t, 1)
	s := NewSubject(t, factory)
	var history []catalog.Account
	for i := range 10 {
		history = append(history, catalog.Account{
			ChangedAt: Noon + viewing.Millis(i), Active: i%2 == 0, Deleted: i == 4, Tariffs: numbers(int32(i % 4)),
			RegisteredAt: []viewing.Millis{0, Noon - 100, 0, Noon - 200, 0}[i%5],
		})
	}
	want := history[9]
	want.RegisteredAt = Noon - 200 // by the ninth; the tenth has none
	for id := int64(1); id <= int64(Rounds(20)); id++ {
		pushed := append(some(w, history, 50), history...)
		Shuffle(w, pushed)
		for i := range pushed {
			pushed[i].ID = id
		}
		for _, batch := range Batches(w, pushed) {
			s.Apply(catalog.Batch{ClientID: 1, Accounts: batch})
		}
		want.ID = id
		if got, err := s.Store.Account(t.Context(), 1, id, s.Now); err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("after %+v\n got %+v, error %v\nwant %+v", pushed, got, err, want)
		}
	}
}

// testRegisteredAt: that of the latest state that has one, else the changed_at of the earliest state.
func testRegisteredAt(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	s.push(catalog.Account{ChangedAt: Noon + 5})
	s.isNow(catalog.Account{ChangedAt: Noon + 5, RegisteredAt: Noon + 5})
	s.push(catalog.Account{ChangedAt: Noon + 2})
	s.isNow(catalog.Account{ChangedAt: Noon + 5, RegisteredAt: Noon + 2})
	s.push(catalog.Account{ChangedAt: Noon + 3, RegisteredAt: Noon - 1000})
	s.isNow(catalog.Account{ChangedAt: Noon + 5, RegisteredAt: Noon - 1000})
	s.push(catalog.Account{ChangedAt: Noon + 1, RegisteredAt: Noon - 2000})
	s.isNow(catalog.Account{ChangedAt: Noon + 5, RegisteredAt: Noon - 1000})
	s.push(catalog.Account{ChangedAt: Noon + 5, RegisteredAt: -3000})
	s.isNow(catalog.Account{ChangedAt: Noon + 5, RegisteredAt: -3000})
	s.push(catalog.Account{ChangedAt: Noon + 6})
	s.Reopen()
	s.isNow(catalog.Account{ChangedAt: Noon + 6, RegisteredAt: -3000})
}

func testDeletedAccount(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	s.push(catalog.Account{ChangedAt: Noon, Active: true, Tariffs: []int32{1}}, catalog.Account{ChangedAt: Noon + 2, Deleted: true})
	for range 2 {
		if account, err := s.Store.Account(t.Context(), 1, 1, s.Now); !errors.Is(err, store.ErrNotFound) {
			t.Fatalf("a deleted account is %+v, error %v, want ErrNotFound", account, err)
		}
		s.push(catalog.Account{ChangedAt: Noon + 1, Active: true}) // before it was deleted
		s.Reopen()
	}
	s.push(catalog.Account{ChangedAt: Noon + 3, Active: true})
	s.isNow(catalog.Account{ChangedAt: Noon + 3, Active: true, RegisteredAt: Noon})
}
