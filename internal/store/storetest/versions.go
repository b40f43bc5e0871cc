package storetest

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var versionTests = []test{
	{"versions follow changes and nothing else", testVersions},
	{"the beginning of data", testBeginning},
	{"figures", testFigures},
}

// versions answers the versions of a client by hour.
func (s *subject) versions(client int32) map[viewing.Millis]store.Version {
	s.t.Helper()
	before, hours, err := s.store.Versions(s.t.Context(), client, whole(client).filter.Window)
	s.must(err)
	if before != (store.Version{}) {
		s.t.Fatalf("client %d has versions before anything happened: %+v", client, before)
	}
	versions := map[viewing.Millis]store.Version{}
	for i, hour := range hours {
		versions[hour.Hour] = hour.Version
		if i > 0 && hours[i-1].Hour >= hour.Hour {
			s.t.Fatalf("hours do not ascend: %+v", hours)
		}
	}
	return versions
}

// contents is what lies in an hour, as text, apart by kind.
type contents map[viewing.Millis]struct{ viewing, accounts, payments map[string]bool }

func (c contents) add(kind func(h viewing.Millis) map[string]bool, at viewing.Millis, what any) {
	hour := viewing.ByHour.Start(at)
	if _, known := c[hour]; !known {
		c[hour] = struct{ viewing, accounts, payments map[string]bool }{map[string]bool{}, map[string]bool{}, map[string]bool{}}
	}
	kind(hour)[fmt.Sprintf("%+v", what)] = true
}

// hourly lists what the twin holds of a client, hour by hour.
func (w *twin) hourly(client int32) contents {
	c := contents{}
	for _, session := range w.of(client) {
		c.add(func(h viewing.Millis) map[string]bool { return c[h].viewing }, session.StartedAt, session)
	}
	for _, change := range w.changes(client) {
		is, was := change.is, change.was
		if change.did == change.exist && is.Active == was.Active && (!is.Active || fmt.Sprint(is.Tariffs) == fmt.Sprint(was.Tariffs)) {
			continue
		}
		c.add(func(h viewing.Millis) map[string]bool { return c[h].accounts }, change.at, []any{
			change.account, change.at, change.exist, is.Active, activeTariffs(is), change.did, was.Active, activeTariffs(was),
		})
	}
	for key, payment := range w.payments {
		if key.client == client && !payment.Deleted {
			c.add(func(h viewing.Millis) map[string]bool { return c[h].payments }, payment.PaidAt, payment)
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
	for seed := range uint64(2) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			w := newWorld(t, seed)
			s := newSubject(t, factory)
			before, held := s.versions(1), s.twin.hourly(1)
			for i, step := range w.dynamicsSteps(s) {
				step()
				after, holds := s.versions(1), s.twin.hourly(1)
				for hour := range holds {
					checkClock(t, hour, held, holds, before[hour], after[hour])
				}
				for hour := range held {
					checkClock(t, hour, held, holds, before[hour], after[hour])
				}
				before, held = after, holds
				if w.chance(20) {
					s.must(s.store.Maintain(t.Context(), w.instant()))
				}
				if i%10 == 0 {
					s.reopen()
				}
				s.equal("versions after folding and reopening", s.versions(1), before)
			}
		})
	}
}

func checkClock(t *testing.T, hour viewing.Millis, held, holds contents, before, after store.Version) {
	t.Helper()
	for _, kind := range []struct {
		name          string
		held, holds   map[string]bool
		before, after int64
		exact         bool // grows for nothing but a change
	}{
		{"viewing", held[hour].viewing, holds[hour].viewing, before.Viewing, after.Viewing, false},
		{"accounts", held[hour].accounts, holds[hour].accounts, before.Accounts, after.Accounts, true},
		{"payments", held[hour].payments, holds[hour].payments, before.Payments, after.Payments, true},
	} {
		changed := fmt.Sprint(kind.held) != fmt.Sprint(kind.holds) && len(kind.held)+len(kind.holds) > 0
		grew := kind.after > kind.before
		if kind.after < kind.before || changed && !grew || kind.exact && grew && !changed {
			t.Fatalf("hour %d, %s: version %d became %d, the data\n%v\nbecame\n%v",
				hour, kind.name, kind.before, kind.after, kind.held, kind.holds)
		}
	}
}

