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

var edgeTests = Tests{
	"an empty store":    testEmpty,
	"empty lists":       testEmptyLists,
	"an ended context":  testEndedContext,
	"milliseconds":      testMilliseconds,
	"days before 1970":  testBefore1970,
	"limits of reports": testReportLimits,
	"what a caller does to its slices afterwards": testOwnership,
	"monitor": testMonitor,
}

func testEmpty(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	for range 2 {
		s.check(whole(1))
		s.Fold()
		got := readLines(s, 1, s.Store.Channels) + readLines(s, 1, s.Store.Tariffs) + readLines(s, 1, s.Store.Categories)
		got += printed(s.pages(store.ProgrammeQuery{ClientID: 1, Starting: AnyTime, Limit: 1}))
		got += printed(s.resultPages(store.ResultQuery{ClientID: 1, Kinds: allKinds, Limit: 1}))
		clients, err := s.Store.Clients(t.Context())
		s.Must(err)
		if got += printed(clients); got != "" {
			t.Errorf("an empty store holds %s", got)
		}
		s.Reopen()
	}
}

func testEmptyLists(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	s.Append()
	s.Must(s.Store.StampTariffs(t.Context(), nil, s.Now))
	s.Must(s.Store.SaveResults(t.Context(), nil))
	s.Append(Watch(1, 1, Noon, 60))
	s.Append()
	s.check(whole(1))
}

// testEndedContext calls everything that may take long with a context that has ended: it says so and does nothing.
func testEndedContext(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	s.Apply(everything(1))
	s.Append(Watch(1, 1, Noon, 60))
	s.Must(s.Store.SaveResults(t.Context(), []store.Result{
		{ID: "id", ClientID: 1, Kind: store.ChannelSorting, CreatedAt: Noon, Body: json.RawMessage(`{}`)},
	}))
	s.Must(s.Store.CreateJob(t.Context(), store.Job{ID: "job", CreatedAt: Noon}))
	before := s.contents(1) + jobLists(t, s.Store, 0)
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
	if after := s.contents(1) + jobLists(t, s.Store, 0); after != before {
		t.Error(difference(after, before))
	}
	if client, err := s.Store.Client(t.Context(), 2); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("client 2 is %+v, error %v, want ErrNotFound", client, err)
	}
	if got := s.resultPages(store.ResultQuery{ClientID: 1, Kinds: allKinds, Limit: 9}); len(got) != 1 {
		t.Errorf("%d results, want the one from before: %+v", len(got), got)
	}
}

