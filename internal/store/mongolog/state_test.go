package mongolog_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/bson"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/store/mongolog"
	"github.com/tvstats/tvstats/internal/store/mongolog/mongotest"
	"github.com/tvstats/tvstats/internal/store/replica"
)

func next(from replica.Base, by string) replica.Base {
	return replica.Base{LogID: from.LogID, Position: from.Position + 1, Manifest: "manifest " + by, EntryID: "entry " + by}
}

// TestBaseIsMovedByOne: of many who move the base from the same one wins, and only from the one that it is.
func TestBaseIsMovedByOne(t *testing.T) {
	t.Parallel()
	uri := migrated(t)
	logs := []*mongolog.Log{open(t, uri), open(t, uri), open(t, uri)}
	for range 20 {
		_, from := read(t, logs[0], 1)
		var outcomes [3]error
		var racing sync.WaitGroup
		for i, l := range logs {
			racing.Go(func() { outcomes[i] = l.MoveBase(t.Context(), from, next(from, fmt.Sprint(i))) })
		}
		racing.Wait()
		_, base := read(t, logs[1], 1)
		won := 0
		for i, err := range outcomes {
			if err == nil && base == next(from, fmt.Sprint(i)) {
				won++
			} else if !errors.Is(err, replica.ErrBaseMoved) {
				t.Errorf("got %v", err)
			}
		}
		if won != 1 {
			t.Fatalf("%v, and the base is %+v", outcomes, base)
		}
	}
}

// TestBaseMovedWithoutAnswer: a replica that got no response reads the base to know.
func TestBaseMovedWithoutAnswer(t *testing.T) {
	t.Parallel()
	uri := migrated(t)
	address := mongotest.Relay(t, func(command bson.Raw) mongotest.Fate {
		if command.Index(0).Key() == "update" && command.Lookup("update").StringValue() == "state" {
			return mongotest.NoResponse
		}
		return nil
	})
	l := open(t, mongotest.Through(t, uri, address, "retryWrites=false", "socketTimeoutMS=500"))
	_, from := read(t, l, 1)
	if err := l.MoveBase(t.Context(), from, next(from, "me")); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
	if _, base := read(t, l, 1); base != next(from, "me") {
		t.Errorf("got %+v", base)
	}
}

// TestClaim: one holds it, may prolong it, and loses it when its time is over.
func TestClaim(t *testing.T) {
	t.Parallel()
	uri := migrated(t)
	l, other := open(t, uri), open(t, uri)
	for _, step := range []struct {
		by     *mongolog.Log
		owner  string
		length time.Duration
		want   bool
	}{
		{l, "a", time.Hour, true},
		{other, "b", time.Hour, false},
		{l, "a", 0, true}, // prolonged by nothing: it is over
		{other, "b", time.Hour, true},
		{l, "a", time.Hour, false},
	} {
		if got, err := step.by.Claim(t.Context(), step.owner, step.length); err != nil || got != step.want {
			t.Errorf("%+v: got %v, %v", step, got, err)
		}
	}
}

// TestSize grows with what is stored.
func TestSize(t *testing.T) {
	t.Parallel()
	l := open(t, migrated(t))
	_, base := read(t, l, 1)
	before, err := l.Size(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	large := entry(base, 1, "me")
	large.Operations = make([]byte, 4<<20)
	if err := l.Append(t.Context(), large); err != nil {
		t.Fatal(err)
	}
	if after, err := l.Size(t.Context()); err != nil || after <= before {
		t.Errorf("%d bytes, and then %d, %v", before, after, err)
	}
}
