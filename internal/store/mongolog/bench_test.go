package mongolog_test

import (
	"context"
	"flag"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/store/duckdb"
	"github.com/tvstats/tvstats/internal/store/replica"
	"github.com/tvstats/tvstats/internal/viewing"
)

// benchSessions is how many sessions BenchmarkColdStart loads.
var benchSessions = flag.Int("sessions", 200_000, "sessions in the checkpoint of BenchmarkColdStart")

// sessions draws reports of n sessions on ten days.
func sessions(r *rand.Rand, n int) []viewing.Report {
	all := make([]viewing.Report, n)
	for i := range all {
		started := viewing.Millis(1_700_006_400_000) + viewing.Millis(r.Int64N(int64(10*viewing.DayLength)))
		watched := r.Int32N(3600)
		all[i] = viewing.Report{
			Identity: viewing.Identity{
				ClientID: 1, AccountID: 1 + r.Int64N(100_000), DeviceUID: "00:1a:79:00:00:01", Device: "mag250", ChannelID: 1 + r.Int32N(500),
				Mode: viewing.Live, StartedAt: started,
			},
			State: viewing.State{At: started + viewing.Millis(watched)*1000, WatchedSeconds: watched},
		}
	}
	return all
}

// BenchmarkCatchUp has a replica serve a read after another one has received 8,192 reports.
func BenchmarkCatchUp(b *testing.B) {
	uri, r := migrated(b), rand.New(rand.NewPCG(1, 0))
	writer := openReplica(b, uri, b.TempDir())
	defer writer.Close()                                                               //nolint:errcheck // its directory goes with it
	reader := openReplicaWith(b, uri, b.TempDir(), replica.Options{Follow: time.Hour}) // it looks only when it is asked
	defer reader.Close()                                                               //nolint:errcheck // likewise
	for b.Loop() {
		b.StopTimer()
		if err := writer.AppendReports(b.Context(), sessions(r, 8192)); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		if _, err := reader.Clients(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkColdStart opens a replica that has nothing, on a log that begins with a checkpoint, and waits for its first result.
func BenchmarkColdStart(b *testing.B) {
	uri := migrated(b)
	seed(b, uri)
	for b.Loop() {
		s := openReplica(b, uri, b.TempDir())
		if _, err := s.Clients(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/float64(*benchSessions)*1e6, "s/million-sessions")
}

// seed makes benchSessions sessions the beginning of the log.
func seed(b *testing.B, uri string) {
	b.Helper()
	r := rand.New(rand.NewPCG(2, 0))
	source, err := duckdb.Open(b.Context(), duckdb.Options{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer source.Close() //nolint:errcheck // its directory goes with it
	for left := *benchSessions; left > 0; left -= 20_000 {
		if err := source.AppendReports(b.Context(), sessions(r, min(left, 20_000))); err != nil {
			b.Fatal(err)
		}
	}
	if err := source.Maintain(b.Context(), viewing.Millis(1_800_000_000_000)); err != nil {
		b.Fatal(err)
	}
	state, err := source.Snapshot(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer state.Close() //nolint:errcheck // it was only read
	err = replica.Seed(b.Context(), open(b, uri), func(use func(store.Part, io.Reader) error) (store.Manifest, error) {
		return state.WriteParts(context.WithoutCancel(b.Context()), use)
	})
	if err != nil {
		b.Fatal(err)
	}
}
