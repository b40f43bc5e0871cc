package e2e

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/app"
	"github.com/tvstats/tvstats/internal/auth"
	"github.com/tvstats/tvstats/internal/dynamics"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/store/duckdb"
	"github.com/tvstats/tvstats/internal/viewing"
)

// commandRequest starts a job that does the command.
func commandRequest(t *testing.T, command proto.Message) *tvstatsv1.StartJobRequest {
	t.Helper()
	request := (&tvstatsv1.StartJobRequest{}).ProtoReflect()
	fields := request.Descriptor().Fields()
	for i := range fields.Len() {
		if fields.Get(i).Message() == command.ProtoReflect().Descriptor() {
			request.Set(fields.Get(i), protoreflect.ValueOfMessage(command.ProtoReflect()))
			return request.Interface().(*tvstatsv1.StartJobRequest)
		}
	}
	t.Fatalf("%T is no command", command)
	return nil
}

func startJob(t *testing.T, client tvstatsv1.JobsClient, command proto.Message) *tvstatsv1.Job {
	t.Helper()
	started, err := client.StartJob(rpctest.Context(t), commandRequest(t, command))
	if err != nil {
		t.Fatal(err)
	}
	return started.GetJob()
}

// watchJob returns the job once it is as wanted, or has ended.
func watchJob(t *testing.T, client tvstatsv1.JobsClient, id string, wanted func(*tvstatsv1.Job) bool) *tvstatsv1.Job {
	t.Helper()
	stream, err := client.WatchJob(rpctest.Context(t), &tvstatsv1.WatchJobRequest{JobId: id})
	if err != nil {
		t.Fatal(err)
	}
	var last *tvstatsv1.Job
	for {
		response, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return last
		}
		if err != nil {
			t.Fatal(err)
		}
		if last != nil && last.GetAttempts() == response.GetJob().GetAttempts() && last.GetProgress() > response.GetJob().GetProgress() {
			t.Errorf("progress shrank: %v, %v", last, response.GetJob())
		}
		if last = response.GetJob(); wanted(last) {
			return last
		}
	}
}

func untilEnd(*tvstatsv1.Job) bool { return false }

func untilRunning(job *tvstatsv1.Job) bool {
	return job.GetState() == tvstatsv1.JobState_JOB_STATE_RUNNING
}

// everyCommand are valid ones about client 1, of every method that a job can do.
func everyCommand(asOf *timestamppb.Timestamp) []proto.Message {
	return []proto.Message{
		rpctest.Changed(rpctest.ValidSorting(), func(r *rpctest.SortingRequest) { r.ClientIds, r.AsOf = []int32{1}, asOf }),
		rpctest.Changed(rpctest.ValidChannelSelection(), func(r *rpctest.SelectionRequest) { r.AsOf = asOf }),
		rpctest.Changed(rpctest.ValidEpgSelection(), func(r *rpctest.EpgRequest) { r.AsOf = asOf }),
		&tvstatsv1.CacheMaxOnlineRequest{ClientIds: []int32{1}, AsOf: asOf},
		&tvstatsv1.SaveStatsRequest{ClientIds: []int32{1}, AsOf: asOf},
		&tvstatsv1.CollectDailyStatsRequest{AsOf: asOf},
		&tvstatsv1.CacheCustomersDynamicRequest{AsOf: asOf},
	}
}

// builders are those of the everyCommand that store rankings.
func builders(asOf *timestamppb.Timestamp) []proto.Message { return everyCommand(asOf)[:3] }

// TestJobsReturnWhatCallsReturn runs every method as a job of one service, and as a call of another with the same data.
func TestJobsReturnWhatCallsReturn(t *testing.T) {
	t.Parallel()
	s, other := startWatched(t), startWatched(t)
	for _, command := range everyCommand(timestamppb.Now()) {
		job := watchJob(t, s, startJob(t, s, command).GetJobId(), untilEnd)
		if job.GetState() != tvstatsv1.JobState_JOB_STATE_SUCCEEDED || job.GetProgress() != 1 || job.GetAttempts() != 1 || job.GetError() != "" {
			t.Errorf("got %v", job)
		}
		if want := strings.TrimSuffix(string(proto.MessageName(command).Name()), "Request"); job.GetMethod() != want {
			t.Errorf("the method is %q, want %q", job.GetMethod(), want)
		}
		if created, started, ended := job.GetCreatedAt().AsTime(), job.GetStartedAt().AsTime(), job.GetFinishedAt().AsTime(); started.Before(created) || ended.Before(started) {
			t.Errorf("created, started and ended at %v, %v, %v", created, started, ended)
		}
		if got, want := anonymous(answerOf(job)), anonymous(calledResult(t, other, command)); !proto.Equal(got, want) {
			t.Errorf("%s: the job returned\n%v\nthe call\n%v", job.GetMethod(), got, want)
		}
	}
}

