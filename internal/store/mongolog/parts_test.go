package mongolog_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"go.mongodb.org/mongo-driver/bson"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/store/mongolog"
	"github.com/tvstats/tvstats/internal/store/mongolog/mongotest"
)

// content is made of random bytes.
func content(seed uint64, size int) []byte {
	filled := make([]byte, size)
	source := rand.NewChaCha8([32]byte{byte(seed)})
	_, _ = source.Read(filled) // it never fails
	return filled
}

func wantParts(t *testing.T, l *mongolog.Log, want ...string) {
	t.Helper()
	if got, err := l.Parts(t.Context()); err != nil || !slices.Equal(got, want) {
		t.Errorf("parts %q, %v; want %q", got, err, want)
	}
}

func wantPart(t *testing.T, l *mongolog.Log, name string, want []byte) {
	t.Helper()
	if has, err := l.HasPart(t.Context(), name); err != nil || !has {
		t.Errorf("part %s: %v, %v", name, has, err)
	}
	reader, err := l.Part(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(reader)
	if err := errors.Join(err, reader.Close()); err != nil || !bytes.Equal(got, want) {
		t.Errorf("part %s: %d bytes, %v; want %d", name, len(got), err, len(want))
	}
}

func wantNoPart(t *testing.T, l *mongolog.Log, name string) {
	t.Helper()
	if has, err := l.HasPart(t.Context(), name); err != nil || has {
		t.Errorf("part %s: %v, %v", name, has, err)
	}
}

// TestParts come back as they were put, of any size, also when they are put twice; and go.
func TestParts(t *testing.T) {
	t.Parallel()
	l := open(t, migrated(t))
	wantParts(t, l)
	sizes := map[string]int{"a/empty": 0, "b/one byte": 1, "c/a chunk": 1 << 20, "d/more than is written at once": 17<<20 + 5}
	names := []string{"a/empty", "b/one byte", "c/a chunk", "d/more than is written at once"}
	for _, name := range names {
		wantNoPart(t, l, name)
		for range 2 {
			if err := l.PutPart(t.Context(), name, bytes.NewReader(content(1, sizes[name]))); err != nil {
				t.Fatal(err)
			}
			wantPart(t, l, name, content(1, sizes[name]))
		}
	}
	wantParts(t, l, names...)
	for range 2 {
		if err := l.RemoveParts(t.Context(), names[1:]); err != nil {
			t.Fatal(err)
		}
		wantParts(t, l, names[0])
	}
	wantNoPart(t, l, names[3])
	if _, err := l.Part(t.Context(), names[3]); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("got %v", err)
	}
}

// TestPartBrokenOff: a part is not there before it is there whole, what is left of it is listed, so that it can be
// removed, and putting it again completes it.
func TestPartBrokenOff(t *testing.T) {
	t.Parallel()
	uri := migrated(t)
	whole := content(2, 2<<20+5)
	for name, fate := range map[string]struct {
		command, collection string
		fate                mongotest.Fate
	}{
		"chunks without a response": {"insert", "parts.chunks", mongotest.NoResponse},
		"chunks refused":            {"insert", "parts.chunks", mongotest.Refused(mongotest.NotWritablePrimary)},
		"chunks unconfirmed":        {"insert", "parts.chunks", mongotest.Unconfirmed(mongotest.WriteConcernFailed)},
		"file without a response":   {"insert", "parts.files", mongotest.NoResponse},
		"file refused":              {"insert", "parts.files", mongotest.Refused(mongotest.NotWritablePrimary)},
		"not cleaned up":            {"delete", "parts.chunks", mongotest.Refused(mongotest.NotWritablePrimary)},
	} {
		var unlucky atomic.Int32
		unlucky.Store(1)
		address := mongotest.Relay(t, func(command bson.Raw) mongotest.Fate {
			if command.Index(0).Key() == fate.command && command.Index(0).Value().StringValue() == fate.collection && unlucky.Add(-1) >= 0 {
				return fate.fate
			}
			return nil
		})
		l := open(t, mongotest.Through(t, uri, address, "retryWrites=false", "socketTimeoutMS=4000"))
		if err := l.PutPart(t.Context(), name, bytes.NewReader(whole)); err == nil {
			t.Errorf("%s: no error", name)
		}
		if err := l.PutPart(t.Context(), name, bytes.NewReader(whole)); err != nil {
			t.Errorf("%s, again: %v", name, err)
		}
		wantPart(t, l, name, whole)
	}
}

// TestPartsInPieces: what nobody completes is listed and goes.
func TestPartsInPieces(t *testing.T) {
	t.Parallel()
	uri := migrated(t)
	l := open(t, uri)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for name, reader := range map[string]io.Reader{
		"fails":       io.MultiReader(bytes.NewReader(content(3, 17<<20)), iotest.ErrReader(errors.New("the disk is gone"))),
		"interrupted": io.MultiReader(bytes.NewReader(content(3, 17<<20)), readerFunc(func() { cancel() }), bytes.NewReader(content(3, 100))),
	} {
		if err := l.PutPart(ctx, name, reader); err == nil {
			t.Errorf("%s: no error", name)
		}
		wantNoPart(t, l, name)
	}
	wantParts(t, l) // each cleaned up after itself
	var deletions atomic.Int32
	address := mongotest.Relay(t, func(command bson.Raw) mongotest.Fate {
		if command.Index(0).Key() == "delete" && deletions.Add(1) > 2 { // those before it writes
			return mongotest.Refused(mongotest.NotWritablePrimary)
		}
		return nil
	})
	broken := open(t, mongotest.Through(t, uri, address, "retryWrites=false"))
	reader := io.MultiReader(bytes.NewReader(content(3, 17<<20)), iotest.ErrReader(io.ErrUnexpectedEOF))
	if err := broken.PutPart(t.Context(), "piece", reader); err == nil {
		t.Error("no error")
	}
	wantNoPart(t, l, "piece")
	wantParts(t, l, "piece")
	if err := l.RemoveParts(t.Context(), []string{"piece"}); err != nil {
		t.Error(err)
	}
	wantParts(t, l)
}

// readerFunc does something when it is read, and is empty.
type readerFunc func()

func (f readerFunc) Read([]byte) (int, error) {
	f()
	return 0, io.EOF
}
