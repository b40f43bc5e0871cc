package e2e

import (
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/app"
	"github.com/tvstats/tvstats/internal/cli"
	"github.com/tvstats/tvstats/internal/commands"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
	"github.com/tvstats/tvstats/internal/store/mongolog/mongotest"
)

// rarely is a schedule that starts nothing while a test runs.
const rarely = "cache_customers_dynamic=off;save_stats=off;cache_max_online=0 3 29 2 *;collect_daily_stats=5 0 1 * *"

// TestStatus holds what the service says of its store and schedule to /metrics and to the calendar, and the page to that, on either store.
func TestStatus(t *testing.T) {
	t.Parallel()
	began := time.Now().Add(-time.Second)
	scheduled := func(c *app.Config) { c.Schedule = rarely }
	embedded := start(t, scheduled)
	stream(t, embedded.address, rpctest.Events(100).GetEvents(), 100)
	if status := embedded.wantStatus(t); status.StoreKind != tvstatsv1.StoreKind_STORE_KIND_EMBEDDED || status.Replica != nil {
		t.Errorf("the embedded store is %v", status)
	}
	uri := app.Secret(mongotest.URI(t))
	runMigrate(t, &commands.MigrateCommand{MongoDB: app.MongoDB{MongodbURI: uri}})
	restore := commands.RestoreCommand{MongoDB: app.MongoDB{MongodbURI: uri}, File: backUp(t, embedded.address)}
	if err := restore.Restore(t.Context(), io.Discard); err != nil {
		t.Fatal(err)
	}
	replicated := start(t, scheduled, func(c *app.Config) { c.MongodbURI = uri })
	stream(t, replicated.address, rpctest.Events(10).GetEvents(), 10)
	status := replicated.wantStatus(t)
	of := status.GetReplica()
	if status.StoreKind != tvstatsv1.StoreKind_STORE_KIND_MONGODB || of.GetCheckpointEntry() < 1 || of.GetAppliedEntry() <= of.GetCheckpointEntry() ||
		of.GetLogEntries() < 1 || of.GetLogBytes() < 1 || of.GetLagSeconds() < 0 || of.GetLagSeconds() > 30 {
		t.Errorf("the replica is %v", status)
	}
	if at := of.GetCheckpointAt().AsTime(); at.Before(began) || at.After(time.Now()) {
		t.Errorf("its checkpoint, which was made by this test, is of %v", at)
	}
	for _, s := range []*testServer{embedded, replicated} {
		startBrowser(t, s.web).wantStatus(t, s)
	}
}

func (s *testServer) status(t *testing.T) *tvstatsv1.GetStatusResponse {
	t.Helper()
	status, err := tvstatsv1.NewOperationClient(s.conn).GetStatus(rpctest.Context(t), &tvstatsv1.GetStatusRequest{})
	if err != nil {
		t.Fatal(err)
	}
	return status
}

// mayBeZero are the gauges that wantStatus does not expect to be more.
var mayBeZero = map[string]bool{"tvstats_replica_behind_entries": true, "tvstats_devices_playing": true, "tvstats_devices_silent": true}

// wantStatus returns the status, which agrees with what /metrics says before and after.
func (s *testServer) wantStatus(t *testing.T) *tvstatsv1.GetStatusResponse {
	t.Helper()
	names := []string{"tvstats_store_bytes", "tvstats_reports_accepted_total", "tvstats_devices_playing", "tvstats_devices_silent"}
	if s.status(t).Replica != nil {
		names = append(names, "tvstats_log_entries", "tvstats_log_bytes", "tvstats_replica_copy_bytes", "tvstats_replica_behind_entries")
	}
	before := s.gauges(t, names)
	for ctx := rpctest.Context(t); ctx.Err() == nil; {
		status := s.status(t)
		after := s.gauges(t, names)
		if !maps.Equal(before, after) { // a file has grown meanwhile
			before = after
			continue
		}
		of := status.GetReplica()
		got := []int64{status.StoreBytes, status.AcceptedReports, status.PlayingDevices, status.SilentDevices, of.GetLogEntries(), of.GetLogBytes(), of.GetCopyBytes(), of.GetBehindEntries()}
		for i, name := range names {
			if got[i] != after[name] || !mayBeZero[name] && got[i] == 0 {
				t.Errorf("the status says %d, %s is %d", got[i], name, after[name])
			}
		}
		wantSchedule(t, status.Schedule)
		return status
	}
	t.Fatal("the store changes all the time")
	return nil
}

