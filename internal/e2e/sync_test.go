package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
	"github.com/tvstats/tvstats/internal/viewing"
)

// pushAll sends requests on one stream and returns their responses.
func pushAll(t *testing.T, s *testServer, requests ...*tvstatsv1.SyncRequest) []*tvstatsv1.SyncResponse {
	t.Helper()
	stream, err := s.Sync(rpctest.Context(t))
	if err != nil {
		t.Fatal(err)
	}
	responses := make([]*tvstatsv1.SyncResponse, len(requests))
	for _, request := range requests {
		if err := stream.Send(request); err != nil {
			t.Fatal(err)
		}
	}
	for i := range requests {
		if responses[i], err = stream.Recv(); err != nil {
			t.Fatal(err)
		}
	}
	return responses
}

func TestSyncIsReadBackAndIdempotent(t *testing.T) {
	s := start(t)
	want := rpctest.WholeCatalog()
	for range 2 {
		for _, response := range pushAll(t, s, rpctest.WholeCatalog(), rpctest.WholeCatalog()) {
			if response.GetBatchId() != 1 || response.GetApplied() != 7 || len(response.GetRejected()) != 0 {
				t.Errorf("got %v", response)
			}
		}
		want.Channels[0].Categories = []int32{2, 5}
		want.Accounts[0].Tariffs = []int32{3, 9}
		wantCatalog(t, s, want)
	}
}

func wantCatalog(t *testing.T, s *testServer, want *tvstatsv1.SyncRequest) {
	t.Helper()
	ctx, id := rpctest.Context(t), want.GetClientId()
	clients, err := s.ListClients(ctx, &tvstatsv1.ListClientsRequest{})
	wantAll(t, err, clients.GetClients(), []*tvstatsv1.Client{want.GetClient()})
	channels, err := s.ListChannels(ctx, &tvstatsv1.ListChannelsRequest{ClientId: id})
	wantAll(t, err, channels.GetChannels(), want.GetChannels())
	tariffs, err := s.ListTariffs(ctx, &tvstatsv1.ListTariffsRequest{ClientId: id})
	wantAll(t, err, tariffs.GetTariffs(), want.GetTariffs())
	categories, err := s.ListCategories(ctx, &tvstatsv1.ListCategoriesRequest{ClientId: id})
	wantAll(t, err, categories.GetCategories(), want.GetCategories())
	programmes, err := s.ListProgrammes(ctx, &tvstatsv1.ListProgrammesRequest{ClientId: id})
	wantAll(t, err, programmes.GetProgrammes(), want.GetProgrammes())
	account, err := s.GetAccount(ctx, &tvstatsv1.GetAccountRequest{ClientId: id, AccountId: 1 << 40})
	wantAll(t, err, []*tvstatsv1.Account{account.GetAccount()}, want.GetAccounts())
}

func wantAll[P proto.Message](t *testing.T, err error, got, want []P) {
	t.Helper()
	if err != nil || !slices.EqualFunc(got, want, func(a, b P) bool { return proto.Equal(a, b) }) {
		t.Errorf("got  %v, %v\nwant %v", got, err, want)
	}
}

func TestSyncDefaults(t *testing.T) {
	s := start(t)
	before := time.Now().Truncate(time.Millisecond)
	pushAll(t, s, &tvstatsv1.SyncRequest{
		ClientId: 7, Client: &tvstatsv1.Client{},
		Channels: []*tvstatsv1.Channel{{ChannelId: 1}}, Accounts: []*tvstatsv1.Account{{AccountId: 4}},
	})
	clients, err := s.ListClients(rpctest.Context(t), &tvstatsv1.ListClientsRequest{})
	wantAll(t, err, clients.GetClients(), []*tvstatsv1.Client{{ClientId: 7, TimeZone: "UTC", CollectionEnabled: new(true), Policy: &tvstatsv1.MeasurementPolicy{}}})
	channels, err := s.ListChannels(rpctest.Context(t), &tvstatsv1.ListChannelsRequest{ClientId: 7})
	wantAll(t, err, channels.GetChannels(), []*tvstatsv1.Channel{{ChannelId: 1, Enabled: new(true)}})
	got, err := s.GetAccount(rpctest.Context(t), &tvstatsv1.GetAccountRequest{ClientId: 7, AccountId: 4})
	if err != nil {
		t.Fatal(err)
	}
	changed, registered := got.GetAccount().GetChangedAt().AsTime(), got.GetAccount().GetRegisteredAt().AsTime()
	if changed.Before(before) || changed.After(time.Now()) || !registered.Equal(changed) {
		t.Errorf("changed at %v, registered at %v, want both from %v to now", changed, registered, before)
	}
}

