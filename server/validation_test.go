package main

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

func validSorting() *tvstatsv1.CreateChannelSortingByPopularityRequest {
	return &tvstatsv1.CreateChannelSortingByPopularityRequest{
		ClientIds: []int32{1, 2}, DaysNumber: 30, Criterion: tvstatsv1.Criterion_CRITERION_WATCH_TIME,
	}
}

func validChannelSelection() *tvstatsv1.CreateChannelSelectionByPopularityRequest {
	return &tvstatsv1.CreateChannelSelectionByPopularityRequest{
		ClientId: 1, DaysNumber: 30, Criterion: tvstatsv1.Criterion_CRITERION_MEDIAN_WATCH_TIME,
	}
}

func validEpgSelection() *tvstatsv1.CreateEpgSelectionByPopularityRequest {
	return &tvstatsv1.CreateEpgSelectionByPopularityRequest{ClientId: 1, DaysNumber: 30}
}

// changed is a valid request with one change.
func changed[T any](request *T, change func(*T)) *T {
	change(request)
	return request
}

type (
	sortingRequest   = tvstatsv1.CreateChannelSortingByPopularityRequest
	selectionRequest = tvstatsv1.CreateChannelSelectionByPopularityRequest
	epgRequest       = tvstatsv1.CreateEpgSelectionByPopularityRequest
)

