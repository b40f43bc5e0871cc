package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var jobTests = Tests{
	"like the twin, whatever happens":           testJobsLikeTwin,
	"pages, newest first":                       testJobPages,
	"read back byte for byte":                   testJobBytes,
	"a lease has one owner":                     testLeaseOwner,
	"created, leased and ended by many at once": testJobsAtOnce,
}

// testJobsLikeTwin does the same random things to the store and to the twin, time passing meanwhile.
func testJobsLikeTwin(t *testing.T, factory Factory) {
	for _, seed := range Seeds(2) {
		w, s, twin := NewWorld(t, seed), NewSubject(t, factory), &jobTwin{}
		now := Noon
		for step := range 200 {
			now += viewing.Millis(w.IntN(3))
			do, client := w.jobStep(now), int32(w.IntN(3))
			if got, want := do(t, s.Store), do(t, twin); got != want {
				t.Fatalf("seed %d, step %d: got %s\nwant %s", seed, step, got, want)
			}
			if step%10 > 0 { // looking costs more than doing
				continue
			}
			if got, want := jobLists(t, s.Store, client), jobLists(t, twin, client); got != want {
				t.Fatalf("seed %d, step %d: %s", seed, step, difference(got, want))
			}
		}
	}
}

// jobStep picks one thing to do to jobs, with what it picks for it: few ids and owners, so that they meet.
func (w *World) jobStep(now viewing.Millis) func(*testing.T, store.JobStore) string {
	id, owner := fmt.Sprintf("%c%d", "aZ0-_"[w.IntN(5)], w.IntN(4)), Pick(w, []string{"a", "b", "c"})
	lease := store.Lease{Owner: owner, Until: now + viewing.Millis(w.IntN(6))}
	switch chance := w.IntN(100); {
	case chance < 35:
		job := w.job(id, now)
		return func(t *testing.T, jobs store.JobStore) string {
			return outcome("create", jobs.CreateJob(t.Context(), job))
		}
	case chance < 60:
		return func(t *testing.T, jobs store.JobStore) string {
			job, err := jobs.LeaseJob(t.Context(), now, lease)
			return outcome(shown(job), err)
		}
	case chance < 70:
		return func(t *testing.T, jobs store.JobStore) string {
			cancelling, err := jobs.RenewLease(t.Context(), id, lease, 0.25)
			return outcome(fmt.Sprint("renewed ", cancelling), err)
		}
	case chance < 85:
		ended := w.endedJob(id, now)
		return func(t *testing.T, jobs store.JobStore) string {
			return outcome("end", jobs.EndAttempt(t.Context(), owner, ended))
		}
	case chance < 95:
		return func(t *testing.T, jobs store.JobStore) string {
			job, err := jobs.CancelJob(t.Context(), id, now)
			return outcome(shown(job), err)
		}
	default:
		return func(t *testing.T, jobs store.JobStore) string {
			return outcome("delete", jobs.DeleteJobs(t.Context(), now-20))
		}
	}
}

func (w *World) job(id string, now viewing.Millis) store.Job {
	return store.Job{
		ID: id, Method: Pick(w, []string{"SaveStats", "CacheMaxOnline"}), ClientIDs: some(w, numbers(2), 60),
		Schedule: Pick(w, []string{"", "hourly"}), CreatedAt: now, DueAt: now + viewing.Millis(w.IntN(4)),
		Request: []byte(Pick(w, []string{"", "\x00\xff"})),
	}
}

func (w *World) endedJob(id string, now viewing.Millis) store.Job {
	state := Pick(w, []store.JobState{store.JobQueued, store.JobSucceeded, store.JobFailed, store.JobCancelled})
	job := store.Job{ID: id, State: state, Failures: int32(w.IntN(3)), Error: Pick(w, []string{"", "broken"})}
	if state == store.JobQueued {
		job.DueAt = now + viewing.Millis(w.IntN(4))
	} else {
		job.FinishedAt, job.Progress, job.Result = now, 1, []byte("result")
	}
	return job
}

// outcome is what came of a call, in words that every engine must share.
func outcome(what string, err error) string {
	for _, sentinel := range []error{store.ErrNotFound, store.ErrLeaseLost} {
		if errors.Is(err, sentinel) {
			return sentinel.Error()
		}
	}
	if err != nil {
		return "failed: " + err.Error()
	}
	return what
}

func shown(jobs ...store.Job) string { return printed(jobs) }

// jobLists reads everything that can be read.
func jobLists(t *testing.T, jobs store.JobStore, client int32) string {
	var all strings.Builder
	listed, err := jobs.Jobs(t.Context(), store.JobQuery{ClientID: client, Limit: 1000})
	all.WriteString(outcome(shown(listed...), err))
	for _, job := range listed {
		whole, err := jobs.Job(t.Context(), job.ID)
		all.WriteString(outcome(shown(whole), err))
	}
	queued, err := jobs.QueuedJobs(t.Context())
	all.WriteString(outcome(fmt.Sprintln("queued", queued), err))
	return all.String()
}