func (s *Subject) calls(ctx context.Context) map[string]func() error {
	changed := everything(1)
	changed.Client.Name = "changed"
	report := Watch(1, 1, Noon, 90)
	report.ClientID = 2
	q := whole(1)
	return map[string]func() error{
		"AppendReports": func() error { return s.Store.AppendReports(ctx, []viewing.Report{report}) },
		"ApplyCatalog":  func() error { return s.Store.ApplyCatalog(ctx, changed) },
		"ApplyCatalog of a new client": func() error {
			return s.Store.ApplyCatalog(ctx, catalog.Batch{ClientID: 2})
		},
		"SaveResults": func() error {
			return s.Store.SaveResults(ctx, []store.Result{{ID: "new", ClientID: 1, Kind: store.ChannelSorting, Body: json.RawMessage(`{}`)}})
		},
		"CreateJob":       func() error { return s.Store.CreateJob(ctx, store.Job{ID: "new", CreatedAt: Noon}) },
		"Job":             func() error { return second(s.Store.Job(ctx, "job")) },
		"Jobs":            func() error { return second(s.Store.Jobs(ctx, store.JobQuery{Limit: 1})) },
		"QueuedJobs":      func() error { return second(s.Store.QueuedJobs(ctx)) },
		"LeaseJob":        func() error { return second(s.Store.LeaseJob(ctx, Noon, store.Lease{Owner: "a", Until: Noon + 1})) },
		"RenewLease":      func() error { return second(s.Store.RenewLease(ctx, "job", store.Lease{Owner: "a"}, 0)) },
		"EndAttempt":      func() error { return s.Store.EndAttempt(ctx, "a", store.Job{ID: "job", State: store.JobFailed}) },
		"CancelJob":       func() error { return second(s.Store.CancelJob(ctx, "job", Noon)) },
		"DeleteJobs":      func() error { return s.Store.DeleteJobs(ctx, Noon) },
		"DeleteResult":    func() error { return s.Store.DeleteResult(ctx, "id", store.ChannelSorting) },
		"EraseAccount":    func() error { return second(s.Store.EraseAccount(ctx, 1, 1, Noon, store.Kept{})) },
		"ExpireViewing":   func() error { return s.Store.ExpireViewing(ctx, 1, Noon.Day(), store.Kept{}) },
		"Maintain":        func() error { return s.Store.Maintain(ctx, q.filter.Window.To) },
		"Aggregate":       func() error { return second(s.Store.Aggregate(ctx, byChannel(q.filter))) },
		"AggregateAtOnce": func() error { return second(s.Store.AggregateAtOnce(ctx, byChannel(q.filter))) },
		"ProgrammeWatch":  func() error { return second(s.Store.ProgrammeWatch(ctx, q.watched())) },
		"Sessions": func() error {
			return second(s.Store.Sessions(ctx, store.SessionQuery{ClientID: 1, Window: AnyTime, Limit: 1}))
		},
		"SilentDevices":    func() error { return second(s.Store.SilentDevices(ctx, q.filter, Noon)) },
		"Subscribers":      func() error { return second(s.Store.Subscribers(ctx, 1, Noon, nil, s.Now)) },
		"Ratings":          func() error { return second(s.Store.Ratings(ctx, oneDay())) },
		"Curve":            func() error { return second(s.Store.Curve(ctx, oneDay().Filter, viewing.HourLength)) },
		"ChannelFlows":     func() error { return second(s.Store.ChannelFlows(ctx, q.filter, 0, 0)) },
		"LatestProgrammes": func() error { return second(s.Store.LatestProgrammes(ctx, 1, q.filter.Window, q.channels, 1)) },
		"Clients":          func() error { return second(s.Store.Clients(ctx)) },
		"Client":           func() error { return second(s.Store.Client(ctx, 1)) },
		"Channels":         func() error { return second(s.Store.Channels(ctx, 1)) },
		"Tariffs":          func() error { return second(s.Store.Tariffs(ctx, 1)) },
		"Categories":       func() error { return second(s.Store.Categories(ctx, 1)) },
		"Account":          func() error { return second(s.Store.Account(ctx, 1, 1, s.Now)) },
		"Programme":        func() error { return second(s.Store.Programme(ctx, 1, 3)) },
		"Programmes": func() error {
			return second(s.Store.Programmes(ctx, store.ProgrammeQuery{ClientID: 1, Starting: AnyTime, Limit: 1}))
		},
		"Result": func() error { return second(s.Store.Result(ctx, "id", store.ChannelSorting)) },
		"Results": func() error {
			return second(s.Store.Results(ctx, store.ResultQuery{ClientID: 1, Kinds: allKinds, Limit: 1}))
		},
	}
}

func second[T any](_ T, err error) error { return err }

// testMilliseconds: a millisecond makes another session, and windows begin and end to the millisecond.
func testMilliseconds(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	s.Append(Watch(1, 1, Noon, 60), Watch(1, 1, Noon+1, 70), Watch(1, 1, Noon+2, 80), Watch(1, 1, Noon+1, 75))
	var questions []question
	for from := range viewing.Millis(4) {
		for to := range viewing.Millis(4) {
			q := whole(1)
			q.filter.Window = viewing.Window{From: Noon + from, To: Noon + to}
			questions = append(questions, q)
		}
	}
	s.check(questions...)
	s.Fold()
	s.check(questions...)
}

