package storetest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/viewing"
)

var subscriptionTests = Tests{
	"collection switched off and on":             testCollection,
	"tariffs are stamped as they are at arrival": testStamp,
	"much that was never seen, at once":          testUnseen,
}

func testCollection(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	expect := func(client int32, want bool) {
		t.Helper()
		if got, err := s.Store.CollectionEnabled(t.Context(), client); err != nil || got != want {
			t.Errorf("collection of client %d: %v, error %v, want %v", client, got, err, want)
		}
	}
	set := func(client int32, enabled bool) {
		t.Helper()
		given := catalog.NewClient(client)
		given.CollectionEnabled = enabled
		s.Apply(catalog.Batch{ClientID: client, Client: &given})
	}
	expect(1, true) // nothing is known of it
	s.Append(Watch(1, 1, Noon, 60))
	expect(1, true)
	set(1, false)
	set(2, false)
	for range 2 {
		expect(1, false)
		expect(2, false)
		expect(3, true)
		s.Apply(catalog.Batch{ClientID: 1, Tariffs: []catalog.Tariff{{ID: 1}}}) // says nothing of the client
		s.Reopen()
	}
	set(1, true)
	expect(1, true)
}

// stamped is the tariffs that a report of the account gets that carries these.
func (s *Subject) stamped(client int32, account int64, given ...int32) []int32 {
	s.T.Helper()
	report := Watch(account, 1, Noon, 60)
	report.ClientID, report.Tariffs = client, given
	reports := []viewing.Report{report}
	_, err := s.Store.CollectionEnabled(s.T.Context(), client) // is asked before: a replica catches up then
	s.Must(err)
	s.Must(s.Store.StampTariffs(s.T.Context(), reports, s.Now))
	if len(given) > 0 && !slices.Equal(reports[0].Tariffs, given) {
		s.T.Errorf("tariffs %v that a report carried became %v", given, reports[0].Tariffs)
	}
	return reports[0].Tariffs
}

func testStamp(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	expect := func(want ...int32) {
		t.Helper()
		if got := s.stamped(1, 1); !slices.Equal(got, want) {
			t.Errorf("stamped %v, want %v", got, want)
		}
	}
	expect()
	s.push(catalog.Account{ChangedAt: Noon, Tariffs: []int32{1, 2}})
	expect(1, 2)
	s.Append(s.arrived(1))
	s.push(catalog.Account{ChangedAt: Noon - 1, Tariffs: []int32{9}}) // not the current state
	expect(1, 2)
	s.push(catalog.Account{ChangedAt: Noon + 1, Tariffs: []int32{3}}, catalog.Account{ChangedAt: Noon})
	s.Reopen()
	expect(3)
	s.Append(s.arrived(2))
	s.stamped(1, 1, 7)
	if len(s.stamped(1, 2)) != 0 || len(s.stamped(2, 1)) != 0 {
		t.Error("another account, or another client's account of the same id, was stamped, too")
	}
	s.push(catalog.Account{ChangedAt: Noon + 2, Deleted: true, Tariffs: []int32{4}})
	expect()
	s.push(catalog.Account{ChangedAt: Noon + 3, Tariffs: []int32{}})
	expect()
	for tariff := range int32(10) { // what was stamped stays, whatever became of the account
		q := whole(1)
		q.filter.Tariffs = []int32{tariff}
		s.check(q)
	}
}

// arrived is a report on the channel, stamped.
func (s *Subject) arrived(channel int32) viewing.Report {
	s.T.Helper()
	report := Watch(1, channel, Noon, 60)
	report.Tariffs = s.stamped(1, 1)
	return report
}

// testUnseen applies many accounts with different tariffs in one batch, and reports many new clients, kinds of device and
// sets of tariffs in another one.
func testUnseen(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	tariffsOf := func(account int64) []int32 { return []int32{int32(account%20) + 1, int32(account/20) + 100} }
	var accounts []catalog.Account
	for id := int64(1); id <= 300; id++ {
		accounts = append(accounts, catalog.Account{ID: id, ChangedAt: Noon, Tariffs: tariffsOf(id)})
	}
	s.Apply(catalog.Batch{ClientID: 1, Accounts: accounts})
	var reports []viewing.Report
	for id := int64(1); id <= 300; id++ {
		report := Watch(id, int32(id%3)+1, Noon, int32(id))
		report.ClientID, report.Device = int32(id%4)+1, fmt.Sprint("kind_", id%50)
		report.Tariffs = []int32{int32(id%7) + 1, int32(id) + 1000}
		reports = append(reports, report, report)
	}
	s.Append(reports...)
	for range 2 {
		for id := int64(1); id <= 300; id++ {
			if got := s.stamped(1, id); !slices.Equal(got, tariffsOf(id)) {
				t.Errorf("account %d was stamped %v, want %v", id, got, tariffsOf(id))
			}
		}
		for client := int32(1); client <= 4; client++ {
			q := whole(client)
			s.check(q)
			q.filter.Tariffs = []int32{3, 1010}
			s.check(q)
			q.filter.Devices = []string{"kind_3", "kind_8", "kind_13", "none"}
			s.check(q)
		}
		s.Reopen()
	}
}
