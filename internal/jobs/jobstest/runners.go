// Package jobstest is the suite of package jobs on a store: runners share a real queue. It runs on DuckDB beside that package,
// and where stores are tested on what is made of them.
package jobstest

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
	"github.com/tvstats/tvstats/internal/store/storetest"
	"github.com/tvstats/tvstats/internal/viewing"
)

var runnerTests = storetest.Tests{
	"two runners never run one job together":        testTwoRunners,
	"what may pass is tried again, later each time": testRetries,
	"what will not pass is not tried again":         testNoRetries,
	"cancelled here and from elsewhere":             testCancelRunning,
	"handed back at the end of the program":         testHandedBack,
	"taken over when the lease runs out":            testTakenOver,
	"nothing is stored after the lease is lost":     testLostLease,
	"a job that kills its runners is given up":      testGivenUp,
	"progress is stored and watched":                testProgress,
	"the queue is bounded":                          testQueueBound,
}

// Run holds package jobs, on the stores that the factory makes, to the suite.
func Run(t *testing.T, factory storetest.Factory) {
	t.Helper()
	runnerTests.Run(t, factory)
}

// subject is a store under test, and what runs jobs of it.
type subject struct{ *storetest.Subject }

func newSubject(t *testing.T, factory storetest.Factory) *subject {
	t.Helper()
	return &subject{storetest.NewSubject(t, factory)}
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
	return "explained: " + first
}

// tillStopped sends on working when it has begun, and works until it is ended. It returns the reason.
func tillStopped(working chan<- struct{}) labour {
	return func(ctx context.Context, _ store.Job, _ func(float64)) ([]byte, error) {
		working <- struct{}{}
		<-ctx.Done()
		return nil, context.Cause(ctx)
	}
}

// observer gathers the errors of the store that a runner met.
type observer struct {
	mu       sync.Mutex
	failures []error
}

func (*observer) Began(store.Job)                       {}
func (*observer) Ended(store.Job, time.Duration, error) {}
func (o *observer) StoreFailed(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.failures = append(o.failures, err)
}

// replica is a queue and a runner on the store, with a clock that only the test moves.
type replica struct {
	*jobs.Queue
	*observer
	clock *clockwork.FakeClock
	stop  func() // and wait
}

func (s *subject) replica(owner string, workers int, work labour) *replica {
	clock := clockwork.NewFakeClockAt(storetest.Noon.Time())
	r := &replica{Queue: jobs.NewQueue(s.Store, clock, 100), observer: &observer{}, clock: clock}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		jobs.NewRunner(r.Queue, owner, work, r.observer).Run(ctx, workers)
	}()
	r.stop = func() {
		cancel()
		<-ended
	}
	s.T.Cleanup(r.stop)
	return r
}

func (s *subject) add(queue *jobs.Queue, id string) {
	s.T.Helper()
	s.Must(queue.Add(s.T.Context(), store.Job{ID: id, Method: "SaveStats", CreatedAt: storetest.Noon}))
}

// await watches the job until it is as wanted, and returns it.
func (s *subject) await(queue *jobs.Queue, id string, wanted func(store.Job) bool) store.Job {
	s.T.Helper()
	ctx, cancel := context.WithTimeout(s.T.Context(), 10*time.Minute) // ends what hangs
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
		s.T.Fatalf("waiting ended with %v: %+v", err, got)
	}
	return got
}

func ended(job store.Job) bool  { return job.State.Ended() }
func queued(job store.Job) bool { return job.State == store.JobQueued }

func (s *subject) wantJob(got store.Job, state store.JobState, attempts, failures int32, text string) {
	s.T.Helper()
	if got.State != state || got.Attempts != attempts || got.Failures != failures || got.Error != text {
		s.T.Errorf("got %+v\nwant state %d, %d attempts, %d failures, error %q", got, state, attempts, failures, text)
	}
}

