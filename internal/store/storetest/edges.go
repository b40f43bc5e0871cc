package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"testing"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var edgeTests = []test{
	{"an empty store", testEmpty},
	{"empty lists", testEmptyLists},
	{"an ended context", testEndedContext},
	{"milliseconds", testMilliseconds},
	{"days before 1970", testBefore1970},
	{"limits of reports", testReportLimits},
	{"what a caller does to its slices afterwards", testOwnership},
	{"monitor", testMonitor},
}

func testEmpty(t *testing.T, factory Factory) {
	s := newSubject(t, factory)
	for range 2 {
		s.check(whole(1))
		s.fold()
		got := readLines(s, 1, s.store.Channels) + readLines(s, 1, s.store.Tariffs) + readLines(s, 1, s.store.Categories)
		got += printed(s.pages(store.ProgrammeQuery{ClientID: 1, Starting: anyTime, Limit: 1}))
		got += printed(s.resultPages(store.ResultQuery{ClientID: 1, Kinds: allKinds, Limit: 1}))
		clients, err := s.store.Clients(t.Context())
		s.must(err)
		if got += printed(clients); got != "" {
			t.Errorf("an empty store holds %s", got)
		}
		s.reopen()
	}
}

func testEmptyLists(t *testing.T, factory Factory) {
	s := newSubject(t, factory)
	s.append()
	s.must(s.store.StampTariffs(t.Context(), nil, s.now))
	s.must(s.store.SaveResults(t.Context(), nil))
	s.append(watch(1, 1, noon, 60))
	s.append()
	s.check(whole(1))
}

// testEndedContext calls everything that may take long with a context that has ended: it says so and does nothing.
func testEndedContext(t *testing.T, factory Factory) {
	s := newSubject(t, factory)
	s.apply(everything(1))
	s.append(watch(1, 1, noon, 60))
	s.must(s.store.SaveResults(t.Context(), []store.Result{
		{ID: "id", ClientID: 1, Kind: store.ChannelSorting, CreatedAt: noon, Body: json.RawMessage(`{}`)},
	}))
	s.must(s.store.CreateJob(t.Context(), store.Job{ID: "job", CreatedAt: noon}))
	before := s.contents(1) + jobLists(t, s.store, 0)
	ended, end := context.WithCancel(t.Context())
	end()
	calls := s.calls(ended)
	maps.Copy(calls, s.dynamicsCalls(ended))
	for name, call := range calls {
		if err := call(); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: error %v, want %v", name, err, context.Canceled)
		}
	}
	s.check(whole(1), whole(2))
	if after := s.contents(1) + jobLists(t, s.store, 0); after != before {
		t.Error(difference(after, before))
	}
	if client, err := s.store.Client(t.Context(), 2); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("client 2 is %+v, error %v, want ErrNotFound", client, err)
	}
	if got := s.resultPages(store.ResultQuery{ClientID: 1, Kinds: allKinds, Limit: 9}); len(got) != 1 {
		t.Errorf("%d results, want the one from before: %+v", len(got), got)
	}
}

