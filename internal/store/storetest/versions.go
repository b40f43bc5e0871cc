package storetest

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"testing"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var versionTests = Tests{
	"versions follow changes and nothing else": testVersions,
	"versions follow states that come":         testPendingVersions,
	"the beginning of data":                    testBeginning,
	"figures":                                  testFigures,
}

// versions returns the versions of client 1 by hour.
func (s *Subject) versions() map[viewing.Millis]store.Version {
	s.T.Helper()
	before, hours, err := s.Store.Versions(s.T.Context(), 1, whole(1).filter.Window, s.Now)
	s.Must(err)
	if before != (store.Version{}) {
		s.T.Fatalf("there are versions before anything happened: %+v", before)
	}
	versions := map[viewing.Millis]store.Version{}
	for i, hour := range hours {
		versions[hour.Hour] = hour.Version
		if i > 0 && hours[i-1].Hour >= hour.Hour {
			s.T.Fatalf("hours do not ascend: %+v", hours)
		}
	}
	return versions
}

// The kinds of data that versions distinguish.
const (
	ofViewing  = "viewing"
	ofAccounts = "accounts"
	ofPayments = "payments"
)

// hourOf is what has a version of its own.
type hourOf struct {
	kind string
	hour viewing.Millis
}

// contents is what the twin holds, as text, hour by hour.
type contents map[hourOf]map[string]bool

func (c contents) add(kind string, at viewing.Millis, what ...any) {
	key := hourOf{kind, viewing.ByHour.Start(at)}
	if c[key] == nil {
		c[key] = map[string]bool{}
	}
	c[key][fmt.Sprintf("%+v", what)] = true
}

// hourly lists what the twin holds of a client.
func (w *Twin) hourly(client int32) contents {
	c := contents{}
	for _, session := range w.all(client) {
		c.add(ofViewing, session.StartedAt, session)
	}
	for _, change := range w.changes(client, EndOfTime) {
		was := []any{change.did, change.was.Active, activeTariffs(change.was)}
		is := []any{change.exist, change.is.Active, activeTariffs(change.is)}
		if fmt.Sprint(was) != fmt.Sprint(is) {
			c.add(ofAccounts, change.at, change.account, change.at, was, is)
		}
	}
	for key, payment := range w.payments {
		if key.client == client && !payment.Deleted {
			c.add(ofPayments, payment.PaidAt, payment)
		}
	}
	return c
}

func activeTariffs(a catalog.Account) []int32 {
	if !a.Active {
		return nil
	}
	return a.Tariffs
}

// testVersions holds the clock against what each step of a random history changes: a version grows where anything changed;
// those of accounts and payments nowhere else; folding and reopening move none.
func testVersions(t *testing.T, factory Factory) {
	for _, seed := range Seeds(2) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			w := NewWorld(t, seed)
			s := NewSubject(t, factory)
			before, held := s.versions(), s.Twin.hourly(1)
			for i, step := range w.DynamicsSteps(s) {
				step()
				after, holds := s.versions(), s.Twin.hourly(1)
				for hour := range after {
					for _, kind := range []string{ofViewing, ofAccounts, ofPayments} {
						key := hourOf{kind, hour}
						checkClock(t, key, held[key], holds[key], before[hour], after[hour])
					}
				}
				for key := range holds {
					if _, known := after[key.hour]; !known {
						t.Fatalf("%+v has no version, and holds %v", key, holds[key])
					}
				}
				before, held = after, holds
				if w.Chance(20) {
					s.Must(s.Store.Maintain(t.Context(), w.Instant()))
				}
				if i%10 == 0 {
					s.Reopen()
				}
				s.Equal("versions after folding and reopening", s.versions(), before)
			}
		})
	}
}

// testPendingVersions looks at random instants at what is known of days, while states come in random order: equal versions mean an
// equal ledger, whatever was pushed and took effect in between, and where nothing is pending they say so.
func testPendingVersions(t *testing.T, factory Factory) {
	for _, seed := range Seeds(2) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			w := NewWorld(t, seed+30)
			s := NewSubject(t, factory)
			seen := map[string]string{}
			for _, batch := range Batches(w, w.Histories()) {
				s.Apply(catalog.Batch{ClientID: 1, Accounts: batch})
				for range Rounds(10) {
					s.At(w.Instant())
					s.checkPending(w, seen)
				}
				s.At(EndOfTime)
				for hour, version := range s.versions() {
					s.Equal(fmt.Sprint("pending at the end of time in ", hour), version.Pending, int64(0))
				}
			}
		})
	}
}

