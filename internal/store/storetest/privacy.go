package storetest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/store/erasure"
	"github.com/tvstats/tvstats/internal/viewing"
)

var privacyTests = []test{
	{"erased accounts are gone and stay away", testErase},
	{"erase while it is told of", testEraseAtOnce},
	{"nothing to erase", testEraseNothing},
	{"erasures of another store", testErasuresMove},
	{"old viewing expires by the day", testExpire},
}

// erase takes an account out of the twin, which passes over it from then on. Its states until the instant and its payments stay
// with somebody whom nobody knows; that it is removed then is one state more.
func (w *twin) erase(client int32, account int64, at viewing.Millis) (erased store.Erased) {
	maps.DeleteFunc(w.sessions, func(identity viewing.Identity, _ viewing.State) bool {
		gone := identity.ClientID == client && identity.AccountID == account
		if gone {
			erased.Sessions++
		}
		return gone
	})
	for key, payment := range w.payments {
		if key.client == client && payment.AccountID == account {
			erased.Payments++
			delete(w.payments, key)
			payment.AccountID = -account
			// An id may be told again, of another account, and be erased again: each copy stays.
			w.payments[entity{client, -key.id - int64(len(w.erased))*1_000_000}] = payment
		}
	}
	key := entity{client, account}
	w.erased[key] = true
	erased.States = int64(len(w.states[key]))
	states := map[viewing.Millis]catalog.Account{}
	for _, change := range w.changes(client, at) {
		if change.account == account && change.at <= at {
			state := change.is
			state.ChangedAt, state.RegisteredAt, state.Deleted = change.at, 0, !change.exist
			states[change.at] = state
		}
	}
	if len(states) > 0 {
		states[at] = catalog.Account{ChangedAt: at, Deleted: true}
		w.states[entity{client, -account}] = states
	}
	delete(w.states, key)
	return erased
}

// erase erases an account from the store and the twin.
func (s *subject) erase(client int32, account int64, at viewing.Millis) {
	s.t.Helper()
	got, err := s.store.EraseAccount(s.t.Context(), client, account, at, s.losing(store.Removal{ClientID: client, AccountID: account}))
	s.must(err)
	s.equal(fmt.Sprint("erased of account ", account), got, s.twin.erase(client, account, at))
}

// losing plans a removal, of which nothing is kept.
func (s *subject) losing(removal store.Removal) store.Kept {
	s.t.Helper()
	if removal.Before == 0 {
		removal.Before = store.Never
	}
	lost, err := s.store.Losing(s.t.Context(), removal)
	s.must(err)
	return store.Kept{Lost: lost}
}

// testErase erases accounts of a random world between its steps, and then tells everything again.
func testErase(t *testing.T, factory Factory) {
	w := newWorld(t, 4)
	s := newSubject(t, factory)
	tellAll(s)
	s.must(s.store.Maintain(t.Context(), w.from+3*viewing.DayLength)) // the rest is not folded
	for account := range int64(max(2, Rounds(4))) {
		s.erase(1, account+1, w.instant()+7)
		s.checkPrivacy(w)
		if w.chance(30) {
			s.reopen()
			s.checkPrivacy(w)
		}
	}
	tellAll(s)
	s.checkPrivacy(w)
	s.fold()
	s.reopen()
	s.checkPrivacy(w)
}

// tellAll tells what is the same each time it is called.
func tellAll(s *subject) {
	s.t.Helper()
	for _, step := range newWorld(s.t, 40).dynamicsSteps(s) {
		step()
	}
}

func (s *subject) checkPrivacy(w *world) {
	s.t.Helper()
	s.check(append(w.questions(3), whole(1), whole(2))...)
	s.checkDynamics(w)
	for client := range int32(worldClients) {
		for account := range int64(worldAccounts) {
			current := s.twin.current(client+1, account+1, s.now)
			_, err := s.store.Account(s.t.Context(), client+1, account+1, s.now)
			if want := current.ID != 0 && !current.Deleted; want != (err == nil) || err != nil && !errors.Is(err, store.ErrNotFound) {
				s.t.Errorf("account %d of client %d: error %v, want it there: %v", account+1, client+1, err, want)
			}
		}
	}
}

