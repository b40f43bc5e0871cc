package intercept

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
)

func TestValidate(t *testing.T) {
	invalidTime := &timestamppb.Timestamp{Nanos: -1}
	tests := []struct {
		name    string
		request any
		want    []string // beginnings of the violations, "field: description"
	}{
		{"sorting", rpctest.ValidSorting(), nil},
		{"sorting: no clients", rpctest.Changed(rpctest.ValidSorting(), func(r *rpctest.SortingRequest) { r.ClientIds = nil }),
			[]string{"client_ids: 0 ids are not allowed; 1 to 1000 are"}},
		{"sorting: 1001 clients", rpctest.Changed(rpctest.ValidSorting(), func(r *rpctest.SortingRequest) { r.ClientIds = make([]int32, 1001) }),
			[]string{"client_ids: 1001 ids are not allowed; 1 to 1000 are"}},
		{"sorting: 10,001 tariffs", rpctest.Changed(rpctest.ValidSorting(), func(r *rpctest.SortingRequest) { r.Tariffs = slices.Repeat([]int32{1}, 10_001) }),
			[]string{"tariffs: 10001 entries are not allowed; at most 10000 are"}},
		{"sorting: clients not positive", rpctest.Changed(rpctest.ValidSorting(), func(r *rpctest.SortingRequest) { r.ClientIds = []int32{1, 0, -3} }),
			[]string{"client_ids: 0, at index 1, is not allowed; each must be positive"}},
		{"sorting: client twice", rpctest.Changed(rpctest.ValidSorting(), func(r *rpctest.SortingRequest) { r.ClientIds = []int32{7, 8, 7} }),
			[]string{"client_ids: 7 stands there more than once; name each client once"}},
		{"sorting: no days", rpctest.Changed(rpctest.ValidSorting(), func(r *rpctest.SortingRequest) { r.DaysNumber = 0 }),
			[]string{"days_number: 0 is not allowed; it must be 1 to 3660"}},
		{"sorting: most days", rpctest.Changed(rpctest.ValidSorting(), func(r *rpctest.SortingRequest) { r.DaysNumber = 3660 }), nil},
		{"sorting: too many days", rpctest.Changed(rpctest.ValidSorting(), func(r *rpctest.SortingRequest) { r.DaysNumber = 3661 }),
			[]string{"days_number: 3661 is not allowed; it must be 1 to 3660"}},
		{"sorting: no criterion", rpctest.Changed(rpctest.ValidSorting(), func(r *rpctest.SortingRequest) { r.Criterion = 0 }),
			[]string{"criterion: CRITERION_UNSPECIFIED is not allowed; it must be CRITERION_WATCH_TIME"}},
		{"sorting: unknown criterion", rpctest.Changed(rpctest.ValidSorting(), func(r *rpctest.SortingRequest) { r.Criterion = 99 }),
			[]string{"criterion: 99 is not allowed; it must be CRITERION_WATCH_TIME"}},
		{"sorting: device", rpctest.Changed(rpctest.ValidSorting(), func(r *rpctest.SortingRequest) { r.Devices = []string{"mag250", "MAG", ""} }),
			[]string{`devices: "MAG", at index 1, is not allowed; each must be 1 to 32 of a-z 0-9 _ . -`}},
		{"sorting: no device", rpctest.Changed(rpctest.ValidSorting(), func(r *rpctest.SortingRequest) { r.Devices = []string{""} }), []string{`devices: "", at index 0`}},
		{"sorting: too long a device", rpctest.Changed(rpctest.ValidSorting(), func(r *rpctest.SortingRequest) { r.Devices = []string{strings.Repeat("a", 33)} }),
			[]string{`devices: "aaa`}},
		{"sorting: longest device", rpctest.Changed(rpctest.ValidSorting(), func(r *rpctest.SortingRequest) { r.Devices = []string{strings.Repeat("_", 32), "a-z.9"} }), nil},
		{"sorting: device with a line break", rpctest.Changed(rpctest.ValidSorting(), func(r *rpctest.SortingRequest) { r.Devices = []string{"mag250\n"} }),
			[]string{`devices: "mag250\n"`}},
		{"sorting: tariff", rpctest.Changed(rpctest.ValidSorting(), func(r *rpctest.SortingRequest) { r.Tariffs = []int32{0} }),
			[]string{"tariffs: 0, at index 0, is not allowed; each must be positive"}},
		{"sorting: seconds", rpctest.Changed(rpctest.ValidSorting(), func(r *rpctest.SortingRequest) { r.MinWatchSeconds = -1 }),
			[]string{"min_watch_seconds: -1 is not allowed; it must be 0 or more"}},
		{"sorting: as_of", rpctest.Changed(rpctest.ValidSorting(), func(r *rpctest.SortingRequest) { r.AsOf = invalidTime }),
			[]string{"as_of: it is no valid timestamp; it must lie in the years 1 to 9999"}},
		{"sorting: as_of too early", rpctest.Changed(rpctest.ValidSorting(), func(r *rpctest.SortingRequest) {
			r.AsOf = timestamppb.New(time.Date(1, 1, 30, 0, 0, 0, 0, time.UTC))
		}), []string{"as_of: 0001-01-30T00:00:00Z is not allowed; the window must not begin before the year 1"}},
		{"sorting: earliest as_of", rpctest.Changed(rpctest.ValidSorting(), func(r *rpctest.SortingRequest) {
			r.AsOf = timestamppb.New(time.Date(1, 1, 31, 0, 0, 0, 0, time.UTC))
		}), nil},
		{"sorting: everything at once", &tvstatsv1.CreateChannelSortingByPopularityRequest{MinWatchSeconds: math.MinInt64},
			[]string{"client_ids: ", "days_number: ", "min_watch_seconds: ", "criterion: "}},

		{"sorting: options", rpctest.Changed(rpctest.ValidSorting(), func(r *rpctest.SortingRequest) {
			r.Modes, r.ReachSeconds, r.MinAccounts, r.CompareTo = []tvstatsv1.ViewMode{0, 1, 2, 3}, 31_622_400, math.MaxInt64, "x"
			r.ClientIds = r.ClientIds[:1]
		}), nil},
		{"sorting: wrong options", rpctest.Changed(rpctest.ValidSorting(), func(r *rpctest.SortingRequest) {
			r.Modes, r.ReachSeconds, r.MinAccounts = []tvstatsv1.ViewMode{1, 4}, -1, -1
		}), []string{"modes: 4, at index 1, is not allowed", "reach_seconds: -1 is not allowed; it must be 0 to 31622400", "min_accounts: -1 is not allowed"}},
		{"sorting: compared with several", rpctest.Changed(rpctest.ValidSorting(), func(r *rpctest.SortingRequest) {
			r.ClientIds, r.CompareTo = []int32{1, 2}, "x"
		}), []string{"compare_to: it is not allowed with 2 client_ids; name exactly one"}},
		{"sorting: another policy", rpctest.Changed(rpctest.ValidSorting(), func(r *rpctest.SortingRequest) {
			r.Policy = &tvstatsv1.MeasurementPolicy{MinSessionSeconds: -1}
		}), []string{"policy: it is allowed with dry_run only", "policy: policy.min_session_seconds is -1"}},

		{"channels", rpctest.ValidChannelSelection(), nil},
		{"channels: client", rpctest.Changed(rpctest.ValidChannelSelection(), func(r *rpctest.SelectionRequest) { r.ClientId = -1 }),
			[]string{"client_id: -1 is not allowed; it must be positive"}},
		{"channels: scope and criterion", rpctest.Changed(rpctest.ValidChannelSelection(), func(r *rpctest.SelectionRequest) { r.DaysNumber, r.Criterion = -1, -1 }),
			[]string{"days_number: -1", "criterion: -1"}},
		{"channels: size", rpctest.Changed(rpctest.ValidChannelSelection(), func(r *rpctest.SelectionRequest) { r.SelectionSize = -1 }),
			[]string{"selection_size: -1 is not allowed; it must be 1 to 10000"}},
		{"channels: greatest size", rpctest.Changed(rpctest.ValidChannelSelection(), func(r *rpctest.SelectionRequest) { r.SelectionSize = 10_000 }), nil},
		{"channels: too great a size", rpctest.Changed(rpctest.ValidChannelSelection(), func(r *rpctest.SelectionRequest) { r.SelectionSize = 10_001 }),
			[]string{"selection_size: 10001 is not allowed; it must be 1 to 10000"}},
		{"channels: longest name", rpctest.Changed(rpctest.ValidChannelSelection(), func(r *rpctest.SelectionRequest) { r.SelectionName = strings.Repeat("я", 255) }), nil},
		{"channels: name", rpctest.Changed(rpctest.ValidChannelSelection(), func(r *rpctest.SelectionRequest) { r.SelectionName = strings.Repeat("я", 256) }),
			[]string{"selection_name: 256 characters are not allowed; at most 255 are"}},

		{"epg", rpctest.ValidEpgSelection(), nil},
		{"epg: criterion", rpctest.Changed(rpctest.ValidEpgSelection(), func(r *rpctest.EpgRequest) { r.Criterion = tvstatsv1.Criterion_CRITERION_AVERAGE_AUDIENCE }), nil},
		{"epg: criterion of channels", rpctest.Changed(rpctest.ValidEpgSelection(), func(r *rpctest.EpgRequest) { r.Criterion = tvstatsv1.Criterion_CRITERION_MEDIAN_WATCH_TIME }),
			[]string{"criterion: CRITERION_MEDIAN_WATCH_TIME is not allowed; programmes are ranked by"}},
		{"epg: client, scope, size", rpctest.Changed(rpctest.ValidEpgSelection(), func(r *rpctest.EpgRequest) { r.ClientId, r.DaysNumber, r.SelectionSize = 0, 0, -5 }),
			[]string{"client_id: 0", "days_number: 0", "selection_size: -5"}},
		{"epg: category", rpctest.Changed(rpctest.ValidEpgSelection(), func(r *rpctest.EpgRequest) { r.Categories = []int32{2, -7} }),
			[]string{"categories: -7, at index 1, is not allowed; each must be positive"}},
		{"epg: channel", rpctest.Changed(rpctest.ValidEpgSelection(), func(r *rpctest.EpgRequest) { r.Channels = []int32{0} }),
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
		t.Run(test.name, func(t *testing.T) { rpctest.CheckViolations(t, validate(test.request, time.Now()), test.want) })
	}
}

// TestEveryRequestHasRules: no new method can be forgotten, and no rules of one that is gone are left over.
func TestEveryRequestHasRules(t *testing.T) {
	requests := map[protoreflect.FullName]bool{}
	for _, kind := range requestTypes(t) {
		name := kind.Descriptor().FullName()
		requests[name] = true
		if _, found := requestRules[name]; !found && name != streamOfEvents {
			t.Errorf("%s has no rules", name)
		}
	}
	for name := range requestRules {
		if !requests[name] {
			t.Errorf("%s has rules and is no request", name)
		}
	}
	if len(requests) < 30 {
		t.Errorf("only %d requests were found", len(requests))
	}
}

// streamOfEvents is the request whose events have their rules in internal/viewing.
const streamOfEvents = "tvstats.v1.StreamEventsRequest"

// TestRequestsWithoutRulesAreRefused: what is in no table is closed.
func TestRequestsWithoutRulesAreRefused(t *testing.T) {
	err := validate(&tvstatsv1.JobResult{}, time.Now())
	if err == nil || ruleFor(err).code != codes.Internal {
		t.Errorf("got %v", err)
	}
	if err := validate(&healthv1.HealthCheckRequest{}, time.Now()); err != nil {
		t.Errorf("a message of gRPC's own: %v", err)
	}
}

// TestEmptyRequestsAreRefused: nearly every request needs something of the caller.
func TestEmptyRequestsAreRefused(t *testing.T) {
	needsNothing := []protoreflect.Name{
		"SyncRequest", "ListClientsRequest", "CacheMaxOnlineRequest", "SaveStatsRequest", "CollectDailyStatsRequest", "CacheCustomersDynamicRequest",
		"ListJobsRequest", "BackupRequest", "GetStatusRequest", "StreamEventsRequest",
	}
	for _, kind := range requestTypes(t) {
		takesEmpty := validate(kind.New().Interface(), time.Now()) == nil
		if takesEmpty != slices.Contains(needsNothing, kind.Descriptor().Name()) && kind.Descriptor().FullName() != streamOfEvents {
			t.Errorf("%s: an empty request is taken: %v", kind.Descriptor().FullName(), takesEmpty)
		}
	}
}