// TestJobsStoreTheirResults: the rankings in a job's result can be read by their ids.
func TestJobsStoreTheirResults(t *testing.T) {
	t.Parallel()
	s := startWatched(t)
	for _, command := range builders(timestamppb.Now()) {
		answer := answerOf(watchJob(t, s, startJob(t, s, command).GetJobId(), untilEnd))
		if got, want := storedRanking(t, s, answer), storedRanking(t, s, calledResult(t, s, command)); !proto.Equal(got, want) {
			t.Errorf("the job stored\n%v\nthe call\n%v", got, want)
		}
	}
	listed, err := s.ListJobs(rpctest.Context(t), &tvstatsv1.ListJobsRequest{})
	if err != nil || len(listed.GetJobs()) != 3 {
		t.Fatalf("got %v, %v", listed, err)
	}
	for _, job := range listed.GetJobs() {
		if job.GetState() != tvstatsv1.JobState_JOB_STATE_SUCCEEDED || job.GetResult() != nil {
			t.Errorf("a list has %v, want it without its result", job)
		}
	}
}

// answerOf is the response of the job's method.
func answerOf(job *tvstatsv1.Job) proto.Message {
	result := job.GetResult().ProtoReflect()
	return result.Get(result.WhichOneof(result.Descriptor().Oneofs().Get(0))).Message().Interface()
}

// anonymous leaves out what differs between two equal rankings.
func anonymous(m proto.Message) proto.Message {
	m = proto.Clone(m)
	switch r := m.(type) {
	case *tvstatsv1.CreateChannelSortingByPopularityResponse:
		for _, sorting := range r.Sortings {
			sorting.SortingId, sorting.CreatedAt = "", nil
		}
	case interface{ GetSelection() *tvstatsv1.Selection }:
		r.GetSelection().SelectionId, r.GetSelection().CreatedAt = "", nil
	}
	return m
}

// TestJobsAreOfTheTimeOfStartJob: what is to be done as of now is done as of the time of the call.
func TestJobsAreOfTheTimeOfStartJob(t *testing.T) {
	t.Parallel()
	s := startWatched(t)
	for _, command := range builders(nil)[1:] {
		job := watchJob(t, s, startJob(t, s, command).GetJobId(), untilEnd)
		selection := answerOf(job).(interface{ GetSelection() *tvstatsv1.Selection }).GetSelection()
		if got := selection.GetWindowEnd(); !proto.Equal(got, job.GetCreatedAt()) {
			t.Errorf("the window ends at %v, the job was created at %v", got.AsTime(), job.GetCreatedAt().AsTime())
		}
	}
}

// TestWrongJobs: a command is refused before it becomes a job, with the names of its fields.
func TestWrongJobs(t *testing.T) {
	t.Parallel()
	s, ctx := startWatched(t), rpctest.Context(t)
	for want, request := range map[string]*tvstatsv1.StartJobRequest{
		"command": {},
		"create_channel_sorting_by_popularity.days_number": commandRequest(t, rpctest.Changed(rpctest.ValidSorting(), func(r *rpctest.SortingRequest) { r.DaysNumber = 0 })),
		"create_epg_selection_by_popularity.client_id":     commandRequest(t, rpctest.Changed(rpctest.ValidEpgSelection(), func(r *rpctest.EpgRequest) { r.ClientId = 0 })),
	} {
		_, err := s.StartJob(ctx, request)
		if !violates(status.Convert(err), want) {
			t.Errorf("got %v, want a violation of %s", err, want)
		}
	}
	_, err := s.StartJob(ctx, commandRequest(t, rpctest.Changed(rpctest.ValidSorting(), func(r *rpctest.SortingRequest) { r.ClientIds = []int32{1, 77} })))
	wantUnknownClient(t, err)
	_, err = s.GetJob(ctx, &tvstatsv1.GetJobRequest{})
	rpctest.WantStatus(t, err, codes.InvalidArgument, "INVALID_FIELD")
	_, err = s.GetJob(ctx, &tvstatsv1.GetJobRequest{JobId: "none"})
	rpctest.WantStatus(t, err, codes.NotFound, "NOT_FOUND")
	_, err = s.CancelJob(ctx, &tvstatsv1.CancelJobRequest{JobId: "none"})
	rpctest.WantStatus(t, err, codes.NotFound, "NOT_FOUND")
	_, err = s.ListJobs(ctx, &tvstatsv1.ListJobsRequest{ClientId: -1})
	rpctest.WantStatus(t, err, codes.InvalidArgument, "INVALID_FIELD")
	_, err = s.ListJobs(ctx, &tvstatsv1.ListJobsRequest{PageSize: -1})
	rpctest.WantStatus(t, err, codes.InvalidArgument, "INVALID_FIELD")
	for id, code := range map[string]codes.Code{"": codes.InvalidArgument, "none": codes.NotFound} {
		stream, err := s.WatchJob(ctx, &tvstatsv1.WatchJobRequest{JobId: id})
		if err != nil {
			t.Fatal(err)
		}
		_, err = stream.Recv()
		wantCode(t, "WatchJob of "+id, err, code)
	}
	if listed, err := s.ListJobs(ctx, &tvstatsv1.ListJobsRequest{}); err != nil || len(listed.GetJobs()) != 0 {
		t.Errorf("there are jobs: %v, %v", listed, err)
	}
}