func TestSyncRejectsEntitiesAlone(t *testing.T) {
	many := make([]int32, viewing.MaxTariffs+1)
	for i := range many {
		many[i] = int32(i + 1)
	}
	long, longest := strings.Repeat("я", 256), strings.Repeat("я", 255)
	invalidTime := &timestamppb.Timestamp{Seconds: 1 << 60}
	start6, end9 := rpctest.Instant("2025-06-01T06:00:00Z"), rpctest.Instant("2025-06-01T09:00:00Z")
	request := &tvstatsv1.SyncRequest{
		BatchId: 42, ClientId: 7, Client: &tvstatsv1.Client{ClientId: 8},
		Channels: []*tvstatsv1.Channel{
			{ChannelId: 1}, {}, {ChannelId: 2, Name: long}, {ChannelId: 3, Number: -1}, {ChannelId: 4, Categories: []int32{0}},
			{ChannelId: -5, Deleted: true}, {ChannelId: 6, Name: long, Number: -1, Deleted: true},
		},
		Tariffs:    []*tvstatsv1.Tariff{{}, {TariffId: 1, Name: long}, {TariffId: -1, Deleted: true}, {TariffId: 2}},
		Categories: []*tvstatsv1.Category{{}, {CategoryId: 1, Name: long}, {CategoryId: -1, Deleted: true}, {CategoryId: 2}},
		Accounts: []*tvstatsv1.Account{
			{}, {AccountId: 1, Tariffs: []int32{-1}}, {AccountId: 2, ChangedAt: invalidTime}, {AccountId: 3, RegisteredAt: invalidTime},
			{AccountId: 4, Deleted: true, RegisteredAt: invalidTime}, {AccountId: 5, Deleted: true, ChangedAt: invalidTime},
			{AccountId: 6, Tariffs: many},
		},
		Programmes: []*tvstatsv1.Programme{
			{ChannelId: 1, Start: start6, End: end9}, {ProgrammeId: 1, Start: start6, End: end9},
			{ProgrammeId: 2, ChannelId: 1, End: end9}, {ProgrammeId: 3, ChannelId: 1, Start: start6},
			{ProgrammeId: 4, ChannelId: 1, Start: start6, End: start6}, {ProgrammeId: 5, ChannelId: 1, Start: start6, End: invalidTime},
			{ProgrammeId: 6, ChannelId: 1, Start: start6, End: rpctest.Instant("2025-06-08T06:00:00.001Z")},
			{ProgrammeId: 7, ChannelId: 1, Start: rpctest.Instant("0001-01-01T00:00:00Z"), End: rpctest.Instant("9999-12-31T00:00:00Z")}, // before the floor of times
			{ProgrammeId: 8, ChannelId: 1, Title: long, Start: start6, End: end9},
			{ProgrammeId: 9, Deleted: true}, {ProgrammeId: 10, ChannelId: 1, Title: longest, Start: start6, End: rpctest.Instant("2025-06-08T06:00:00Z")},
		},
		Payments: []*tvstatsv1.Payment{
			{AccountId: 1, Currency: "EUR", PaidAt: start6}, {PaymentId: 1, Currency: "EUR", PaidAt: start6},
			{PaymentId: 2, AccountId: 1, Currency: "EUR"}, {PaymentId: 3, AccountId: 1, Currency: "eur", PaidAt: start6},
			{PaymentId: 4, AccountId: 1, Currency: "EURO", PaidAt: start6}, {PaymentId: 5, Deleted: true},
		},
	}
	want := []string{
		"client 0: client_id is 8; it must be 7",
		"channels 1: channel_id is 0; it must be positive", "channels 2: name has 256 characters; it must have at most 255",
		"channels 3: number is -1; it must be 0 or more", "channels 4: categories has 0; each must be positive",
		"channels 5: channel_id is -5; it must be positive",
		"tariffs 0: tariff_id is 0", "tariffs 1: name has 256 characters", "tariffs 2: tariff_id is -1",
		"categories 0: category_id is 0", "categories 1: name has 256 characters", "categories 2: category_id is -1",
		"accounts 0: account_id is 0", "accounts 1: tariffs has -1; each must be positive",
		"accounts 2: changed_at is no valid timestamp", "accounts 3: registered_at is no valid timestamp",
		"accounts 5: changed_at is no valid timestamp", "accounts 6: tariffs has 1001 ids; it can have at most 1000",
		"programmes 0: programme_id is 0", "programmes 1: channel_id is 0", "programmes 2: start is missing",
		"programmes 3: end is missing", "programmes 4: end is not after start", "programmes 5: end is no valid timestamp",
		"programmes 6: end is more than 168h0m0s after start", "programmes 7: start is 0001-01-01T00:00:00Z, before 2000-01-01",
		"programmes 8: title has 256 characters",
		"payments 0: payment_id is 0", "payments 1: account_id is 0", "payments 2: paid_at is missing",
		`payments 3: currency is "eur"; it must be three capital letters (ISO 4217)`, `payments 4: currency is "EURO"`,
	}
	s := start(t)
	response := pushAll(t, s, request)[0]
	wantRejected(t, response, want)
	if response.GetBatchId() != 42 || response.GetApplied() != 8 {
		t.Errorf("batch %d: %d were applied, want 8", response.GetBatchId(), response.GetApplied())
	}
	channels, err := s.ListChannels(rpctest.Context(t), &tvstatsv1.ListChannelsRequest{ClientId: 7})
	wantAll(t, err, channels.GetChannels(), []*tvstatsv1.Channel{{ChannelId: 1, Enabled: new(true)}})
}