// testBefore1970 puts sessions at the edges of days on both sides of the epoch and folds the days one after the other.
func testBefore1970(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	var questions []question
	for day := viewing.Day(-3); day <= 2; day++ {
		start := day.Start()
		s.Append(Watch(1, 1, start, 60), Watch(2, 1, start-1, 90_000), Watch(3, 2, start+viewing.DayLength/2, 40_000))
		s.Apply(catalog.Batch{ClientID: 1, Programmes: []catalog.Programme{
			{ID: int64(day) + 10, ChannelID: 1, Start: start - 1_800_001, End: start + 3_600_007},
		}})
		q := whole(1)
		q.filter.Window = day.Window()
		questions = append(questions, q)
	}
	for day := viewing.Day(-4); day <= 4; day++ {
		s.Must(s.Store.Maintain(t.Context(), day.Start()+7))
		s.check(questions...)
		s.check(whole(1))
		s.Append(Watch(int64(day)+50, 1, day.Start()+5, 30)) // late for the day that was just folded, or early
	}
	s.check(whole(1))
}

// testReportLimits stores reports with every field at its limit, and strange device uids.
func testReportLimits(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	for i, name := range names {
		report := Watch(math.MaxInt64, math.MaxInt32, Noon, 86_400)
		report.ClientID, report.ProgrammeID = math.MaxInt32, math.MaxInt64
		report.Mode, report.Ended = viewing.Catchup, true
		report.DeviceUID, report.Device = name+"uid", fmt.Sprint("_.-", i)
		report.Tariffs = []int32{1, math.MaxInt32}
		s.Append(report, report)
	}
	s.Apply(catalog.Batch{ClientID: math.MaxInt32, Programmes: []catalog.Programme{
		{ID: math.MaxInt64, ChannelID: math.MaxInt32, Title: names[2], Start: Noon, End: Noon + 1},
		{ID: 1, ChannelID: 1, Title: "for ever", Start: Year1, End: Year1 + 7*viewing.DayLength},
	}})
	s.Append(Watch(1, 1, Year1, 86_400), Watch(1, 1, year9999-1000, 1))
	s.Append(Watch(2, 1, Year1, 90*86_400)) // the longest session is configurable
	q := whole(math.MaxInt32)
	q.filter.Tariffs, q.filter.Devices = []int32{math.MaxInt32}, []string{"_.-0", "_.-3"}
	ever := whole(1)
	ever.filter.Window = viewing.Window{From: Year1, To: year9999}
	s.check(q, whole(math.MaxInt32), ever)
	s.Must(s.Store.Maintain(t.Context(), year9999))
	s.check(q, whole(math.MaxInt32), ever)
}

// testOwnership writes into slices that the store got before and that it returned.
func testOwnership(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	tariffs := []int32{1, 2}
	reports := []viewing.Report{Watch(1, 1, Noon, 60)}
	reports[0].Tariffs = tariffs
	s.Must(s.Store.AppendReports(t.Context(), reports))
	batch := catalog.Batch{ClientID: 1, Accounts: []catalog.Account{{ID: 1, ChangedAt: Noon, Tariffs: tariffs}}}
	s.Must(s.Store.ApplyCatalog(t.Context(), batch))
	tariffs[0], tariffs[1], reports[0], batch.Accounts[0] = 8, 9, viewing.Report{}, catalog.Account{}
	s.isNow(catalog.Account{ChangedAt: Noon, Tariffs: []int32{1, 2}, RegisteredAt: Noon})
	report := Watch(1, 1, Noon, 60)
	report.Tariffs = []int32{1, 2}
	s.Must(s.Twin.AppendReports(t.Context(), []viewing.Report{report}))
	for tariff := range int32(10) {
		q := whole(1)
		q.filter.Tariffs = []int32{tariff}
		s.check(q)
	}
}

func testMonitor(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	s.Must(s.Store.Ping(t.Context()))
	s.Append(Watch(1, 1, Noon, 60))
	size, err := s.Store.Size(t.Context())
	s.Must(err)
	if size <= 0 || s.Store.Describe() == "" {
		t.Errorf("size %d, description %q", size, s.Store.Describe())
	}
}