// TestQueuedJobs uses a replica that runs none: jobs are listed in pages, of a client or all, until they are cancelled, and
// no more are taken than may wait.
func TestQueuedJobs(t *testing.T) {
	t.Parallel()
	const bound = 5
	s := start(t, func(cfg *app.Config) { cfg.JobWorkers, cfg.JobQueue = 0, bound })
	manyClients(t, s.address, 3)
	ctx := rpctest.Context(t)
	var newest []*tvstatsv1.Job
	for i := range bound {
		clients := []int32{int32(i%3) + 1, 3}[:1+i%2]
		job := startJob(t, s, rpctest.Changed(rpctest.ValidSorting(), func(r *rpctest.SortingRequest) { r.ClientIds = slices.Compact(clients) }))
		newest = append([]*tvstatsv1.Job{job}, newest...)
	}
	_, err := s.StartJob(ctx, commandRequest(t, rpctest.ValidChannelSelection()))
	rpctest.WantStatus(t, err, codes.ResourceExhausted, "QUEUE_FULL")

	for client := range int32(4) {
		var got, want []*tvstatsv1.Job
		pages(t, 2, func(ctx context.Context, token string) (int, string, error) {
			page, err := s.ListJobs(ctx, &tvstatsv1.ListJobsRequest{ClientId: client, PageSize: 2, PageToken: token})
			got = append(got, page.GetJobs()...)
			return len(page.GetJobs()), page.GetNextPageToken(), err
		})
		for _, job := range newest {
			if client == 0 || slices.Contains(job.GetClientIds(), client) {
				want = append(want, job)
			}
		}
		slices.SortStableFunc(want, func(a, b *tvstatsv1.Job) int { // equal times go by id
			return cmpJobs(b, a)
		})
		wantAll(t, nil, got, want)
	}

	id := newest[0].GetJobId()
	for range 2 {
		cancelled, err := s.CancelJob(ctx, &tvstatsv1.CancelJobRequest{JobId: id})
		if err != nil || cancelled.GetJob().GetState() != tvstatsv1.JobState_JOB_STATE_CANCELLED || cancelled.GetJob().GetFinishedAt() == nil {
			t.Errorf("got %v, %v", cancelled, err)
		}
	}
	if job := watchJob(t, s, id, untilEnd); job.GetState() != tvstatsv1.JobState_JOB_STATE_CANCELLED || job.GetAttempts() != 0 {
		t.Errorf("got %v", job)
	}
	startJob(t, s, rpctest.ValidChannelSelection())
}

func cmpJobs(a, b *tvstatsv1.Job) int {
	if order := a.GetCreatedAt().AsTime().Compare(b.GetCreatedAt().AsTime()); order != 0 {
		return order
	}
	return strings.Compare(a.GetJobId(), b.GetJobId())
}

// TestWatchingEndsWithTheService, but the job does not.
func TestWatchingEndsWithTheService(t *testing.T) {
	t.Parallel()
	s := start(t, func(cfg *app.Config) { cfg.JobWorkers = 0 })
	manyClients(t, s.address, 1)
	id := startJob(t, s, rpctest.ValidChannelSelection()).GetJobId()
	stream, err := s.WatchJob(rpctest.Context(t), &tvstatsv1.WatchJobRequest{JobId: id})
	if err != nil {
		t.Fatal(err)
	}
	if first, err := stream.Recv(); err != nil || first.GetJob().GetState() != tvstatsv1.JobState_JOB_STATE_QUEUED {
		t.Fatalf("got %v, %v", first, err)
	}
	s = restart(t, s)
	_, err = stream.Recv()
	rpctest.WantStatus(t, err, codes.Unavailable, "SHUTTING_DOWN")
	if job := watchJob(t, s, id, untilEnd); job.GetState() != tvstatsv1.JobState_JOB_STATE_SUCCEEDED {
		t.Errorf("got %v", job)
	}
}

