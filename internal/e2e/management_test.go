package e2e

import (
	"bytes"
	"maps"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/cli"
	"github.com/tvstats/tvstats/internal/commands"
)

// simulated starts a service that holds the viewing of client 1 in the days before the returned time.
func simulated(t *testing.T, boxes, days int) (*testServer, time.Time) {
	t.Helper()
	server, now := start(t), time.Now().UTC().Truncate(time.Second)
	c := &commands.SimulateCommand{
		Streaming: cli.Streaming{Streams: 1, Batch: 1000}, ClientID: 1, Boxes: boxes, Days: days, Seed: 1,
	}
	if err := c.Simulate(t.Context(), server.conn, c.World(now), &bytes.Buffer{}, nowhere(t)); err != nil {
		t.Fatal(err)
	}
	return server, now
}

// shell runs a command line of the program as a shell reads it, against a server, and returns what it prints.
func shell(t *testing.T, server *testServer, line string) (out, complaints string, code int) {
	t.Helper()
	program := programCommand(t.Context(), line)
	command := exec.CommandContext(t.Context(), "sh", "-c", strings.Join(program.Args, " "))
	command.Env = slices.Concat(program.Env, []string{"TVSTATS_SERVER=" + server.address})
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil && command.ProcessState == nil {
		t.Fatal(err)
	}
	return stdout.String(), stderr.String(), command.ProcessState.ExitCode()
}

// examples are the two command lines that operators have in their notes, to the letter after the first word.
const (
	sortingExample   = `create_channel_sorting_by_popularity --client_id=1 --days_number=7 --criterion=watch_time --settings=settings`
	selectionExample = `create_epg_selection_by_popularity --selection_name="Children's cognitive" --client_id=1 --days_number=30 --selection_size=27 --categories=2 --categories=7 --settings=settings`
)

func TestExamplesWorkAsTheyStand(t *testing.T) {
	t.Parallel()
	server, _ := simulated(t, 20, 2)
	for line, parts := range map[string][]string{
		sortingExample:   {"channel sorting ", " of client 1 by watch_time", "rank  no.  channel"},
		selectionExample: {"selection ", `"Children's cognitive" of client 1`, "\n  27  "},
	} {
		out, complaints, code := shell(t, server, line)
		if code != commands.ExitDone || complaints != "note: --settings=settings is ignored\n" {
			t.Errorf("%s: exit code %d: %s", line, code, complaints)
		}
		for _, part := range parts {
			if !strings.Contains(out, part) {
				t.Errorf("%s: lacks %q:\n%s", line, part, out)
			}
		}
	}
}

