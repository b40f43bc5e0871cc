package storetest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var catalogTests = Tests{
	"what was pushed is read back":                  testReadBack,
	"the same batch again changes nothing":          testCatalogIdempotent,
	"a policy has revisions":                        testPolicyRevisions,
	"many upserts of the same ids":                  testRepeatedUpserts,
	"the later of two in a batch is meant":          testTwiceInBatch,
	"a client exists from its first batch or event": testClientExists,
	"pages of programmes":                           testProgrammePages,
	"random programmes":                             testRandomProgrammes,
}

// names that engines might trip over.
var names = []string{
	"", " ", "O'Brien \"&\" sons; DROP TABLE channels; --", "Первый канал", "日本放送協会 📺", "e\u0301 is not é", "a\nb\tc\\d%_$.?:{}[]",
	"\x00 zero",
}

// limits of the types of ids.
var (
	clientLimits  = []int32{1, math.MaxInt32}
	entityLimits  = []int32{1, 2, math.MaxInt32}
	accountLimits = []int64{1, math.MaxInt32 + 1, math.MaxInt64}
)

// everything is a batch of all entities with strange names, at the limits of ids and times.
func everything(client int32) catalog.Batch {
	batch := catalog.Batch{ClientID: client, Client: &catalog.Client{ID: client, Name: names[3], TimeZone: "Europe/Riga"}}
	for i, name := range names {
		id, deleted := int32(i)+3, i%3 == 2
		batch.Channels = append(batch.Channels, catalog.Channel{
			ID: id, Name: name, Number: int32(i), Categories: numbers(int32(i % 4)), Enabled: i%2 == 0, Deleted: deleted,
		})
		batch.Tariffs = append(batch.Tariffs, catalog.Tariff{ID: id, Name: name, Deleted: deleted})
		batch.Categories = append(batch.Categories, catalog.Category{ID: id, Name: name, Deleted: deleted})
		start := Noon + viewing.Millis(i)
		batch.Programmes = append(batch.Programmes, catalog.Programme{
			ID: int64(id), ChannelID: id, Title: name, Start: start, End: start + 1,
		})
	}
	for _, id := range entityLimits {
		batch.Channels = append(batch.Channels, catalog.Channel{ID: id, Number: id, Categories: []int32{id}})
		batch.Tariffs = append(batch.Tariffs, catalog.Tariff{ID: id})
		batch.Categories = append(batch.Categories, catalog.Category{ID: id})
	}
	for _, id := range accountLimits {
		batch.Accounts = append(batch.Accounts, catalog.Account{ID: id, ChangedAt: Noon, Tariffs: entityLimits})
		batch.Programmes = append(batch.Programmes, catalog.Programme{
			ID: id, ChannelID: math.MaxInt32, Start: year9999 - 1, End: year9999,
		})
		batch.Payments = append(batch.Payments, catalog.Payment{
			ID: id, AccountID: id, AmountMinor: -id, Currency: "EUR", PaidAt: year9999,
		})
	}
	return batch
}

// The first and last instants that a timestamp can hold.
const (
	Year1    viewing.Millis = -62_135_596_800_000
	year9999 viewing.Millis = 253_402_300_799_999
)

// AnyTime holds every instant.
var AnyTime = viewing.Window{From: math.MinInt64, To: math.MaxInt64}

// contents is all that can be read back of a client's catalog, as text.
func (s *Subject) contents(client int32) string {
	s.T.Helper()
	ctx, r := s.T.Context(), store.CatalogReader(s.Store)
	named, err := r.Client(ctx, client)
	s.Must(err)
	var all strings.Builder
	fmt.Fprintf(&all, "%+v\n", named)
	all.WriteString(readLines(s, client, r.Channels) + readLines(s, client, r.Tariffs) + readLines(s, client, r.Categories))
	all.WriteString(readLines(s, client, func(ctx context.Context, client int32) ([]catalog.Programme, error) {
		return r.Programmes(ctx, store.ProgrammeQuery{ClientID: client, Starting: AnyTime, Limit: 1 << 20})
	}))
	for _, id := range accountLimits {
		account, err := r.Account(ctx, client, id, s.Now)
		fmt.Fprintf(&all, "%+v, is not found: %v\n", account, errors.Is(err, store.ErrNotFound))
	}
	return all.String()
}

func readLines[T any](s *Subject, client int32, read func(context.Context, int32) ([]T, error)) string {
	s.T.Helper()
	all, err := read(s.T.Context(), client)
	s.Must(err)
	return printed(all)
}

// printed is the elements as text, one a line; nil and empty are the same.
func printed[T any](all []T) string {
	var lines strings.Builder
	for _, one := range all {
		fmt.Fprintf(&lines, "%+q\n", fmt.Sprintf("%+v", one))
	}
	return lines.String()
}

