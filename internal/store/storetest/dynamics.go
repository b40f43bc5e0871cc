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

var dynamicsTests = Tests{
	"random viewing, accounts and payments": testRandomDynamics,
	"peaks of hand-made sessions":           testPeaks,
	"peaks of a crowd":                      testCrowdedPeaks,
	"peaks that come again and again":       testEqualPeaks,
	"who is online":                         testOnline,
	"histories of an account":               testHistories,
	"payments that move and vanish":         testPaymentsMove,
	"sums of huge payments":                 testHugePayments,
	"peaks of real viewing":                 testRealPeaks,
	"an empty store has no dynamics":        testNoDynamics,
}

// testRandomDynamics requests every figure at random instants while data comes in random order, is folded and reopened.
func testRandomDynamics(t *testing.T, factory Factory) {
	for _, seed := range Seeds(3) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			w := NewWorld(t, seed)
			s := NewSubject(t, factory)
			for _, step := range w.DynamicsSteps(s) {
				step()
				if w.Chance(10) {
					s.Must(s.Store.Maintain(t.Context(), w.Instant()))
				}
				if w.Chance(5) {
					s.Reopen()
				}
				if w.Chance(20) {
					s.checkDynamics(w)
				}
			}
			s.Fold()
			for range Rounds(5) {
				s.checkDynamics(w)
			}
		})
	}
}

// DynamicsSteps append sessions, histories of accounts and payments, some of it twice, in random order.
func (w *World) DynamicsSteps(s *Subject) []func() {
	reports := slices.Concat(w.Sessions(300)...)
	Shuffle(w, reports)
	var steps []func()
	for _, batch := range Batches(w, reports) {
		steps = append(steps, func() { s.Append(batch...) })
	}
	for client := range int32(WorldClients) {
		for _, batch := range Batches(w, w.Histories()) {
			steps = append(steps, func() { s.Apply(catalog.Batch{ClientID: client + 1, Accounts: batch}) })
		}
		for _, batch := range Batches(w, w.Payments(150)) {
			steps = append(steps, func() { s.Apply(catalog.Batch{ClientID: client + 1, Payments: batch}) })
		}
	}
	steps = append(steps, some(w, steps, 30)...)
	Shuffle(w, steps)
	return steps
}

// Histories makes states of accounts that are registered, switched on and off, deleted, and change tariffs, some of them
// with one changed_at, in no order.
func (w *World) Histories() []catalog.Account {
	var states []catalog.Account
	for id := range int64(WorldAccounts) {
		for range 1 + w.IntN(8) {
			state := catalog.Account{
				ID: id + 1, ChangedAt: w.Instant(), Active: w.Chance(60), Deleted: w.Chance(15), Excluded: w.Chance(15),
				Tariffs: some(w, numbers(worldTariffs), 30),
			}
			if w.Chance(25) {
				state.RegisteredAt = w.Instant()
			}
			if w.Chance(10) {
				state.ChangedAt += 7 * viewing.DayLength // after the end of the world
			}
			states = append(states, state)
		}
	}
	Shuffle(w, states)
	return states
}

// Payments makes n states of payments, of which many have one id: they are moved, corrected in one thing and deleted.
func (w *World) Payments(n int) []catalog.Payment {
	payments := make([]catalog.Payment, n)
	for i := range payments {
		p := w.payment(int64(n) / 2)
		if last := payments[max(i-1, 0)]; w.Chance(40) && last.ID > 0 && !last.Deleted {
			p = last
			switch w.IntN(4) {
			case 0:
				p.AmountMinor++
			case 1:
				p.AccountID = w.Int64N(WorldAccounts) + 1
			case 2:
				p.Currency = "GBP"
			default:
				p.PaidAt++
			}
		}
		payments[i] = p
	}
	Shuffle(w, payments) // so that a correction often comes in another batch
	return payments
}

func (w *World) payment(ids int64) catalog.Payment {
	id := w.Int64N(ids) + 1
	if w.Chance(15) {
		return catalog.Payment{ID: id, Deleted: true}
	}
	return catalog.Payment{
		ID: id, AccountID: w.Int64N(WorldAccounts) + 1, AmountMinor: Pick(w, []int64{0, -250, 1, 999, 1 << 40}),
		Currency: Pick(w, []string{"EUR", "JPY", "USD"}), PaidAt: w.Instant(),
	}
}

// boundaries are random instants in and around the world, ascending.
func (w *World) boundaries() []viewing.Millis {
	boundaries := []viewing.Millis{w.From - viewing.DayLength, w.Instant()}
	for range w.IntN(40) {
		boundaries = append(boundaries, w.Instant())
	}
	slices.Sort(boundaries)
	return slices.Compact(boundaries)
}