func (s *subject) calls(ctx context.Context) map[string]func() error {
	changed := everything(1)
	changed.Client.Name = "changed"
	report := watch(1, 1, noon, 90)
	report.ClientID = 2
	q := whole(1)
	return map[string]func() error{
		"AppendReports": func() error { return s.store.AppendReports(ctx, []viewing.Report{report}) },
		"ApplyCatalog":  func() error { return s.store.ApplyCatalog(ctx, changed) },
		"ApplyCatalog of a new client": func() error {
			return s.store.ApplyCatalog(ctx, catalog.Batch{ClientID: 2})
		},
		"SaveResults": func() error {
			return s.store.SaveResults(ctx, []store.Result{{ID: "new", ClientID: 1, Kind: store.ChannelSorting, Body: json.RawMessage(`{}`)}})
		},
		"CreateJob":       func() error { return s.store.CreateJob(ctx, store.Job{ID: "new", CreatedAt: noon}) },
		"Job":             func() error { return second(s.store.Job(ctx, "job")) },
		"Jobs":            func() error { return second(s.store.Jobs(ctx, store.JobQuery{Limit: 1})) },
		"QueuedJobs":      func() error { return second(s.store.QueuedJobs(ctx)) },
		"LeaseJob":        func() error { return second(s.store.LeaseJob(ctx, noon, store.Lease{Owner: "a", Until: noon + 1})) },
		"RenewLease":      func() error { return second(s.store.RenewLease(ctx, "job", store.Lease{Owner: "a"}, 0)) },
		"EndAttempt":      func() error { return s.store.EndAttempt(ctx, "a", store.Job{ID: "job", State: store.JobFailed}) },
		"CancelJob":       func() error { return second(s.store.CancelJob(ctx, "job", noon)) },
		"DeleteJobs":      func() error { return s.store.DeleteJobs(ctx, noon) },
		"DeleteResult":    func() error { return s.store.DeleteResult(ctx, "id", store.ChannelSorting) },
		"EraseAccount":    func() error { return second(s.store.EraseAccount(ctx, 1, 1, noon, store.Kept{})) },
		"ExpireViewing":   func() error { return s.store.ExpireViewing(ctx, 1, noon.Day(), store.Kept{}) },
		"Maintain":        func() error { return s.store.Maintain(ctx, q.filter.Window.To) },
		"Aggregate":       func() error { return second(s.store.Aggregate(ctx, byChannel(q.filter))) },
		"AggregateAtOnce": func() error { return second(s.store.AggregateAtOnce(ctx, byChannel(q.filter))) },
		"ProgrammeWatch":  func() error { return second(s.store.ProgrammeWatch(ctx, q.watched())) },
		"Sessions": func() error {
			return second(s.store.Sessions(ctx, store.SessionQuery{ClientID: 1, Window: anyTime, Limit: 1}))
		},
		"SilentDevices":    func() error { return second(s.store.SilentDevices(ctx, q.filter, noon)) },
		"Subscribers":      func() error { return second(s.store.Subscribers(ctx, 1, noon, nil, s.now)) },
		"Ratings":          func() error { return second(s.store.Ratings(ctx, oneDay())) },
		"Curve":            func() error { return second(s.store.Curve(ctx, oneDay().Filter, viewing.HourLength)) },
		"ChannelFlows":     func() error { return second(s.store.ChannelFlows(ctx, q.filter, 0, 0)) },
		"LatestProgrammes": func() error { return second(s.store.LatestProgrammes(ctx, 1, q.filter.Window, q.channels, 1)) },
		"Clients":          func() error { return second(s.store.Clients(ctx)) },
		"Client":           func() error { return second(s.store.Client(ctx, 1)) },
		"Channels":         func() error { return second(s.store.Channels(ctx, 1)) },
		"Tariffs":          func() error { return second(s.store.Tariffs(ctx, 1)) },
		"Categories":       func() error { return second(s.store.Categories(ctx, 1)) },
		"Account":          func() error { return second(s.store.Account(ctx, 1, 1, s.now)) },
		"Programme":        func() error { return second(s.store.Programme(ctx, 1, 3)) },
		"Programmes": func() error {
			return second(s.store.Programmes(ctx, store.ProgrammeQuery{ClientID: 1, Starting: anyTime, Limit: 1}))
		},
		"Result": func() error { return second(s.store.Result(ctx, "id", store.ChannelSorting)) },
		"Results": func() error {
			return second(s.store.Results(ctx, store.ResultQuery{ClientID: 1, Kinds: allKinds, Limit: 1}))
		},
	}
}

func second[T any](_ T, err error) error { return err }

// testMilliseconds: a millisecond makes another session, and windows begin and end to the millisecond.
func testMilliseconds(t *testing.T, factory Factory) {
	s := newSubject(t, factory)
	s.append(watch(1, 1, noon, 60), watch(1, 1, noon+1, 70), watch(1, 1, noon+2, 80), watch(1, 1, noon+1, 75))
	var questions []question
	for from := range viewing.Millis(4) {
		for to := range viewing.Millis(4) {
			q := whole(1)
			q.filter.Window = viewing.Window{From: noon + from, To: noon + to}
			questions = append(questions, q)
		}
	}
	s.check(questions...)
	s.fold()
	s.check(questions...)
}

