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

var privacyTests = Tests{
	"erased accounts are gone and stay away":         testErase,
	"erase while it is reported on":                  testEraseAtOnce,
	"nothing to erase":                               testEraseNothing,
	"erasures of another store":                      testErasuresMove,
	"old viewing expires by the day":                 testExpire,
	"a plan whose data has changed since is refused": testOvertaken,
}

// Erase takes an account out of the twin, which ignores it from then on. Its states until the instant and its payments stay
// under a number that stands for no account; that it is removed then is one state more.
func (w *Twin) Erase(client int32, account int64, at viewing.Millis) (erased store.Erased) {
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
			// An id may be pushed again, of another account, and be erased again: each copy stays.
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
func (s *Subject) erase(client int32, account int64, at viewing.Millis) {
	s.T.Helper()
	got, err := s.Store.EraseAccount(s.T.Context(), client, account, at, s.losing(store.Removal{ClientID: client, AccountID: account}))
	s.Must(err)
	s.Equal(fmt.Sprint("erased of account ", account), got, s.Twin.Erase(client, account, at))
}

// losing plans a removal, of which nothing is kept.
func (s *Subject) losing(removal store.Removal) store.Kept {
	s.T.Helper()
	if removal.Before == 0 {
		removal.Before = store.Never
	}
	lost, err := s.Store.Losing(s.T.Context(), removal)
	s.Must(err)
	return store.Kept{Lost: lost}
}

// testErase erases accounts of a random world between its steps, and then writes everything again.
func testErase(t *testing.T, factory Factory) {
	w := NewWorld(t, 4)
	s := NewSubject(t, factory)
	writeAll(s)
	s.Must(s.Store.Maintain(t.Context(), w.From+3*viewing.DayLength)) // the rest is not folded
	for account := range int64(max(2, Rounds(4))) {
		s.erase(1, account+1, w.Instant()+7)
		s.checkPrivacy(w)
		if w.Chance(30) {
			s.Reopen()
			s.checkPrivacy(w)
		}
	}
	writeAll(s)
	s.checkPrivacy(w)
	s.Fold()
	s.Reopen()
	s.checkPrivacy(w)
}

// writeAll writes what is the same each time it is called.
func writeAll(s *Subject) {
	s.T.Helper()
	for _, step := range NewWorld(s.T, 40).DynamicsSteps(s) {
		step()
	}
}

func (s *Subject) checkPrivacy(w *World) {
	s.T.Helper()
	s.check(append(w.questions(3), whole(1), whole(2))...)
	s.checkDynamics(w)
	for client := range int32(WorldClients) {
		for account := range int64(WorldAccounts) {
			current := s.Twin.current(client+1, account+1, s.Now)
			_, err := s.Store.Account(s.T.Context(), client+1, account+1, s.Now)
			if want := current.ID != 0 && !current.Deleted; want != (err == nil) || err != nil && !errors.Is(err, store.ErrNotFound) {
				s.T.Errorf("account %d of client %d: error %v, want it there: %v", account+1, client+1, err, want)
			}
		}
	}
}

// testEraseAtOnce erases an account while many write data of it: whatever comes before or after, nothing is left.
func testEraseAtOnce(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	var all sync.WaitGroup
	for writer := range writers {
		all.Go(func() {
			for i := range int32(25) {
				reports := []viewing.Report{Watch(1, int32(writer)+1, Noon+viewing.Millis(i), 60), Watch(2, int32(writer)+1, Noon+viewing.Millis(i), 60)}
				s.Tolerate(s.Store.AppendReports(t.Context(), reports))
				s.Tolerate(s.Store.ApplyCatalog(t.Context(), catalog.Batch{
					ClientID: 1, Accounts: []catalog.Account{{ID: 1, ChangedAt: Noon + viewing.Millis(i), Active: true, Tariffs: []int32{7}}},
					Payments: []catalog.Payment{{ID: int64(i), AccountID: 1, Currency: "EUR", PaidAt: Noon}},
				}))
			}
		})
	}
	all.Go(func() { s.Tolerate(s.Store.Maintain(t.Context(), Noon+9*viewing.DayLength)) })
	all.Go(func() {
		err := store.ErrMoved
		for errors.Is(err, store.ErrMoved) {
			err = s.tryErase()
		}
		s.Tolerate(err)
	})
	all.Wait()
	if left, err := s.Store.EraseAccount(t.Context(), 1, 1, Noon, store.Kept{}); err != nil || left != (store.Erased{}) {
		t.Errorf("erased again: %+v, error %v", left, err)
	}
	channels, err := s.Store.Aggregate(t.Context(), byChannel(whole(1).filter))
	s.Must(err)
	for _, channel := range channels {
		if channel.Values[1] != 25 { // those of account 2
			t.Errorf("channel %+v, want 25 sessions", channel)
		}
	}
	if account, err := s.Store.Account(t.Context(), 1, 1, s.Now); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the account is %+v, error %v", account, err)
	}
	paid, err := s.Store.PaymentsByPeriod(t.Context(), 1, []viewing.Millis{Noon, Noon + 1})
	s.Must(err)
	if paid[0].Accounts > 1 {
		t.Errorf("payments %+v", paid)
	}
	if got := s.stamped(1, 1); len(got) != 0 {
		t.Errorf("reports of it get tariffs %v", got)
	}
}

// tryErase plans the erasure of account 1 of client 1, and erases it where nothing has moved since.
func (s *Subject) tryErase() error {
	lost, err := s.Store.Losing(s.T.Context(), store.Removal{ClientID: 1, AccountID: 1, Before: store.Never})
	if err != nil {
		return err
	}
	_, err = s.Store.EraseAccount(s.T.Context(), 1, 1, Noon, store.Kept{Lost: lost})
	return err
}