// testTwoRunners lets two replicas with several workers each share jobs; some of them run for a while.
func testTwoRunners(t *testing.T, factory storetest.Factory) {
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
		_, err := s.Store.Jobs(ctx, store.JobQuery{Limit: 1}) // takes a moment
		mu.Lock()
		defer mu.Unlock()
		now[job.ID] = false
		return []byte("by one"), err
	})
	a, b := s.replica("a", 3, work), s.replica("b", 3, work)
	for i := range 20 {
		s.add([]*jobs.Queue{a.Queue, b.Queue}[i%2], fmt.Sprint("job-", i))
	}
	watched := jobs.NewQueue(s.Store, clockwork.NewRealClock(), 0)
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
func testRetries(t *testing.T, factory storetest.Factory) {
	s := newSubject(t, factory)
	r := s.replica("a", 1, func(context.Context, store.Job, func(float64)) ([]byte, error) {
		return nil, fmt.Errorf("%w: for now", store.ErrUnavailable)
	})
	s.add(r.Queue, "job")
	const text = "explained: store unavailable: for now"
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
	s.T.Helper()
	s.Must(r.clock.BlockUntilContext(s.T.Context(), 1))
	r.clock.Advance(d)
}

// testNoRetries fails, and panics, for reasons of the job's own.
func testNoRetries(t *testing.T, factory storetest.Factory) {
	s := newSubject(t, factory)
	r := s.replica("a", 1, func(_ context.Context, job store.Job, _ func(float64)) ([]byte, error) {
		if job.ID == "panics" {
			panic("at the disco")
		}
		return nil, fmt.Errorf("client 7: %w", store.ErrNotFound)
	})
	s.add(r.Queue, "fails")
	s.wantJob(s.await(r.Queue, "fails", ended), store.JobFailed, 1, 1, "explained: client 7: not found")
	s.add(r.Queue, "panics")
	s.wantJob(s.await(r.Queue, "panics", ended), store.JobFailed, 1, 1, "explained: panic: at the disco")
}

func testCancelRunning(t *testing.T, factory storetest.Factory) {
	s := newSubject(t, factory)
	working := make(chan struct{})
	r := s.replica("a", 1, tillStopped(working))
	for _, id := range []string{"here", "elsewhere"} {
		s.add(r.Queue, id)
		<-working
		s.add(r.Queue, "waiting "+id)
		waiting, err := r.Cancel(t.Context(), "waiting "+id)
		s.Must(err)
		s.wantJob(waiting, store.JobCancelled, 0, 0, "")
		if id == "here" {
			_, err = r.Cancel(t.Context(), id)
		} else {
			_, err = s.Store.CancelJob(t.Context(), id, storetest.Noon) // as another replica does
			r.advance(s, time.Second)
		}
		s.Must(err)
		s.wantJob(s.await(r.Queue, id, ended), store.JobCancelled, 1, 0, "")
	}
}

