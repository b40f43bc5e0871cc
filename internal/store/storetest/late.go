package storetest

import (
	"testing"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/viewing"
)

var lateTests = []test{
	{"reports for a folded day", testLateReports},
	{"guide after the viewing", testLateGuide},
	{"accounts after the viewing", testLateAccounts},
}

// testLateReports lengthens, ends and adds sessions of a day that was folded long ago.
func testLateReports(t *testing.T, factory Factory) {
	s := newSubject(t, factory)
	s.apply(catalog.Batch{ClientID: 1, Programmes: []catalog.Programme{{ID: 1, ChannelID: 1, Start: noon, End: noon + 7_200_000}}})
	s.append(watch(1, 1, noon, 600), watch(2, 1, noon, 700), watch(3, 2, noon+viewing.DayLength, 800))
	for _, late := range []viewing.Report{
		watch(1, 1, noon, 900), // goes on
		watch(2, 1, noon, 30),  // was overtaken
		watch(4, 1, noon, 10),  // was unknown
		watch(4, 3, noon, 10),  // is another channel
		watch(1, 1, noon+1, 5), // is a millisecond later, so another session
		watch(1, 1, noon-90*viewing.DayLength, 5),
	} {
		s.fold()
		s.append(late)
		s.check(whole(1))
		s.fold()
		s.check(whole(1))
	}
}

// testLateGuide lets programmes arrive, move in time and to another channel, change title, vanish and come back.
func testLateGuide(t *testing.T, factory Factory) {
	s := newSubject(t, factory)
	s.append(watch(1, 1, noon, 600), watch(2, 2, noon, 500))
	catchup := watch(3, 1, noon+viewing.DayLength, 400)
	catchup.Mode, catchup.ProgrammeID = viewing.Catchup, 1
	s.append(catchup)
	s.check(whole(1))
	for i, programme := range []catalog.Programme{
		{ID: 1, ChannelID: 1, Title: "arrives", Start: noon, End: noon + 300_000},
		{ID: 2, ChannelID: 1, Title: "follows", Start: noon + 300_000, End: noon + 900_000},
		{ID: 1, ChannelID: 1, Title: "moves", Start: noon + 100_000, End: noon + 300_000},
		{ID: 1, ChannelID: 2, Title: "changes channel", Start: noon + 100_000, End: noon + 300_000},
		{ID: 1, Deleted: true},
		{ID: 1, ChannelID: 1, Title: "comes back", Start: noon, End: noon + 1},
		{ID: 1, ChannelID: 1, Title: "a day later", Start: noon + viewing.DayLength, End: noon + viewing.DayLength + 1},
	} {
		if i == 3 {
			s.fold()
		}
		s.apply(catalog.Batch{ClientID: 1, Programmes: []catalog.Programme{programme}})
		s.check(whole(1))
	}
	s.reopen()
	s.check(whole(1))
}

// testLateAccounts switches accounts on and off after they watched; a filter for active ones goes by what holds now.
func testLateAccounts(t *testing.T, factory Factory) {
	s := newSubject(t, factory)
	s.append(watch(1, 1, noon, 600), watch(2, 2, noon, 500))
	active := whole(1)
	active.filter.ActiveOnly = true
	s.check(active, whole(1))
	for i, account := range []catalog.Account{
		{ID: 1, ChangedAt: noon, Active: true},
		{ID: 2, ChangedAt: noon, Active: true},
		{ID: 1, ChangedAt: noon + 2, Active: false},
		{ID: 1, ChangedAt: noon + 1, Active: true}, // came late and is not the current state
		{ID: 2, ChangedAt: noon + 1, Deleted: true},
		{ID: 1, ChangedAt: noon + 2, Active: true}, // corrects the current state
		{ID: 2, ChangedAt: noon + 2, Active: true},
		{ID: 3, ChangedAt: noon, Active: true}, // never watched
	} {
		if i == 3 {
			s.fold()
		}
		s.apply(catalog.Batch{ClientID: 1, Accounts: []catalog.Account{account}})
		s.apply(catalog.Batch{ClientID: 2, Accounts: []catalog.Account{{ID: account.ID, ChangedAt: noon, Active: true}}})
		s.check(active, whole(1))
	}
}