// TestEndedJobsAreKeptForATime and then removed by the maintenance of the store; jobs that wait are not.
func TestEndedJobsAreKeptForATime(t *testing.T) {
	t.Parallel()
	db, err := duckdb.Open(t.Context(), duckdb.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // the test is over
	now, cfg := time.Now(), app.DefaultConfig()
	for id, age := range map[string]time.Duration{"young": cfg.JobRetention - time.Minute, "old": cfg.JobRetention + time.Minute} {
		err := db.CreateJob(t.Context(), store.Job{ID: id})
		if _, cancelErr := db.CancelJob(t.Context(), id, viewing.At(now.Add(-age))); err != nil || cancelErr != nil {
			t.Fatal(err, cancelErr)
		}
	}
	err = db.CreateJob(t.Context(), store.Job{ID: "waits", CreatedAt: viewing.At(now.Add(-2 * cfg.JobRetention))})
	if err := errors.Join(err, app.Maintain(t.Context(), db, dynamics.New(db, cfg.OnlineTimeout, cfg.MaxSession), now, cfg)); err != nil {
		t.Fatal(err)
	}
	kept, err := db.Jobs(t.Context(), store.JobQuery{Limit: 9})
	if err != nil || len(kept) != 2 || kept[0].ID != "waits" || kept[1].ID != "young" {
		t.Errorf("kept are %+v, %v", kept, err)
	}
}

// TestJobsOfOtherClients: a caller sees, and starts, only jobs for clients that its token covers, whatever else there is.
func TestJobsOfOtherClients(t *testing.T) {
	t.Parallel()
	g := startGuarded(t)
	for client, role := range map[int32]auth.Role{1: auth.Backend, 2: stranger} {
		if _, err := oneRequest(g.Sync(g.as(t, role)))(&tvstatsv1.SyncRequest{ClientId: client}); err != nil {
			t.Fatal(err)
		}
	}
	var own []string
	for _, command := range everyCommand(nil)[5:] { // for every client there is
		started, err := g.StartJob(g.as(t, auth.Backend), commandRequest(t, command))
		if err != nil || !slices.Equal(started.GetJob().GetClientIds(), []int32{1}) {
			t.Errorf("a job for all clients is %v, %v", started, err)
		}
		if _, err := g.CancelJob(g.as(t, auth.Backend), &tvstatsv1.CancelJobRequest{JobId: started.GetJob().GetJobId()}); err != nil {
			t.Error(err)
		}
		own = append(own, started.GetJob().GetJobId())
	}
	for _, clients := range [][]int32{{1}, {2}, {1, 2}, {2}, {1}, {2}, {2}} {
		command := rpctest.Changed(rpctest.ValidSorting(), func(r *rpctest.SortingRequest) { r.ClientIds = clients })
		started, err := g.StartJob(g.as(t, auth.Operator), commandRequest(t, command))
		if err != nil {
			t.Fatal(err)
		}
		if slices.Equal(clients, []int32{1}) {
			own = append(own, started.GetJob().GetJobId())
		}
	}
	var got []string
	pages(t, 1, func(ctx context.Context, token string) (int, string, error) {
		page, err := g.ListJobs(withToken(ctx, g.tokens[auth.Reader]), &tvstatsv1.ListJobsRequest{PageSize: 1, PageToken: token})
		for _, job := range page.GetJobs() {
			got = append(got, job.GetJobId())
		}
		return len(page.GetJobs()), page.GetNextPageToken(), err
	})
	slices.Sort(got) // ids made later are greater
	if !slices.Equal(got, own) {
		t.Errorf("a reader of client 1 sees %v, want %v", got, own)
	}
}

// TestJobsLeaveNothingBehind stops a service that runs a job and is watched.
func TestJobsLeaveNothingBehind(t *testing.T) {
	ignore := goleak.IgnoreCurrent()
	s := start(t)
	manyClients(t, s.address, 100)
	job := startJob(t, s, sortingOfMany(100))
	watchJob(t, s, job.GetJobId(), untilRunning)
	if err := errors.Join(s.stop(), s.conn.Close()); err != nil {
		t.Fatal(err)
	}
	goleak.VerifyNone(t, ignore)
}