// TestManagementCommandsStoreWhatTheRPCsStore compares what a command line stores with what the method stores that it
// stands for.
func TestManagementCommandsStoreWhatTheRPCsStore(t *testing.T) {
	t.Parallel()
	server, now := simulated(t, 40, 2)
	end, at := timestamppb.New(now), " --output=json --as_of="+now.Format(time.RFC3339)
	for line, request := range map[string]proto.Message{
		sortingExample: &tvstatsv1.CreateChannelSortingByPopularityRequest{
			ClientIds: []int32{1}, DaysNumber: 7, Criterion: tvstatsv1.Criterion_CRITERION_WATCH_TIME, AsOf: end,
		},
		"create_channel_sorting_by_popularity --client_id=1 --days_number=1 --criterion=average --devices=mag250,android_tv --tariffs=1 --tariffs=2 --accounts_active --min_watch_seconds=60": &tvstatsv1.CreateChannelSortingByPopularityRequest{
			ClientIds: []int32{1}, DaysNumber: 1, Criterion: tvstatsv1.Criterion_CRITERION_AVERAGE_WATCH_TIME,
			Devices: []string{"mag250", "android_tv"}, Tariffs: []int32{1, 2}, AccountsActive: true, MinWatchSeconds: 60, AsOf: end,
		},
		"create_channel_selection_by_popularity --client_id=1 --days_number=2 --criterion=median_watch_time --accounts_active=true --selection_size=5 --selection_name=Best --devices=mag250 --tariffs=1,2,3": &tvstatsv1.CreateChannelSelectionByPopularityRequest{
			ClientId: 1, DaysNumber: 2, Criterion: tvstatsv1.Criterion_CRITERION_MEDIAN_WATCH_TIME, AccountsActive: true,
			SelectionSize: 5, SelectionName: "Best", Devices: []string{"mag250"}, Tariffs: []int32{1, 2, 3}, AsOf: end,
		},
		selectionExample: &tvstatsv1.CreateEpgSelectionByPopularityRequest{
			ClientId: 1, DaysNumber: 30, SelectionName: "Children's cognitive", SelectionSize: 27, Categories: []int32{2, 7}, AsOf: end,
		},
		"create_epg_selection_by_popularity --client_id=1 --days_number=1 --channels=1,2,3 --channels=4 --devices=mag250 --tariffs=1 --min_watch_seconds=60": &tvstatsv1.CreateEpgSelectionByPopularityRequest{
			ClientId: 1, DaysNumber: 1, Channels: []int32{1, 2, 3, 4}, Devices: []string{"mag250"}, Tariffs: []int32{1},
			MinWatchSeconds: 60, AsOf: end,
		},
	} {
		out, complaints, code := shell(t, server, line+at)
		if code != commands.ExitDone {
			t.Errorf("%s: exit code %d: %s", line, code, complaints)
			continue
		}
		want := calledResult(t, server, request)
		printed := want.ProtoReflect().New().Interface()
		if err := protojson.Unmarshal([]byte(out), printed); err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		if got, want := storedRanking(t, server, printed), storedRanking(t, server, want); !proto.Equal(got, want) {
			t.Errorf("%s stored\n%v\nwant\n%v", line, got, want)
		}
	}
}

// TestDynamicsCommandsKeepWhatTheRPCsKeep runs each command, then the method that it stands for: that finds all fresh which
// the command has computed.
func TestDynamicsCommandsKeepWhatTheRPCsKeep(t *testing.T) {
	t.Parallel()
	server, now := simulated(t, 20, 2)
	methods, end := tvstatsv1.NewSubscriberDynamicsClient(server.conn), timestamppb.New(now)
	for name, method := range map[string]func() (computed, fresh int32, err error){
		"cache_max_online": func() (int32, int32, error) {
			r, err := methods.CacheMaxOnline(t.Context(), &tvstatsv1.CacheMaxOnlineRequest{ClientIds: []int32{1}, AsOf: end})
			return r.GetDaysComputed(), r.GetDaysFresh(), err
		},
		"save_stats": func() (int32, int32, error) {
			r, err := methods.SaveStats(t.Context(), &tvstatsv1.SaveStatsRequest{ClientIds: []int32{1}, AsOf: end})
			return r.GetSnapshotsComputed(), r.GetSnapshotsFresh(), err
		},
		"collect_daily_stats": func() (int32, int32, error) {
			r, err := methods.CollectDailyStats(t.Context(), &tvstatsv1.CollectDailyStatsRequest{ClientIds: []int32{1}, AsOf: end})
			return r.GetDaysComputed(), r.GetDaysFresh(), err
		},
		"cache_customers_dynamic": func() (int32, int32, error) {
			r, err := methods.CacheCustomersDynamic(t.Context(), &tvstatsv1.CacheCustomersDynamicRequest{ClientIds: []int32{1}, AsOf: end})
			return r.GetHoursComputed(), r.GetHoursFresh(), err
		},
	} {
		out, complaints, code := shell(t, server, name+" --client_id=1 --settings=settings --as_of="+now.Format(time.RFC3339))
		done := regexp.MustCompile(`^clients +1\n(?:days|hours|snapshots) computed +([1-9][0-9,]*)\n(?:days|hours|snapshots) fresh +0\n$`).FindStringSubmatch(out)
		if code != commands.ExitDone || done == nil {
			t.Errorf("%s: exit code %d: %s%s", name, code, out, complaints)
			continue
		}
		computed, fresh, err := method()
		if err != nil || computed != 0 || cli.Count(int64(fresh)) != done[1] {
			t.Errorf("%s computed %s; the method then computed %d and found %d fresh, %v", name, done[1], computed, fresh, err)
		}
	}
}

