package storetest

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var sessionListTests = []test{
	{"sessions of random accounts and devices, in pages", testSessionPages},
	{"a device whose id is no word of SQL", testOddDevice},
}

// testSessionPages reads random lists in pages of all sizes, of what is folded, partly folded and not folded.
func testSessionPages(t *testing.T, factory Factory) {
	for seed := range uint64(2) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			w := newWorld(t, seed)
			s := newSubject(t, factory)
			for client := range int32(worldClients) {
				s.apply(w.accounts(client + 1)) // some are excluded
			}
			reports := slices.Concat(w.sessions(200)...)
			shuffle(w, reports)
			for _, batch := range batches(w, reports) {
				s.append(batch...)
				if w.chance(30) {
					s.must(s.store.Maintain(t.Context(), w.instant()))
				}
			}
			for range 25 {
				s.checkSessions(w.sessionQuery())
			}
			s.fold()
			for range 10 {
				s.checkSessions(w.sessionQuery())
			}
		})
	}
}

func (w *world) sessionQuery() store.SessionQuery {
	account := w.Int64N(worldAccounts) + 1
	q := store.SessionQuery{
		ClientID: w.Int32N(worldClients) + 1, AccountID: account, Window: whole(1).filter.Window, Limit: pick(w, []int{1, 2, 3, 7, 1000}),
	}
	if w.chance(50) {
		q.DeviceUID = fmt.Sprintf("box-%d-%d", account, w.IntN(2))
		q.AccountID *= int64(w.IntN(2))
	}
	if w.chance(50) {
		bounds := []viewing.Millis{w.instant(), w.instant()}
		slices.Sort(bounds)
		q.Window = viewing.Window{From: bounds[0], To: bounds[1]}
	}
	if w.chance(50) {
		q.Policy = w.policy()
	}
	return q
}

// checkSessions holds all pages of the query against the twin.
func (s *subject) checkSessions(q store.SessionQuery) {
	s.t.Helper()
	want := s.twin.sessionList(q)
	var got []store.CountedSession
	for {
		page, err := s.store.Sessions(s.t.Context(), q)
		s.must(err)
		got = append(got, page...)
		if len(page) < q.Limit {
			break
		}
		q.After = &page[len(page)-1].Identity
	}
	s.same(fmt.Sprintf("%+v", q), got, want)
}

func (w *twin) sessionList(q store.SessionQuery) []store.CountedSession {
	counted := map[viewing.Identity]int32{}
	for _, session := range w.counts(q.ClientID, q.Policy) {
		counted[session.Identity] = session.WatchedSeconds
	}
	var all []store.CountedSession
	for identity, state := range w.sessions {
		if identity.ClientID == q.ClientID && (q.AccountID == 0 || identity.AccountID == q.AccountID) &&
			(q.DeviceUID == "" || identity.DeviceUID == q.DeviceUID) && identity.StartedAt >= q.Window.From && identity.StartedAt < q.Window.To {
			state.Tariffs = viewing.Distinct(slices.Clone(state.Tariffs))
			all = append(all, store.CountedSession{Report: viewing.Report{Identity: identity, State: state}, Counted: counted[identity]})
		}
	}
	slices.SortFunc(all, func(a, b store.CountedSession) int {
		return cmp.Or(cmp.Compare(a.StartedAt, b.StartedAt), cmp.Compare(a.AccountID, b.AccountID), cmp.Compare(a.DeviceUID, b.DeviceUID),
			cmp.Compare(a.Device, b.Device), cmp.Compare(a.ChannelID, b.ChannelID), cmp.Compare(a.Mode, b.Mode), cmp.Compare(a.ProgrammeID, b.ProgrammeID))
	})
	return all
}

func testOddDevice(t *testing.T, factory Factory) {
	s := newSubject(t, factory)
	odd := watch(1, 1, noon, 60)
	odd.DeviceUID = "x' OR true -- \x00 ü"
	s.append(odd, watch(2, 1, noon, 60))
	s.checkSessions(store.SessionQuery{ClientID: 1, DeviceUID: odd.DeviceUID, Window: anyTime, Limit: 10})
}
