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

var jobTests = []test{
	{"like the twin, whatever happens", testJobsLikeTwin},
	{"pages, newest first", testJobPages},
	{"read back byte for byte", testJobBytes},
	{"a lease has one owner", testLeaseOwner},
	{"created, leased and ended by many at once", testJobsAtOnce},
}

// testJobsLikeTwin does the same random things to the store and to the twin, time passing meanwhile.
func testJobsLikeTwin(t *testing.T, factory Factory) {
	for _, seed := range Seeds(2) {
		w, s, twin := newWorld(t, seed), newSubject(t, factory), &jobTwin{}
		now := noon
		for step := range 200 {
			now += viewing.Millis(w.IntN(3))
			do, client := w.jobStep(now), int32(w.IntN(3))
			if got, want := do(t, s.store), do(t, twin); got != want {
				t.Fatalf("seed %d, step %d: got %s\nwant %s", seed, step, got, want)
			}
			if step%10 > 0 { // looking costs more than doing
				continue
			}
			if got, want := jobLists(t, s.store, client), jobLists(t, twin, client); got != want {
				t.Fatalf("seed %d, step %d: %s", seed, step, difference(got, want))
			}
		}
	}
}

// jobStep picks one thing to do to jobs, with what it picks for it: few ids and owners, so that they meet.
func (w *world) jobStep(now viewing.Millis) func(*testing.T, store.JobStore) string {
	id, owner := fmt.Sprintf("%c%d", "aZ0-_"[w.IntN(5)], w.IntN(4)), pick(w, []string{"a", "b", "c"})
	lease := store.Lease{Owner: owner, Until: now + viewing.Millis(w.IntN(6))}
	switch chance := w.IntN(100); {
	case chance < 35:
		job := w.job(id, now)
		return func(t *testing.T, jobs store.JobStore) string {
			return told("create", jobs.CreateJob(t.Context(), job))
		}
	case chance < 60:
		return func(t *testing.T, jobs store.JobStore) string {
			job, err := jobs.LeaseJob(t.Context(), now, lease)
			return told(shown(job), err)
		}
	case chance < 70:
		return func(t *testing.T, jobs store.JobStore) string {
			cancelling, err := jobs.RenewLease(t.Context(), id, lease, 0.25)
			return told(fmt.Sprint("renewed ", cancelling), err)
		}
	case chance < 85:
		ended := w.endedJob(id, now)
		return func(t *testing.T, jobs store.JobStore) string {
			return told("end", jobs.EndAttempt(t.Context(), owner, ended))
		}
	case chance < 95:
		return func(t *testing.T, jobs store.JobStore) string {
			job, err := jobs.CancelJob(t.Context(), id, now)
			return told(shown(job), err)
		}
	default:
		return func(t *testing.T, jobs store.JobStore) string {
			return told("delete", jobs.DeleteJobs(t.Context(), now-20))
		}
	}
}

func (w *world) job(id string, now viewing.Millis) store.Job {
	return store.Job{
		ID: id, Method: pick(w, []string{"SaveStats", "CacheMaxOnline"}), ClientIDs: some(w, numbers(2), 60),
		Schedule: pick(w, []string{"", "hourly"}), CreatedAt: now, DueAt: now + viewing.Millis(w.IntN(4)),
		Request: []byte(pick(w, []string{"", "\x00\xff"})),
	}
}

func (w *world) endedJob(id string, now viewing.Millis) store.Job {
	state := pick(w, []store.JobState{store.JobQueued, store.JobSucceeded, store.JobFailed, store.JobCancelled})
	job := store.Job{ID: id, State: state, Failures: int32(w.IntN(3)), Error: pick(w, []string{"", "broken"})}
	if state == store.JobQueued {
		job.DueAt = now + viewing.Millis(w.IntN(4))
	} else {
		job.FinishedAt, job.Progress, job.Result = now, 1, []byte("result")
	}
	return job
}

// told is what came of a call, in words that every engine must share.
func told(what string, err error) string {
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
	all.WriteString(told(shown(listed...), err))
	for _, job := range listed {
		whole, err := jobs.Job(t.Context(), job.ID)
		all.WriteString(told(shown(whole), err))
	}
	queued, err := jobs.QueuedJobs(t.Context())
	all.WriteString(told(fmt.Sprintln("queued", queued), err))
	return all.String()
}