// TestManagementCommandsInTheBackground has a job do what the command would do itself.
func TestManagementCommandsInTheBackground(t *testing.T) {
	t.Parallel()
	server, now := simulated(t, 20, 1)
	line := sortingExample + " --as_of=" + now.Format(time.RFC3339)
	direct, complaints, code := shell(t, server, line)
	if code != commands.ExitDone {
		t.Fatalf("exit code %d: %s", code, complaints)
	}
	waited, complaints, code := shell(t, server, line+" --async --wait")
	if code != commands.ExitDone || stable(waited) != stable(direct) || !regexp.MustCompile(`job \S+ succeeded\n$`).MatchString(complaints) {
		t.Errorf("exit code %d: %s%s", code, waited, complaints)
	}
	for _, command := range []string{"cache_max_online", "save_stats", "collect_daily_stats", "cache_customers_dynamic"} {
		out, complaints, code := shell(t, server, command+" --wait --client_id=1")
		if code != commands.ExitDone || !strings.HasPrefix(out, "clients ") || !strings.Contains(complaints, " succeeded\n") {
			t.Errorf("%s: exit code %d: %s%s", command, code, out, complaints)
		}
	}
	out, complaints, code := shell(t, server, line+" --async")
	id := strings.TrimSpace(out)
	job, err := tvstatsv1.NewJobsClient(server.conn).GetJob(t.Context(), &tvstatsv1.GetJobRequest{JobId: id})
	if code != commands.ExitDone || err != nil || job.Job.Method != "CreateChannelSortingByPopularity" {
		t.Errorf("exit code %d: %q%s is %v, %v", code, out, complaints, job, err)
	}
	_, complaints, code = shell(t, server, "create_epg_selection_by_popularity --client_id=2 --days_number=1 --wait")
	if code != commands.ExitRefused || !strings.Contains(complaints, "client 2: not found") {
		t.Errorf("exit code %d: %s", code, complaints)
	}
}