func testEraseNothing(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	s.Append(Watch(2, 1, Noon, 60))
	for range 2 {
		erased, err := s.Store.EraseAccount(t.Context(), 1, 1, Noon, store.Kept{})
		if err != nil || erased != (store.Erased{}) {
			t.Errorf("erased %+v, error %v", erased, err)
		}
		for account, want := range map[int64]bool{1: true, 2: false} {
			if got, err := s.Store.IsErased(t.Context(), 1, account); err != nil || got != want {
				t.Errorf("account %d is erased: %v, error %v", account, got, err)
			}
			if got, err := s.Store.IsErased(t.Context(), 2, account); err != nil || got {
				t.Errorf("account %d of another client is erased: %v, error %v", account, got, err)
			}
		}
		s.Append(Watch(2, 1, Noon, 90))
		s.Must(s.Store.AppendReports(t.Context(), []viewing.Report{Watch(1, 1, Noon, 60)}))
		s.check(whole(1))
		s.Reopen()
	}
}

// testErasuresMove carries what one store remembers into another, twice, and into one that has erased accounts of its own.
func testErasuresMove(t *testing.T, factory Factory) {
	from, to, other := NewSubject(t, factory), NewSubject(t, factory), NewSubject(t, factory)
	move := func(s *Subject) error {
		erased, err := from.Store.Erasures(t.Context())
		from.Must(err)
		return s.Store.AddErasures(t.Context(), erased)
	}
	to.Must(move(to)) // nothing yet
	for _, s := range []*Subject{from, other} {
		_, err := s.Store.EraseAccount(t.Context(), 1, 1, Noon, store.Kept{})
		s.Must(err)
	}
	_, err := from.Store.EraseAccount(t.Context(), 2, 5, Noon, store.Kept{})
	from.Must(err)
	for range 2 {
		to.Must(move(to))
		to.Reopen()
		for account, want := range map[entity]bool{{1, 1}: true, {2, 5}: true, {1, 5}: false, {2, 1}: false} {
			if got, err := to.Store.IsErased(t.Context(), account.client, account.id); err != nil || got != want {
				t.Errorf("account %+v is erased: %v, error %v", account, got, err)
			}
		}
		to.Must(to.Store.AppendReports(t.Context(), []viewing.Report{Watch(1, 1, Noon, 60)}))
		to.Append(Watch(5, 1, Noon, 60))
		to.check(whole(1))
	}
	if err := move(other); !errors.Is(err, erasure.ErrOtherKey) {
		t.Errorf("into a store with erasures of its own: error %v", err)
	}
}

// testExpire removes whole days, folded and not, and nothing of the day on which the time to keep ends.
func testExpire(t *testing.T, factory Factory) {
	w := NewWorld(t, 6)
	s := NewSubject(t, factory)
	writeAll(s)
	s.Must(s.Store.Maintain(t.Context(), w.From+2*viewing.DayLength))
	for day := range viewing.Millis(WorldDays + 1) {
		before := w.From + day*viewing.DayLength + Pick(w, []viewing.Millis{0, 1, viewing.DayLength / 2, viewing.DayLength - 1})
		due, err := s.Store.Expiring(t.Context(), before)
		s.Must(err)
		for client, days := range due {
			for _, day := range days {
				s.Must(s.Store.ExpireViewing(t.Context(), client, day, s.losing(store.Removal{ClientID: client, Before: day.Window().To})))
			}
		}
		maps.DeleteFunc(s.Twin.sessions, func(identity viewing.Identity, _ viewing.State) bool {
			return identity.StartedAt.Day() < before.Day()
		})
		if w.Chance(30) {
			s.Reopen()
		}
		s.checkPrivacy(w)
	}
	if left := slices.Collect(maps.Keys(s.Twin.sessions)); len(left) > 0 {
		t.Fatalf("the test leaves %d sessions", len(left))
	}
}

// testOvertaken: data that arrives between the plan and the removal, and viewing that was not planned, refuse it.
func testOvertaken(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	s.Append(Watch(1, 1, Noon, 60), Watch(2, 1, Noon, 60))
	removal := store.Removal{ClientID: 1, AccountID: 1, Before: store.Never}
	plan := func() store.Kept {
		kept := s.losing(removal)
		kept.Window = Noon.Day().Window()
		kept.Figures = []store.Figure{{Kind: store.GoneWatchDay, ClientID: 1, Start: kept.Window.From, Body: []byte(`{}`)}}
		_, hours, err := s.Store.Versions(t.Context(), 1, kept.Window, s.Now)
		s.Must(err)
		for _, hour := range hours {
			kept.Viewing += hour.Viewing
		}
		return kept
	}
	refused := func(what string, kept store.Kept) {
		t.Helper()
		if _, err := s.Store.EraseAccount(t.Context(), 1, 1, Noon, kept); !errors.Is(err, store.ErrMoved) {
			t.Errorf("%s: error %v, want %v", what, err, store.ErrMoved)
		}
		s.check(whole(1))
	}
	overtaken := plan()
	s.Append(Watch(2, 1, Noon, 90))
	refused("viewing of another", overtaken)
	overtaken = plan()
	overtaken.Late = true
	s.Append(Watch(1, 1, Noon+5*viewing.HourLength, 60))
	refused("viewing of another hour", overtaken)
	fits := plan()
	got, err := s.Store.EraseAccount(t.Context(), 1, 1, Noon, fits)
	s.Must(err)
	s.Equal("erased", got, s.Twin.Erase(1, 1, Noon))
	s.check(whole(1))
}
