package e2e

import (
	"strings"
	"testing"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/commands"
)

// TestLookingAfterJobsAndResults lists, shows, watches, cancels and deletes what a client has.
func TestLookingAfterJobsAndResults(t *testing.T) {
	t.Parallel()
	server := start(t)
	pushAll(t, server, &tvstatsv1.SyncRequest{ClientId: 1, Channels: []*tvstatsv1.Channel{{ChannelId: 10, Name: "News\x1b[2J", Number: 1}}})
	must := func(line string) string {
		t.Helper()
		out, complaints, code := shell(t, server, line)
		if code != commands.ExitDone {
			t.Fatalf("%s: exit code %d: %s", line, code, complaints)
		}
		return out
	}
	contains := func(line string, parts ...string) {
		t.Helper()
		out := must(line)
		for _, part := range parts {
			if !strings.Contains(out, part) {
				t.Errorf("%s: lacks %q: %s", line, part, out)
			}
		}
		if strings.Contains(out, "\x1b") {
			t.Errorf("%s: passed an escape character on: %q", line, out)
		}
	}
	job := strings.TrimSpace(must(sorting + "1 --async"))
	contains("jobs watch "+job, "method", "CreateChannelSortingByPopularity", "succeeded", "100 %")
	contains("jobs list", job, "succeeded")
	contains("jobs list --client-id=1 --output=json", `"jobId": "`+job+`"`)
	contains("jobs show "+job, job, "channel sorting ", "News�[2J")
	contains("jobs cancel "+job, "succeeded") // it has ended; nothing is left to cancel

	must("create_channel_selection_by_popularity --client_id=1 --days_number=7 --criterion=watch --election_name=Best")
	rows := strings.Split(strings.TrimSpace(must("results list --client_id 1")), "\n")
	if len(rows) != 3 || !strings.Contains(rows[1], "selection of channels") || !strings.Contains(rows[1], "Best") || !strings.Contains(rows[2], "sorting") {
		t.Fatalf("the results are %q", rows)
	}
	contains("results list --client_id 1 --kind=selections --limit=1 --output=json", `"name": "Best"`)
	for _, row := range rows[1:] {
		id, _, _ := strings.Cut(row, " ")
		contains("results show "+id, id, "rank  no.  channel")
		contains("results delete "+id, "deleted "+id)
		if _, complaints, code := shell(t, server, "results show "+id); code != commands.ExitRefused || !strings.Contains(complaints, "not found") {
			t.Errorf("deleted: exit code %d: %s", code, complaints)
		}
	}
	contains("version", "tvstats commit ", ", built 20", " go1.")
	contains("health", "ready\n")
	if err := server.stop(); err != nil {
		t.Fatal(err)
	}
	if _, complaints, code := shell(t, server, "health"); code != commands.ExitRefused || !strings.Contains(complaints, "is a server running there?") {
		t.Errorf("health of no server: exit code %d: %s", code, complaints)
	}
}
