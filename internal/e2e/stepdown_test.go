package e2e

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/bson"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/app"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
	"github.com/tvstats/tvstats/internal/store/mongolog/mongotest"
)

// elections have the primary step down again and again, in the middle of commands.
type elections struct {
	mu       sync.Mutex
	r        *rand.Rand
	left     int
	headless int // commands that are refused until there is a primary again
}

func (e *elections) choose(command bson.Raw) mongotest.Fate {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.headless > 0 {
		e.headless--
		return mongotest.Refused(mongotest.NotWritablePrimary)
	}
	if e.left == 0 || e.r.IntN(15) > 0 {
		return nil
	}
	e.left--
	e.headless = e.r.IntN(3)
	fates := []mongotest.Fate{
		mongotest.Refused(mongotest.PrimarySteppedDown), mongotest.Interrupted(mongotest.InterruptedDueToReplStateChange),
		mongotest.Interrupted(mongotest.ShutdownInProgress), mongotest.NoResponse,
	}
	if _, err := command.LookupErr("writeConcern"); err == nil {
		fates = append(fates, mongotest.Unconfirmed(mongotest.WriteConcernFailed), mongotest.Unconfirmed(mongotest.ShutdownInProgress))
	}
	return fates[e.r.IntN(len(fates))]
}

// TestPrimaryStepsDown pushes a catalog, streams, ranks and runs jobs while the primary steps down again and again. Calls
// succeed or say that they may later; streams wait. What was acknowledged is there once, as a replica sees it that had no
// part in this, and so is what each job stored.
func TestPrimaryStepsDown(t *testing.T) {
	t.Parallel()
	const seed = 41
	r := rand.New(rand.NewPCG(seed, 14))
	w := randomWorld(r, 1, time.Now())
	direct := onMongoDB(t)
	stepping := &elections{r: rand.New(rand.NewPCG(seed, 15)), left: 6}
	shaken := start(t, through(mongotest.Relay(t, stepping.choose), direct), func(cfg *app.Config) { cfg.MongodbURI += "&socketTimeoutMS=300" })
	calm := start(t, direct, func(cfg *app.Config) { cfg.JobWorkers = 0 })

	insist(t, func() error { return pushOnce(t, shaken, w) })
	var streaming, reading sync.WaitGroup
	for range 3 {
		g := newGateway(r, w.events)
		streaming.Go(func() { g.mustSend(t, shaken.address) })
	}
	streamed := make(chan struct{})
	reading.Go(func() { rankUntil(t, shaken, streamed) })
	for range 3 {
		insist(t, func() error {
			_, err := shaken.StartJob(rpctest.Context(t), commandRequest(t, rpctest.ValidChannelSelection()))
			return err
		})
	}
	streaming.Wait()
	close(streamed)
	reading.Wait()
	wantJobsDoneOnce(t, calm)
	checkRankings(t, w, seed, calm.address)
	if stepping.left > 0 {
		t.Errorf("seed %d: %d elections are left", seed, stepping.left)
	}
}

// insist calls until it succeeds. The only error that it expects is that the store cannot be used now.
func insist(t *testing.T, call func() error) {
	t.Helper()
	for !t.Failed() {
		err := call()
		if err == nil {
			return
		}
		rpctest.WantStatus(t, err, codes.Unavailable, "STORE_UNAVAILABLE")
	}
}

// pushOnce pushes the catalog of the world on a stream of its own.
func pushOnce(t *testing.T, client tvstatsv1.CatalogClient, w *world) error {
	t.Helper()
	stream, err := client.Sync(rpctest.Context(t))
	if err != nil {
		return err
	}
	err = stream.Send(&tvstatsv1.SyncRequest{ClientId: w.clientID, Channels: w.channels, Accounts: w.accounts, Programmes: w.programmes})
	if err != nil {
		t.Error(err)
	}
	if _, err = stream.Recv(); err != nil {
		return err
	}
	return stream.CloseSend()
}

// rankUntil makes rankings until its context ends.
func rankUntil(t *testing.T, client tvstatsv1.ViewStatsClient, end <-chan struct{}) {
	for {
		select {
		case <-end:
			return
		default:
		}
		_, err := client.CreateChannelSortingByPopularity(rpctest.Context(t), &tvstatsv1.CreateChannelSortingByPopularityRequest{
			ClientIds: []int32{1}, DaysNumber: 3, Criterion: tvstatsv1.Criterion_CRITERION_WATCH_TIME, AsOf: timestamppb.Now(),
		})
		if status.Code(err) != codes.OK {
			rpctest.WantStatus(t, err, codes.Unavailable, "STORE_UNAVAILABLE")
		}
	}
}

// wantJobsDoneOnce: every job succeeds, and what jobs return is what is stored.
func wantJobsDoneOnce(t *testing.T, s *testServer) {
	t.Helper()
	jobs, err := s.ListJobs(rpctest.Context(t), &tvstatsv1.ListJobsRequest{ClientId: 1, PageSize: 100})
	if err != nil {
		t.Fatal(err)
	}
	var results []string
	for _, listed := range jobs.GetJobs() {
		job := watchJob(t, s, listed.GetJobId(), untilEnd)
		if job.GetState() != tvstatsv1.JobState_JOB_STATE_SUCCEEDED {
			t.Errorf("got %v", job)
		}
		results = append(results, job.GetResult().GetCreateChannelSelectionByPopularity().GetSelection().GetSelectionId())
	}
	if stored := storedSelections(t, s); !slices.Equal(stored, slices.Sorted(slices.Values(results))) {
		t.Errorf("stored are %v, the jobs returned %v", stored, results)
	}
}