// checkDynamics holds all figures of a random client at random instants against the twin.
func (s *Subject) checkDynamics(w *World) {
	s.T.Helper()
	client, boundaries, asOf := w.Int32N(WorldClients)+1, w.boundaries(), w.Instant()
	s.At(Pick(w, []viewing.Millis{EndOfTime, w.Instant()}))
	s.checkSeries(client, boundaries)
	s.checkPeaks(client, viewing.Window{From: boundaries[0], To: boundaries[len(boundaries)-1]})
	s.checkOnline(client, asOf, Pick(w, []time.Duration{time.Second, 5 * time.Minute, 3 * time.Hour}))
	viewers, err := s.Store.ViewerCounts(s.T.Context(), client, asOf, s.Now)
	s.Must(err)
	s.Equal(fmt.Sprint("viewers before ", asOf), viewers, s.Twin.ViewerCounts(client, asOf))
}

// Equal compares what the store and the twin return.
func (s *Subject) Equal(what string, got, want any) {
	s.T.Helper()
	if !reflect.DeepEqual(got, want) {
		s.T.Fatalf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}

// Same compares two values as text, in which nil and empty are the same.
func (s *Subject) Same(what string, got, want any) {
	s.T.Helper()
	if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
		s.T.Fatalf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}

func (s *Subject) checkSeries(client int32, boundaries []viewing.Millis) {
	s.T.Helper()
	ctx := s.T.Context()
	before, flows, err := s.Store.Flows(ctx, client, boundaries, s.Now)
	s.Must(err)
	s.Equal("flows before", before, s.Twin.Flows(client, math.MinInt64, boundaries[0]))
	payments, err := s.Store.PaymentsByPeriod(ctx, client, boundaries)
	s.Must(err)
	active, err := s.Store.ActiveByTariff(ctx, client, boundaries, s.Now)
	s.Must(err)
	for i, to := range boundaries {
		s.Equal(fmt.Sprint("active by tariff at ", to), active[i], s.Twin.ActiveByTariff(client, to))
		if i > 0 {
			from := boundaries[i-1]
			s.Equal(fmt.Sprintf("flows of [%d, %d)", from, to), flows[i-1], s.Twin.Flows(client, from, to))
			s.Equal(fmt.Sprintf("payments of [%d, %d)", from, to), payments[i-1], s.Twin.PaymentsIn(client, from, to))
		}
	}
}

func (s *Subject) checkPeaks(client int32, window viewing.Window) {
	s.T.Helper()
	peaks, err := s.Store.Peaks(s.T.Context(), client, window.From.Day().Start(), window, s.Now)
	s.Must(err)
	s.Equal(fmt.Sprintf("peaks in %+v", window), peaks, s.Twin.Peaks(client, window))
}

func (s *Subject) checkOnline(client int32, asOf viewing.Millis, timeout time.Duration) {
	s.T.Helper()
	online, err := s.Store.Online(s.T.Context(), client, asOf, timeout, s.Now)
	s.Must(err)
	s.Equal(fmt.Sprintf("online at %d within %s", asOf, timeout), online, s.Twin.Online(client, asOf, timeout))
}

// testOnline goes around the instants at which a session counts as online and no longer does.
func testOnline(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	ended := Watch(2, 1, Noon, 600)
	ended.Ended = true
	s.Append(Watch(1, 1, Noon, 600), ended, Watch(3, 1, Noon+600_000, 0))
	for range 2 {
		for _, asOf := range []viewing.Millis{0, 1, 300_000, 599_999, 600_000, 600_001, 899_999, 900_000, 900_001, 9_000_000} {
			s.checkOnline(1, Noon+asOf, 5*time.Minute)
		}
		s.Fold()
	}
}

// testHistories applies one account's states in different orders; the ledger is that of the whole history.
func testHistories(t *testing.T, factory Factory) {
	on, off := catalog.Account{Active: true, Tariffs: []int32{1, 2}}, catalog.Account{Tariffs: []int32{1}}
	gone, moved := catalog.Account{Deleted: true, Active: true}, catalog.Account{Active: true, Tariffs: []int32{2, 3}}
	early := on
	early.RegisteredAt = Noon - 90*viewing.DayLength
	s := NewSubject(t, factory)
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
					state.ID, state.ChangedAt = id, Noon+viewing.Millis(i)*viewing.HourLength
					s.Apply(catalog.Batch{ClientID: 1, Accounts: []catalog.Account{state}})
				}
			}
		}
	}
	for _, step := range []viewing.Millis{viewing.HourLength, viewing.DayLength, 97 * viewing.DayLength} {
		var boundaries []viewing.Millis
		for i := range viewing.Millis(8) {
			boundaries = append(boundaries, Noon+(i-2)*step)
		}
		s.checkSeries(1, boundaries)
	}
}

