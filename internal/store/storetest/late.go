package storetest

import (
	"testing"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/viewing"
)

var lateTests = Tests{
	"reports for a folded day":   testLateReports,
	"guide after the viewing":    testLateGuide,
	"accounts after the viewing": testLateAccounts,
}

// testLateReports lengthens, ends and adds sessions of a day that was folded long ago.
func testLateReports(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	s.Apply(catalog.Batch{ClientID: 1, Programmes: []catalog.Programme{{ID: 1, ChannelID: 1, Start: Noon, End: Noon + 7_200_000}}})
	s.Append(Watch(1, 1, Noon, 600), Watch(2, 1, Noon, 700), Watch(3, 2, Noon+viewing.DayLength, 800))
	for _, late := range []viewing.Report{
		Watch(1, 1, Noon, 900), // goes on
		Watch(2, 1, Noon, 30),  // was overtaken
		Watch(4, 1, Noon, 10),  // was unknown
		Watch(4, 3, Noon, 10),  // is another channel
		Watch(1, 1, Noon+1, 5), // is a millisecond later, so another session
		Watch(1, 1, Noon-90*viewing.DayLength, 5),
	} {
		s.Fold()
		s.Append(late)
		s.check(whole(1))
		s.Fold()
		s.check(whole(1))
	}
}

// testLateGuide lets programmes arrive, move in time and to another channel, change title, vanish and come back.
func testLateGuide(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	s.Append(Watch(1, 1, Noon, 600), Watch(2, 2, Noon, 500))
	catchup := Watch(3, 1, Noon+viewing.DayLength, 400)
	catchup.Mode, catchup.ProgrammeID = viewing.Catchup, 1
	s.Append(catchup)
	s.check(whole(1))
	for i, programme := range []catalog.Programme{
		{ID: 1, ChannelID: 1, Title: "arrives", Start: Noon, End: Noon + 300_000},
		{ID: 2, ChannelID: 1, Title: "follows", Start: Noon + 300_000, End: Noon + 900_000},
		{ID: 1, ChannelID: 1, Title: "moves", Start: Noon + 100_000, End: Noon + 300_000},
		{ID: 1, ChannelID: 2, Title: "changes channel", Start: Noon + 100_000, End: Noon + 300_000},
		{ID: 1, Deleted: true},
		{ID: 1, ChannelID: 1, Title: "comes back", Start: Noon, End: Noon + 1},
		{ID: 1, ChannelID: 1, Title: "a day later", Start: Noon + viewing.DayLength, End: Noon + viewing.DayLength + 1},
	} {
		if i == 3 {
			s.Fold()
		}
		s.Apply(catalog.Batch{ClientID: 1, Programmes: []catalog.Programme{programme}})
		s.check(whole(1))
	}
	s.Reopen()
	s.check(whole(1))
}

// testLateAccounts switches accounts on and off after they watched; a filter for active ones goes by what holds now.
func testLateAccounts(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	s.Append(Watch(1, 1, Noon, 600), Watch(2, 2, Noon, 500))
	active := whole(1)
	active.filter.ActiveOnly = true
	s.check(active, whole(1))
	for i, account := range []catalog.Account{
		{ID: 1, ChangedAt: Noon, Active: true},
		{ID: 2, ChangedAt: Noon, Active: true},
		{ID: 1, ChangedAt: Noon + 2, Active: false},
		{ID: 1, ChangedAt: Noon + 1, Active: true}, // came late and is not the current state
		{ID: 2, ChangedAt: Noon + 1, Deleted: true},
		{ID: 1, ChangedAt: Noon + 2, Active: true}, // corrects the current state
		{ID: 2, ChangedAt: Noon + 2, Active: true},
		{ID: 3, ChangedAt: Noon, Active: true}, // never watched
	} {
		if i == 3 {
			s.Fold()
		}
		s.Apply(catalog.Batch{ClientID: 1, Accounts: []catalog.Account{account}})
		s.Apply(catalog.Batch{ClientID: 2, Accounts: []catalog.Account{{ID: account.ID, ChangedAt: Noon, Active: true}}})
		s.check(active, whole(1))
	}
}