// wantRejected compares "entity index: message" by its beginnings.
func wantRejected(t *testing.T, response *tvstatsv1.SyncResponse, want []string) {
	t.Helper()
	var got []string
	for _, r := range response.GetRejected() {
		got = append(got, fmt.Sprintf("%s %d: %s", r.GetEntity(), r.GetIndex(), r.GetMessage()))
		if r.GetReason() != "INVALID_ENTITY" {
			t.Errorf("%v has another reason", r)
		}
	}
	if !slices.EqualFunc(got, want, strings.HasPrefix) {
		t.Errorf("got  %s\nwant %s", strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
}

func TestSyncWithoutClient(t *testing.T) {
	s := start(t)
	response := pushAll(t, s, &tvstatsv1.SyncRequest{
		Client: &tvstatsv1.Client{}, Channels: []*tvstatsv1.Channel{{ChannelId: 1}, {ChannelId: 2}},
	})[0]
	const message = "client_id of the request is 0; it must be positive"
	wantRejected(t, response, []string{"client 0: " + message, "channels 0: " + message, "channels 1: " + message})
	clients, err := s.ListClients(rpctest.Context(t), &tvstatsv1.ListClientsRequest{})
	wantAll(t, err, clients.GetClients(), nil)
}

func TestLaterOfEqualIDsStands(t *testing.T) {
	s := start(t)
	old, recent := rpctest.Instant("2025-01-01T00:00:00Z"), rpctest.Instant("2025-02-01T00:00:00Z")
	response := pushAll(t, s, &tvstatsv1.SyncRequest{
		ClientId: 7,
		Channels: []*tvstatsv1.Channel{{ChannelId: 1, Name: "first"}, {ChannelId: 2}, {ChannelId: 1, Name: "last"}},
		Tariffs:  []*tvstatsv1.Tariff{{TariffId: 1}, {TariffId: 1, Deleted: true}},
		Accounts: []*tvstatsv1.Account{
			{AccountId: 1, Tariffs: []int32{1}, ChangedAt: recent}, {AccountId: 1, Tariffs: []int32{2}, ChangedAt: recent},
			{AccountId: 1, Tariffs: []int32{3}, ChangedAt: old},
		},
	})[0]
	if response.GetApplied() != 8 || len(response.GetRejected()) != 0 {
		t.Errorf("got %v", response)
	}
	channels, err := s.ListChannels(rpctest.Context(t), &tvstatsv1.ListChannelsRequest{ClientId: 7})
	wantAll(t, err, channels.GetChannels(), []*tvstatsv1.Channel{
		{ChannelId: 1, Name: "last", Enabled: new(true)}, {ChannelId: 2, Enabled: new(true)},
	})
	tariffs, err := s.ListTariffs(rpctest.Context(t), &tvstatsv1.ListTariffsRequest{ClientId: 7})
	wantAll(t, err, tariffs.GetTariffs(), nil)
	account, err := s.GetAccount(rpctest.Context(t), &tvstatsv1.GetAccountRequest{ClientId: 7, AccountId: 1})
	wantAll(t, err, []*tvstatsv1.Account{account.GetAccount()}, []*tvstatsv1.Account{
		{AccountId: 1, Tariffs: []int32{2}, ChangedAt: recent, RegisteredAt: old},
	})
}

func TestDeletedEntitiesAreNotShown(t *testing.T) {
	s := start(t)
	pushAll(t, s, rpctest.WholeCatalog(), &tvstatsv1.SyncRequest{
		ClientId: 7, Channels: []*tvstatsv1.Channel{{ChannelId: 1, Deleted: true}},
		Tariffs: []*tvstatsv1.Tariff{{TariffId: 3, Deleted: true}}, Categories: []*tvstatsv1.Category{{CategoryId: 2, Deleted: true}},
		Accounts:   []*tvstatsv1.Account{{AccountId: 1 << 40, Deleted: true}},
		Programmes: []*tvstatsv1.Programme{{ProgrammeId: 1 << 41, Deleted: true}},
	})
	ctx := rpctest.Context(t)
	channels, err := s.ListChannels(ctx, &tvstatsv1.ListChannelsRequest{ClientId: 7})
	wantAll(t, err, channels.GetChannels(), nil)
	tariffs, err := s.ListTariffs(ctx, &tvstatsv1.ListTariffsRequest{ClientId: 7})
	wantAll(t, err, tariffs.GetTariffs(), nil)
	categories, err := s.ListCategories(ctx, &tvstatsv1.ListCategoriesRequest{ClientId: 7})
	wantAll(t, err, categories.GetCategories(), nil)
	programmes, err := s.ListProgrammes(ctx, &tvstatsv1.ListProgrammesRequest{ClientId: 7})
	wantAll(t, err, programmes.GetProgrammes(), nil)
	_, err = s.GetAccount(ctx, &tvstatsv1.GetAccountRequest{ClientId: 7, AccountId: 1 << 40})
	rpctest.WantStatus(t, err, codes.NotFound, "NOT_FOUND")
}

func TestUnknownClients(t *testing.T) {
	s := start(t)
	calls := map[string]func(context.Context, int32) error{
		"ListChannels": func(ctx context.Context, id int32) error {
			_, err := s.ListChannels(ctx, &tvstatsv1.ListChannelsRequest{ClientId: id})
			return err
		},
		"ListTariffs": func(ctx context.Context, id int32) error {
			_, err := s.ListTariffs(ctx, &tvstatsv1.ListTariffsRequest{ClientId: id})
			return err
		},
		"ListCategories": func(ctx context.Context, id int32) error {
			_, err := s.ListCategories(ctx, &tvstatsv1.ListCategoriesRequest{ClientId: id})
			return err
		},
		"ListProgrammes": func(ctx context.Context, id int32) error {
			_, err := s.ListProgrammes(ctx, &tvstatsv1.ListProgrammesRequest{ClientId: id})
			return err
		},
		"ListChannelSortings": func(ctx context.Context, id int32) error {
			_, err := s.ListChannelSortings(ctx, &tvstatsv1.ListChannelSortingsRequest{ClientId: id})
			return err
		},
		"ListSelections": func(ctx context.Context, id int32) error {
			_, err := s.ListSelections(ctx, &tvstatsv1.ListSelectionsRequest{ClientId: id})
			return err
		},
	}
	for name, call := range calls {
		err := call(rpctest.Context(t), 7)
		rpctest.WantStatus(t, err, codes.NotFound, "NOT_FOUND")
		if want := "client 7: not found; a client exists from its first accepted view event or Sync on"; !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	pushAll(t, s, &tvstatsv1.SyncRequest{ClientId: 7}) // nothing of it, yet it exists
	for name, call := range calls {
		if err := call(rpctest.Context(t), 7); err != nil {
			t.Errorf("%s: got %v", name, err)
		}
	}
	_, err := s.GetAccount(rpctest.Context(t), &tvstatsv1.GetAccountRequest{ClientId: 7, AccountId: 1})
	rpctest.WantStatus(t, err, codes.NotFound, "NOT_FOUND")
}

func TestCatalogPages(t *testing.T) {
	s := start(t)
	const since = 1_700_000_000 // later than --oldest
	request := &tvstatsv1.SyncRequest{ClientId: 7}
	for id := int32(250); id > 0; id-- {
		request.Channels = append(request.Channels, &tvstatsv1.Channel{ChannelId: id, Deleted: id%5 == 0})
		request.Programmes = append(request.Programmes, &tvstatsv1.Programme{
			ProgrammeId: int64(id), ChannelId: 1 + id%2, // three start at once, on two channels
			Start: timestamppb.New(time.Unix(since+int64(id/3)*3600, 0)), End: timestamppb.New(time.Unix(since+int64(id/3)*3600+60, 0)),
		})
	}
	pushAll(t, s, request)
	for _, size := range []int32{0, 1, 100, 1000, 1 << 30} {
		var channels []*tvstatsv1.Channel
		pages(t, size, func(ctx context.Context, token string) (int, string, error) {
			page, err := s.ListChannels(ctx, &tvstatsv1.ListChannelsRequest{ClientId: 7, PageSize: size, PageToken: token})
			channels = append(channels, page.GetChannels()...)
			return len(page.GetChannels()), page.GetNextPageToken(), err
		})
		if len(channels) != 200 || !slices.IsSortedFunc(channels, func(a, b *tvstatsv1.Channel) int { return int(a.GetChannelId() - b.GetChannelId()) }) {
			t.Errorf("pages of %d: got %d channels", size, len(channels))
		}
		var programmes []string
		pages(t, size, func(ctx context.Context, token string) (int, string, error) {
			page, err := s.ListProgrammes(ctx, &tvstatsv1.ListProgrammesRequest{
				ClientId: 7, PageSize: size, PageToken: token, Channels: []int32{1, 2},
				StartFrom: timestamppb.New(time.Unix(since+3600, 0)), StartTo: timestamppb.New(time.Unix(since+80*3600, 0)),
			})
			for _, p := range page.GetProgrammes() {
				programmes = append(programmes, fmt.Sprintf("%08d %d %03d", p.GetStart().GetSeconds(), p.GetChannelId(), p.GetProgrammeId()))
			}
			return len(page.GetProgrammes()), page.GetNextPageToken(), err
		})
		if len(slices.Compact(programmes)) != 79*3 || !slices.IsSorted(programmes) {
			t.Errorf("pages of %d: got %d programmes", size, len(programmes))
		}
	}
}

// pages reads a list to its end; every page but the last must be full.
func pages(t *testing.T, size int32, read func(ctx context.Context, token string) (items int, next string, err error)) {
	t.Helper()
	full := map[int32]int{0: 100, 1 << 30: 1000}[size]
	if full == 0 {
		full = int(size)
	}
	for token := ""; ; {
		items, next, err := read(rpctest.Context(t), token)
		if err != nil {
			t.Fatal(err)
		}
		if next == "" {
			return
		}
		if items != full {
			t.Fatalf("a page of %d items that is not the last, want %d", items, full)
		}
		token = next
	}
}

// TestControlCharactersAreReplaced sends names that a terminal would obey: they are replaced, and the response says so.
func TestControlCharactersAreReplaced(t *testing.T) {
	t.Parallel()
	server := start(t)
	stream, err := server.Sync(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for request, want := range map[*tvstatsv1.SyncRequest]string{
		{ClientId: 1, Channels: []*tvstatsv1.Channel{{ChannelId: 1, Name: "A\x1b[2J\nB"}}, Client: &tvstatsv1.Client{Name: "C\x07"}}: "3 control characters in names and titles were replaced by U+FFFD",
		{ClientId: 1, Channels: []*tvstatsv1.Channel{{ChannelId: 2, Name: "Plain שלום"}}}:                                            "",
	} {
		if err := stream.Send(request); err != nil {
			t.Fatal(err)
		}
		if answer, err := stream.Recv(); err != nil || len(answer.Rejected) > 0 || answer.Message != want {
			t.Errorf("the answer is %v, %v, want %q", answer, err, want)
		}
	}
	channels, err := server.ListChannels(t.Context(), &tvstatsv1.ListChannelsRequest{ClientId: 1})
	if err != nil || channels.Channels[0].Name != "A�[2J�B" || channels.Channels[1].Name != "Plain שלום" {
		t.Errorf("%v, %v", channels, err)
	}
	built, err := server.CreateChannelSelectionByPopularity(t.Context(), &tvstatsv1.CreateChannelSelectionByPopularityRequest{
		ClientId: 1, DaysNumber: 1, Criterion: tvstatsv1.Criterion_CRITERION_WATCH_TIME, SelectionName: "T\x1b[31mop\u202e שלום",
	})
	if err != nil || built.GetSelection().GetName() != "T�[31mop� שלום" {
		t.Errorf("%v, %v", built, err)
	}
	guide, err := server.CreateEpgSelectionByPopularity(t.Context(), &tvstatsv1.CreateEpgSelectionByPopularityRequest{
		ClientId: 1, DaysNumber: 1, SelectionName: "\u2066x",
	})
	if err != nil || guide.GetSelection().GetName() != "�x" {
		t.Errorf("%v, %v", guide, err)
	}
	if _, text := rpctest.Get(t, "http://"+probes(t, server)+"/metrics"); !strings.Contains(text, "\ntvstats_control_characters_replaced_total 6\n") {
		t.Error("the metric does not count them")
	}
}
