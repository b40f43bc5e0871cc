package mongodb

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo/options"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// benchSessions is the size of the benchmarks' store; the documented figures are those of 60,000.
var benchSessions = flag.Int("sessions", 30_000, "sessions in the store of the benchmarks")

const benchDays, benchAccounts = 30, 2000

// benchReports are the reports of n sessions that start within the hours, on 100 channels, five of each session.
func benchReports(n int, hours int64) []viewing.Report {
	r := rand.New(rand.NewPCG(1, 1))
	reports := make([]viewing.Report, 0, 5*n)
	for range n {
		start := sceneDay.Start() + viewing.Millis(r.Int64N(hours*int64(viewing.HourLength)))
		account, watched := r.Int64N(benchAccounts)+1, int32(r.ExpFloat64()*1200)
		report := viewing.Report{Identity: viewing.Identity{
			ClientID: 1, AccountID: account, DeviceUID: fmt.Sprintf("00:1a:79:%06x", account), Device: fmt.Sprint("device-", account%5),
			ChannelID: int32(100*math.Pow(r.Float64(), 2)) + 1, Mode: viewing.Live, StartedAt: start,
		}}
		report.Tariffs = []int32{int32(account % 7)}
		for i := range int32(5) {
			report.WatchedSeconds = watched * (i + 1) / 5
			report.At = start + viewing.Millis(report.WatchedSeconds)*1000
			report.Ended = i == 4
			reports = append(reports, report)
		}
	}
	return reports
}

// BenchmarkSorting compares what rankings ask for over 30 days that are rolled up with the same by aggregation over their
// sessions: over whole days, over a window that begins and ends within an hour, of active accounts, and of programmes.
func BenchmarkSorting(b *testing.B) {
	s := openMigrated(b)
	for part := range slices.Chunk(benchReports(*benchSessions, 24*benchDays), 8192) {
		if err := s.AppendReports(b.Context(), part); err != nil {
			b.Fatal(err)
		}
	}
	if err := s.ApplyCatalog(b.Context(), benchCatalog()); err != nil {
		b.Fatal(err)
	}
	if err := s.Maintain(b.Context(), (sceneDay + benchDays).Start()); err != nil {
		b.Fatal(err)
	}
	days := viewing.Filter{ClientID: 1, Window: viewing.Window{From: sceneDay.Start(), To: (sceneDay + benchDays).Start()}}
	hours, active := days, days
	hours.Window.From += 10*viewing.HourLength + 1234567
	hours.Window.To -= 10*viewing.HourLength + 1234567
	active.ActiveOnly = true
	for _, question := range []struct {
		name string
		ask  func(rolled bool) error
	}{
		{"whole days", func(rolled bool) error { return second(s.channelLengths(b.Context(), days, rolled)) }},
		{"within days", func(rolled bool) error { return second(s.channelLengths(b.Context(), hours, rolled)) }},
		{"active accounts", func(rolled bool) error { return second(s.channelLengths(b.Context(), active, rolled)) }},
		{"programmes", func(rolled bool) error { return second(s.shares(b.Context(), days, store.ChannelSet{}, rolled)) }},
	} {
		for way, rolled := range map[string]bool{"rolled up": true, "sessions": false} {
			b.Run(question.name+"/"+way, func(b *testing.B) {
				for b.Loop() {
					if err := question.ask(rolled); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// benchCatalog has a guide of half hours for all channels, and of 50 accounts one that is not active any more.
func benchCatalog() catalog.Batch {
	batch := catalog.Batch{ClientID: 1}
	for id := range int64(benchAccounts) {
		batch.Accounts = append(batch.Accounts, catalog.Account{ID: id + 1, Active: id%50 != 0, ChangedAt: sceneDay.Start()})
	}
	for slot := range viewing.Millis(benchDays * 48) {
		start := sceneDay.Start() + slot*30*minute
		for channel := range int32(100) {
			batch.Programmes = append(batch.Programmes, catalog.Programme{
				ID: int64(len(batch.Programmes)) + 1, ChannelID: channel + 1, Start: start, End: start + 30*minute,
			})
		}
	}
	return batch
}

// BenchmarkIngest compares the intake of sessions of which five reports come in, as groups are committed, with inserting the
// documents of the same sessions in batches of 1,000 with the same write concern, once, and once for each report. Reports of
// one session come in one group (together) or in five (apart), and are acknowledged, or folded too.
func BenchmarkIngest(b *testing.B) {
	const sessions, group = 8192, 8192 // the size of a group when there is more to commit
	together := benchReports(sessions, 3)
	apart := make([]viewing.Report, 0, len(together))
	for i := range 5 {
		for j := i; j < len(together); j += 5 {
			apart = append(apart, together[j])
		}
	}
	for _, intake := range []struct {
		name    string
		reports []viewing.Report
		fold    bool
	}{
		{"together", together, false}, {"apart", apart, false}, {"together and folded", together, true}, {"apart and folded", apart, true},
	} {
		b.Run(intake.name, func(b *testing.B) {
			s := openMigrated(b)
			for b.Loop() {
				moveOn(intake.reports)
				for group := range slices.Chunk(intake.reports, group) {
					if err := s.AppendReports(b.Context(), group); err != nil {
						b.Fatal(err)
					}
				}
				if !intake.fold {
					continue
				}
				if err := s.foldMatching(b.Context(), bson.M{"_id": ofClient(1)}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N*sessions)/b.Elapsed().Seconds(), "sessions/s")
		})
	}
	for name, times := range map[string]int{"insertMany of sessions": 1, "insertMany of reports": 5} {
		b.Run(name, func(b *testing.B) {
			s := openMigrated(b)
			documents := benchDocuments(together, 5/times)
			for b.Loop() {
				for part := range slices.Chunk(documents, 1000) {
					if _, err := s.collection("inserted").InsertMany(b.Context(), part, options.InsertMany().SetOrdered(false)); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.N*sessions)/b.Elapsed().Seconds(), "sessions/s")
		})
	}
}

// moveOn makes other sessions of the reports.
func moveOn(reports []viewing.Report) {
	for i := range reports {
		reports[i].AccountID += 100_000
	}
}

// benchDocuments are the documents of every nth report as they would be inserted, the server giving them their ids.
func benchDocuments(reports []viewing.Report, n int) []any {
	var documents []any
	for i := n - 1; i < len(reports); i += n {
		r := &reports[i]
		documents = append(documents, sessionDocument{
			ClientID: r.ClientID, AccountID: r.AccountID, DeviceUID: r.DeviceUID, Device: r.Device, ChannelID: r.ChannelID,
			Mode: modes[r.Mode], ProgrammeID: r.ProgrammeID, StartedAt: date(r.StartedAt), At: date(r.At),
			WatchedSeconds: r.WatchedSeconds, Ended: r.Ended, Tariffs: r.Tariffs,
		})
	}
	return documents
}
