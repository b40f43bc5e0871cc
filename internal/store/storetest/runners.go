package storetest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/tvstats/tvstats/internal/jobs"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var runnerTests = []test{
	{"two runners never run one job together", testTwoRunners},
	{"what may pass is tried again, later each time", testRetries},
	{"what will not pass is not tried again", testNoRetries},
	{"cancelled here and from elsewhere", testCancelRunning},
	{"handed back at the end of the program", testHandedBack},
	{"taken over when the lease runs out", testTakenOver},
	{"nothing is stored after the lease is lost", testLostLease},
	{"a job that kills its runners is given up", testGivenUp},
	{"progress is told and watched", testProgress},
	{"the queue is bounded", testQueueBound},
}

// labour is work that a test makes up.
type labour func(ctx context.Context, job store.Job, progress func(float64)) ([]byte, error)

// Do implements jobs.Work.
func (l labour) Do(ctx context.Context, job store.Job, progress func(float64)) ([]byte, error) {
	return l(ctx, job, progress)
}

// Explain implements jobs.Work.
func (labour) Explain(err error) string {
	first, _, _ := strings.Cut(err.Error(), "\n")
	return "told: " + first
}

// tillStopped tells that it works, and works until it is ended. Its error is why.
func tillStopped(working chan<- struct{}) labour {
	return func(ctx context.Context, _ store.Job, _ func(float64)) ([]byte, error) {
		working <- struct{}{}
		<-ctx.Done()
		return nil, context.Cause(ctx)
	}
}

// onlooker gathers what a runner was hindered from.
type onlooker struct {
	mu       sync.Mutex
	hindered []error
}

func (*onlooker) Began(store.Job)                       {}
func (*onlooker) Ended(store.Job, time.Duration, error) {}
func (o *onlooker) StoreFailed(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.hindered = append(o.hindered, err)
}

// replica is a queue and a runner on the store, with a clock that only the test moves.
type replica struct {
	*jobs.Queue
	*onlooker
	clock *clockwork.FakeClock
	stop  func() // and wait
}

func (s *subject) replica(owner string, workers int, work labour) *replica {
	clock := clockwork.NewFakeClockAt(noon.Time())
	r := &replica{Queue: jobs.NewQueue(s.store, clock, 100), onlooker: &onlooker{}, clock: clock}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		jobs.NewRunner(r.Queue, owner, work, r.onlooker).Run(ctx, workers)
	}()
	r.stop = func() {
		cancel()
		<-ended
	}
	s.t.Cleanup(r.stop)
	return r
}

func (s *subject) add(queue *jobs.Queue, id string) {
	s.t.Helper()
	s.must(queue.Add(s.t.Context(), store.Job{ID: id, Method: "SaveStats", CreatedAt: noon}))
}

