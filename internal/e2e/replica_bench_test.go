package e2e

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

// BenchmarkIngestReplicated compares how many reports are acknowledged by the embedded store, by one replica, and by three that share a
// log and all take in: divide the reports/s of one run.
func BenchmarkIngestReplicated(b *testing.B) {
	load := benchLoad{Streams: 4, Events: 1000, Window: 8}
	b.Run("embedded", func(b *testing.B) { benchIngest(b, startTestServer(b), load) })
	for _, replicas := range []int{1, 3} {
		b.Run(fmt.Sprint("replicas ", replicas), func(b *testing.B) { benchReplicas(b, replicas, load) })
	}
}

// BenchmarkReplicatedSteady holds 20,000 reports a second in sum over one replica, and over three, and reports how long batches wait for
// their acknowledgement; -benchtime 4000x is 20 seconds.
func BenchmarkReplicatedSteady(b *testing.B) {
	for _, replicas := range []int{1, 3} {
		b.Run(fmt.Sprint("replicas ", replicas), func(b *testing.B) {
			reportWaits(b, benchReplicas(b, replicas, benchLoad{Streams: 120 / replicas, Events: 100, Rate: 20_000 / replicas, Window: 8}))
		})
	}
}

// benchReplicas shares the batches out among so many replicas of one log, each with as many streams as the load says.
func benchReplicas(b *testing.B, replicas int, load benchLoad) benchOutcome {
	b.Helper()
	mongo := onMongoDB(b)
	addresses := make([]string, replicas)
	for i := range addresses {
		addresses[i] = start(b, mongo).address
	}
	load.Batches = max(b.N/replicas, load.Streams)
	outcomes := make([]benchOutcome, replicas)
	var clients sync.WaitGroup
	b.ResetTimer()
	for i, address := range addresses {
		load.Address = address
		mine := load
		clients.Go(func() { outcomes[i] = runBenchClient(b, mine) })
	}
	clients.Wait()
	b.StopTimer()
	whole := benchOutcome{}
	for _, outcome := range outcomes {
		whole.Took = max(whole.Took, outcome.Took)
		whole.Waits = append(whole.Waits, outcome.Waits...)
	}
	b.ReportMetric(float64(replicas*load.Batches*load.Events)/whole.Took.Seconds(), "reports/s")
	return whole
}

func reportWaits(b *testing.B, outcome benchOutcome) {
	b.Helper()
	b.ReportMetric(float64(percentile(outcome.Waits, 50).Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(percentile(outcome.Waits, 99).Microseconds())/1000, "p99-ms")
}

// BenchmarkBackupSteady holds 20,000 reports a second while one backup after the other is made by way of gRPC, and reports how long batches
// wait meanwhile; -benchtime 4000x is 20 seconds.
func BenchmarkBackupSteady(b *testing.B) {
	server := start(b)
	runBenchClient(b, benchLoad{Address: server.address, Streams: 4, Events: 1000, Window: 8, Batches: 500}) // something to back up
	stop, ended := make(chan bool), make(chan backupRun, 1)
	go func() { ended <- backUpUntil(b, server, stop) }()
	outcome := benchIngest(b, server.address, benchLoad{Streams: 100, Events: 100, Rate: 20_000, Window: 8})
	close(stop)
	backups := <-ended
	reportWaits(b, outcome)
	b.ReportMetric(float64(len(backups.took)), "backups")
	b.ReportMetric(slices.Max(backups.took).Seconds(), "longest-backup-s")
	b.ReportMetric(float64(backups.bytes)/(1<<20), "MiB")
}

type backupRun struct {
	took  []time.Duration
	bytes int // of the last one
}

func backUpUntil(b *testing.B, server *testServer, stop <-chan bool) (run backupRun) {
	for {
		began := time.Now()
		stream, err := tvstatsv1.NewOperationClient(server.conn).Backup(b.Context(), &tvstatsv1.BackupRequest{})
		run.bytes = 0
		for err == nil {
			var response *tvstatsv1.BackupResponse
			response, err = stream.Recv()
			run.bytes += len(response.GetChunk())
		}
		if !errors.Is(err, io.EOF) {
			b.Errorf("backup: %v", err)
		}
		run.took = append(run.took, time.Since(began))
		select {
		case <-stop:
			return run
		default:
		}
	}
}