// expect is what contents must be after the batch alone.
func expect(batch catalog.Batch) string {
	slices.SortFunc(batch.Channels, func(a, b catalog.Channel) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(batch.Tariffs, func(a, b catalog.Tariff) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(batch.Categories, func(a, b catalog.Category) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(batch.Programmes, byStart)
	var all strings.Builder
	fmt.Fprintf(&all, "%+v\n", *batch.Client)
	all.WriteString(printed(batch.Channels) + printed(batch.Tariffs) + printed(batch.Categories) + printed(batch.Programmes))
	for _, account := range batch.Accounts {
		account.RegisteredAt = account.ChangedAt
		fmt.Fprintf(&all, "%+v, is not found: false\n", account)
	}
	return all.String()
}

// byStart is the order of pages of programmes.
func byStart(a, b catalog.Programme) int {
	return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.ChannelID, b.ChannelID), cmp.Compare(a.ID, b.ID))
}

// testPolicyRevisions replaces a client's policy, pushes it again, leaves it alone.
func testPolicyRevisions(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	s.Apply(everything(2))
	full := viewing.Policy{MaxSessionSeconds: 14_400, InactivitySeconds: 1, OneChannelPerDevice: true, MinSessionSeconds: viewing.MostPolicySeconds}
	for i, step := range []struct {
		policy   *viewing.Policy
		want     viewing.Policy
		revision int64
	}{
		{&viewing.Policy{}, viewing.Policy{}, 0},
		{&full, full, 1},
		{&full, full, 1},
		{nil, full, 1},
		{&viewing.Policy{InactivitySeconds: 1}, viewing.Policy{InactivitySeconds: 1}, 2},
		{&viewing.Policy{}, viewing.Policy{}, 3},
		{nil, viewing.Policy{}, 3},
	} {
		client := catalog.Client{ID: 1, Name: fmt.Sprint(i), TimeZone: "UTC"}
		s.Apply(catalog.Batch{ClientID: 1, Client: &client, Policy: step.policy})
		client.Policy, client.PolicyRevision = step.want, step.revision
		for range 2 {
			got, err := s.Store.Client(t.Context(), 1)
			s.Must(err)
			if got != client {
				t.Fatalf("step %d: got %+v, want %+v", i, got, client)
			}
			all, err := s.Store.Clients(t.Context())
			s.Must(err)
			if len(all) != 2 || all[0] != client || all[1] != *everything(2).Client {
				t.Fatalf("step %d: got %+v", i, all)
			}
			s.Reopen()
		}
	}
}

func testReadBack(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	for _, client := range clientLimits {
		batch := everything(client)
		s.Apply(batch)
		batch.Accounts = batch.Accounts[:len(accountLimits)]
		for range 2 {
			if got, want := s.contents(client), expect(batch); got != want {
				t.Fatalf("client %d:\n%s", client, difference(got, want))
			}
			s.Reopen()
		}
	}
	clients, err := s.Store.Clients(t.Context())
	s.Must(err)
	if len(clients) != 2 || clients[0].ID != clientLimits[0] || clients[1].ID != clientLimits[1] {
		t.Errorf("clients %+v, want %v in this order", clients, clientLimits)
	}
}

func testCatalogIdempotent(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	batch := everything(1)
	s.Apply(batch)
	want := s.contents(1)
	for range 3 {
		s.Apply(batch)
		if got := s.contents(1); got != want {
			t.Fatal(difference(got, want))
		}
	}
}

// testRepeatedUpserts changes the same entities again and again, also just after a restart and while a reader is at work.
func testRepeatedUpserts(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	for round := range int32(12) {
		batch := everything(1)
		batch.Client.Name = fmt.Sprint("round ", round)
		for i := range batch.Channels {
			batch.Channels[i].Categories = numbers(round % 5)
			batch.Channels[i].Number = round
			batch.Channels[i].Deleted = round%3 == 1
		}
		for i := range batch.Programmes {
			batch.Programmes[i].Title = fmt.Sprint("round ", round)
			batch.Programmes[i].Start -= viewing.Millis(round)
		}
		for i := range batch.Accounts {
			batch.Accounts[i].Tariffs = numbers(round % 4)
		}
		s.Apply(batch)
		if round%4 == 3 {
			s.Reopen()
		}
		if got, want := s.contents(1), expect(batch); got != want {
			t.Fatalf("round %d:\n%s", round, difference(got, want))
		}
	}
}

func testTwiceInBatch(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	batch := everything(1)
	want := expect(everything(1))
	for i := range batch.Channels {
		batch.Channels[i].Name += " before"
		batch.Channels[i].Categories = []int32{9}
	}
	for i := range batch.Programmes {
		batch.Programmes[i].ChannelID = 9
	}
	for i := range batch.Accounts {
		batch.Accounts[i].Active = true
	}
	later := everything(1)
	batch.Channels = append(batch.Channels, later.Channels...)
	batch.Tariffs = append([]catalog.Tariff{{ID: 1, Name: "before"}}, batch.Tariffs...)
	batch.Programmes = append(batch.Programmes, later.Programmes...)
	batch.Accounts = append(batch.Accounts, later.Accounts...)
	s.Apply(batch)
	if got := s.contents(1); got != want {
		t.Fatal(difference(got, want))
	}
}

func testClientExists(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	if client, err := s.Store.Client(t.Context(), 1); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("an unknown client is %+v, error %v, want ErrNotFound", client, err)
	}
	s.Append(Watch(1, 1, Noon, 60))
	s.Apply(catalog.Batch{ClientID: 2})
	s.Apply(catalog.Batch{ClientID: 3, Tariffs: []catalog.Tariff{{ID: 1}}})
	named := catalog.Client{ID: 4, Name: "named", TimeZone: "Asia/Almaty", CollectionEnabled: true}
	s.Apply(catalog.Batch{ClientID: 4, Client: &named})
	want := []catalog.Client{catalog.NewClient(1), catalog.NewClient(2), catalog.NewClient(3), named}
	for range 2 {
		s.Apply(catalog.Batch{ClientID: 4, Tariffs: []catalog.Tariff{{ID: 1}}}) // says nothing of the client
		got, err := s.Store.Clients(t.Context())
		s.Must(err)
		if !slices.Equal(got, want) {
			t.Fatalf("clients\n got %+v\nwant %+v", got, want)
		}
		s.Reopen()
	}
}
