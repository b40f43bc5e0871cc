package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

// The benchmarks of ingest send from a process of its own, as gateways do: this test binary, run again with
// benchClientEnv set.
const benchClientEnv = "TVSTATS_BENCH_CLIENT"

// benchLoad is what the client process has to send.
type benchLoad struct {
	Address string
	Streams int
	Batches int // over all streams
	Events  int // a batch
	Rate    int // events a second over all streams; 0 = as many as are acknowledged
	Window  int // batches that a stream sends ahead of their acknowledgement
}

// benchOutcome is what it reports: how long it took, and how long each batch waited for its acknowledgement.
type benchOutcome struct {
	Took  time.Duration
	Waits []time.Duration
}

// BenchmarkIngest compares durable acknowledgement of reports with a grpc-go server that receives the same stream,
// discards it and responds: run both and divide the reports/s.
func BenchmarkIngest(b *testing.B) {
	load := benchLoad{Streams: 4, Events: 1000, Window: 8}
	b.Run("durable", func(b *testing.B) { benchIngest(b, startTestServer(b), load) })
	b.Run("discard", func(b *testing.B) { benchIngest(b, startDiscard(b), load) })
}

// BenchmarkIngestSteady holds 50,000 reports a second from 1,000 streams for as many batches as -benchtime gives and
// reports how long batches wait for their acknowledgement; -benchtime 10000x is 20 seconds.
func BenchmarkIngestSteady(b *testing.B) {
	load := benchLoad{Streams: 1000, Events: 100, Rate: 50_000, Window: 8}
	outcome := benchIngest(b, startTestServer(b), load)
	b.ReportMetric(float64(percentile(outcome.Waits, 50).Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(percentile(outcome.Waits, 99).Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(residentBytes(b))/(1<<20), "resident-MiB")
}

func benchIngest(b *testing.B, address string, load benchLoad) benchOutcome {
	b.Helper()
	load.Address, load.Batches = address, max(b.N, load.Streams)
	b.ResetTimer()
	outcome := runBenchClient(b, load)
	b.StopTimer()
	reports := load.Batches * load.Events
	b.ReportMetric(float64(reports)/outcome.Took.Seconds(), "reports/s")
	return outcome
}

func runBenchClient(b *testing.B, load benchLoad) benchOutcome {
	b.Helper()
	order, err := json.Marshal(load)
	if err != nil {
		b.Fatal(err)
	}
	client := exec.CommandContext(b.Context(), os.Args[0])
	client.Env = append(os.Environ(), benchClientEnv+"="+string(order))
	client.Stderr = os.Stderr
	answer, err := client.Output()
	if err != nil {
		b.Fatalf("client process: %v", err)
	}
	var outcome benchOutcome
	if err := json.Unmarshal(answer, &outcome); err != nil {
		b.Fatalf("client process: %v", err)
	}
	return outcome
}

// benchClient is the client process.
func benchClient(order string) error {
	var load benchLoad
	if err := json.Unmarshal([]byte(order), &load); err != nil {
		return err
	}
	conn, err := grpc.NewClient(load.Address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // the process ends
	outcome := benchOutcome{}
	start := time.Now()
	var mu sync.Mutex
	var failures []error
	var streams sync.WaitGroup
	for i := range load.Streams {
		streams.Go(func() {
			waits, err := benchStream(tvstatsv1.NewViewStatsClient(conn), load, i, start)
			mu.Lock()
			defer mu.Unlock()
			outcome.Waits = append(outcome.Waits, waits...)
			failures = append(failures, err)
		})
	}
	streams.Wait()
	outcome.Took = time.Since(start)
	if err := errors.Join(failures...); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(outcome)
}

// benchStream sends one stream's share of the load: report i of the stream belongs to a session of its own.
func benchStream(client tvstatsv1.ViewStatsClient, load benchLoad, number int, start time.Time) ([]time.Duration, error) {
	stream, err := client.StreamEvents(context.Background())
	if err != nil {
		return nil, err
	}
	batches := load.Batches / load.Streams
	sent := make(chan time.Time, load.Window)
	failed := make(chan error, 1)
	go func() { failed <- benchSend(stream, load, number, start, batches, sent) }()
	waits := make([]time.Duration, 0, batches)
	for range batches {
		response, err := stream.Recv()
		if err != nil {
			return nil, err
		}
		if len(response.GetRejected()) > 0 {
			return nil, fmt.Errorf("rejected: %s", response.GetRejected()[0].GetMessage())
		}
		waits = append(waits, time.Since(<-sent))
	}
	if err := <-failed; err != nil {
		return nil, err
	}
	if _, err := stream.Recv(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("expected the end of the stream, got %w", err)
	}
	return waits, nil
}

func benchSend(stream tvstatsv1.ViewStats_StreamEventsClient, load benchLoad, number int, start time.Time, batches int, sent chan<- time.Time) error {
	request := benchRequest(load.Events, number)
	for i := range batches {
		if load.Rate > 0 { // evenly over time, the streams one after the other
			due := time.Duration(i*load.Streams+number) * time.Duration(load.Events) * time.Second / time.Duration(load.Rate)
			time.Sleep(time.Until(start.Add(due)))
		}
		request.BatchId = uint64(i)
		for j := range request.Events {
			request.Events[j].AccountId++
		}
		sent <- time.Now()
		if err := stream.Send(request); err != nil {
			return err
		}
	}
	return stream.CloseSend()
}

func benchRequest(events, stream int) *tvstatsv1.StreamEventsRequest {
	request := &tvstatsv1.StreamEventsRequest{}
	started := time.Now().Add(-time.Hour)
	for i := range events {
		watched := int64(60 * (i % 60))
		request.Events = append(request.Events, &tvstatsv1.ViewEvent{
			ClientId: 1, AccountId: int64(stream*1_000_000 + 1), DeviceUid: fmt.Sprintf("00:1a:79:%02x:%02x:%02x", stream%256, i/256, i%256),
			Device: "mag250", ChannelId: int32(1 + i%500),
			StartedAt:      timestamppb.New(started.Add(time.Duration(i) * time.Millisecond)),
			At:             timestamppb.New(started.Add(time.Duration(watched) * time.Second).Add(time.Duration(i) * time.Millisecond)),
			WatchedSeconds: &watched,
		})
	}
	return request
}

// discard receives and responds, no more: what gRPC itself costs.
type discard struct {
	tvstatsv1.UnimplementedViewStatsServer
}

func (discard) StreamEvents(stream tvstatsv1.ViewStats_StreamEventsServer) error {
	for {
		request, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		response := &tvstatsv1.StreamEventsResponse{BatchId: request.GetBatchId(), Accepted: uint32(len(request.GetEvents()))}
		if err := stream.Send(response); err != nil {
			return err
		}
	}
}

func startDiscard(b *testing.B) string {
	b.Helper()
	listener, err := new(net.ListenConfig).Listen(b.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	server := grpc.NewServer()
	tvstatsv1.RegisterViewStatsServer(server, discard{})
	go server.Serve(listener) //nolint:errcheck // ends with Stop
	b.Cleanup(server.Stop)
	return listener.Addr().String()
}

func percentile(waits []time.Duration, p int) time.Duration {
	sorted := slices.Sorted(slices.Values(waits))
	return sorted[min(len(sorted)*p/100, len(sorted)-1)]
}

// residentBytes is what this process, which holds the server, has in memory.
func residentBytes(b *testing.B) int64 {
	b.Helper()
	status, err := os.Open("/proc/self/status")
	if err != nil {
		b.Skip("no /proc to read the resident size from")
	}
	defer status.Close() //nolint:errcheck // only read
	for lines := bufio.NewScanner(status); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), "VmHWM:"); ok {
			kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			if err != nil {
				b.Fatal(err)
			}
			return kib << 10
		}
	}
	b.Fatal("no VmHWM in /proc/self/status")
	return 0
}
