package storetest

import (
	"context"
	"fmt"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var dynamicsTests = []test{
	{"random viewing, accounts and payments", testRandomDynamics},
	{"peaks of hand-made sessions", testPeaks},
	{"peaks of a crowd", testCrowdedPeaks},
	{"peaks that come again and again", testEqualPeaks},
	{"who is online", testOnline},
	{"histories of an account", testHistories},
	{"payments that move and vanish", testPaymentsMove},
	{"sums of huge payments", testHugePayments},
	{"peaks of real viewing", testRealPeaks},
	{"an empty store has no dynamics", testNoDynamics},
}

// testRandomDynamics asks for every figure at random instants while data comes in random order, is folded and reopened.
func testRandomDynamics(t *testing.T, factory Factory) {
	for _, seed := range Seeds(3) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			w := newWorld(t, seed)
			s := newSubject(t, factory)
			for _, step := range w.dynamicsSteps(s) {
				step()
				if w.chance(10) {
					s.must(s.store.Maintain(t.Context(), w.instant()))
				}
				if w.chance(5) {
					s.reopen()
				}
				if w.chance(20) {
					s.checkDynamics(w)
				}
			}
			s.fold()
			for range Rounds(5) {
				s.checkDynamics(w)
			}
		})
	}
}

// dynamicsSteps tell sessions, histories of accounts and payments, some of it twice, in random order.
func (w *world) dynamicsSteps(s *subject) []func() {
	reports := slices.Concat(w.sessions(300)...)
	shuffle(w, reports)
	var steps []func()
	for _, batch := range batches(w, reports) {
		steps = append(steps, func() { s.append(batch...) })
	}
	for client := range int32(worldClients) {
		for _, batch := range batches(w, w.histories()) {
			steps = append(steps, func() { s.apply(catalog.Batch{ClientID: client + 1, Accounts: batch}) })
		}
		for _, batch := range batches(w, w.payments(150)) {
			steps = append(steps, func() { s.apply(catalog.Batch{ClientID: client + 1, Payments: batch}) })
		}
	}
	steps = append(steps, some(w, steps, 30)...)
	shuffle(w, steps)
	return steps
}

// histories makes states of accounts that are registered, switched on and off, deleted, and change tariffs, some of them
// with one changed_at, in no order.
func (w *world) histories() []catalog.Account {
	var states []catalog.Account
	for id := range int64(worldAccounts) {
		for range 1 + w.IntN(8) {
			state := catalog.Account{
				ID: id + 1, ChangedAt: w.instant(), Active: w.chance(60), Deleted: w.chance(15), Excluded: w.chance(15),
				Tariffs: some(w, numbers(worldTariffs), 30),
			}
			if w.chance(25) {
				state.RegisteredAt = w.instant()
			}
			if w.chance(10) {
				state.ChangedAt += 7 * viewing.DayLength // after the end of the world
			}
			states = append(states, state)
		}
	}
	shuffle(w, states)
	return states
}

// payments makes n states of payments, of which many have one id: they are moved, corrected in one thing and deleted.
func (w *world) payments(n int) []catalog.Payment {
	payments := make([]catalog.Payment, n)
	for i := range payments {
		p := w.payment(int64(n) / 2)
		if last := payments[max(i-1, 0)]; w.chance(40) && last.ID > 0 && !last.Deleted {
			p = last
			switch w.IntN(4) {
			case 0:
				p.AmountMinor++
			case 1:
				p.AccountID = w.Int64N(worldAccounts) + 1
			case 2:
				p.Currency = "GBP"
			default:
				p.PaidAt++
			}
		}
		payments[i] = p
	}
	shuffle(w, payments) // so that a correction often comes in another batch
	return payments
}

func (w *world) payment(ids int64) catalog.Payment {
	id := w.Int64N(ids) + 1
	if w.chance(15) {
		return catalog.Payment{ID: id, Deleted: true}
	}
	return catalog.Payment{
		ID: id, AccountID: w.Int64N(worldAccounts) + 1, AmountMinor: pick(w, []int64{0, -250, 1, 999, 1 << 40}),
		Currency: pick(w, []string{"EUR", "JPY", "USD"}), PaidAt: w.instant(),
	}
}

// boundaries are random instants in and around the world, ascending.
func (w *world) boundaries() []viewing.Millis {
	boundaries := []viewing.Millis{w.from - viewing.DayLength, w.instant()}
	for range w.IntN(40) {
		boundaries = append(boundaries, w.instant())
	}
	slices.Sort(boundaries)
	return slices.Compact(boundaries)
}

// checkDynamics holds all figures of a random client at random instants against the twin.
func (s *subject) checkDynamics(w *world) {
	s.t.Helper()
	client, boundaries, asOf := w.Int32N(worldClients)+1, w.boundaries(), w.instant()
	s.at(pick(w, []viewing.Millis{endOfTime, w.instant()}))
	s.checkSeries(client, boundaries)
	s.checkPeaks(client, viewing.Window{From: boundaries[0], To: boundaries[len(boundaries)-1]})
	s.checkOnline(client, asOf, pick(w, []time.Duration{time.Second, 5 * time.Minute, 3 * time.Hour}))
	audience, err := s.store.Audience(s.t.Context(), client, asOf, s.now)
	s.must(err)
	s.equal(fmt.Sprint("audience before ", asOf), audience, s.twin.audience(client, asOf))
}

