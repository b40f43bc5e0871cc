package e2e

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
)

// audienceWorld is a random world that ends after a change of the clock of its time zone, with a client for asking about it.
type audienceWorld struct {
	*world
	*rand.Rand
	tvstatsv1.AudienceClient
	zone *time.Location
}

// audienceWorlds have days of 23, 24 and 25 hours, and hours that begin at half past those of UTC.
func audienceWorlds(t *testing.T, test func(t *testing.T, w *audienceWorld)) {
	t.Helper()
	server := start(t)
	for i, c := range []struct{ zone, end string }{
		{"Europe/Riga", "2025-03-31T20:00:00Z"}, {"Europe/Riga", "2025-10-28T09:30:00Z"},
		{"America/New_York", "2025-11-04T01:00:00Z"}, {"Asia/Kolkata", "2026-01-01T12:00:00Z"},
	} {
		t.Run(fmt.Sprint(c.zone, " until ", c.end), func(t *testing.T) {
			t.Parallel()
			end, err := time.Parse(time.RFC3339, c.end)
			if err != nil {
				t.Fatal(err)
			}
			zone, err := time.LoadLocation(c.zone)
			if err != nil {
				t.Fatal(err)
			}
			r := rand.New(rand.NewPCG(uint64(i), 15))
			w := &audienceWorld{randomWorld(r, int32(i+1), end), r, tvstatsv1.NewAudienceClient(server.conn), zone}
			for _, account := range w.accounts {
				account.Excluded = r.IntN(5) == 0
			}
			if i%2 == 1 {
				w.policy = &tvstatsv1.MeasurementPolicy{MaxSessionSeconds: 3000, MinSessionSeconds: 60}
			}
			pushWorld(t, server.address, w.world)
			pushRequest(t, server.address, &tvstatsv1.SyncRequest{ClientId: w.clientID, Accounts: []*tvstatsv1.Account{{
				AccountId: 99, Active: true, Tariffs: []int32{1, 2, 3}, RegisteredAt: timestamppb.New(w.start),
				ChangedAt: timestamppb.New(time.Now().Add(time.Hour)), // nothing is known of it before
			}}})
			pushRequest(t, server.address, &tvstatsv1.SyncRequest{ClientId: w.clientID, Client: &tvstatsv1.Client{TimeZone: c.zone}})
			stream(t, server.address, w.events, 100)
			test(t, w)
		})
	}
}

// span is a random one, with ends of which some are full hours of UTC.
func (w *audienceWorld) span() (from, to *timestamppb.Timestamp) {
	instants := make([]time.Time, 2)
	for i := range instants {
		instants[i] = w.start.Add(time.Duration(w.Int64N(int64(w.days)*86_400_000)) * time.Millisecond)
		if w.IntN(2) == 0 {
			instants[i] = instants[i].Truncate(time.Hour)
		}
	}
	slices.SortFunc(instants, time.Time.Compare)
	return timestamppb.New(instants[0]), timestamppb.New(instants[1].Add(time.Millisecond))
}

func (w *audienceWorld) filter() *tvstatsv1.ViewingFilter {
	f := &tvstatsv1.ViewingFilter{AccountsActive: w.IntN(4) == 0}
	switch w.IntN(6) {
	case 0:
		f.Devices, f.MinWatchSeconds = []string{"mag250", "web"}, 60
	case 1:
		f.Tariffs, f.Categories = randomIDs(w.Rand, 3, 5), randomIDs(w.Rand, 2, 3)
	case 2:
		f.Channels = randomIDs(w.Rand, 6, 12)
	case 3:
		f.Modes = []tvstatsv1.ViewMode{tvstatsv1.ViewMode_VIEW_MODE_UNSPECIFIED, tvstatsv1.ViewMode_VIEW_MODE_CATCHUP}[:1+w.IntN(2)]
	case 4:
		return nil
	}
	return f
}

var audienceDivisions = [][]tvstatsv1.Dimension{
	{},
	{tvstatsv1.Dimension_DIMENSION_CHANNEL},
	{tvstatsv1.Dimension_DIMENSION_CHANNEL, tvstatsv1.Dimension_DIMENSION_DAY},
	{tvstatsv1.Dimension_DIMENSION_CATEGORY, tvstatsv1.Dimension_DIMENSION_TARIFF},
	{tvstatsv1.Dimension_DIMENSION_CATEGORY, tvstatsv1.Dimension_DIMENSION_CHANNEL, tvstatsv1.Dimension_DIMENSION_WEEK},
	{tvstatsv1.Dimension_DIMENSION_DEVICE, tvstatsv1.Dimension_DIMENSION_MODE, tvstatsv1.Dimension_DIMENSION_MONTH},
	{tvstatsv1.Dimension_DIMENSION_HOUR},
	{tvstatsv1.Dimension_DIMENSION_HOUR, tvstatsv1.Dimension_DIMENSION_TARIFF},
	{tvstatsv1.Dimension_DIMENSION_HOUR_OF_DAY},
	{tvstatsv1.Dimension_DIMENSION_DAY_OF_WEEK, tvstatsv1.Dimension_DIMENSION_HOUR_OF_DAY, tvstatsv1.Dimension_DIMENSION_DEVICE},
	{tvstatsv1.Dimension_DIMENSION_DAY_OF_WEEK},
}