// testBefore1970 puts sessions at the edges of days on both sides of the epoch and folds the days one after the other.
func testBefore1970(t *testing.T, factory Factory) {
	s := newSubject(t, factory)
	var questions []question
	for day := viewing.Day(-3); day <= 2; day++ {
		start := day.Start()
		s.append(watch(1, 1, start, 60), watch(2, 1, start-1, 90_000), watch(3, 2, start+viewing.DayLength/2, 40_000))
		s.apply(catalog.Batch{ClientID: 1, Programmes: []catalog.Programme{
			{ID: int64(day) + 10, ChannelID: 1, Start: start - 1_800_001, End: start + 3_600_007},
		}})
		q := whole(1)
		q.filter.Window = day.Window()
		questions = append(questions, q)
	}
	for day := viewing.Day(-4); day <= 4; day++ {
		s.must(s.store.Maintain(t.Context(), day.Start()+7))
		s.check(questions...)
		s.check(whole(1))
		s.append(watch(int64(day)+50, 1, day.Start()+5, 30)) // late for the day that was just folded, or early
	}
	s.check(whole(1))
}

// testReportLimits stores reports with every field at its limit, and strange device uids.
func testReportLimits(t *testing.T, factory Factory) {
	s := newSubject(t, factory)
	for i, name := range names {
		report := watch(math.MaxInt64, math.MaxInt32, noon, 86_400)
		report.ClientID, report.ProgrammeID = math.MaxInt32, math.MaxInt64
		report.Mode, report.Ended = viewing.Catchup, true
		report.DeviceUID, report.Device = name+"uid", fmt.Sprint("_.-", i)
		report.Tariffs = []int32{1, math.MaxInt32}
		s.append(report, report)
	}
	s.apply(catalog.Batch{ClientID: math.MaxInt32, Programmes: []catalog.Programme{
		{ID: math.MaxInt64, ChannelID: math.MaxInt32, Title: names[2], Start: noon, End: noon + 1},
		{ID: 1, ChannelID: 1, Title: "for ever", Start: year1, End: year1 + 7*viewing.DayLength},
	}})
	s.append(watch(1, 1, year1, 86_400), watch(1, 1, year9999-1000, 1))
	s.append(watch(2, 1, year1, 90*86_400)) // the longest session is configurable
	q := whole(math.MaxInt32)
	q.filter.Tariffs, q.filter.Devices = []int32{math.MaxInt32}, []string{"_.-0", "_.-3"}
	ever := whole(1)
	ever.filter.Window = viewing.Window{From: year1, To: year9999}
	s.check(q, whole(math.MaxInt32), ever)
	s.must(s.store.Maintain(t.Context(), year9999))
	s.check(q, whole(math.MaxInt32), ever)
}

// testOwnership writes into slices that the store got before and that it answered.
func testOwnership(t *testing.T, factory Factory) {
	s := newSubject(t, factory)
	tariffs := []int32{1, 2}
	reports := []viewing.Report{watch(1, 1, noon, 60)}
	reports[0].Tariffs = tariffs
	s.must(s.store.AppendReports(t.Context(), reports))
	batch := catalog.Batch{ClientID: 1, Accounts: []catalog.Account{{ID: 1, ChangedAt: noon, Tariffs: tariffs}}}
	s.must(s.store.ApplyCatalog(t.Context(), batch))
	tariffs[0], tariffs[1], reports[0], batch.Accounts[0] = 8, 9, viewing.Report{}, catalog.Account{}
	s.isNow(catalog.Account{ChangedAt: noon, Tariffs: []int32{1, 2}, RegisteredAt: noon})
	told := watch(1, 1, noon, 60)
	told.Tariffs = []int32{1, 2}
	s.must(s.twin.AppendReports(t.Context(), []viewing.Report{told}))
	for tariff := range int32(10) {
		q := whole(1)
		q.filter.Tariffs = []int32{tariff}
		s.check(q)
	}
}

func testMonitor(t *testing.T, factory Factory) {
	s := newSubject(t, factory)
	s.must(s.store.Ping(t.Context()))
	s.append(watch(1, 1, noon, 60))
	size, err := s.store.Size(t.Context())
	s.must(err)
	if size <= 0 || s.store.Describe() == "" {
		t.Errorf("size %d, description %q", size, s.store.Describe())
	}
}