// gauges are those metrics of /metrics.
func (s *testServer) gauges(t *testing.T, names []string) map[string]int64 {
	t.Helper()
	found := map[string]int64{}
	for line := range strings.Lines(scrape(t, s)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if !slices.Contains(names, name) {
			continue
		}
		number, err := strconv.ParseFloat(value, 64)
		if err != nil {
			t.Fatal(err)
		}
		found[name] = int64(number)
	}
	if len(found) != len(names) {
		t.Fatalf("of %v /metrics has %v", names, found)
	}
	return found
}

// wantSchedule goes through the days to come for the times of rarely.
func wantSchedule(t *testing.T, schedule []*tvstatsv1.ScheduleEntry) {
	t.Helper()
	next := func(at time.Duration, fits func(time.Time) bool) time.Time {
		now := time.Now().UTC()
		day := now.Truncate(24 * time.Hour)
		for !fits(day) || !day.Add(at).After(now) {
			day = day.AddDate(0, 0, 1)
		}
		return day.Add(at)
	}
	leap := next(3*time.Hour, func(day time.Time) bool { return day.Month() == time.February && day.Day() == 29 })
	first := next(5*time.Minute, func(day time.Time) bool { return day.Day() == 1 })
	if len(schedule) != 2 || schedule[0].Name != "cache_max_online" || schedule[0].Cron != "0 3 29 2 *" || !schedule[0].NextAt.AsTime().Equal(leap) ||
		schedule[1].Name != "collect_daily_stats" || schedule[1].Cron != "5 0 1 * *" || !schedule[1].NextAt.AsTime().Equal(first) {
		t.Errorf("the schedule is %v, want %v and %v", schedule, leap, first)
	}
}

// wantStatus holds the page Operation to the API.
func (b *browser) wantStatus(t *testing.T, s *testServer) {
	t.Helper()
	before := shownStatus(s.status(t))
	b.open(t, "operation?lang=en", 1280)
	says := map[string]string{}
	for _, row := range b.rows(t, "Store") {
		says[row[0]] = plainSpaces(row[1])
	}
	after := shownStatus(s.status(t))
	for part, want := range after {
		if got := says[part]; got != want && got != before[part] {
			t.Errorf("%s: the page says %q, the API %q", part, got, want)
		}
	}
	if len(says) != len(after) {
		t.Errorf("the page says %v, the API %v", says, after)
	}
	schedule, entries := b.rows(t, "Schedule"), s.status(t).Schedule
	for i, entry := range entries {
		if i >= len(schedule) || schedule[i][0] != entry.Name || schedule[i][4] != entry.Cron || plainSpaces(schedule[i][5]) != onPage(entry.NextAt.AsTime()) {
			t.Errorf("the page says %v, the API %v", schedule, entry)
		}
	}
	b.check(t, "the status", axe(t))
}

// shownStatus is what the page shows of a status, by its labels.
func shownStatus(status *tvstatsv1.GetStatusResponse) map[string]string {
	shown := map[string]string{"The data is in": "the embedded store", "Size on disk, bytes": cli.Count(status.StoreBytes)}
	if of := status.Replica; of != nil {
		maps.Copy(shown, map[string]string{
			"The data is in":                          "a log in MongoDB",
			"Last entry of the log applied here":      cli.Count(int64(of.AppliedEntry)),
			"Entries read and not applied yet":        cli.Count(of.BehindEntries),
			"Behind the log, seconds":                 cli.Count(of.LagSeconds),
			"Entries of the log since the checkpoint": cli.Count(of.LogEntries),
			"Size of these entries, bytes":            cli.Count(of.LogBytes),
			"Size of the copy here, bytes":            cli.Count(of.CopyBytes),
			"Newest checkpoint (UTC)":                 onPage(of.CheckpointAt.AsTime()),
			"Last entry in the checkpoint":            cli.Count(int64(of.CheckpointEntry)),
		})
	}
	return shown
}

func onPage(at time.Time) string { return at.Format("Jan 2, 2006, 3:04 PM") }

// plainSpaces makes one space of each other kind: the one before PM is narrow in some browsers.
func plainSpaces(text string) string { return strings.Join(strings.Fields(text), " ") }
