package mongolog_test

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"

	"go.mongodb.org/mongo-driver/bson"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/store/mongolog"
	"github.com/tvstats/tvstats/internal/store/mongolog/mongotest"
	"github.com/tvstats/tvstats/internal/store/replica"
)

// entry is the entry at the position, by whom.
func entry(base replica.Base, position uint64, by string) replica.Entry {
	return replica.Entry{
		Position: position, ID: fmt.Sprint(by, position), Previous: fmt.Sprint("before", position), LogID: base.LogID,
		Format: int32(position) + 7, Operations: []byte(fmt.Sprint("operations", position)),
	}
}

// TestReadReturnsWhatWasAppended: entries come back whole, consecutive, from any position, a bounded number at a time.
func TestReadReturnsWhatWasAppended(t *testing.T) {
	t.Parallel()
	l := open(t, migrated(t))
	entries, base := read(t, l, 1)
	if len(entries) != 0 || base.LogID == "" || base != (replica.Base{LogID: base.LogID}) {
		t.Fatalf("an empty log: got %v, %+v", entries, base)
	}
	const last = 300
	for position := uint64(1); position <= last; position++ {
		if err := l.Append(t.Context(), entry(base, position, "me")); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Append(t.Context(), entry(base, last+2, "sleeper")); err != nil { // after a hole
		t.Fatal(err)
	}
	for _, from := range []uint64{1, 2, 200, last, last + 1, last + 5} {
		position := from
		for {
			entries, _ := read(t, l, position)
			if len(entries) == 0 {
				break
			}
			for _, got := range entries {
				if want := entry(base, position, "me"); !reflect.DeepEqual(got, want) {
					t.Fatalf("from %d: got %+v, want %+v", from, got, want)
				}
				position++
			}
		}
		if want := max(from, last+1); position != want {
			t.Errorf("from %d: read up to %d, want %d", from, position, want)
		}
	}
}

// TestLargeEntries: as many entries as a server sends at once, of the greatest size, come back.
func TestLargeEntries(t *testing.T) {
	t.Parallel()
	l := open(t, migrated(t))
	_, base := read(t, l, 1)
	large := entry(base, 0, "me")
	large.Operations = bytes.Repeat([]byte("0123456789ab"), 1_000_000)
	const last = 6
	for large.Position = 1; large.Position <= last; large.Position++ {
		if err := l.Append(t.Context(), large); err != nil {
			t.Fatal(err)
		}
	}
	for position := uint64(1); position <= last; {
		entries, _ := read(t, l, position)
		if len(entries) == 0 {
			t.Fatalf("nothing is at %d", position)
		}
		for _, got := range entries {
			if !bytes.Equal(got.Operations, large.Operations) {
				t.Fatalf("other operations at %d", position)
			}
			position++
		}
	}
}

// TestAppendersRace: of many who append at one position one wins, the others get ErrTaken, and everybody reads
// the winner's.
func TestAppendersRace(t *testing.T) {
	t.Parallel()
	uri := migrated(t)
	logs := []*mongolog.Log{open(t, uri), open(t, uri), open(t, uri)}
	_, base := read(t, logs[0], 1)
	for position := uint64(1); position <= 40; position++ {
		var winners [3]error
		var racing sync.WaitGroup
		for i, l := range logs {
			racing.Go(func() { winners[i] = l.Append(t.Context(), entry(base, position, fmt.Sprint("r", i, "-"))) })
		}
		racing.Wait()
		won := ""
		for i, err := range winners {
			switch {
			case err == nil && won == "":
				won = entry(base, position, fmt.Sprint("r", i, "-")).ID
			case !errors.Is(err, replica.ErrTaken):
				t.Fatalf("position %d: %v", position, winners)
			}
		}
		if entries, _ := read(t, logs[position%3], position); len(entries) != 1 || entries[0].ID != won {
			t.Fatalf("position %d: got %v, want that of %s", position, entries, won)
		}
	}
}

// TestAppendWithoutAnswer: whatever becomes of an append, the error is another than ErrTaken, and the same entry again ends
// in nil or ErrTaken with the entry there once.
func TestAppendWithoutAnswer(t *testing.T) {
	t.Parallel()
	for name, fate := range map[string]mongotest.Fate{
		"no response":        mongotest.NoResponse,
		"stepped down":       mongotest.Refused(mongotest.PrimarySteppedDown),
		"not primary":        mongotest.Refused(mongotest.NotWritablePrimary),
		"done but failed":    mongotest.Interrupted(mongotest.InterruptedDueToReplStateChange),
		"without a majority": mongotest.Unconfirmed(mongotest.WriteConcernFailed),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			uri := migrated(t)
			var mu sync.Mutex
			unlucky := 1
			address := mongotest.Relay(t, func(command bson.Raw) mongotest.Fate {
				mu.Lock()
				defer mu.Unlock()
				if command.Index(0).Key() != "insert" || unlucky == 0 {
					return nil
				}
				unlucky--
				return fate
			})
			// Retrying is what the caller does; the driver's own would hide what is looked at here.
			l := open(t, mongotest.Through(t, uri, address, "retryWrites=false", "socketTimeoutMS=500"))
			_, base := read(t, l, 1)
			mine := entry(base, 1, "me")
			if err := l.Append(t.Context(), mine); !errors.Is(err, store.ErrUnavailable) || errors.Is(err, replica.ErrTaken) {
				t.Errorf("got %v", err)
			}
			if err := l.Append(t.Context(), mine); err != nil && !errors.Is(err, replica.ErrTaken) {
				t.Errorf("again: %v", err)
			}
			if entries, _ := read(t, open(t, uri), 1); len(entries) != 1 || !reflect.DeepEqual(entries[0], mine) {
				t.Errorf("got %v", entries)
			}
		})
	}
}