// calledResult is the response of a request's method.
func calledResult(t *testing.T, server *testServer, request proto.Message) proto.Message {
	t.Helper()
	var answer proto.Message
	var err error
	switch r := request.(type) {
	case *tvstatsv1.CreateChannelSortingByPopularityRequest:
		answer, err = server.CreateChannelSortingByPopularity(t.Context(), r)
	case *tvstatsv1.CreateChannelSelectionByPopularityRequest:
		answer, err = server.CreateChannelSelectionByPopularity(t.Context(), r)
	case *tvstatsv1.CreateEpgSelectionByPopularityRequest:
		answer, err = server.CreateEpgSelectionByPopularity(t.Context(), r)
	case *tvstatsv1.CacheMaxOnlineRequest:
		answer, err = server.CacheMaxOnline(t.Context(), r)
	case *tvstatsv1.SaveStatsRequest:
		answer, err = server.SaveStats(t.Context(), r)
	case *tvstatsv1.CollectDailyStatsRequest:
		answer, err = server.CollectDailyStats(t.Context(), r)
	case *tvstatsv1.CacheCustomersDynamicRequest:
		answer, err = server.CacheCustomersDynamic(t.Context(), r)
	}
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// storedRanking reads back the one ranking of a response, and leaves out what differs between two equal ones.
func storedRanking(t *testing.T, server *testServer, answer proto.Message) proto.Message {
	t.Helper()
	if r, ok := answer.(*tvstatsv1.CreateChannelSortingByPopularityResponse); ok {
		stored, err := server.GetChannelSorting(t.Context(), &tvstatsv1.GetChannelSortingRequest{SortingId: r.Sortings[0].SortingId})
		if err != nil {
			t.Fatal(err)
		}
		stored.Sorting.SortingId, stored.Sorting.CreatedAt = "", nil
		return stored.Sorting
	}
	id := answer.(interface{ GetSelection() *tvstatsv1.Selection }).GetSelection().SelectionId
	stored, err := server.GetSelection(t.Context(), &tvstatsv1.GetSelectionRequest{SelectionId: id})
	if err != nil {
		t.Fatal(err)
	}
	stored.Selection.SelectionId, stored.Selection.CreatedAt = "", nil
	return stored.Selection
}

// flagsOfOld are the flags that cron lines may have, for each command.
var flagsOfOld = map[string][]string{
	"create_channel_sorting_by_popularity":   {"client_id", "days_number", "criterion", "devices", "tariffs", "accounts_active", "settings"},
	"create_channel_selection_by_popularity": {"client_id", "days_number", "criterion", "devices", "tariffs", "accounts_active", "selection_size", "selection_name", "settings"},
	"create_epg_selection_by_popularity":     {"client_id", "days_number", "devices", "tariffs", "categories", "channels", "selection_size", "selection_name", "settings"},
	"cache_max_online":                       {"client_id", "settings"},
	"save_stats":                             {"client_id", "settings"},
	"collect_daily_stats":                    {"client_id", "settings"},
	"cache_customers_dynamic":                {"client_id", "settings"},
}

// flagsAdded are the flags that every management command has besides.
var flagsAdded = []string{"server", "token", "tls-ca", "as_of", "async", "wait", "output"}

// TestManagementHelpHasEveryFlag holds the flags to the lists above, and the help to the flags.
func TestManagementHelpHasEveryFlag(t *testing.T) {
	t.Parallel()
	known := map[string]*kong.Node{}
	for _, node := range commands.NewParser(&commands.Program{}).Model.Leaves(false) {
		known[node.Name] = node
	}
	for name, old := range flagsOfOld {
		node := known[name]
		if node == nil {
			t.Errorf("there is no command %s", name)
			continue
		}
		help, err := programCommand(t.Context(), name, "--help").Output()
		if err != nil {
			t.Fatal(err)
		}
		flags := map[string]string{}
		for _, flag := range node.Flags {
			flags[flag.Name] = flag.Help
			if flag.Help == "" || !strings.Contains(string(help), "--"+flag.Name) {
				t.Errorf("%s: the help lacks --%s", name, flag.Name)
			}
		}
		for _, flag := range slices.Concat(old, flagsAdded) {
			if _, ok := flags[flag]; !ok {
				t.Errorf("%s has no flag --%s but %q", name, flag, slices.Sorted(maps.Keys(flags)))
			}
		}
	}
}

// TestExitCodes: 0 done, 1 refused, 2 wrong usage with the command's own help.
func TestExitCodes(t *testing.T) {
	t.Parallel()
	server := start(t)
	for line, want := range map[string]struct {
		code int
		says []string
	}{
		"create_channel_sorting_by_popularity --help": {commands.ExitDone, nil},
		sortingExample: {commands.ExitRefused, []string{"client 1: not found; a client exists from its first accepted view event or Sync on (NotFound)"}},
		"create_epg_selection_by_popularity --client_id=1 --days_number=0": {commands.ExitRefused, []string{"days_number: 0 is not allowed; it must be 1 to 3660 (InvalidArgument)"}},
		"create_epg_selection_by_popularity --client_id=1 --days=7":        {commands.ExitWrongUsage, []string{"tvstats: unknown flag --days, did you mean", "See tvstats create_epg_selection_by_popularity --help.\n"}},
		"create_channel_sorting_by_popularity --client_id=1": {commands.ExitWrongUsage, []string{"tvstats: missing flags: --criterion=CRITERION, --days_number=DAYS\n  --criterion=CRITERION\n      What to rank by: ",
			"  --days_number=DAYS\n      Length of the window", "See tvstats create_channel_sorting_by_popularity --help.\n"}},
		"creat_channel_sorting_by_popularity": {commands.ExitWrongUsage, []string{`tvstats: there is no command "creat_channel_sorting_by_popularity", did you mean "create_channel_sorting_by_popularity"?`}},
		"save_stats -client-id one":           {commands.ExitWrongUsage, []string{"tvstats: --client_id", "  --client_id=ID,...\n      Operators to do it for"}},
	} {
		_, complaints, code := shell(t, server, line)
		if code != want.code {
			t.Errorf("%s: exit code %d, want %d: %s", line, code, want.code, complaints)
		}
		for _, part := range want.says {
			if !strings.Contains(complaints, part) {
				t.Errorf("%s: the complaint lacks %q: %s", line, part, complaints)
			}
		}
	}
}