// testJobPages lists jobs of equal times and unequal ids; what they ask for and answered is left out.
func testJobPages(t *testing.T, factory Factory) {
	w, s, twin := newWorld(t, 2), newSubject(t, factory), &jobTwin{}
	for _, i := range w.Perm(30) {
		job := w.job(fmt.Sprintf("%c%x", "aZ0-_"[i%5], i*7%30), noon+viewing.Millis(i%4))
		s.must(s.store.CreateJob(t.Context(), job))
		s.must(twin.CreateJob(t.Context(), job))
	}
	for limit := 1; limit <= 31; limit += 3 {
		for client := range int32(3) {
			want, err := twin.Jobs(t.Context(), store.JobQuery{ClientID: client})
			s.must(err)
			query := store.JobQuery{ClientID: client, Limit: limit}
			var got []store.Job
			for more := true; more; {
				page, err := s.store.Jobs(t.Context(), query)
				s.must(err)
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
	s := newSubject(t, factory)
	long := slices.Repeat([]byte("\x00\x01\xfe\xff'\"\n"), 1<<17)
	want := store.Job{
		ID: "Ж' \"\n", Method: "SaveStats", ClientIDs: []int32{7, 3}, Schedule: "save_stats", CreatedAt: noon, Request: long[1:],
	}
	s.must(s.store.CreateJob(t.Context(), want))
	_, err := s.store.LeaseJob(t.Context(), noon+1, store.Lease{Owner: "a", Until: noon + 9})
	s.must(err)
	want.State, want.Progress, want.StartedAt, want.FinishedAt, want.Attempts = store.JobSucceeded, 1, noon+1, noon+2, 1
	want.Failures, want.Error, want.Result = 3, "日本 📺 ' <&>", long
	s.must(s.store.EndAttempt(t.Context(), "a", want))
	for range 2 {
		got, err := s.store.Job(t.Context(), want.ID)
		if err != nil || shown(got) != shown(want) {
			t.Errorf("got %.300s, %v\nwant %.300s", shown(got), err, shown(want))
		}
		s.reopen()
	}
}

// testLeaseOwner: who once had a lease can do nothing with it after another got it.
func testLeaseOwner(t *testing.T, factory Factory) {
	s, ctx := newSubject(t, factory), t.Context()
	s.must(s.store.CreateJob(ctx, store.Job{ID: "job", CreatedAt: noon}))
	_, err := s.store.LeaseJob(ctx, noon, store.Lease{Owner: "a", Until: noon + 10})
	s.must(err)
	if job, err := s.store.LeaseJob(ctx, noon+9, store.Lease{Owner: "b", Until: noon + 90}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("leased twice at once: %+v, %v", job, err)
	}
	job, err := s.store.LeaseJob(ctx, noon+10, store.Lease{Owner: "b", Until: noon + 90})
	if err != nil || job.Attempts != 2 || job.Failures != 1 {
		t.Errorf("got %+v, %v, want a second attempt after a lease that ran out", job, err)
	}
	if _, err := s.store.RenewLease(ctx, "job", store.Lease{Owner: "a", Until: noon + 99}, 0.5); !errors.Is(err, store.ErrLeaseLost) {
		t.Errorf("renewed by the first owner: %v", err)
	}
	if err := s.store.EndAttempt(ctx, "a", store.Job{ID: "job", State: store.JobFailed}); !errors.Is(err, store.ErrLeaseLost) {
		t.Errorf("ended by the first owner: %v", err)
	}
	s.must(s.store.EndAttempt(ctx, "b", store.Job{ID: "job", State: store.JobSucceeded, FinishedAt: noon + 11}))
	if err := s.store.EndAttempt(ctx, "b", store.Job{ID: "job", State: store.JobFailed}); !errors.Is(err, store.ErrLeaseLost) {
		t.Errorf("ended twice: %v", err)
	}
}

// testJobsAtOnce lets many create the same jobs and share them out: each is stored once and run once.
func testJobsAtOnce(t *testing.T, factory Factory) {
	s := newSubject(t, factory)
	const jobs = 30
	var mu sync.Mutex
	var ran []string
	var all sync.WaitGroup
	for writer := range writers {
		all.Go(func() {
			for i := range jobs {
				s.tolerate(s.store.CreateJob(t.Context(), store.Job{ID: fmt.Sprintf("job-%02d", i), CreatedAt: noon}))
			}
			owner := fmt.Sprint("owner-", writer)
			for {
				job, err := s.store.LeaseJob(t.Context(), noon, store.Lease{Owner: owner, Until: noon + 1})
				if errors.Is(err, store.ErrNotFound) {
					return
				}
				s.tolerate(err)
				job.State, job.FinishedAt = store.JobSucceeded, noon
				s.tolerate(s.store.EndAttempt(t.Context(), owner, job))
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
