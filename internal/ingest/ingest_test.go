package ingest_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/ingest"
	"github.com/tvstats/tvstats/internal/measure"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/store/duckdb"
	"github.com/tvstats/tvstats/internal/viewing"
)

// noon is the service's clock in these tests.
var noon = viewing.At(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))

// never is a delay that no test waits for: only the size of a group, or the end, has it committed.
const never = time.Hour

// observer records what was committed. Where hold is set the committer waits in Committed, as behind a slow disk.
type observer struct {
	mu       sync.Mutex
	groups   []int
	failed   int
	admitted int
	reasons  []string
	hold     chan struct{}
}

func (o *observer) Rejected(reason string) { o.reasons = append(o.reasons, reason) }

func (o *observer) Admitted(reports []viewing.Report) { o.admitted += len(reports) }

func (o *observer) Committed(reports int, _ time.Duration, err error) {
	o.mu.Lock()
	o.groups = append(o.groups, reports)
	if err != nil {
		o.failed++
	}
	o.mu.Unlock()
	if o.hold != nil {
		o.hold <- struct{}{}
		<-o.hold
	}
}

func (o *observer) committed() []int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.groups)
}

func open(t *testing.T, dir string) store.Store {
	t.Helper()
	s, err := duckdb.Open(t.Context(), duckdb.Options{Dir: dir})
	must(t, err)
	return s
}

