package intercept

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/rpc/fault"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
)

func validSeries() *tvstatsv1.GetCustomersDynamicRequest {
	return &tvstatsv1.GetCustomersDynamicRequest{
		ClientId: 1, From: timestamppb.New(time.Date(2026, 1, 1, 0, 0, 0, 1, time.UTC)), To: timestamppb.New(time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)),
		Granularity: tvstatsv1.Granularity_GRANULARITY_HOUR,
	}
}

func TestValidateDynamics(t *testing.T) {
	type seriesRequest = tvstatsv1.GetCustomersDynamicRequest
	days := func(from, to string) *tvstatsv1.GetMaxOnlineRequest {
		return &tvstatsv1.GetMaxOnlineRequest{ClientId: 1, FromDay: from, ToDay: to}
	}
	for _, test := range []struct {
		name    string
		request any
		want    []string // beginnings of the violations
	}{
		{"command", &tvstatsv1.SaveStatsRequest{}, nil},
		{"command: clients", &tvstatsv1.SaveStatsRequest{ClientIds: []int32{2, 1}, AsOf: timestamppb.Now()}, nil},
		{"command: client twice", &tvstatsv1.CacheMaxOnlineRequest{ClientIds: []int32{1, 1}}, []string{"client_ids: 1 stands there more than once"}},
		{"command: client negative", &tvstatsv1.CollectDailyStatsRequest{ClientIds: []int32{-1}}, []string{"client_ids: -1, at index 0"}},
		{"command: 1001 clients", &tvstatsv1.SaveStatsRequest{ClientIds: make([]int32, 1001)}, []string{"client_ids: 1001 ids are not allowed"}},
		{"command: as_of", &tvstatsv1.CacheCustomersDynamicRequest{AsOf: &timestamppb.Timestamp{Nanos: -1}}, []string{"as_of: it is no valid"}},
		{"stats: no client", &tvstatsv1.GetStatsRequest{}, []string{"client_id: 0 is not allowed"}},
		{"stats: as_of", &tvstatsv1.GetStatsRequest{ClientId: 1, AsOf: &timestamppb.Timestamp{Nanos: -1}}, []string{"as_of: it is no valid"}},
		{"days", days("2024-02-29", "2024-02-29"), nil},
		{"days: most", days("2016-01-01", "2026-01-07"), nil},
		{"days: too many", days("2016-01-01", "2026-01-08"), []string{"to_day: 3661 days are not allowed; at most 3660 are"}},
		{"days: backwards", days("2026-01-02", "2026-01-01"), []string{"to_day: it is before from_day"}},
		{"days: none", days("", ""), []string{`from_day: "" is no day; it must be YYYY-MM-DD`, `to_day: "" is no day`}},
		{"days: impossible", days("2026-02-30", "2026-3-1"), []string{`from_day: "2026-02-30" is no day`, `to_day: "2026-3-1" is no day`}},
		{"days: year 0", days("0000-12-31", "0001-01-01"), []string{`from_day: "0000-12-31" is no day`}},
		{"days: with a time", days("2026-02-01T00:00:00Z", "2026-03-01"), []string{"from_day: "}},
		{"records: no client", &tvstatsv1.ListDailyStatsRequest{FromDay: "2026-01-01", ToDay: "2026-01-01"}, []string{"client_id: 0 is not allowed"}},
		{"series", validSeries(), nil},
		{"series: nothing set", &seriesRequest{}, []string{
			"client_id: 0 is not allowed", "from: it is missing", "to: it is missing", "granularity: GRANULARITY_UNSPECIFIED is not allowed",
		}},
		{"series: empty", rpctest.Changed(validSeries(), func(r *seriesRequest) { r.To = r.From }), []string{"to: it is not after from"}},
		{"series: unknown granularity", rpctest.Changed(validSeries(), func(r *seriesRequest) { r.Granularity = 4 }), []string{"granularity: 4 is not allowed"}},
		{"series: most points", rpctest.Changed(validSeries(), func(r *seriesRequest) {
			r.To = timestamppb.New(time.Date(2026, 1, 1, 10_000, 0, 0, 0, time.UTC))
		}), nil},
		{"series: too many points", rpctest.Changed(validSeries(), func(r *seriesRequest) {
			r.To = timestamppb.New(time.Date(2026, 1, 1, 10_000, 0, 0, 1, time.UTC))
		}), []string{"to: it is more than 10000 points after from"}},
		{"series: all months there are", rpctest.Changed(validSeries(), func(r *seriesRequest) {
			r.From, r.To = timestamppb.New(time.Time{}), timestamppb.New(time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC))
			r.Granularity = tvstatsv1.Granularity_GRANULARITY_MONTH
		}), []string{"to: it is more than 10000 points after from"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			if invalid := (*fault.Invalid)(nil); errors.As(validate(test.request, time.Now()), &invalid) {
				for _, violation := range invalid.Violations {
					got = append(got, violation.Field+": "+violation.Description)
				}
			}
			if !slices.EqualFunc(got, test.want, strings.HasPrefix) {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}