// testEraseAtOnce erases an account while many tell of it: whatever comes before or after, nothing is left.
func testEraseAtOnce(t *testing.T, factory Factory) {
	s := newSubject(t, factory)
	var all sync.WaitGroup
	for writer := range writers {
		all.Go(func() {
			for i := range int32(25) {
				reports := []viewing.Report{watch(1, int32(writer)+1, noon+viewing.Millis(i), 60), watch(2, int32(writer)+1, noon+viewing.Millis(i), 60)}
				s.tolerate(s.store.AppendReports(t.Context(), reports))
				s.tolerate(s.store.ApplyCatalog(t.Context(), catalog.Batch{
					ClientID: 1, Accounts: []catalog.Account{{ID: 1, ChangedAt: noon + viewing.Millis(i), Active: true, Tariffs: []int32{7}}},
					Payments: []catalog.Payment{{ID: int64(i), AccountID: 1, Currency: "EUR", PaidAt: noon}},
				}))
			}
		})
	}
	all.Go(func() { s.tolerate(s.store.Maintain(t.Context(), noon+9*viewing.DayLength)) })
	all.Go(func() {
		_, err := s.dynamics().EraseAccount(t.Context(), 1, 1, noon)
		s.tolerate(err)
	})
	all.Wait()
	if left, err := s.store.EraseAccount(t.Context(), 1, 1, noon, store.Kept{}); err != nil || left != (store.Erased{}) {
		t.Errorf("erased again: %+v, error %v", left, err)
	}
	channels, err := s.store.Aggregate(t.Context(), byChannel(whole(1).filter))
	s.must(err)
	for _, channel := range channels {
		if channel.Values[1] != 25 { // those of account 2
			t.Errorf("channel %+v, want 25 sessions", channel)
		}
	}
	if account, err := s.store.Account(t.Context(), 1, 1, s.now); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the account is %+v, error %v", account, err)
	}
	paid, err := s.store.PaymentsByPeriod(t.Context(), 1, []viewing.Millis{noon, noon + 1})
	s.must(err)
	if paid[0].Accounts > 1 {
		t.Errorf("payments %+v", paid)
	}
	if got := s.stamped(1, 1); len(got) != 0 {
		t.Errorf("reports of it get tariffs %v", got)
	}
}

func testEraseNothing(t *testing.T, factory Factory) {
	s := newSubject(t, factory)
	s.append(watch(2, 1, noon, 60))
	for range 2 {
		erased, err := s.store.EraseAccount(t.Context(), 1, 1, noon, store.Kept{})
		if err != nil || erased != (store.Erased{}) {
			t.Errorf("erased %+v, error %v", erased, err)
		}
		for account, want := range map[int64]bool{1: true, 2: false} {
			if got, err := s.store.IsErased(t.Context(), 1, account); err != nil || got != want {
				t.Errorf("account %d is erased: %v, error %v", account, got, err)
			}
			if got, err := s.store.IsErased(t.Context(), 2, account); err != nil || got {
				t.Errorf("account %d of another client is erased: %v, error %v", account, got, err)
			}
		}
		s.append(watch(2, 1, noon, 90))
		s.must(s.store.AppendReports(t.Context(), []viewing.Report{watch(1, 1, noon, 60)}))
		s.check(whole(1))
		s.reopen()
	}
}

// testErasuresMove carries what one store remembers into another, twice, and into one that has erased accounts of its own.
func testErasuresMove(t *testing.T, factory Factory) {
	from, to, other := newSubject(t, factory), newSubject(t, factory), newSubject(t, factory)
	move := func(s *subject) error {
		erased, err := from.store.Erasures(t.Context())
		from.must(err)
		return s.store.AddErasures(t.Context(), erased)
	}
	to.must(move(to)) // nothing yet
	for _, s := range []*subject{from, other} {
		_, err := s.store.EraseAccount(t.Context(), 1, 1, noon, store.Kept{})
		s.must(err)
	}
	_, err := from.store.EraseAccount(t.Context(), 2, 5, noon, store.Kept{})
	from.must(err)
	for range 2 {
		to.must(move(to))
		to.reopen()
		for account, want := range map[entity]bool{{1, 1}: true, {2, 5}: true, {1, 5}: false, {2, 1}: false} {
			if got, err := to.store.IsErased(t.Context(), account.client, account.id); err != nil || got != want {
				t.Errorf("account %+v is erased: %v, error %v", account, got, err)
			}
		}
		to.must(to.store.AppendReports(t.Context(), []viewing.Report{watch(1, 1, noon, 60)}))
		to.append(watch(5, 1, noon, 60))
		to.check(whole(1))
	}
	if err := move(other); !errors.Is(err, erasure.ErrOtherKey) {
		t.Errorf("into a store with erasures of its own: error %v", err)
	}
}

// testExpire removes whole days, folded and not, and nothing of the day on which the time to keep ends.
func testExpire(t *testing.T, factory Factory) {
	w := newWorld(t, 6)
	s := newSubject(t, factory)
	tellAll(s)
	s.must(s.store.Maintain(t.Context(), w.from+2*viewing.DayLength))
	for day := range viewing.Millis(worldDays + 1) {
		before := w.from + day*viewing.DayLength + pick(w, []viewing.Millis{0, 1, viewing.DayLength / 2, viewing.DayLength - 1})
		due, err := s.store.Expiring(t.Context(), before)
		s.must(err)
		for client, days := range due {
			for _, day := range days {
				s.must(s.store.ExpireViewing(t.Context(), client, day, s.losing(store.Removal{ClientID: client, Before: day.Window().To})))
			}
		}
		maps.DeleteFunc(s.twin.sessions, func(identity viewing.Identity, _ viewing.State) bool {
			return identity.StartedAt.Day() < before.Day()
		})
		if w.chance(30) {
			s.reopen()
		}
		s.checkPrivacy(w)
	}
	if left := slices.Collect(maps.Keys(s.twin.sessions)); len(left) > 0 {
		t.Fatalf("the test leaves %d sessions", len(left))
	}
}