// checkPending notes the ledger before the end of each day under its version.
func (s *Subject) checkPending(w *World, seen map[string]string) {
	s.T.Helper()
	versions := s.versions()
	for day := viewing.Millis(-2); day <= WorldDays+1; day++ {
		end := w.From + day*viewing.DayLength
		var before store.Version
		for hour, version := range versions {
			if hour < end {
				before.Accounts += version.Accounts
				before.Pending += version.Pending
			}
		}
		version := fmt.Sprint(day, before.Accounts, before.Pending)
		ledger := fmt.Sprintf("%+v %v", s.Twin.Flows(1, math.MinInt64, end), s.Twin.ActiveByTariff(1, end))
		if was, known := seen[version]; known && was != ledger {
			s.T.Fatalf("version %s is of %s and of %s", version, was, ledger)
		}
		seen[version] = ledger
	}
}

// checkClock compares what happened to a version with what happened to its data.
func checkClock(t *testing.T, key hourOf, held, holds map[string]bool, before, after store.Version) {
	t.Helper()
	was, is := partOf(before, key.kind), partOf(after, key.kind)
	changed, grew := !maps.Equal(held, holds), is > was
	mayGrow := key.kind == ofViewing // a report that comes twice
	if is < was || changed && !grew || grew && !changed && !mayGrow {
		t.Fatalf("%+v: version %d became %d, the data\n%v\nbecame\n%v", key, was, is, held, holds)
	}
}

func partOf(v store.Version, kind string) int64 {
	return map[string]int64{ofViewing: v.Viewing, ofAccounts: v.Accounts, ofPayments: v.Payments}[kind]
}

// testBeginning: data that vanishes begins no more, viewing never vanishes.
func testBeginning(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	want := store.Beginning{Viewing: store.Never, Accounts: store.Never, Payments: store.Never}
	check := func() {
		t.Helper()
		for range 2 {
			got, err := s.Store.Beginning(t.Context(), 1, s.Now)
			s.Must(err)
			s.Equal("beginning", got, want)
			s.Fold()
		}
	}
	payment := catalog.Payment{ID: 1, AccountID: 1, Currency: "EUR", PaidAt: Noon + 1}
	s.Apply(catalog.Batch{ClientID: 1, Payments: []catalog.Payment{payment}, Accounts: []catalog.Account{{ID: 1, ChangedAt: Noon, Deleted: true}}})
	want.Payments = Noon + 1
	check()
	payment.PaidAt = Noon + viewing.DayLength
	s.Apply(catalog.Batch{ClientID: 1, Payments: []catalog.Payment{payment}, Accounts: []catalog.Account{{ID: 1, ChangedAt: Noon + 7}}})
	want.Payments, want.Accounts = Noon+viewing.DayLength, Noon+7
	check()
	s.Append(Watch(1, 1, Noon+3*viewing.DayLength+9, 60))
	want.Viewing = Noon + 3*viewing.DayLength + 9
	check()
	s.Append(Watch(2, 1, Noon-1, 0))
	want.Viewing = Noon - 1
	s.Apply(catalog.Batch{ClientID: 1, Payments: []catalog.Payment{{ID: 1, Deleted: true}}})
	s.Apply(catalog.Batch{ClientID: 2, Payments: []catalog.Payment{payment}})
	want.Payments = store.Never
	check()
}

// testFigures stores, replaces and reads back figures; kinds and clients do not mix.
func testFigures(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	want := map[store.FigureKind][]store.Figure{}
	figure := func(kind store.FigureKind, start viewing.Millis, stamp string) store.Figure {
		return store.Figure{Kind: kind, ClientID: 1, Start: start, Stamp: stamp, Body: json.RawMessage(fmt.Sprintf(`{"stamp": %q}`, stamp))}
	}
	s.Must(s.Store.SaveFigures(t.Context(), nil))
	for kind := store.MaxOnlineDay; kind <= store.Snapshot; kind++ {
		var figures []store.Figure
		for i := range viewing.Millis(5) {
			want[kind] = append(want[kind], figure(kind, (i-2)*viewing.DayLength, fmt.Sprint("new ", i)))
			figures = append(figures, figure(kind, (2-i)*viewing.DayLength, "old"))
		}
		other := figure(kind, 0, "other")
		other.ClientID = 2
		s.Must(s.Store.SaveFigures(t.Context(), append(figures, other)))
		s.Must(s.Store.SaveFigures(t.Context(), want[kind]))
	}
	for kind, figures := range want {
		last := figures[len(figures)-1].Start
		s.Must(s.Store.SaveFigures(t.Context(), []store.Figure{figure(kind, last+1, "goes")}))
		s.Must(s.Store.DeleteFigures(t.Context(), kind, 1, []viewing.Millis{last + 1, last + 2}))
	}
	for range 2 {
		for kind, figures := range want {
			for from := range figures {
				for to := from; to <= len(figures); to++ {
					window := viewing.Window{From: figures[from].Start, To: figures[0].Start + viewing.Millis(to)*viewing.DayLength}
					got, err := s.Store.Figures(t.Context(), kind, 1, window)
					s.Must(err)
					if printed(got) != printed(figures[from:to]) {
						t.Fatalf("kind %d in %+v:\n%s", kind, window, difference(printed(got), printed(figures[from:to])))
					}
				}
			}
		}
		s.Reopen()
	}
}