// testJobPages lists jobs of equal times and unequal ids; their requests and results are left out.
func testJobPages(t *testing.T, factory Factory) {
	w, s, twin := NewWorld(t, 2), NewSubject(t, factory), &jobTwin{}
	for _, i := range w.Perm(30) {
		job := w.job(fmt.Sprintf("%c%x", "aZ0-_"[i%5], i*7%30), Noon+viewing.Millis(i%4))
		s.Must(s.Store.CreateJob(t.Context(), job))
		s.Must(twin.CreateJob(t.Context(), job))
	}
	for limit := 1; limit <= 31; limit += 3 {
		for client := range int32(3) {
			want, err := twin.Jobs(t.Context(), store.JobQuery{ClientID: client})
			s.Must(err)
			query := store.JobQuery{ClientID: client, Limit: limit}
			var got []store.Job
			for more := true; more; {
				page, err := s.Store.Jobs(t.Context(), query)
				s.Must(err)
				got = append(got, page...)
				if more = len(page) == limit; more {
					query.After = &store.ResultKey{CreatedAt: page[limit-1].CreatedAt, ID: page[limit-1].ID}
				}
			}
			if shown(got...) != shown(want...) {
				t.Fatalf("client %d, limit %d: %s", client, limit, difference(shown(got...), shown(want...)))
			}
		}
	}
}

// testJobBytes holds a job to what it was created and ended with, after a restart too.
func testJobBytes(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	long := slices.Repeat([]byte("\x00\x01\xfe\xff'\"\n"), 1<<17)
	want := store.Job{
		ID: "Ж' \"\n", Method: "SaveStats", ClientIDs: []int32{7, 3}, Schedule: "save_stats", CreatedAt: Noon, Request: long[1:],
	}
	s.Must(s.Store.CreateJob(t.Context(), want))
	_, err := s.Store.LeaseJob(t.Context(), Noon+1, store.Lease{Owner: "a", Until: Noon + 9})
	s.Must(err)
	want.State, want.Progress, want.StartedAt, want.FinishedAt, want.Attempts = store.JobSucceeded, 1, Noon+1, Noon+2, 1
	want.Failures, want.Error, want.Result = 3, "日本 📺 ' <&>", long
	s.Must(s.Store.EndAttempt(t.Context(), "a", want))
	for range 2 {
		got, err := s.Store.Job(t.Context(), want.ID)
		if err != nil || shown(got) != shown(want) {
			t.Errorf("got %.300s, %v\nwant %.300s", shown(got), err, shown(want))
		}
		s.Reopen()
	}
}

// testLeaseOwner: who once had a lease can do nothing with it after another got it.
func testLeaseOwner(t *testing.T, factory Factory) {
	s, ctx := NewSubject(t, factory), t.Context()
	s.Must(s.Store.CreateJob(ctx, store.Job{ID: "job", CreatedAt: Noon}))
	_, err := s.Store.LeaseJob(ctx, Noon, store.Lease{Owner: "a", Until: Noon + 10})
	s.Must(err)
	if job, err := s.Store.LeaseJob(ctx, Noon+9, store.Lease{Owner: "b", Until: Noon + 90}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("leased twice at once: %+v, %v", job, err)
	}
	job, err := s.Store.LeaseJob(ctx, Noon+10, store.Lease{Owner: "b", Until: Noon + 90})
	if err != nil || job.Attempts != 2 || job.Failures != 1 {
		t.Errorf("got %+v, %v, want a second attempt after a lease that ran out", job, err)
	}
	if _, err := s.Store.RenewLease(ctx, "job", store.Lease{Owner: "a", Until: Noon + 99}, 0.5); !errors.Is(err, store.ErrLeaseLost) {
		t.Errorf("renewed by the first owner: %v", err)
	}
	if err := s.Store.EndAttempt(ctx, "a", store.Job{ID: "job", State: store.JobFailed}); !errors.Is(err, store.ErrLeaseLost) {
		t.Errorf("ended by the first owner: %v", err)
	}
	s.Must(s.Store.EndAttempt(ctx, "b", store.Job{ID: "job", State: store.JobSucceeded, FinishedAt: Noon + 11}))
	if err := s.Store.EndAttempt(ctx, "b", store.Job{ID: "job", State: store.JobFailed}); !errors.Is(err, store.ErrLeaseLost) {
		t.Errorf("ended twice: %v", err)
	}
}

// testJobsAtOnce lets many create the same jobs and share them out: each is stored once and run once.
func testJobsAtOnce(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	const jobs = 30
	var mu sync.Mutex
	var ran []string
	var all sync.WaitGroup
	for writer := range writers {
		all.Go(func() {
			for i := range jobs {
				s.Tolerate(s.Store.CreateJob(t.Context(), store.Job{ID: fmt.Sprintf("job-%02d", i), CreatedAt: Noon}))
			}
			owner := fmt.Sprint("owner-", writer)
			for {
				job, err := s.Store.LeaseJob(t.Context(), Noon, store.Lease{Owner: owner, Until: Noon + viewing.HourLength})
				if errors.Is(err, store.ErrNotFound) {
					return
				}
				s.Tolerate(err)
				job.State, job.FinishedAt = store.JobSucceeded, Noon
				s.Tolerate(s.Store.EndAttempt(t.Context(), owner, job))
				mu.Lock()
				ran = append(ran, job.ID)
				mu.Unlock()
			}
		})
	}
	all.Wait()
	slices.Sort(ran)
	if len(ran) != jobs || len(slices.Compact(slices.Clone(ran))) != jobs {
		t.Errorf("%d jobs ran: %v", len(ran), ran)
	}
}
