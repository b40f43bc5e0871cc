package storetest

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var sessionListTests = Tests{
	"sessions of random accounts and devices, in pages": testSessionPages,
	"a device whose id is no word of SQL":               testOddDevice,
}

// testSessionPages reads random lists in pages of all sizes, of what is folded, partly folded and not folded.
func testSessionPages(t *testing.T, factory Factory) {
	for seed := range uint64(2) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			w := NewWorld(t, seed)
			s := NewSubject(t, factory)
			for client := range int32(WorldClients) {
				s.Apply(w.accounts(client + 1)) // some are excluded
			}
			s.arrive(w, slices.Concat(w.Sessions(200)...), func() {})
			for range 25 {
				s.checkSessions(w.sessionQuery())
			}
			s.Fold()
			for range 10 {
				s.checkSessions(w.sessionQuery())
			}
		})
	}
}

func (w *World) sessionQuery() store.SessionQuery {
	account := w.Int64N(WorldAccounts) + 1
	q := store.SessionQuery{
		ClientID: w.Int32N(WorldClients) + 1, AccountID: account, Window: whole(1).filter.Window, Limit: Pick(w, []int{1, 2, 3, 7, 1000}),
	}
	if w.Chance(50) {
		q.DeviceUID = fmt.Sprintf("box-%d-%d", account, w.IntN(2))
		q.AccountID *= int64(w.IntN(2))
	}
	if w.Chance(50) {
		bounds := []viewing.Millis{w.Instant(), w.Instant()}
		slices.Sort(bounds)
		q.Window = viewing.Window{From: bounds[0], To: bounds[1]}
	}
	if w.Chance(50) {
		q.Policy = w.Policy()
	}
	return q
}

// checkSessions holds all pages of the query against the twin.
func (s *Subject) checkSessions(q store.SessionQuery) {
	s.T.Helper()
	want := s.Twin.sessionList(q)
	var got []store.CountedSession
	for {
		page, err := s.Store.Sessions(s.T.Context(), q)
		s.Must(err)
		got = append(got, page...)
		if len(page) < q.Limit {
			break
		}
		q.After = &page[len(page)-1].Identity
	}
	s.Same(fmt.Sprintf("%+v", q), got, want)
}

func (w *Twin) sessionList(q store.SessionQuery) []store.CountedSession {
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
	s := NewSubject(t, factory)
	odd := Watch(1, 1, Noon, 60)
	odd.DeviceUID = "x' OR true -- \x00 ü"
	s.Append(odd, Watch(2, 1, Noon, 60))
	s.checkSessions(store.SessionQuery{ClientID: 1, DeviceUID: odd.DeviceUID, Window: AnyTime, Limit: 10})
}
