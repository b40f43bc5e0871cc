package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/viewing"
)

var exportTests = Tests{
	"everything is read back":    testExport,
	"reading ends when it shall": testExportEnds,
}

// testExport writes a random history and reads it back as it was written, merged.
func testExport(t *testing.T, factory Factory) {
	w := NewWorld(t, 1)
	s := NewSubject(t, factory)
	for _, step := range w.DynamicsSteps(s) {
		step()
		if w.Chance(10) {
			s.Must(s.Store.Maintain(t.Context(), w.Instant()))
		}
	}
	for client := int32(1); client <= WorldClients+1; client++ { // of the last one nothing is known
		s.exported(client)
		s.exported(client)
	}
}

// exported compares what is read back of a client with what the twin was given.
func (s *Subject) exported(client int32) {
	s.T.Helper()
	ctx := s.T.Context()
	sessions := gather(s, func(use func(viewing.Report) error) error { return s.Store.EachSession(ctx, client, use) })
	s.sameLines("sessions", sessions, lines(s.Twin.all(client)))
	var states []catalog.Account
	for key, history := range s.Twin.states {
		for _, state := range history {
			if key.client == client {
				states = append(states, state)
			}
		}
	}
	s.sameLines("states of accounts",
		gather(s, func(use func(catalog.Account) error) error { return s.Store.EachAccountState(ctx, client, use) }), lines(states))
	var payments []catalog.Payment
	for key, payment := range s.Twin.payments {
		if key.client == client && !payment.Deleted {
			payments = append(payments, payment)
		}
	}
	s.sameLines("payments",
		gather(s, func(use func(catalog.Payment) error) error { return s.Store.EachPayment(ctx, client, use) }), lines(payments))
}

func gather[T any](s *Subject, each func(func(T) error) error) []string {
	s.T.Helper()
	var all []T
	s.Must(each(func(one T) error {
		all = append(all, one)
		return nil
	}))
	return lines(all)
}

// lines are the elements as text, in an order of their own; nil and empty are the same.
func lines[T any](all []T) []string {
	text := make([]string, len(all))
	for i, one := range all {
		text[i] = fmt.Sprintf("%+v", one)
	}
	slices.Sort(text)
	return text
}

func (s *Subject) sameLines(what string, got, want []string) {
	s.T.Helper()
	if !slices.Equal(got, want) {
		s.T.Fatalf("%s:\n%s", what, difference(printed(got), printed(want)))
	}
}

// testExportEnds lets reading end by an error of its user and by its context.
func testExportEnds(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	s.Append(Watch(1, 1, Noon, 60), Watch(2, 1, Noon, 60))
	s.Apply(catalog.Batch{
		ClientID: 1, Accounts: []catalog.Account{{ID: 1, ChangedAt: Noon}, {ID: 2, ChangedAt: Noon}},
		Payments: []catalog.Payment{{ID: 1, Currency: "EUR", PaidAt: Noon}, {ID: 2, Currency: "EUR", PaidAt: Noon}},
	})
	enough := errors.New("enough")
	ended, end := context.WithCancel(t.Context())
	end()
	for ctx, want := range map[context.Context]error{t.Context(): enough, ended: context.Canceled} {
		calls := 0
		for name, err := range map[string]error{
			"sessions": s.Store.EachSession(ctx, 1, func(viewing.Report) error { calls++; return enough }),
			"accounts": s.Store.EachAccountState(ctx, 1, func(catalog.Account) error { calls++; return enough }),
			"payments": s.Store.EachPayment(ctx, 1, func(catalog.Payment) error { calls++; return enough }),
		} {
			if !errors.Is(err, want) {
				t.Errorf("%s: error %v, want %v", name, err, want)
			}
		}
		if wanted := map[error]int{enough: 3}[want]; calls != wanted {
			t.Errorf("until %v %d were read, want %d", want, calls, wanted)
		}
	}
}