// equal compares what the store and the twin answer.
func (s *subject) equal(what string, got, want any) {
	s.t.Helper()
	if !reflect.DeepEqual(got, want) {
		s.t.Fatalf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}

func (s *subject) checkSeries(client int32, boundaries []viewing.Millis) {
	s.t.Helper()
	ctx := s.t.Context()
	before, flows, err := s.store.Flows(ctx, client, boundaries, s.now)
	s.must(err)
	s.equal("flows before", before, s.twin.flows(client, math.MinInt64, boundaries[0]))
	payments, err := s.store.PaymentsByPeriod(ctx, client, boundaries)
	s.must(err)
	active, err := s.store.ActiveByTariff(ctx, client, boundaries, s.now)
	s.must(err)
	for i, to := range boundaries {
		s.equal(fmt.Sprint("active by tariff at ", to), active[i], s.twin.activeByTariff(client, to))
		if i > 0 {
			from := boundaries[i-1]
			s.equal(fmt.Sprintf("flows of [%d, %d)", from, to), flows[i-1], s.twin.flows(client, from, to))
			s.equal(fmt.Sprintf("payments of [%d, %d)", from, to), payments[i-1], s.twin.paymentsIn(client, from, to))
		}
	}
}

func (s *subject) checkPeaks(client int32, window viewing.Window) {
	s.t.Helper()
	peaks, err := s.store.Peaks(s.t.Context(), client, window.From.Day().Start(), window, s.now)
	s.must(err)
	s.equal(fmt.Sprintf("peaks in %+v", window), peaks, s.twin.peaks(client, window))
}

func (s *subject) checkOnline(client int32, asOf viewing.Millis, timeout time.Duration) {
	s.t.Helper()
	online, err := s.store.Online(s.t.Context(), client, asOf, timeout, s.now)
	s.must(err)
	s.equal(fmt.Sprintf("online at %d within %s", asOf, timeout), online, s.twin.online(client, asOf, timeout))
}

// testOnline goes around the instants at which a session counts as online and no longer does.
func testOnline(t *testing.T, factory Factory) {
	s := newSubject(t, factory)
	ended := watch(2, 1, noon, 600)
	ended.Ended = true
	s.append(watch(1, 1, noon, 600), ended, watch(3, 1, noon+600_000, 0))
	for range 2 {
		for _, asOf := range []viewing.Millis{0, 1, 300_000, 599_999, 600_000, 600_001, 899_999, 900_000, 900_001, 9_000_000} {
			s.checkOnline(1, noon+asOf, 5*time.Minute)
		}
		s.fold()
	}
}

// testHistories tells one account's states in different orders; the ledger is that of the whole history.
func testHistories(t *testing.T, factory Factory) {
	on, off := catalog.Account{Active: true, Tariffs: []int32{1, 2}}, catalog.Account{Tariffs: []int32{1}}
	gone, moved := catalog.Account{Deleted: true, Active: true}, catalog.Account{Active: true, Tariffs: []int32{2, 3}}
	early := on
	early.RegisteredAt = noon - 90*viewing.DayLength
	s := newSubject(t, factory)
	id := int64(0)
	for _, history := range [][]catalog.Account{
		{on}, {off}, {gone}, {off, on}, {on, off, on}, {on, moved, off, moved}, {on, gone}, {gone, on}, {on, gone, off, on}, {on, gone, gone, on},
		{early}, {off, early}, {on, early, off}, {gone, early}, {on, on, on},
	} {
		for _, order := range [][]int{{0, 1, 2, 3}, {3, 1, 0, 2}} {
			id++
			for _, i := range order {
				if i < len(history) {
					state := history[i]
					state.ID, state.ChangedAt = id, noon+viewing.Millis(i)*viewing.HourLength
					s.apply(catalog.Batch{ClientID: 1, Accounts: []catalog.Account{state}})
				}
			}
		}
	}
	for _, step := range []viewing.Millis{viewing.HourLength, viewing.DayLength, 97 * viewing.DayLength} {
		var boundaries []viewing.Millis
		for i := range viewing.Millis(8) {
			boundaries = append(boundaries, noon+(i-2)*step)
		}
		s.checkSeries(1, boundaries)
	}
}

// testHugePayments: a sum that no int64 holds is the nearest one that does; where amounts cancel out, it is exact.
func testHugePayments(t *testing.T, factory Factory) {
	s := newSubject(t, factory)
	boundaries := []viewing.Millis{noon, noon + viewing.DayLength}
	for i, step := range []struct {
		amount int64
		want   int64
	}{
		{math.MaxInt64, math.MaxInt64}, {math.MaxInt64, math.MaxInt64}, {math.MinInt64, math.MaxInt64 - 1},
		{math.MinInt64, -2}, {math.MinInt64, math.MinInt64}, {math.MaxInt64, -3},
	} {
		s.apply(catalog.Batch{ClientID: 1, Payments: []catalog.Payment{
			{ID: int64(i) + 1, AccountID: 1, AmountMinor: step.amount, Currency: "EUR", PaidAt: noon},
		}})
		payments, err := s.store.PaymentsByPeriod(t.Context(), 1, boundaries)
		s.must(err)
		s.equal(fmt.Sprintf("sum of %d payments", i+1), payments[0].Sums, map[string]int64{"EUR": step.want})
	}
}

// testPaymentsMove corrects and deletes payments; periods follow.
func testPaymentsMove(t *testing.T, factory Factory) {
	s := newSubject(t, factory)
	days := []viewing.Millis{noon, noon + viewing.DayLength, noon + 2*viewing.DayLength, noon + 3*viewing.DayLength}
	payment := catalog.Payment{ID: 1, AccountID: 1, AmountMinor: 500, Currency: "EUR", PaidAt: noon}
	refund := catalog.Payment{ID: 2, AccountID: 1, AmountMinor: -500, Currency: "EUR", PaidAt: noon}
	for _, change := range []func(){
		func() {}, func() { payment.PaidAt = days[1] }, func() { payment.Currency = "USD" }, func() { payment.AccountID = 2 },
		func() { payment.AmountMinor = 0 }, func() { refund.Deleted = true }, func() { payment = catalog.Payment{ID: 1, Deleted: true} },
		func() {
			payment = catalog.Payment{ID: 1, AccountID: 3, AmountMinor: math.MaxInt64, Currency: "JPY", PaidAt: days[2]}
		},
	} {
		change()
		s.apply(catalog.Batch{ClientID: 1, Payments: []catalog.Payment{payment, refund}})
		s.checkSeries(1, days)
		s.checkSeries(2, days)
	}
}

func testNoDynamics(t *testing.T, factory Factory) {
	s := newSubject(t, factory)
	w := newWorld(t, 2)
	for range 2 {
		s.checkDynamics(w)
		beginning, err := s.store.Beginning(t.Context(), 1, s.now)
		s.must(err)
		s.equal("beginning", beginning, store.Beginning{Viewing: store.Never, Accounts: store.Never, Payments: store.Never})
		before, hours, err := s.store.Versions(t.Context(), 1, anyTime, s.now)
		s.must(err)
		if before != (store.Version{}) || len(hours) > 0 {
			t.Errorf("an empty store has versions %+v, %+v", before, hours)
		}
		s.fold()
	}
}

// dynamicsCalls are the calls of these roles that may take long, for the test of ended contexts.
func (s *subject) dynamicsCalls(ctx context.Context) map[string]func() error {
	day := viewing.Window{From: noon, To: noon + viewing.DayLength}
	boundaries := []viewing.Millis{day.From, day.To}
	return map[string]func() error{
		"Versions":    func() error { _, _, err := s.store.Versions(ctx, 1, day, noon); return err },
		"Exclusions":  func() error { return second(s.store.Exclusions(ctx, 1, noon)) },
		"Beginning":   func() error { return second(s.store.Beginning(ctx, 1, noon)) },
		"SaveFigures": func() error { return s.store.SaveFigures(ctx, []store.Figure{{Kind: store.Snapshot, ClientID: 1}}) },
		"DeleteFigures": func() error {
			return s.store.DeleteFigures(ctx, store.Snapshot, 1, []viewing.Millis{0})
		},
		"Losing":           func() error { return second(s.store.Losing(ctx, store.Removal{ClientID: 1, Before: store.Never})) },
		"Lost":             func() error { return second(s.store.Lost(ctx, 1, day)) },
		"Expiring":         func() error { return second(s.store.Expiring(ctx, noon)) },
		"Anonymous":        func() error { return second(s.store.Anonymous(ctx, 1)) },
		"AddAnonymous":     func() error { return s.store.AddAnonymous(ctx, 1, store.Anonymous{}) },
		"Figures":          func() error { return second(s.store.Figures(ctx, store.Snapshot, 1, day)) },
		"Peaks":            func() error { return second(s.store.Peaks(ctx, 1, day.From, day, noon)) },
		"Online":           func() error { return second(s.store.Online(ctx, 1, noon, time.Minute, noon)) },
		"Audience":         func() error { return second(s.store.Audience(ctx, 1, noon, noon)) },
		"Flows":            func() error { _, _, err := s.store.Flows(ctx, 1, boundaries, noon); return err },
		"ActiveByTariff":   func() error { return second(s.store.ActiveByTariff(ctx, 1, boundaries, noon)) },
		"PaymentsByPeriod": func() error { return second(s.store.PaymentsByPeriod(ctx, 1, boundaries)) },
	}
}
