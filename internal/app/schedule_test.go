package app

import (
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/jobs"
	"github.com/tvstats/tvstats/internal/rpc/convert"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/store/duckdb"
)

// TestScheduleOfTwoReplicas lets two replicas on one store keep the schedule from before midnight to after one: each job is
// there once, for all clients and as of its time.
func TestScheduleOfTwoReplicas(t *testing.T) {
	t.Parallel()
	db, err := duckdb.Open(t.Context(), duckdb.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // the test is over
	midnight := time.Date(2026, 3, 10, 0, 0, 0, 0, time.UTC)
	log := &rpctest.Log{}
	var stops []func()
	var clocks []*clockwork.FakeClock
	for _, off := range []time.Duration{0, 3 * time.Second} { // clocks are never quite equal
		clock := clockwork.NewFakeClockAt(midnight.Add(off - time.Minute))
		stop, err := keepSchedule(DefaultSchedule, jobs.NewQueue(db, clock, 100), clock, slog.New(slog.NewJSONHandler(log, nil)))
		if err != nil {
			t.Fatal(err)
		}
		stops, clocks = append(stops, stop), append(clocks, clock)
	}
	for _, at := range []time.Duration{0, 5 * time.Minute, time.Hour} {
		for _, clock := range clocks {
			if err := clock.BlockUntilContext(t.Context(), len(DefaultSchedule)); err != nil {
				t.Fatal(err)
			}
			clock.Advance(midnight.Add(at + time.Second).Sub(clock.Now().Truncate(time.Minute)))
		}
	}
	for i, stop := range stops {
		if err := clocks[i].BlockUntilContext(t.Context(), len(DefaultSchedule)); err != nil {
			t.Fatal(err)
		}
		stop()
	}
	const hourly = "cache_customers_dynamic cache_max_online save_stats "
	var ticks []string
	for _, at := range []time.Duration{time.Hour, 5 * time.Minute, 0} {
		ticks = append(ticks, jobsAt(t, db, midnight.Add(at)))
	}
	if want := []string{hourly, "collect_daily_stats ", hourly}; !slices.Equal(ticks, want) {
		t.Errorf("got %q, want %q", ticks, want)
	}
	if all, err := db.Jobs(t.Context(), store.JobQuery{Limit: 100}); err != nil || len(all) != 7 {
		t.Errorf("%d jobs, want 7: %v, %v", len(all), all, err)
	}
	if text := log.String(); text != "" {
		t.Errorf("logged %s", text)
	}
}

// jobsAt names the schedule's entries of a time, and checks their jobs.
func jobsAt(t *testing.T, db store.JobStore, at time.Time) string {
	t.Helper()
	listed, err := db.Jobs(t.Context(), store.JobQuery{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, job := range listed {
		if !job.CreatedAt.Time().Equal(at) {
			continue
		}
		names = append(names, job.Schedule+" ")
		whole, err := db.Job(t.Context(), job.ID)
		if err != nil {
			t.Fatal(err)
		}
		request := &tvstatsv1.StartJobRequest{}
		if err := proto.Unmarshal(whole.Request, request); err != nil {
			t.Fatal(err)
		}
		_, command := convert.CommandOf(request)
		asOf := command.(interface {
			GetClientIds() []int32
			GetAsOf() *timestamppb.Timestamp
		})
		if !asOf.GetAsOf().AsTime().Equal(at) || len(asOf.GetClientIds()) != 0 {
			t.Errorf("%s at %v is to do %v", job.Schedule, at, command)
		}
	}
	slices.Sort(names)
	return strings.Join(names, "")
}