// request is a random division.
func (w *audienceWorld) request() *tvstatsv1.GetAudienceRequest {
	q := &tvstatsv1.GetAudienceRequest{
		ClientId: w.clientID, GroupBy: audienceDivisions[w.IntN(len(audienceDivisions))], Filter: w.filter(),
		Calendar:     []tvstatsv1.Calendar{tvstatsv1.Calendar_CALENDAR_CLIENT, tvstatsv1.Calendar_CALENDAR_UTC}[w.IntN(2)],
		ReachSeconds: []int64{0, 1, 600, 7200}[w.IntN(4)], PageSize: []int32{0, 40, 1000}[w.IntN(3)],
		OrderBy: tvstatsv1.Metric(w.IntN(9)),
	}
	q.From, q.To = w.span()
	return q
}

// location is the zone by whose clock the request divides time.
func (w *audienceWorld) location(q *tvstatsv1.GetAudienceRequest) *time.Location {
	if q.Calendar == tvstatsv1.Calendar_CALENDAR_CLIENT {
		return w.zone
	}
	return time.UTC
}

// all returns the first page with the rows of all pages.
func (w *audienceWorld) all(t *testing.T, q *tvstatsv1.GetAudienceRequest) *tvstatsv1.GetAudienceResponse {
	t.Helper()
	first, err := w.GetAudience(rpctest.Context(t), q)
	if err != nil {
		t.Fatal(err)
	}
	for token := first.NextPageToken; token != ""; {
		q = proto.CloneOf(q)
		q.PageToken = token
		page, err := w.GetAudience(rpctest.Context(t), q)
		if err != nil {
			t.Fatal(err)
		}
		if !proto.Equal(page.Total, first.Total) {
			t.Fatalf("%v: the total changed from %v to %v", q, first.Total, page.Total)
		}
		first.Rows, token = append(first.Rows, page.Rows...), page.NextPageToken
	}
	return first
}

// keysOnly is the row without figures.
func keysOnly(r *tvstatsv1.AudienceRow) string {
	keys := &tvstatsv1.AudienceRow{
		ChannelId: r.ChannelId, CategoryId: r.CategoryId, TariffId: r.TariffId, Device: r.Device, Mode: r.Mode, PeriodStart: r.PeriodStart,
		HourOfDay: r.HourOfDay, DayOfWeek: r.DayOfWeek,
	}
	return keys.String()
}

// TestAudienceEqualsBruteForce requests random divisions of random worlds: every figure of every row is what brute force finds, and
// the rows are in the order that was requested.
func TestAudienceEqualsBruteForce(t *testing.T) {
	t.Parallel()
	audienceWorlds(t, func(t *testing.T, w *audienceWorld) {
		for range 12 {
			q := w.request()
			got := w.all(t, q)
			want, _ := w.rows(q, w.location(q))
			if len(got.Rows) != len(want) {
				t.Fatalf("%v: %d rows, want %d", protojson.Format(q), len(got.Rows), len(want))
			}
			for _, row := range got.Rows {
				if !sameRow(row, findRow(want, row)) {
					t.Fatalf("%s:\n got %v\nwant %v", protojson.Format(q), row, findRow(want, row))
				}
			}
			wantOrder(t, q, got.Rows)
			q.GroupBy = nil
			total, _ := w.rows(q, w.location(q))
			for _, row := range total { // none where there is no viewing
				if !sameRow(got.Total, row) {
					t.Fatalf("%v:\n got total %v\nwant %v", q, got.Total, row)
				}
			}
			cut := got.Total.WatchSecondsReported - got.Total.WatchSeconds
			if got.Universe != w.universe(q) || got.Coverage != tvstatsv1.Coverage_COVERAGE_COMPLETE ||
				got.CutSeconds < cut-1 || got.CutSeconds > cut+1 || got.PolicyRevision != w.policyRevision() {
				t.Fatalf("%v: got %v, want a universe of %d, complete, cut by %d", q, got, w.universe(q), cut)
			}
		}
	})
}

