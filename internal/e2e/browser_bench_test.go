package e2e

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/app"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
	"github.com/tvstats/tvstats/internal/store/duckdb"
	"github.com/tvstats/tvstats/internal/viewing"
)

var paintedSessions = flag.Int("sessions", 20_000, "folded sessions in the store while pages are opened; the documented times are of 20 million")

// BenchmarkFirstPaint opens each page of the console while 2,000 reports a second are taken in. first-paint-ms is until the browser shows
// something, ns/op until the page has its heading; figures come as they are computed.
func BenchmarkFirstPaint(b *testing.B) {
	dir := b.TempDir()
	fillWatched(b, dir, *paintedSessions)
	s := start(b, func(cfg *app.Config) { cfg.DataDir = dir })
	request := &tvstatsv1.SyncRequest{ClientId: 1}
	for id := range int32(500) {
		request.Channels = append(request.Channels, &tvstatsv1.Channel{ChannelId: id + 1, Number: id + 1, Name: fmt.Sprint("Channel ", id+1)})
	}
	if response, err := oneRequest(s.Sync(rpctest.Context(b)))(request); err != nil || len(response.Rejected) > 0 {
		b.Fatal(response, err)
	}
	browser := startBrowser(b, s.web)
	gateways := make(chan bool)
	defer func() { <-gateways }()
	const rate, batch, pageSeconds = 2000, 100, 5
	go func() {
		defer close(gateways)
		runBenchClient(b, benchLoad{
			Address: s.address, Streams: 4, Events: batch, Rate: rate, Window: 8, Batches: rate / batch * pageSeconds * len(consolePages),
		})
	}()
	for _, page := range consolePages {
		b.Run(page, func(b *testing.B) {
			painted := 0.0
			for b.Loop() {
				browser.navigate(b, page+"?lang=en", 1280)
				browser.until(b, `document.querySelector("h1") !== null && performance.getEntriesByName("first-contentful-paint").length > 0`)
				painted += ask[float64](browser, b, `performance.getEntriesByName("first-contentful-paint")[0].startTime`)
			}
			b.ReportMetric(painted/float64(b.N), "first-paint-ms")
		})
	}
}

// fillWatched makes a store of the sessions of 100,000 accounts on 500 channels in the last 30 days, folded.
func fillWatched(b *testing.B, dir string, sessions int) {
	b.Helper()
	s, err := duckdb.Open(b.Context(), duckdb.Options{Dir: dir})
	if err != nil {
		b.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 1))
	today := viewing.At(time.Now().UTC().Truncate(24 * time.Hour))
	reports := make([]viewing.Report, 100_000)
	for done := 0; done < sessions; done += len(reports) {
		reports = reports[:min(len(reports), sessions-done)]
		for i := range reports {
			account := 1 + r.Int64N(100_000)
			started := today - viewing.DayLength*30 + viewing.Millis(r.Int64N(int64(viewing.DayLength)*29))
			watched := int32(min(-math.Log(r.Float64()+1e-9)*1200, 30_000))
			reports[i] = viewing.Report{
				Identity: viewing.Identity{
					ClientID: 1, AccountID: account, DeviceUID: fmt.Sprint("box ", account), Device: fmt.Sprint("kind", account%5),
					ChannelID: 1 + int32(r.Float64()*r.Float64()*499), Mode: viewing.Live, StartedAt: started,
				},
				State: viewing.State{At: started + viewing.Millis(watched)*1000, WatchedSeconds: watched, Ended: true},
			}
		}
		if err := s.AppendReports(b.Context(), reports); err != nil {
			b.Fatal(err)
		}
	}
	if err := s.Maintain(b.Context(), today); err != nil {
		b.Fatal(err)
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
}
