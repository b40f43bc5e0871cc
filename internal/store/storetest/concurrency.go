package storetest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var concurrencyTests = Tests{
	"append, fold, sync and ask at once":        testAtOnce,
	"events and catalog of new clients at once": testNewClients,
}

const writers = 4

// testAtOnce has writers append overlapping parts of one world while others fold and query. What a query sees never goes
// back, and in the end it is the whole.
func testAtOnce(t *testing.T, factory Factory) {
	w := NewWorld(t, 2)
	s := NewSubject(t, factory)
	reports := slices.Concat(w.Sessions(1500)...)
	s.Must(s.Twin.AppendReports(t.Context(), reports))
	guide := w.guide(1)
	s.Must(s.Twin.ApplyCatalog(t.Context(), guide))

	var writing, reading sync.WaitGroup
	done, stop := context.WithCancel(t.Context())
	for range writers {
		parts := Batches(w, append(some(w, reports, 30), reports...)) // all write everything, and some of it twice
		Shuffle(w, parts)
		writing.Go(func() {
			for _, part := range parts {
				s.Tolerate(s.Store.AppendReports(t.Context(), part))
			}
		})
	}
	pushes := w.catalogSteps(guide)
	writing.Go(func() {
		for _, step := range pushes {
			s.Tolerate(step(t.Context(), s.Store))
		}
	})
	days := []viewing.Millis{w.From + viewing.DayLength, w.From + 3*viewing.DayLength, w.From + 9*viewing.DayLength}
	reading.Go(func() {
		for i := 0; done.Err() == nil; i++ {
			s.Tolerate(s.Store.Maintain(t.Context(), days[i%len(days)]))
		}
	})
	reading.Go(func() { s.watchGrowth(done) })
	reading.Go(func() { s.watchAtOnce(done) })
	writing.Wait()
	stop()
	reading.Wait()
	s.check(whole(1), whole(2))
	s.Fold()
	s.check(append(w.questions(5), whole(1), whole(2))...)
}

// Tolerate notes an error; goroutines may not end the test.
func (s *Subject) Tolerate(err error) {
	if err != nil {
		s.T.Error(err)
	}
}

// watchGrowth asks until done: sums of what is only ever added to must never shrink, however folding goes on.
func (s *Subject) watchGrowth(done context.Context) {
	var before store.Watch
	for done.Err() == nil {
		channels, err := s.Store.Aggregate(s.T.Context(), byChannel(whole(1).filter))
		s.Tolerate(err)
		var sum store.Watch
		for _, channel := range channels {
			sum.Seconds += channel.Values[0]
			sum.Sessions += channel.Values[1]
		}
		if sum.Seconds < before.Seconds || sum.Sessions < before.Sessions {
			s.T.Errorf("viewing shrank from %+v to %+v", before, sum)
		}
		before = sum
	}
}

// watchAtOnce asks until done: channels must add up to the whole that is requested with them, whatever is written meanwhile.
func (s *Subject) watchAtOnce(done context.Context) {
	byChannel := byChannel(whole(1).filter)
	all := byChannel
	all.GroupBy = nil
	for done.Err() == nil {
		found, err := s.Store.AggregateAtOnce(s.T.Context(), byChannel, all)
		if err != nil {
			s.Tolerate(err)
			return
		}
		var sum, want int64
		for _, channel := range found[0] {
			sum += channel.Values[0]
		}
		for _, row := range found[1] {
			want = row.Values[0]
		}
		if sum != want {
			s.T.Errorf("channels add up to %d ms, all of them at once are %d", sum, want)
		}
	}
}

// testNewClients lets clients, kinds of device and sets of tariffs come into being by events and by the catalog at the
// same moment.
func testNewClients(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	var all sync.WaitGroup
	clients := max(10, Rounds(20))
	reports := func(writer int, client int32) []viewing.Report {
		report := Watch(int64(writer)+1, 1, Noon, 60)
		report.ClientID, report.Tariffs = client+1, []int32{client/2 + 1, client/2 + 2}
		report.Device = fmt.Sprint("device-", client/3)
		return []viewing.Report{report}
	}
	for writer := range writers {
		all.Go(func() {
			for client := range int32(clients) {
				s.Tolerate(s.Store.AppendReports(t.Context(), reports(writer, client)))
			}
		})
		all.Go(func() {
			for client := range int32(clients) {
				named := catalog.NewClient(client + 1)
				named.Name = fmt.Sprint("client ", client+1)
				s.Tolerate(s.Store.ApplyCatalog(t.Context(), catalog.Batch{
					ClientID: client + 1, Client: &named,
					Accounts: []catalog.Account{{ID: 1, ChangedAt: Noon, Tariffs: []int32{client/2 + 2}}},
				}))
			}
		})
	}
	all.Wait()
	known, err := s.Store.Clients(t.Context())
	s.Must(err)
	if len(known) != clients {
		t.Fatalf("%d clients, want %d: %+v", len(known), clients, known)
	}
	for client := range int32(clients) {
		if want := fmt.Sprint("client ", client+1); known[client].Name != want {
			t.Errorf("client %d is %+v, want name %q", client+1, known[client], want)
		}
		q := whole(client + 1)
		q.filter.Tariffs, q.filter.Devices = []int32{client/2 + 1}, []string{fmt.Sprint("device-", client/3)}
		for writer := range writers {
			s.Must(s.Twin.AppendReports(t.Context(), reports(writer, client)))
		}
		s.check(q)
	}
}