// start opens a store and an ingest on it; both end with the test.
func start(t *testing.T, config ingest.Config, o *observer) (*ingest.Ingest, store.Store) {
	t.Helper()
	s := open(t, t.TempDir())
	config.Rules = viewing.Rules{MaxSession: 24 * time.Hour, MaxAhead: 5 * time.Minute}
	in := ingest.New(s, config, o)
	t.Cleanup(func() {
		in.Close()
		must(t, s.Close())
	})
	return in, s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// reports are of n sessions of an account, a second after the other.
func reports(account int64, n int) []viewing.Report {
	all := make([]viewing.Report, n)
	for i := range all {
		started := noon + viewing.Millis(i)*1000
		all[i] = viewing.Report{
			Identity: viewing.Identity{
				ClientID: 1, AccountID: account, DeviceUID: "box", Device: "mag250", ChannelID: 1, Mode: viewing.Live, StartedAt: started,
			},
			State: viewing.State{At: started + 60_000, WatchedSeconds: 60},
		}
	}
	return all
}

func submit(t *testing.T, in *ingest.Ingest, batch []viewing.Report) <-chan error {
	t.Helper()
	outcome, err := in.Submit(t.Context(), batch)
	must(t, err)
	return outcome
}

// stored is how many sessions the store has.
func stored(t *testing.T, s store.Store) int64 {
	t.Helper()
	rows, err := s.Aggregate(t.Context(), measure.Query{
		Filter: viewing.Filter{
			ClientID: 1, Now: noon, Window: viewing.Window{From: noon - viewing.DayLength, To: noon + viewing.DayLength},
		},
		Measures: []measure.Measure{measure.Sessions},
	})
	must(t, err)
	if len(rows) == 0 {
		return 0
	}
	return rows[0].Values[0]
}

// TestGroupBySize: batches wait for each other until they are as many reports as a group holds, and are then stored at once.
func TestGroupBySize(t *testing.T) {
	t.Parallel()
	o := &observer{}
	in, s := start(t, ingest.Config{CommitReports: 10, CommitDelay: never, QueueReports: 100}, o)
	first, second := submit(t, in, reports(1, 4)), submit(t, in, reports(2, 4))
	if got := in.Pending(); got != 8 {
		t.Errorf("%d reports wait, want 8", got)
	}
	must(t, <-submit(t, in, reports(3, 2)))
	for _, outcome := range []<-chan error{first, second} {
		must(t, <-outcome)
	}
	if got := o.committed(); !slices.Equal(got, []int{10}) {
		t.Errorf("groups of %v were committed, want one of 10", got)
	}
	if got := stored(t, s); got != 10 || in.Pending() != 0 {
		t.Errorf("%d sessions are stored and %d reports wait, want 10 and none", got, in.Pending())
	}
}

// TestGroupByDelay: what is too little for a group is committed after the delay. An empty batch does not wait.
func TestGroupByDelay(t *testing.T) {
	t.Parallel()
	o := &observer{}
	in, s := start(t, ingest.Config{CommitReports: 1000, CommitDelay: time.Millisecond, QueueReports: 1000}, o)
	must(t, <-submit(t, in, nil))
	if got := o.committed(); len(got) != 0 {
		t.Errorf("groups of %v were committed for a batch of nothing", got)
	}
	must(t, <-submit(t, in, reports(1, 3)))
	if got := stored(t, s); got != 3 {
		t.Errorf("%d sessions are stored, want 3", got)
	}
}

// TestOrder: the outcome of a batch is there only when those of all that were submitted before it are.
func TestOrder(t *testing.T) {
	t.Parallel()
	in, s := start(t, ingest.Config{CommitReports: 7, CommitDelay: time.Millisecond, QueueReports: 20}, &observer{})
	var outcomes []<-chan error
	for account := range int64(30) {
		outcomes = append(outcomes, submit(t, in, reports(account+1, 3)))
	}
	must(t, <-outcomes[len(outcomes)-1])
	for i, outcome := range outcomes[:len(outcomes)-1] {
		select {
		case err := <-outcome:
			must(t, err)
		default:
			t.Errorf("batch %d has no outcome, but the last one has", i)
		}
	}
	if got := stored(t, s); got != 90 {
		t.Errorf("%d sessions are stored, want 90", got)
	}
}

// TestFullQueue holds a commit up: what was queued behind it goes with the next group, and a caller that finds no room waits, or gives up.
func TestFullQueue(t *testing.T) {
	t.Parallel()
	o := &observer{hold: make(chan struct{})}
	in, s := start(t, ingest.Config{CommitReports: 1, CommitDelay: never, QueueReports: 10}, o)
	held := submit(t, in, reports(1, 4))
	<-o.hold // the commit of the first batch is held up
	behind := submit(t, in, reports(2, 6))
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := in.Submit(gone, reports(3, 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v from a full queue, want that the caller has gone away", err)
	}
	waited := make(chan error, 1)
	go func() { // more than the queue ever holds: it takes all of it
		outcome, err := in.Submit(context.WithoutCancel(t.Context()), reports(4, 11))
		if err == nil {
			err = <-outcome
		}
		waited <- err
	}()
	for range 2 {
		o.hold <- struct{}{} // the commit goes on …
		<-o.hold             // … and the next one is held up
	}
	o.hold <- struct{}{}
	for _, outcome := range []<-chan error{held, behind, waited} {
		must(t, <-outcome)
	}
	if got := o.committed(); !slices.Equal(got, []int{4, 6, 11}) {
		t.Errorf("groups of %v were committed, want 4, 6 and 11", got)
	}
	if got := stored(t, s); got != 21 {
		t.Errorf("%d sessions are stored, want 21", got)
	}
}

// TestFailingStore: each batch of a group gets the store's error, and the room of the group is free again.
func TestFailingStore(t *testing.T) {
	t.Parallel()
	o, s := &observer{}, open(t, t.TempDir())
	in := ingest.New(s, ingest.Config{CommitReports: 6, CommitDelay: never, QueueReports: 6}, o)
	defer in.Close()
	must(t, s.Close())
	for range 2 { // the second round needs the room of the first one
		first, second := submit(t, in, reports(1, 3)), submit(t, in, reports(2, 3))
		for _, outcome := range []<-chan error{first, second} {
			if err := <-outcome; err == nil {
				t.Error("a batch was acknowledged that a closed store cannot have")
			}
		}
	}
	if got := o.committed(); !slices.Equal(got, []int{6, 6}) || o.failed != 2 || in.Pending() != 0 {
		t.Errorf("groups of %v, %d of them failed, %d reports wait; want two of 6 that failed", got, o.failed, in.Pending())
	}
}

// TestShutdown: what was queued is on the disk when Close returns, and nothing is accepted after it.
func TestShutdown(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	in := ingest.New(s, ingest.Config{CommitReports: 1000, CommitDelay: never, QueueReports: 1000}, &observer{})
	outcome := submit(t, in, reports(1, 5))
	in.Close()
	select {
	case err := <-outcome:
		must(t, err)
	default:
		t.Error("a batch that was queued before the end has no outcome")
	}
	if _, err := in.Submit(t.Context(), reports(2, 1)); !errors.Is(err, ingest.ErrClosed) {
		t.Errorf("got %v after the end, want %v", err, ingest.ErrClosed)
	}
	in.Close() // again
	must(t, s.Close())
	s = open(t, dir)
	if got := stored(t, s); got != 5 {
		t.Errorf("%d sessions are on the disk, want 5", got)
	}
	must(t, s.Close())
}

// event is a view event of the client and account, valid but for them.
func event(client int32, account int64) viewing.Event {
	at := viewing.Timestamp{Seconds: int64(noon) / 1000, Set: true}
	return viewing.Event{
		Identity: viewing.Identity{ClientID: client, AccountID: account, DeviceUID: "box", Device: "mag250", ChannelID: 1},
		Started:  at, Reported: at,
	}
}

// TestAdmit: an event is refused alone, with its place and reason, and what is admitted carries the tariffs of its account.
func TestAdmit(t *testing.T) {
	t.Parallel()
	o := &observer{}
	in, s := start(t, ingest.Config{CommitReports: 1, CommitDelay: never, QueueReports: 10}, o)
	must(t, s.ApplyCatalog(t.Context(), catalog.Batch{
		ClientID: 1, Accounts: []catalog.Account{{ID: 7, Active: true, Tariffs: []int32{2, 5}, ChangedAt: noon - 1}},
	}))
	off := catalog.NewClient(2)
	off.CollectionEnabled = false
	must(t, s.ApplyCatalog(t.Context(), catalog.Batch{ClientID: 2, Client: &off}))
	_, err := s.EraseAccount(t.Context(), 1, 8, noon-1, store.Kept{})
	must(t, err)

	wrong := event(1, 7)
	wrong.Device = "MAG 250"
	events := []viewing.Event{event(1, 7), wrong, event(2, 1), event(3, 1), event(1, 8), event(1, 9)}
	before := reports(1, 1)
	admitted, rejected, err := in.Admit(t.Context(), events, before, func(client int32) bool { return client != 3 }, noon)
	must(t, err)
	if len(admitted) != 3 || o.admitted != 2 {
		t.Fatalf("got %+v, want what was there and two more", admitted)
	}
	if got := admitted[1]; got.AccountID != 7 || !slices.Equal(got.Tariffs, []int32{2, 5}) {
		t.Errorf("got %+v, want account 7 with its tariffs 2 and 5", got)
	}
	want := []struct {
		index        int
		reason, says string
	}{
		{1, viewing.ReasonInvalidEvent, "device"}, {2, viewing.ReasonCollectionDisabled, "client 2"},
		{3, viewing.ReasonPermissionDenied, "client 3"}, {4, viewing.ReasonInvalidEvent, "erased"},
	}
	if len(rejected) != len(want) || len(o.reasons) != len(want) {
		t.Fatalf("got %+v, want %+v", rejected, want)
	}
	for i, w := range want {
		got := rejected[i]
		if got.Index != w.index || got.Reason != w.reason || o.reasons[i] != w.reason || !strings.Contains(got.Message, w.says) {
			t.Errorf("got %+v, want %+v", got, w)
		}
	}
}
