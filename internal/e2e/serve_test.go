package e2e

import (
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/app"
	"github.com/tvstats/tvstats/internal/commands"
	"github.com/tvstats/tvstats/internal/flags"
	"github.com/tvstats/tvstats/internal/rpc/intercept"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
)

func TestServeSaysWhereItListensAndWhatItStoresIn(t *testing.T) {
	s := start(t)
	serving := s.log.Find(t, "serving")
	if len(serving) != 1 {
		t.Fatalf("logged %v", s.log)
	}
	if serving[0]["grpc"] != s.address || !strings.Contains(fmt.Sprint(serving[0]["store"]), s.dir) {
		t.Errorf("logged %v, want %s and %s", serving[0], s.address, s.dir)
	}
	rpctest.WantAnswer(t, fmt.Sprintf("http://%v/readyz", serving[0]["http"]), 200, "ready\n")
}

// TestServeGRPCAlone switches the other doors off.
func TestServeGRPCAlone(t *testing.T) {
	s := start(t, func(c *app.Config) { c.HTTPListen, c.WebListen = flags.Off, flags.Off })
	if serving := s.log.Find(t, "serving"); len(serving) != 1 || serving[0]["http"] != flags.Off || serving[0]["web"] != flags.Off {
		t.Errorf("logged %v", s.log)
	}
	if _, err := s.ListClients(rpctest.Context(t), &tvstatsv1.ListClientsRequest{}); err != nil {
		t.Error(err)
	}
}

func TestMetricsAreThereFromTheStart(t *testing.T) {
	s := start(t)
	scrape := func(wanted ...string) {
		t.Helper()
		_, text := rpctest.Get(t, fmt.Sprintf("http://%v/metrics", s.log.Find(t, "serving")[0]["http"]))
		for _, want := range wanted {
			if !strings.Contains(text, "\n"+want) {
				t.Errorf("no %s", want)
			}
		}
	}
	scrape(
		"tvstats_reports_accepted_total 0",
		`tvstats_reports_rejected_total{reason="INVALID_EVENT"} 0`,
		`tvstats_reports_rejected_total{reason="COLLECTION_DISABLED"} 0`,
		`tvstats_open_streams{method="/tvstats.v1.ViewStats/StreamEvents"} 0`,
		`tvstats_open_streams{method="/tvstats.v1.Catalog/Sync"} 0`,
		`tvstats_build_seconds_count{method="CreateEpgSelectionByPopularity"} 0`,
		`grpc_server_started_total{grpc_method="GetSelection",grpc_service="tvstats.v1.ViewStats",grpc_type="unary"} 0`,
	)
	stream, err := s.StreamEvents(rpctest.Context(t))
	if err != nil {
		t.Fatal(err)
	}
	batch := oneEvent()
	batch.Events = append(batch.Events, &tvstatsv1.ViewEvent{})
	if err := stream.Send(batch); err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); err != nil {
		t.Fatal(err)
	}
	scrape(
		`tvstats_reports_rejected_total{reason="INVALID_EVENT"} 1`,
		`tvstats_open_streams{method="/tvstats.v1.ViewStats/StreamEvents"} 1`,
		"tvstats_commit_seconds_count 1",
		"tvstats_commits_failed_total 0",
		"tvstats_queue_reports 0",
		"tvstats_store_bytes ",
		"# HELP tvstats_batch_seconds ",
		"# HELP tvstats_reports_accepted_total ",
		"go_goroutines ",
		"process_resident_memory_bytes ",
	)
}