// TestTrim removes what is at or below a position, and nothing else, however often.
func TestTrim(t *testing.T) {
	t.Parallel()
	l := open(t, migrated(t))
	_, base := read(t, l, 1)
	for position := uint64(1); position <= 120; position++ {
		if err := l.Append(t.Context(), entry(base, position, "me")); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := l.Trim(t.Context(), 110); err != nil {
			t.Fatal(err)
		}
		if entries, _ := read(t, l, 110); len(entries) != 0 {
			t.Errorf("got %v", entries)
		}
		for position := uint64(111); position <= 120; {
			entries, _ := read(t, l, position)
			if len(entries) == 0 {
				t.Fatalf("%d is gone, too", position)
			}
			position += uint64(len(entries))
		}
	}
	// A late entry at a trimmed position does no harm: it is left, and is below the base.
	if err := l.Append(t.Context(), entry(base, 50, "sleeper")); err != nil {
		t.Error(err)
	}
}

// TestEntriesOfAnotherLog: what was left by a writer that took another log for this one is not read and not in the way;
// an entry of this log never gives way to one of another.
func TestEntriesOfAnotherLog(t *testing.T) {
	t.Parallel()
	l := open(t, migrated(t))
	_, base := read(t, l, 1)
	other := base
	other.LogID = "another"
	if err := l.Append(t.Context(), entry(other, 1, "stray")); err != nil {
		t.Fatal(err)
	}
	if entries, _ := read(t, l, 1); len(entries) != 0 {
		t.Errorf("got %v", entries)
	}
	for _, want := range []error{nil, replica.ErrTaken} {
		if err := l.Append(t.Context(), entry(base, 1, "me")); !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
	if err := l.Append(t.Context(), entry(other, 1, "stray")); !errors.Is(err, replica.ErrTaken) {
		t.Errorf("got %v", err)
	}
	if entries, _ := read(t, l, 1); len(entries) != 1 || entries[0].ID != "me1" {
		t.Errorf("got %v", entries)
	}
}