// testHandedBack stops a replica while it works: the job waits for another, and has not failed.
func testHandedBack(t *testing.T, factory storetest.Factory) {
	s := newSubject(t, factory)
	working := make(chan struct{})
	r := s.replica("a", 1, tillStopped(working))
	s.add(r.Queue, "job")
	<-working
	r.stop()
	job, err := s.Store.Job(t.Context(), "job")
	s.Must(err)
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
func testTakenOver(t *testing.T, factory storetest.Factory) {
	s := newSubject(t, factory)
	for _, id := range []string{"cancelled", "taken over"} {
		s.Must(s.Store.CreateJob(t.Context(), store.Job{ID: id, CreatedAt: storetest.Noon}))
		_, err := s.Store.LeaseJob(t.Context(), storetest.Noon, store.Lease{Owner: "gone", Until: storetest.Noon.Add(10 * time.Second)})
		s.Must(err)
	}
	_, err := s.Store.CancelJob(t.Context(), "cancelled", storetest.Noon)
	s.Must(err)
	r := s.replica("a", 1, func(context.Context, store.Job, func(float64)) ([]byte, error) { return nil, nil })
	s.add(r.Queue, "young")
	s.wantJob(s.await(r.Queue, "young", ended), store.JobSucceeded, 1, 0, "")
	job, err := s.Store.Job(t.Context(), "taken over")
	s.Must(err)
	s.wantJob(job, store.JobRunning, 1, 0, "")
	r.advance(s, 10*time.Second)
	s.wantJob(s.await(r.Queue, "taken over", ended), store.JobSucceeded, 2, 1, "")
	s.wantJob(s.await(r.Queue, "cancelled", ended), store.JobCancelled, 2, 1, "")
}

// testLostLease gives a job to another while its runner is held up: the runner ends its work and stores nothing.
func testLostLease(t *testing.T, factory storetest.Factory) {
	s := newSubject(t, factory)
	working, why := make(chan struct{}), make(chan error, 1)
	r := s.replica("slow", 1, func(ctx context.Context, job store.Job, progress func(float64)) ([]byte, error) {
		_, err := tillStopped(working)(ctx, job, progress)
		why <- err
		return []byte("too late"), nil
	})
	s.add(r.Queue, "job")
	<-working
	_, err := s.Store.LeaseJob(t.Context(), storetest.Noon.Add(10*time.Second), store.Lease{Owner: "quick", Until: math.MaxInt64})
	s.Must(err)
	r.advance(s, time.Second)
	if err := <-why; !errors.Is(err, store.ErrLeaseLost) {
		t.Errorf("the work was ended by %v", err)
	}
	r.stop()
	job, err := s.Store.Job(t.Context(), "job")
	s.Must(err)
	s.wantJob(job, store.JobRunning, 2, 1, "")
	if len(r.failures) != 1 || !errors.Is(r.failures[0], store.ErrLeaseLost) {
		t.Errorf("the errors of the store are %v", r.failures)
	}
}

func testGivenUp(t *testing.T, factory storetest.Factory) {
	s := newSubject(t, factory)
	s.Must(s.Store.CreateJob(t.Context(), store.Job{ID: "job", CreatedAt: storetest.Noon}))
	for range 10 {
		_, err := s.Store.LeaseJob(t.Context(), storetest.Noon, store.Lease{Owner: "gone", Until: storetest.Noon})
		s.Must(err)
	}
	r := s.replica("a", 1, nil)
	job := s.await(r.Queue, "job", ended)
	s.wantJob(job, store.JobFailed, 11, 10, job.Error)
	if !strings.Contains(job.Error, "broken off") {
		t.Errorf("the error is %q", job.Error)
	}
}

// testProgress watches a job that does a quarter after the other, each when the one before was seen.
func testProgress(t *testing.T, factory storetest.Factory) {
	s := newSubject(t, factory)
	steps, reported := make(chan float64), make(chan struct{}, 1)
	r := s.replica("a", 1, func(ctx context.Context, _ store.Job, progress func(float64)) ([]byte, error) {
		for {
			select {
			case done, more := <-steps:
				if !more {
					return nil, nil
				}
				progress(done)
				reported <- struct{}{}
			case <-ctx.Done():
				return nil, context.Cause(ctx)
			}
		}
	})
	s.add(r.Queue, "job")
	want := 0.0
	for _, done := range []float64{0.25, 0.5, 0.25, 0.75} {
		steps <- done
		<-reported
		want = max(want, done) // it never goes back
		r.advance(s, time.Second)
		s.await(r.Queue, "job", func(job store.Job) bool {
			if job.Progress > want {
				t.Errorf("progress is %v, want %v", job.Progress, want)
			}
			return job.Progress == want
		})
	}
	close(steps)
	s.wantJob(s.await(r.Queue, "job", ended), store.JobSucceeded, 1, 0, "")
}

func testQueueBound(t *testing.T, factory storetest.Factory) {
	s := newSubject(t, factory)
	queue := jobs.NewQueue(s.Store, clockwork.NewFakeClock(), 2)
	s.add(queue, "a")
	s.add(queue, "b")
	if err := queue.Add(t.Context(), store.Job{ID: "c"}); !errors.Is(err, jobs.ErrQueueFull) {
		t.Errorf("a third of two was added: %v", err)
	}
	_, err := queue.Cancel(t.Context(), "a")
	s.Must(err)
	s.add(queue, "c")
}