func TestHealthAndReflectionKnowEveryService(t *testing.T) {
	s := start(t)
	ctx := rpctest.Context(t)
	for _, service := range []string{"", "tvstats.v1.ViewStats", "tvstats.v1.Catalog", "tvstats.v1.Jobs"} {
		got, err := healthv1.NewHealthClient(s.conn).Check(ctx, &healthv1.HealthCheckRequest{Service: service})
		if err != nil || got.GetStatus() != healthv1.HealthCheckResponse_SERVING {
			t.Errorf("health of %q: %v, %v", service, got, err)
		}
	}
	stream, err := reflectionv1.NewServerReflectionClient(s.conn).ServerReflectionInfo(ctx)
	if err != nil {
		t.Fatal(err)
	}
	err = stream.Send(&reflectionv1.ServerReflectionRequest{
		MessageRequest: &reflectionv1.ServerReflectionRequest_ListServices{},
	})
	if err != nil {
		t.Fatal(err)
	}
	response, err := stream.Recv()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, service := range response.GetListServicesResponse().GetService() {
		names = append(names, service.GetName())
	}
	for _, want := range []string{"tvstats.v1.ViewStats", "tvstats.v1.Catalog", "tvstats.v1.Jobs", "grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection"} {
		if !slices.Contains(names, want) {
			t.Errorf("reflection does not list %s: %v", want, names)
		}
	}
}

func TestMessagesThatAreTooLarge(t *testing.T) {
	s := start(t)
	name := strings.Repeat("x", 5<<20)
	_, err := s.CreateChannelSelectionByPopularity(rpctest.Context(t), &tvstatsv1.CreateChannelSelectionByPopularityRequest{SelectionName: name})
	rpctest.WantStatus(t, err, codes.ResourceExhausted, intercept.ReasonExhausted)
	stream, err := s.Sync(rpctest.Context(t))
	if err != nil {
		t.Fatal(err)
	}
	err = stream.Send(&tvstatsv1.SyncRequest{Client: &tvstatsv1.Client{Name: name}})
	if err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	_, err = stream.Recv()
	rpctest.WantStatus(t, err, codes.ResourceExhausted, intercept.ReasonExhausted)
	if _, err := s.ListClients(rpctest.Context(t), &tvstatsv1.ListClientsRequest{}); err != nil {
		t.Errorf("the service does not go on: %v", err)
	}
}

func TestSecondProcessOnTheSameDirectory(t *testing.T) {
	s := start(t)
	code, output := runProgram(t, "--data-dir="+s.dir, "--listen=127.0.0.1:0", "--http-listen=127.0.0.1:0")
	for _, want := range []string{s.dir, "another process", "--data-dir"} {
		if !strings.Contains(output, want) {
			t.Errorf("%q does not say %q", output, want)
		}
	}
	if code != commands.ExitRefused {
		t.Errorf("the exit code is %d", code)
	}
}

func TestAddressInUse(t *testing.T) {
	s := start(t)
	for _, flag := range []string{"--listen", "--http-listen"} {
		args := []string{"--data-dir=" + t.TempDir(), "--listen=127.0.0.1:0", "--http-listen=127.0.0.1:0", flag + "=" + s.address}
		code, output := runProgram(t, args...)
		if want := flag + "=" + s.address + ": "; code != commands.ExitRefused || !strings.Contains(output, want) {
			t.Errorf("exit code %d with %q, want %q", code, output, want)
		}
	}
}

func TestWrongUsage(t *testing.T) {
	for args, want := range map[string]string{
		"--retention-days=-1": "--retention-days=-1: allowed are 0 to 36500",
		"serve --nope":        "unknown flag --nope",
		"sortings":            `there is no command "sortings"`,
		"simulat":             `there is no command "simulat", did you mean "simulate"?`,
		"import":              `expected one of "viewing"`,
	} {
		code, output := runProgram(t, strings.Fields(args)...)
		first, _, _ := strings.Cut(output, "\n")
		if code != commands.ExitWrongUsage || !strings.Contains(first, want) {
			t.Errorf("%s: exit code %d, and first %q; want %q", args, code, first, want)
		}
	}
}

// runProgram runs the program to its end.
func runProgram(t *testing.T, args ...string) (code int, output string) {
	t.Helper()
	text, err := programCommand(rpctest.Context(t), args...).CombinedOutput()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return exit.ExitCode(), string(text)
	}
	if err != nil {
		t.Fatal(err)
	}
	return 0, string(text)
}