// await watches the job until it is as wanted, and returns it.
func (s *subject) await(queue *jobs.Queue, id string, wanted func(store.Job) bool) store.Job {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute) // ends what hangs
	defer cancel()
	var got store.Job
	enough := errors.New("as wanted")
	err := queue.Watch(ctx, id, func(job store.Job) error {
		if got = job; wanted(job) {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) {
		s.t.Fatalf("waiting ended with %v: %+v", err, got)
	}
	return got
}

func ended(job store.Job) bool  { return job.State.Ended() }
func queued(job store.Job) bool { return job.State == store.JobQueued }

func (s *subject) wantJob(got store.Job, state store.JobState, attempts, failures int32, text string) {
	s.t.Helper()
	if got.State != state || got.Attempts != attempts || got.Failures != failures || got.Error != text {
		s.t.Errorf("got %+v\nwant state %d, %d attempts, %d failures, error %q", got, state, attempts, failures, text)
	}
}

// testTwoRunners lets two replicas with several workers each share jobs; some of them run for a while.
func testTwoRunners(t *testing.T, factory Factory) {
	s := newSubject(t, factory)
	var mu sync.Mutex
	now, ran := map[string]bool{}, map[string]int{}
	work := labour(func(ctx context.Context, job store.Job, _ func(float64)) ([]byte, error) {
		mu.Lock()
		if now[job.ID] {
			t.Errorf("%s runs twice at once", job.ID)
		}
		now[job.ID] = true
		ran[job.ID]++
		mu.Unlock()
		_, err := s.store.Jobs(ctx, store.JobQuery{Limit: 1}) // takes a moment
		mu.Lock()
		defer mu.Unlock()
		now[job.ID] = false
		return []byte("by one"), err
	})
	a, b := s.replica("a", 3, work), s.replica("b", 3, work)
	for i := range 20 {
		s.add([]*jobs.Queue{a.Queue, b.Queue}[i%2], fmt.Sprint("job-", i))
	}
	watched := jobs.NewQueue(s.store, clockwork.NewRealClock(), 0)
	for i := range 20 {
		s.wantJob(s.await(watched, fmt.Sprint("job-", i), ended), store.JobSucceeded, 1, 0, "")
	}
	for id, times := range ran {
		if times != 1 {
			t.Errorf("%s ran %d times", id, times)
		}
	}
}

// testRetries fails with what may pass until the job is given up, and looks at when it is tried again.
func testRetries(t *testing.T, factory Factory) {
	s := newSubject(t, factory)
	r := s.replica("a", 1, func(context.Context, store.Job, func(float64)) ([]byte, error) {
		return nil, fmt.Errorf("%w: for now", store.ErrUnavailable)
	})
	s.add(r.Queue, "job")
	const text = "told: store unavailable: for now"
	wait := 5 * time.Second
	for failures := int32(1); failures < 10; failures++ {
		job := s.await(r.Queue, "job", func(job store.Job) bool { return queued(job) && job.Failures == failures })
		s.wantJob(job, store.JobQueued, failures, failures, text)
		if want := viewing.At(r.clock.Now().Add(wait)); job.DueAt != want {
			t.Errorf("after %d failures it is due at %v, want %v", failures, job.DueAt.Time(), want.Time())
		}
		r.advance(s, wait)
		wait *= 2
	}
	s.wantJob(s.await(r.Queue, "job", ended), store.JobFailed, 10, 10, text)
}

// advance moves the clock once the runner waits for it, either for a job or while it works at the only one.
func (r *replica) advance(s *subject, d time.Duration) {
	s.t.Helper()
	s.must(r.clock.BlockUntilContext(s.t.Context(), 1))
	r.clock.Advance(d)
}

// testNoRetries fails, and panics, for reasons of the job's own.
func testNoRetries(t *testing.T, factory Factory) {
	s := newSubject(t, factory)
	r := s.replica("a", 1, func(_ context.Context, job store.Job, _ func(float64)) ([]byte, error) {
		if job.ID == "panics" {
			panic("at the disco")
		}
		return nil, fmt.Errorf("client 7: %w", store.ErrNotFound)
	})
	s.add(r.Queue, "fails")
	s.wantJob(s.await(r.Queue, "fails", ended), store.JobFailed, 1, 1, "told: client 7: not found")
	s.add(r.Queue, "panics")
	s.wantJob(s.await(r.Queue, "panics", ended), store.JobFailed, 1, 1, "told: panic: at the disco")
}

func testCancelRunning(t *testing.T, factory Factory) {
	s := newSubject(t, factory)
	working := make(chan struct{})
	r := s.replica("a", 1, tillStopped(working))
	for _, id := range []string{"here", "elsewhere"} {
		s.add(r.Queue, id)
		<-working
		s.add(r.Queue, "waiting "+id)
		waiting, err := r.Cancel(t.Context(), "waiting "+id)
		s.must(err)
		s.wantJob(waiting, store.JobCancelled, 0, 0, "")
		if id == "here" {
			_, err = r.Cancel(t.Context(), id)
		} else {
			_, err = s.store.CancelJob(t.Context(), id, noon) // as another replica does
			r.advance(s, time.Second)
		}
		s.must(err)
		s.wantJob(s.await(r.Queue, id, ended), store.JobCancelled, 1, 0, "")
	}
}

// testHandedBack stops a replica while it works: the job waits for another, and has not failed.
func testHandedBack(t *testing.T, factory Factory) {
	s := newSubject(t, factory)
	working := make(chan struct{})
	r := s.replica("a", 1, tillStopped(working))
	s.add(r.Queue, "job")
	<-working
	r.stop()
	job, err := s.store.Job(t.Context(), "job")
	s.must(err)
	s.wantJob(job, store.JobQueued, 1, 0, "")
	next := s.replica("b", 1, func(context.Context, store.Job, func(float64)) ([]byte, error) { return []byte("done"), nil })
	job = s.await(next.Queue, "job", ended)
	s.wantJob(job, store.JobSucceeded, 2, 0, "")
	if string(job.Result) != "done" || job.Progress != 1 {
		t.Errorf("got %+v", job)
	}
}

// testTakenOver lets a replica that is gone hold a lease: a job is taken over when it has run out, and ended if somebody
// cancelled it meanwhile.
func testTakenOver(t *testing.T, factory Factory) {
	s := newSubject(t, factory)
	for _, id := range []string{"cancelled", "taken over"} {
		s.must(s.store.CreateJob(t.Context(), store.Job{ID: id, CreatedAt: noon}))
		_, err := s.store.LeaseJob(t.Context(), noon, store.Lease{Owner: "gone", Until: noon.Add(10 * time.Second)})
		s.must(err)
	}
	_, err := s.store.CancelJob(t.Context(), "cancelled", noon)
	s.must(err)
	r := s.replica("a", 1, func(context.Context, store.Job, func(float64)) ([]byte, error) { return nil, nil })
	s.add(r.Queue, "young")
	s.wantJob(s.await(r.Queue, "young", ended), store.JobSucceeded, 1, 0, "")
	job, err := s.store.Job(t.Context(), "taken over")
	s.must(err)
	s.wantJob(job, store.JobRunning, 1, 0, "")
	r.advance(s, 10*time.Second)
	s.wantJob(s.await(r.Queue, "taken over", ended), store.JobSucceeded, 2, 1, "")
	s.wantJob(s.await(r.Queue, "cancelled", ended), store.JobCancelled, 2, 1, "")
}

// testLostLease gives a job to another while its runner is held up: the runner ends its work and stores nothing.
func testLostLease(t *testing.T, factory Factory) {
	s := newSubject(t, factory)
	working, why := make(chan struct{}), make(chan error, 1)
	r := s.replica("slow", 1, func(ctx context.Context, job store.Job, progress func(float64)) ([]byte, error) {
		_, err := tillStopped(working)(ctx, job, progress)
		why <- err
		return []byte("too late"), nil
	})
	s.add(r.Queue, "job")
	<-working
	_, err := s.store.LeaseJob(t.Context(), noon.Add(10*time.Second), store.Lease{Owner: "quick", Until: math.MaxInt64})
	s.must(err)
	r.advance(s, time.Second)
	if err := <-why; !errors.Is(err, store.ErrLeaseLost) {
		t.Errorf("the work was ended by %v", err)
	}
	r.stop()
	job, err := s.store.Job(t.Context(), "job")
	s.must(err)
	s.wantJob(job, store.JobRunning, 2, 1, "")
	if len(r.hindered) != 1 || !errors.Is(r.hindered[0], store.ErrLeaseLost) {
		t.Errorf("the runner was hindered by %v", r.hindered)
	}
}

func testGivenUp(t *testing.T, factory Factory) {
	s := newSubject(t, factory)
	s.must(s.store.CreateJob(t.Context(), store.Job{ID: "job", CreatedAt: noon}))
	for range 10 {
		_, err := s.store.LeaseJob(t.Context(), noon, store.Lease{Owner: "gone", Until: noon})
		s.must(err)
	}
	r := s.replica("a", 1, nil)
	job := s.await(r.Queue, "job", ended)
	s.wantJob(job, store.JobFailed, 11, 10, job.Error)
	if !strings.Contains(job.Error, "broken off") {
		t.Errorf("the error is %q", job.Error)
	}
}

// testProgress watches a job that does a quarter after the other, each when the one before was seen.
func testProgress(t *testing.T, factory Factory) {
	s := newSubject(t, factory)
	seen := make(chan struct{})
	r := s.replica("a", 1, func(_ context.Context, _ store.Job, progress func(float64)) ([]byte, error) {
		for _, done := range []float64{0.25, 0.5, 0.25, 0.75} {
			<-seen
			progress(done)
			seen <- struct{}{}
		}
		<-seen
		return nil, nil
	})
	s.add(r.Queue, "job")
	for _, want := range []float64{0.25, 0.5, 0.5, 0.75} {
		seen <- struct{}{}
		<-seen
		r.advance(s, time.Second)
		s.await(r.Queue, "job", func(job store.Job) bool {
			if job.Progress > want {
				t.Errorf("progress is %v, want %v", job.Progress, want)
			}
			return job.Progress == want
		})
	}
	seen <- struct{}{}
	s.wantJob(s.await(r.Queue, "job", ended), store.JobSucceeded, 1, 0, "")
}

func testQueueBound(t *testing.T, factory Factory) {
	s := newSubject(t, factory)
	queue := jobs.NewQueue(s.store, clockwork.NewFakeClock(), 2)
	s.add(queue, "a")
	s.add(queue, "b")
	if err := queue.Add(t.Context(), store.Job{ID: "c"}); !errors.Is(err, jobs.ErrQueueFull) {
		t.Errorf("a third of two was added: %v", err)
	}
	_, err := queue.Cancel(t.Context(), "a")
	s.must(err)
	s.add(queue, "c")
}
