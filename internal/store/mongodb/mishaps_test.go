package mongodb

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"sync"
	"testing"

	"go.mongodb.org/mongo-driver/bson"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/store/mongodb/mongotest"
	"github.com/tvstats/tvstats/internal/viewing"
)

// A primary may step down, and an answer get lost, at any command. In these tests every mishap befalls every command of what
// is done, one after the other. What the store then says must hold: nothing that it took is lost or there twice, and what
// it could not do is told as store.ErrUnavailable.

// mishap befalls one command, or only a write.
type mishap struct {
	fate   mongotest.Fate
	writes bool
}

var mishaps = map[string]mishap{
	"refused":     {fate: mongotest.Refused(mongotest.NotWritablePrimary)},
	"interrupted": {fate: mongotest.Interrupted(mongotest.InterruptedDueToReplStateChange)},
	"unconfirmed": {fate: mongotest.Unconfirmed(mongotest.WriteConcernFailed), writes: true},
	"unanswered":  {fate: mongotest.Unanswered},
}

// shaken is a store to which a mishap happens.
type shaken struct {
	*Store
	mishap

	mu   sync.Mutex
	left int // commands until it happens; below 1: it has
}

func (s *shaken) choose(command bson.Raw) mongotest.Fate {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := command.LookupErr("writeConcern"); s.writes && err != nil {
		return nil
	}
	s.left--
	if s.left != 0 {
		return nil
	}
	return s.fate
}

// arm lets the mishap happen to the command of that number, and answers whether the last one happened.
func (s *shaken) arm(number int) (happened bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	happened = s.left < 1
	s.left = number
	return happened
}

// newShaken answers a store to which the mishap happens, and one on the same database to which it does not.
func newShaken(t *testing.T, f mishap) (s *shaken, calm *Store) {
	t.Helper()
	uri := mongotest.URI(t)
	s = &shaken{mishap: f}
	through, err := url.Parse(uri)
	if err != nil {
		t.Fatal(err)
	}
	through.Host, through.RawQuery = mongotest.Relay(t, s.choose), "socketTimeoutMS=200"
	if s.Store, err = Open(t.Context(), Options{URI: through.String()}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() }) //nolint:errcheck // the test is over
	calm = OpenIndexed(t, uri)
	t.Cleanup(func() { calm.Close() }) //nolint:errcheck // the test is over
	if err := calm.Migrate(t.Context(), false, func(string) {}); err != nil {
		t.Fatal(err)
	}
	return s, calm
}

// befall lets each mishap happen to each command of do, each time with a client of its own. do answers what is wrong.
func befall(t *testing.T, do func(s, calm *Store, client int32) error) {
	t.Helper()
	var befalling sync.WaitGroup
	for name, f := range mishaps {
		s, calm := newShaken(t, f)
		befalling.Go(func() {
			command := 1
			for s.arm(command); ; command++ {
				if err := do(s.Store, calm, int32(command)); err != nil {
					t.Errorf("%s at command %d: %v", name, command, err)
				}
				if !s.arm(command + 1) {
					break
				}
			}
			if command == 1 {
				t.Errorf("%s: it never happened", name)
			}
		})
	}
	befalling.Wait()
}

// insist does something until the store can.
func insist(do func() error) error {
	for {
		if err := do(); !errors.Is(err, store.ErrUnavailable) {
			return err
		}
	}
}

// differ answers an error if the two are not the same.
func differ(what string, got, want any) error {
	if !reflect.DeepEqual(got, want) {
		return fmt.Errorf("%s: got %+v, want %+v", what, got, want)
	}
	return nil
}

func watching(client int32, account int64, seconds int32) viewing.Report {
	start := sceneDay.Start() + 12*viewing.HourLength
	return viewing.Report{
		Identity: viewing.Identity{
			ClientID: client, AccountID: account, DeviceUID: "box", Device: "mag250", ChannelID: 1, Mode: viewing.Live, StartedAt: start,
		},
		State: viewing.State{At: start + viewing.Millis(seconds)*1000, WatchedSeconds: seconds},
	}
}

// TestMishapsOfIntake: reports are taken at once, whatever happens, and count once, also where the writer has to fold first.
func TestMishapsOfIntake(t *testing.T) {
	t.Parallel()
	befall(t, func(s, calm *Store, client int32) error {
		for _, seconds := range []int32{20, 50} {
			if err := s.AppendReports(t.Context(), []viewing.Report{watching(client, 1, seconds), watching(client, 2, 60)}); err != nil {
				return err
			}
			s.backlog.reports += foldedByWriter // and so many more, for the next one
		}
		watched, err := calm.ChannelWatch(t.Context(), viewing.Filter{ClientID: client, Window: sceneDay.Window()})
		want := []viewing.ChannelWatch{{ChannelID: 1, Seconds: 50 + 60, Sessions: 2, MedianSeconds: 55}}
		return errors.Join(err, differ("viewing", watched, want))
	})
}