// testBeginning: data that vanishes begins no more, viewing never vanishes.
func testBeginning(t *testing.T, factory Factory) {
	s := newSubject(t, factory)
	hour := viewing.ByHour.Start(noon)
	want := store.Beginning{Viewing: store.Never, Accounts: store.Never, Payments: store.Never}
	check := func() {
		t.Helper()
		for range 2 {
			got, err := s.store.Beginning(t.Context(), 1)
			s.must(err)
			s.equal("beginning", got, want)
			s.fold()
		}
	}
	payment := catalog.Payment{ID: 1, AccountID: 1, Currency: "EUR", PaidAt: noon + 1}
	s.apply(catalog.Batch{ClientID: 1, Payments: []catalog.Payment{payment}, Accounts: []catalog.Account{{ID: 1, ChangedAt: noon, Deleted: true}}})
	want.Payments = hour
	check()
	payment.PaidAt = noon + viewing.DayLength
	s.apply(catalog.Batch{ClientID: 1, Payments: []catalog.Payment{payment}, Accounts: []catalog.Account{{ID: 1, ChangedAt: noon + 7}}})
	want.Payments, want.Accounts = hour+viewing.DayLength, hour
	check()
	s.append(watch(1, 1, noon+3*viewing.DayLength+9, 60))
	want.Viewing = hour + 3*viewing.DayLength
	check()
	s.append(watch(2, 1, noon-1, 0))
	want.Viewing = hour - viewing.HourLength
	s.apply(catalog.Batch{ClientID: 1, Payments: []catalog.Payment{{ID: 1, Deleted: true}}})
	s.apply(catalog.Batch{ClientID: 2, Payments: []catalog.Payment{payment}})
	want.Payments = store.Never
	check()
}

// testFigures stores, replaces and reads back figures; kinds and clients do not mix.
func testFigures(t *testing.T, factory Factory) {
	s := newSubject(t, factory)
	want := map[store.FigureKind][]store.Figure{}
	figure := func(kind store.FigureKind, start viewing.Millis, stamp string) store.Figure {
		return store.Figure{Kind: kind, ClientID: 1, Start: start, Stamp: stamp, Body: json.RawMessage(fmt.Sprintf(`{"stamp": %q}`, stamp))}
	}
	s.must(s.store.SaveFigures(t.Context(), nil))
	for kind := store.MaxOnlineDay; kind <= store.Snapshot; kind++ {
		var figures []store.Figure
		for i := range viewing.Millis(5) {
			want[kind] = append(want[kind], figure(kind, (i-2)*viewing.DayLength, fmt.Sprint("new ", i)))
			figures = append(figures, figure(kind, (2-i)*viewing.DayLength, "old"))
		}
		other := figure(kind, 0, "other")
		other.ClientID = 2
		s.must(s.store.SaveFigures(t.Context(), append(figures, other)))
		s.must(s.store.SaveFigures(t.Context(), want[kind]))
	}
	for range 2 {
		for kind, figures := range want {
			for from := range figures {
				for to := from; to <= len(figures); to++ {
					window := viewing.Window{From: figures[from].Start, To: figures[0].Start + viewing.Millis(to)*viewing.DayLength}
					got, err := s.store.Figures(t.Context(), kind, 1, window)
					s.must(err)
					if printed(got) != printed(figures[from:to]) {
						t.Fatalf("kind %d in %+v:\n%s", kind, window, difference(printed(got), printed(figures[from:to])))
					}
				}
			}
		}
		s.reopen()
	}
}