// testHugePayments: a sum that no int64 holds is the nearest one that does; where amounts cancel out, it is exact.
func testHugePayments(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	boundaries := []viewing.Millis{Noon, Noon + viewing.DayLength}
	for i, step := range []struct {
		amount int64
		want   int64
	}{
		{math.MaxInt64, math.MaxInt64}, {math.MaxInt64, math.MaxInt64}, {math.MinInt64, math.MaxInt64 - 1},
		{math.MinInt64, -2}, {math.MinInt64, math.MinInt64}, {math.MaxInt64, -3},
	} {
		s.Apply(catalog.Batch{ClientID: 1, Payments: []catalog.Payment{
			{ID: int64(i) + 1, AccountID: 1, AmountMinor: step.amount, Currency: "EUR", PaidAt: Noon},
		}})
		payments, err := s.Store.PaymentsByPeriod(t.Context(), 1, boundaries)
		s.Must(err)
		s.Equal(fmt.Sprintf("sum of %d payments", i+1), payments[0].Sums, map[string]int64{"EUR": step.want})
	}
}

// testPaymentsMove corrects and deletes payments; periods follow.
func testPaymentsMove(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	days := []viewing.Millis{Noon, Noon + viewing.DayLength, Noon + 2*viewing.DayLength, Noon + 3*viewing.DayLength}
	payment := catalog.Payment{ID: 1, AccountID: 1, AmountMinor: 500, Currency: "EUR", PaidAt: Noon}
	refund := catalog.Payment{ID: 2, AccountID: 1, AmountMinor: -500, Currency: "EUR", PaidAt: Noon}
	for _, change := range []func(){
		func() {}, func() { payment.PaidAt = days[1] }, func() { payment.Currency = "USD" }, func() { payment.AccountID = 2 },
		func() { payment.AmountMinor = 0 }, func() { refund.Deleted = true }, func() { payment = catalog.Payment{ID: 1, Deleted: true} },
		func() {
			payment = catalog.Payment{ID: 1, AccountID: 3, AmountMinor: math.MaxInt64, Currency: "JPY", PaidAt: days[2]}
		},
	} {
		change()
		s.Apply(catalog.Batch{ClientID: 1, Payments: []catalog.Payment{payment, refund}})
		s.checkSeries(1, days)
		s.checkSeries(2, days)
	}
}

func testNoDynamics(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	w := NewWorld(t, 2)
	for range 2 {
		s.checkDynamics(w)
		beginning, err := s.Store.Beginning(t.Context(), 1, s.Now)
		s.Must(err)
		s.Equal("beginning", beginning, store.Beginning{Viewing: store.Never, Accounts: store.Never, Payments: store.Never})
		before, hours, err := s.Store.Versions(t.Context(), 1, AnyTime, s.Now)
		s.Must(err)
		if before != (store.Version{}) || len(hours) > 0 {
			t.Errorf("an empty store has versions %+v, %+v", before, hours)
		}
		s.Fold()
	}
}

// dynamicsCalls are the calls of these roles that may take long, for the test of ended contexts.
func (s *Subject) dynamicsCalls(ctx context.Context) map[string]func() error {
	day := viewing.Window{From: Noon, To: Noon + viewing.DayLength}
	boundaries := []viewing.Millis{day.From, day.To}
	return map[string]func() error{
		"Versions":    func() error { _, _, err := s.Store.Versions(ctx, 1, day, Noon); return err },
		"Exclusions":  func() error { return second(s.Store.Exclusions(ctx, 1, Noon)) },
		"Beginning":   func() error { return second(s.Store.Beginning(ctx, 1, Noon)) },
		"SaveFigures": func() error { return s.Store.SaveFigures(ctx, []store.Figure{{Kind: store.Snapshot, ClientID: 1}}) },
		"DeleteFigures": func() error {
			return s.Store.DeleteFigures(ctx, store.Snapshot, 1, []viewing.Millis{0})
		},
		"Losing":           func() error { return second(s.Store.Losing(ctx, store.Removal{ClientID: 1, Before: store.Never})) },
		"Lost":             func() error { return second(s.Store.Lost(ctx, 1, day)) },
		"Expiring":         func() error { return second(s.Store.Expiring(ctx, Noon)) },
		"Anonymous":        func() error { return second(s.Store.Anonymous(ctx, 1)) },
		"AddAnonymous":     func() error { return s.Store.AddAnonymous(ctx, 1, store.Anonymous{}) },
		"Figures":          func() error { return second(s.Store.Figures(ctx, store.Snapshot, 1, day)) },
		"Peaks":            func() error { return second(s.Store.Peaks(ctx, 1, day.From, day, Noon)) },
		"Online":           func() error { return second(s.Store.Online(ctx, 1, Noon, time.Minute, Noon)) },
		"ViewerCounts":     func() error { return second(s.Store.ViewerCounts(ctx, 1, Noon, Noon)) },
		"Flows":            func() error { _, _, err := s.Store.Flows(ctx, 1, boundaries, Noon); return err },
		"ActiveByTariff":   func() error { return second(s.Store.ActiveByTariff(ctx, 1, boundaries, Noon)) },
		"PaymentsByPeriod": func() error { return second(s.Store.PaymentsByPeriod(ctx, 1, boundaries)) },
	}
}