// TestMishapsOfTheCatalog: what was applied without an error is there, and what was applied again is there once.
func TestMishapsOfTheCatalog(t *testing.T) {
	t.Parallel()
	day := sceneDay.Window()
	boundaries := []viewing.Millis{day.From, day.To}
	befall(t, func(s, calm *Store, client int32) error {
		batch := catalog.Batch{
			ClientID: client, Channels: []catalog.Channel{{ID: 1, Name: "one", Categories: []int32{1}, Enabled: true}},
			Programmes: []catalog.Programme{{ID: 1, ChannelID: 1, Title: "news", Start: day.From, End: day.To}},
			Accounts:   []catalog.Account{{ID: 1, Active: true, Tariffs: []int32{7}, RegisteredAt: day.From, ChangedAt: day.From + 1}},
			Payments:   []catalog.Payment{{ID: 1, AccountID: 1, AmountMinor: 5, Currency: "EUR", PaidAt: day.From}},
		}
		if err := insist(func() error { return s.ApplyCatalog(t.Context(), batch) }); err != nil {
			return err
		}
		channels, err1 := calm.Channels(t.Context(), client)
		programmes, err2 := calm.Programmes(t.Context(), store.ProgrammeQuery{ClientID: client, Starting: day, Limit: 9})
		account, err3 := calm.Account(t.Context(), client, 1)
		_, flows, err4 := calm.Flows(t.Context(), client, boundaries)
		payments, err5 := calm.PaymentsByPeriod(t.Context(), client, boundaries)
		return errors.Join(err1, err2, err3, err4, err5,
			differ("channels", channels, batch.Channels), differ("programmes", programmes, batch.Programmes),
			differ("account", account, batch.Accounts[0]), differ("flows", flows, []store.Flows{{New: 1, NewActive: 1}}),
			differ("payments", payments, []store.Payments{{Count: 1, Accounts: 1, Sums: map[string]int64{"EUR": 5}}}))
	})
}

// TestMishapsOfJobs: a job has one owner at a time, and is done once, although its owner may not hear that it has it.
func TestMishapsOfJobs(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	befall(t, func(s, calm *Store, number int32) error {
		job := store.Job{ID: fmt.Sprint("job ", number), Method: "m", Request: []byte("q")}
		if err := insist(func() error { return s.CreateJob(ctx, job) }); err != nil {
			return err
		}
		leased, until, err := leaseLate(ctx, s)
		if err := errors.Join(err, differ("leased", leased.ID, job.ID)); err != nil {
			return err
		}
		if _, err := calm.LeaseJob(ctx, until-1, store.Lease{Owner: "other"}); !errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("leased twice: %w", err)
		}
		err = insist(func() error {
			_, err := s.RenewLease(ctx, job.ID, store.Lease{Owner: "one", Until: until}, 0.5)
			return err
		})
		if err != nil {
			return err
		}
		leased.State, leased.Result = store.JobSucceeded, []byte("r")
		if err := endAttempt(ctx, s, leased); err != nil {
			return err
		}
		ended, err := calm.Job(ctx, job.ID)
		_, again := calm.LeaseJob(ctx, until, store.Lease{Owner: "other"})
		return errors.Join(err, differ("state", ended.State, store.JobSucceeded), differ("result", string(ended.Result), "r"),
			differ("leased no more", errors.Is(again, store.ErrNotFound), true))
	})
}

// leaseLate leases a job, if need be once the lease has run out that nobody knows to hold, and answers until when.
func leaseLate(ctx context.Context, s *Store) (job store.Job, until viewing.Millis, err error) {
	for now := viewing.Millis(0); ; now = until {
		until = now + 10
		job, err = s.LeaseJob(ctx, now, store.Lease{Owner: "one", Until: until})
		if !errors.Is(err, store.ErrUnavailable) && !errors.Is(err, store.ErrNotFound) {
			return job, until, err
		}
	}
}

// endAttempt ends it. Who has not heard that it did so is told that the lease is lost.
func endAttempt(ctx context.Context, s *Store, job store.Job) error {
	err := s.EndAttempt(ctx, "one", job)
	if !errors.Is(err, store.ErrUnavailable) {
		return err
	}
	if err = s.EndAttempt(ctx, "one", job); errors.Is(err, store.ErrLeaseLost) {
		return nil
	}
	return err
}

// TestMishapsOfReading: days that one could not roll up another does, and whatever is read is right, or is not answered.
func TestMishapsOfReading(t *testing.T) {
	t.Parallel()
	day := sceneDay.Window()
	befall(t, func(s, calm *Store, client int32) error {
		if err := calm.AppendReports(t.Context(), []viewing.Report{watching(client, 1, 20), watching(client, 2, 60)}); err != nil {
			return err
		}
		guide := catalog.Batch{ClientID: client, Programmes: []catalog.Programme{{ID: 1, ChannelID: 1, Start: day.From, End: day.To}}}
		if err := calm.ApplyCatalog(t.Context(), guide); err != nil {
			return err
		}
		if err := s.Maintain(t.Context(), day.To); err != nil && !errors.Is(err, store.ErrUnavailable) {
			return err
		}
		_, err := calm.collection(daysCollection).UpdateMany(t.Context(), bson.M{"_id": ofClient(client)},
			bson.M{"$unset": bson.M{"rolling": ""}}) // as when its claim has run out
		if err := errors.Join(err, calm.Maintain(t.Context(), day.To)); err != nil {
			return err
		}
		filter := viewing.Filter{ClientID: client, Window: day}
		for name, read := range map[string]func(context.Context, *Store) (any, error){
			"ChannelWatch": func(ctx context.Context, s *Store) (any, error) { return s.ChannelWatch(ctx, filter) },
			"ProgrammeWatch": func(ctx context.Context, s *Store) (any, error) {
				return s.ProgrammeWatch(ctx, filter, store.ChannelSet{}, 9)
			},
			"Peaks": func(ctx context.Context, s *Store) (any, error) { return s.Peaks(ctx, client, day) },
		} {
			want, wrong := read(t.Context(), calm)
			got, err := read(t.Context(), s)
			if errors.Is(err, store.ErrUnavailable) {
				continue
			}
			if err := errors.Join(wrong, err, differ(name, got, want)); err != nil {
				return err
			}
		}
		return nil
	})
}