func findRow(rows map[string]*tvstatsv1.AudienceRow, row *tvstatsv1.AudienceRow) *tvstatsv1.AudienceRow {
	for _, other := range rows {
		if keysOnly(other) == keysOnly(row) {
			return other
		}
	}
	return nil
}

// sameRow allows floating point numbers to differ in their last digits.
func sameRow(a, b *tvstatsv1.AudienceRow) bool {
	if a == nil || b == nil {
		return false
	}
	a, b = proto.CloneOf(a), proto.CloneOf(b)
	for _, pair := range [][2]*float64{{&a.AverageAudience, &b.AverageAudience}, {&a.Share, &b.Share}, {&a.Rating, &b.Rating}} {
		if !near(*pair[0], *pair[1]) {
			return false
		}
		*pair[0] = *pair[1]
	}
	return proto.Equal(a, b)
}

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-9*max(1, math.Abs(a)) }

// wantOrder holds rows to the order of the request.
func wantOrder(t *testing.T, q *tvstatsv1.GetAudienceRequest, rows []*tvstatsv1.AudienceRow) {
	t.Helper()
	metric := func(r *tvstatsv1.AudienceRow) float64 {
		return []float64{
			0, float64(r.WatchSeconds), float64(r.WatchSecondsReported), float64(r.WatchSessions), float64(r.Accounts), float64(r.Reach),
			r.AverageAudience, r.Share, r.Rating,
		}[q.OrderBy]
	}
	key := func(r *tvstatsv1.AudienceRow) (keys []string) {
		for _, d := range q.GroupBy {
			text, known := map[tvstatsv1.Dimension]string{
				tvstatsv1.Dimension_DIMENSION_CHANNEL: fmt.Sprintf("%03d", r.ChannelId), tvstatsv1.Dimension_DIMENSION_CATEGORY: fmt.Sprint(r.CategoryId),
				tvstatsv1.Dimension_DIMENSION_TARIFF: fmt.Sprint(r.TariffId), tvstatsv1.Dimension_DIMENSION_DEVICE: r.Device,
				tvstatsv1.Dimension_DIMENSION_MODE: fmt.Sprint(int(r.Mode)), tvstatsv1.Dimension_DIMENSION_HOUR_OF_DAY: fmt.Sprintf("%02d", r.HourOfDay),
				tvstatsv1.Dimension_DIMENSION_DAY_OF_WEEK: fmt.Sprint(r.DayOfWeek),
			}[d]
			if !known {
				text = r.PeriodStart.AsTime().Format(time.RFC3339)
			}
			keys = append(keys, text)
		}
		return keys
	}
	if !slices.IsSortedFunc(rows, func(a, b *tvstatsv1.AudienceRow) int {
		return cmp.Or(cmp.Compare(metric(b), metric(a)), slices.Compare(key(a), key(b)))
	}) {
		t.Fatalf("%v: not in order: %v", q, rows)
	}
}

// TestAudienceIdentities: hours add up to days within a second a cell, average audience times length is watch time, and the shares of
// all channels are 100.
func TestAudienceIdentities(t *testing.T) {
	t.Parallel()
	audienceWorlds(t, func(t *testing.T, w *audienceWorld) {
		q := &tvstatsv1.GetAudienceRequest{ClientId: w.clientID, Calendar: tvstatsv1.Calendar_CALENDAR_CLIENT, PageSize: 1000}
		q.From, q.To = timestamppb.New(w.start), timestamppb.New(w.start.Add(time.Duration(w.days)*24*time.Hour))
		sums := map[tvstatsv1.Dimension]int64{}
		for _, d := range []tvstatsv1.Dimension{tvstatsv1.Dimension_DIMENSION_HOUR, tvstatsv1.Dimension_DIMENSION_DAY, tvstatsv1.Dimension_DIMENSION_CHANNEL} {
			q.GroupBy = []tvstatsv1.Dimension{d}
			all := w.all(t, q)
			_, lengths := w.rows(q, w.zone)
			var shares float64
			for _, row := range all.Rows {
				sums[d] += row.WatchSeconds
				shares += row.Share
				if length := lengths[keysOnly(row)].Seconds(); math.Abs(row.AverageAudience*length-float64(row.WatchSeconds)) > 1 {
					t.Errorf("%v lasts %f s", row, length)
				}
			}
			if missed := all.Total.WatchSeconds - sums[d]; missed < 0 || missed > int64(len(all.Rows)) {
				t.Errorf("by %v %d of %d seconds", d, sums[d], all.Total.WatchSeconds)
			}
			if d == tvstatsv1.Dimension_DIMENSION_CHANNEL && !near(shares, 100) {
				t.Errorf("the shares of all channels are %f", shares)
			}
		}
	})
}