func TestValidate(t *testing.T) {
	invalidTime := &timestamppb.Timestamp{Nanos: -1}
	tests := []struct {
		name    string
		request any
		want    []string // beginnings of the violations, "field: description"
	}{
		{"sorting", validSorting(), nil},
		{"sorting: no clients", changed(validSorting(), func(r *sortingRequest) { r.ClientIds = nil }),
			[]string{"client_ids: 0 ids are not allowed; 1 to 1000 are"}},
		{"sorting: 1001 clients", changed(validSorting(), func(r *sortingRequest) { r.ClientIds = make([]int32, 1001) }),
			[]string{"client_ids: 1001 ids are not allowed; 1 to 1000 are"}},
		{"sorting: 10,001 tariffs", changed(validSorting(), func(r *sortingRequest) { r.Tariffs = slices.Repeat([]int32{1}, 10_001) }),
			[]string{"tariffs: 10001 entries are not allowed; at most 10000 are"}},
		{"sorting: clients not positive", changed(validSorting(), func(r *sortingRequest) { r.ClientIds = []int32{1, 0, -3} }),
			[]string{"client_ids: 0, at index 1, is not allowed; each must be positive"}},
		{"sorting: client twice", changed(validSorting(), func(r *sortingRequest) { r.ClientIds = []int32{7, 8, 7} }),
			[]string{"client_ids: 7 stands there more than once; name each client once"}},
		{"sorting: no days", changed(validSorting(), func(r *sortingRequest) { r.DaysNumber = 0 }),
			[]string{"days_number: 0 is not allowed; it must be 1 to 3660"}},
		{"sorting: most days", changed(validSorting(), func(r *sortingRequest) { r.DaysNumber = 3660 }), nil},
		{"sorting: too many days", changed(validSorting(), func(r *sortingRequest) { r.DaysNumber = 3661 }),
			[]string{"days_number: 3661 is not allowed; it must be 1 to 3660"}},
		{"sorting: no criterion", changed(validSorting(), func(r *sortingRequest) { r.Criterion = 0 }),
			[]string{"criterion: CRITERION_UNSPECIFIED is not allowed; it must be CRITERION_WATCH_TIME"}},
		{"sorting: unknown criterion", changed(validSorting(), func(r *sortingRequest) { r.Criterion = 99 }),
			[]string{"criterion: 99 is not allowed; it must be CRITERION_WATCH_TIME"}},
		{"sorting: device", changed(validSorting(), func(r *sortingRequest) { r.Devices = []string{"mag250", "MAG", ""} }),
			[]string{`devices: "MAG", at index 1, is not allowed; each must be 1 to 32 of a-z 0-9 _ . -`}},
		{"sorting: no device", changed(validSorting(), func(r *sortingRequest) { r.Devices = []string{""} }), []string{`devices: "", at index 0`}},
		{"sorting: too long a device", changed(validSorting(), func(r *sortingRequest) { r.Devices = []string{strings.Repeat("a", 33)} }),
			[]string{`devices: "aaa`}},
		{"sorting: longest device", changed(validSorting(), func(r *sortingRequest) { r.Devices = []string{strings.Repeat("_", 32), "a-z.9"} }), nil},
		{"sorting: device with a line break", changed(validSorting(), func(r *sortingRequest) { r.Devices = []string{"mag250\n"} }),
			[]string{`devices: "mag250\n"`}},
		{"sorting: tariff", changed(validSorting(), func(r *sortingRequest) { r.Tariffs = []int32{0} }),
			[]string{"tariffs: 0, at index 0, is not allowed; each must be positive"}},
		{"sorting: seconds", changed(validSorting(), func(r *sortingRequest) { r.MinWatchSeconds = -1 }),
			[]string{"min_watch_seconds: -1 is not allowed; it must be 0 or more"}},
		{"sorting: as_of", changed(validSorting(), func(r *sortingRequest) { r.AsOf = invalidTime }),
			[]string{"as_of: it is no valid timestamp; it must lie in the years 1 to 9999"}},
		{"sorting: as_of too early", changed(validSorting(), func(r *sortingRequest) {
			r.AsOf = timestamppb.New(time.Date(1, 1, 30, 0, 0, 0, 0, time.UTC))
		}), []string{"as_of: 0001-01-30T00:00:00Z is not allowed; the window must not begin before the year 1"}},
		{"sorting: earliest as_of", changed(validSorting(), func(r *sortingRequest) {
			r.AsOf = timestamppb.New(time.Date(1, 1, 31, 0, 0, 0, 0, time.UTC))
		}), nil},
		{"sorting: everything at once", &tvstatsv1.CreateChannelSortingByPopularityRequest{MinWatchSeconds: math.MinInt64},
			[]string{"client_ids: ", "days_number: ", "min_watch_seconds: ", "criterion: "}},

		{"channels", validChannelSelection(), nil},
		{"channels: client", changed(validChannelSelection(), func(r *selectionRequest) { r.ClientId = -1 }),
			[]string{"client_id: -1 is not allowed; it must be positive"}},
		{"channels: scope and criterion", changed(validChannelSelection(), func(r *selectionRequest) { r.DaysNumber, r.Criterion = -1, -1 }),
			[]string{"days_number: -1", "criterion: -1"}},
		{"channels: size", changed(validChannelSelection(), func(r *selectionRequest) { r.SelectionSize = -1 }),
			[]string{"selection_size: -1 is not allowed; it must be 1 to 10000"}},
		{"channels: greatest size", changed(validChannelSelection(), func(r *selectionRequest) { r.SelectionSize = 10_000 }), nil},
		{"channels: too great a size", changed(validChannelSelection(), func(r *selectionRequest) { r.SelectionSize = 10_001 }),
			[]string{"selection_size: 10001 is not allowed; it must be 1 to 10000"}},
		{"channels: longest name", changed(validChannelSelection(), func(r *selectionRequest) { r.SelectionName = strings.Repeat("я", 255) }), nil},
		{"channels: name", changed(validChannelSelection(), func(r *selectionRequest) { r.SelectionName = strings.Repeat("я", 256) }),
			[]string{"selection_name: 256 characters are not allowed; at most 255 are"}},

		{"epg", validEpgSelection(), nil},
		{"epg: client, scope, size", changed(validEpgSelection(), func(r *epgRequest) { r.ClientId, r.DaysNumber, r.SelectionSize = 0, 0, -5 }),
			[]string{"client_id: 0", "days_number: 0", "selection_size: -5"}},
		{"epg: category", changed(validEpgSelection(), func(r *epgRequest) { r.Categories = []int32{2, -7} }),
			[]string{"categories: -7, at index 1, is not allowed; each must be positive"}},
		{"epg: channel", changed(validEpgSelection(), func(r *epgRequest) { r.Channels = []int32{0} }),
			[]string{"channels: 0, at index 0, is not allowed; each must be positive"}},

		{"sortings", &tvstatsv1.ListChannelSortingsRequest{ClientId: 1, PageSize: math.MaxInt32}, nil},
		{"sortings: client and page", &tvstatsv1.ListChannelSortingsRequest{PageSize: -1},
			[]string{"client_id: 0", "page_size: -1 is not allowed; it must be 0 (the default) to 1000"}},
		{"selections", &tvstatsv1.ListSelectionsRequest{ClientId: 1}, nil},
		{"selections: all", &tvstatsv1.ListSelectionsRequest{PageSize: -1, Kind: 3},
			[]string{"client_id: 0", "page_size: -1", "kind: 3 is not allowed; it must be SELECTION_KIND_CHANNELS"}},
		{"sorting_id", &tvstatsv1.GetChannelSortingRequest{}, []string{"sorting_id: it is empty"}},
		{"deleted sorting_id", &tvstatsv1.DeleteChannelSortingRequest{}, []string{"sorting_id: it is empty"}},
		{"selection_id", &tvstatsv1.GetSelectionRequest{}, []string{"selection_id: it is empty"}},
		{"deleted selection_id", &tvstatsv1.DeleteSelectionRequest{}, []string{"selection_id: it is empty"}},

		{"clients", &tvstatsv1.ListClientsRequest{}, nil},
		{"clients: page", &tvstatsv1.ListClientsRequest{PageSize: -1}, []string{"page_size: -1"}},
		{"channels", &tvstatsv1.ListChannelsRequest{PageSize: -1}, []string{"client_id: 0", "page_size: -1"}},
		{"tariffs", &tvstatsv1.ListTariffsRequest{PageSize: -1}, []string{"client_id: 0", "page_size: -1"}},
		{"categories", &tvstatsv1.ListCategoriesRequest{PageSize: -1}, []string{"client_id: 0", "page_size: -1"}},
		{"account", &tvstatsv1.GetAccountRequest{AccountId: -1}, []string{"client_id: 0", "account_id: -1"}},
		{"programmes", &tvstatsv1.ListProgrammesRequest{ClientId: 1, StartFrom: timestamppb.New(time.Unix(5, 0)), StartTo: timestamppb.New(time.Unix(5, 0))}, nil},
		{"programmes: all", &tvstatsv1.ListProgrammesRequest{PageSize: -1, Channels: []int32{-1}, StartFrom: invalidTime, StartTo: invalidTime},
			[]string{"client_id: 0", "page_size: -1", "channels: -1, at index 0", "start_from: it is no valid", "start_to: it is no valid"}},
		{"programmes: backwards", &tvstatsv1.ListProgrammesRequest{ClientId: 1, StartFrom: timestamppb.New(time.Unix(5, 1)), StartTo: timestamppb.New(time.Unix(5, 0))},
			[]string{"start_to: it is before start_from"}},

		{"sync: most entities", &tvstatsv1.SyncRequest{Client: &tvstatsv1.Client{}, Channels: make([]*tvstatsv1.Channel, 9_999)}, nil},
		{"sync: too many entities", &tvstatsv1.SyncRequest{
			Channels: make([]*tvstatsv1.Channel, 5000), Tariffs: make([]*tvstatsv1.Tariff, 1), Categories: make([]*tvstatsv1.Category, 1),
			Accounts: make([]*tvstatsv1.Account, 4000), Programmes: make([]*tvstatsv1.Programme, 998), Payments: make([]*tvstatsv1.Payment, 1),
		}, []string{"entities: a request of 10001 entities is not allowed; at most 10000 are"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { checkViolations(t, validate(test.request), test.want) })
	}
}

func checkViolations(t *testing.T, err error, want []string) {
	t.Helper()
	var got []string
	if invalid := (*invalidRequest)(nil); errors.As(err, &invalid) {
		for _, v := range invalid.violations {
			got = append(got, v.Field+": "+v.Description)
		}
	}
	if !slices.EqualFunc(got, want, strings.HasPrefix) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// A method that is added without rules fails here: every unary request needs something of the caller.
func TestEveryMethodHasRules(t *testing.T) {
	needsNothing := []protoreflect.Name{"ListClients", "CacheMaxOnline", "SaveStats", "CollectDailyStats", "CacheCustomersDynamic"}
	checked := 0
	for _, file := range []protoreflect.FileDescriptor{
		tvstatsv1.File_tvstats_v1_view_stats_proto, tvstatsv1.File_tvstats_v1_catalog_proto,
		tvstatsv1.File_tvstats_v1_subscriber_dynamics_proto, tvstatsv1.File_tvstats_v1_audience_proto,
	} {
		for i := range file.Services().Len() {
			methods := file.Services().Get(i).Methods()
			for j := range methods.Len() {
				method := methods.Get(j)
				if method.IsStreamingClient() || slices.Contains(needsNothing, method.Name()) {
					continue
				}
				checked++
				if validate(emptyMessage(t, method.Input())) == nil {
					t.Errorf("%s takes an empty request", method.FullName())
				}
			}
		}
	}
	if checked < 24 {
		t.Errorf("only %d methods were found", checked)
	}
}

func emptyMessage(t *testing.T, descriptor protoreflect.MessageDescriptor) proto.Message {
	t.Helper()
	kind, err := protoregistry.GlobalTypes.FindMessageByName(descriptor.FullName())
	if err != nil {
		t.Fatal(err)
	}
	return kind.New().Interface()
}
