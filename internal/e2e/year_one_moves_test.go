package e2e

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/app"
	"github.com/tvstats/tvstats/internal/commands"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
	"github.com/tvstats/tvstats/internal/store/mongolog/mongotest"
)

// mostOfYearOne is far more than a file with the data of two days takes, and less than a few bytes for each day since year 1.
const mostOfYearOne = 400_000

// TestYearOneJobs: as a job every command does what its data costs, of year 1 and of now.
func TestYearOneJobs(t *testing.T) {
	t.Parallel()
	now := time.Now().UTC()
	s := startYearOne(t, now)
	for _, asOf := range []time.Time{firstOfAll.AddDate(0, 0, 28), now} {
		for _, command := range everyCommand(timestamppb.New(asOf)) {
			job := watchJob(t, s, startJob(t, s, command).GetJobId(), untilEnd)
			if job.GetState() != tvstatsv1.JobState_JOB_STATE_SUCCEEDED {
				t.Fatalf("as of %s: %v", asOf, job)
			}
			computed := int32(0)
			switch done := answerOf(job).(type) {
			case *tvstatsv1.CacheMaxOnlineResponse:
				computed = done.DaysComputed
			case *tvstatsv1.SaveStatsResponse:
				computed = done.SnapshotsComputed
			case *tvstatsv1.CollectDailyStatsResponse:
				computed = done.DaysComputed
			case *tvstatsv1.CacheCustomersDynamicResponse:
				computed = done.HoursComputed
			}
			if computed > 3 {
				t.Errorf("as of %s: %d figures were computed: %v", asOf, computed, job)
			}
		}
	}
}

// TestYearOneFiles: viewing of year 1 comes from a file and goes into one, with a row for each period of the request.
func TestYearOneFiles(t *testing.T) {
	t.Parallel()
	now := time.Now().UTC()
	s := startYearOne(t, now)
	file := writeFile(t, "account_id,channel_id,started_at,watched_seconds\n5,2,0001-01-05T20:00:00Z,60\n5,2,"+
		now.Add(-time.Hour).Format(time.RFC3339)+",60\n")
	if out, complaints, code := shell(t, s, "import viewing "+file+" --client-id=1 --device=stb"); code != commands.ExitDone || !strings.Contains(out, "  accepted 2\n") {
		t.Fatalf("exit code %d: %s%s", code, out, complaints)
	}
	_, err := s.CreateChannelSortingByPopularity(rpctest.Context(t), &tvstatsv1.CreateChannelSortingByPopularityRequest{
		ClientIds: []int32{1}, DaysNumber: 3, Criterion: tvstatsv1.Criterion_CRITERION_MEDIAN_WATCH_TIME,
		AsOf: timestamppb.New(firstOfAll.AddDate(0, 0, 2)),
	})
	if err != nil {
		t.Fatal(err)
	}
	atMostThree(t, s, "after an import", now)
	for line, want := range map[string]int{
		"export sorting": 2, "export daily-stats --from=0001-01-01 --to=0001-01-07": 3, "export dynamics --granularity=day --from=0001-01-01 --to=0001-01-07": 7,
		"export dynamics --granularity=month --from=0001-01-01 --to=0001-12-31": 12,
	} {
		if rows := strings.Count(exportOne(t, s, line), "\n") - 1; rows != want {
			t.Errorf("%s: %d rows, want %d", line, rows, want)
		}
	}
}

// TestYearOneMoves backs up, restores, and copies into MongoDB and back: each file and store is as small as its data, and works.
func TestYearOneMoves(t *testing.T) {
	t.Parallel()
	now := time.Now().UTC()
	s := startYearOne(t, now)
	atMostThree(t, s, "at first", now)
	file := backUp(t, s.address)
	if info, err := os.Stat(file); err != nil || info.Size() > mostOfYearOne {
		t.Errorf("the backup is %v, error %v", info, err)
	}
	dir, err := restored(t, file)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	atMostThree(t, start(t, yearOne, func(cfg *app.Config) { cfg.DataDir = dir }), "after a restore", now)

	uri, back := mongotest.URI(t), t.TempDir()
	runMigrate(t, &commands.MigrateCommand{MongoDB: app.MongoDB{MongodbURI: app.Secret(uri)}})
	for _, ends := range []commands.CopyCommand{{From: s.dir, To: uri}, {From: uri, To: back}} {
		var out bytes.Buffer
		if err := ends.Copy(rpctest.Context(t), &out, os.Stderr); err != nil {
			t.Fatalf("copy from %s to %s: %v", ends.From, ends.To, err)
		}
	}
	copied := start(t, yearOne, func(cfg *app.Config) { cfg.DataDir = back })
	atMostThree(t, copied, "after a copy", now)
	readYearOne(t, copied)
}
