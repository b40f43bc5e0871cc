package replica

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/tvstats/tvstats/internal/store"
)

// formatSeeding is the format of the entry that holds the first position while a state is loaded into a log: no replica can pass it.
const formatSeeding = math.MaxInt32

// Seed makes the state whose parts write hands over, as store.State does, the beginning of the log. The log must be empty, else it is
// store.ErrNotEmpty. Whatever interrupts Seed leaves a log that nobody can use but the next Seed; replicas that follow it meanwhile
// wait, and go on with the new state.
func Seed(ctx context.Context, log Log, write func(use func(store.Part, io.Reader) error) (store.Manifest, error)) error {
	from, err := reserve(ctx, log)
	if err != nil {
		return err
	}
	builder := uuid.NewString()
	next := Base{LogID: uuid.NewString(), Position: from.Position + 1, EntryID: uuid.NewString()}
	made := &manifest{Stored: map[string]string{}, MadeAt: time.Now().UTC(), Builder: builder}
	made.State, err = write(func(part store.Part, content io.Reader) error {
		made.Stored[part.Name] = partName(from.Position, next.Position, builder, part)
		return log.PutPart(ctx, made.Stored[part.Name], content)
	})
	if err != nil {
		return err
	}
	if next.Manifest, err = putManifest(ctx, log, made, from.Position, next.Position, builder); err != nil {
		return err
	}
	if err := log.MoveBase(ctx, from, next); err != nil {
		return err
	}
	return errors.Join(log.Trim(ctx, next.Position), removeOthers(ctx, log, made, next.Manifest))
}

// reserve takes the first position of an empty log, or takes it over from a Seed that was interrupted, and returns the base.
func reserve(ctx context.Context, log Log) (Base, error) {
	for range 2 { // where another took the position meanwhile, it is looked at
		view, err := log.Fence(ctx)
		if err != nil {
			return Base{}, err
		}
		entries, base, err := view.Read(ctx, 1)
		view.Close()
		switch {
		case err != nil:
			return base, err
		case base.Position != 0 || len(entries) > 0 && entries[0].Format != formatSeeding:
			return base, fmt.Errorf("%w: %s holds data; choose another database", store.ErrNotEmpty, log.Describe())
		case len(entries) > 0:
			return base, nil
		}
		err = log.Append(ctx, Entry{Position: 1, ID: uuid.NewString(), LogID: base.LogID, Format: formatSeeding})
		if !errors.Is(err, ErrTaken) {
			return base, err
		}
	}
	return Base{}, fmt.Errorf("%w: %s changes while it is to be loaded", store.ErrNotEmpty, log.Describe())
}

// removeOthers removes the parts that interrupted attempts left.
func removeOthers(ctx context.Context, log Log, made *manifest, name string) error {
	keep := map[string]bool{name: true}
	keepParts(keep, made)
	all, err := log.Parts(ctx)
	if err != nil {
		return err
	}
	return log.RemoveParts(ctx, slices.DeleteFunc(all, func(name string) bool { return keep[name] }))
}

// partName is under which name a part is stored of a checkpoint that was built on the base at from. It begins with that position.
func partName(from, to uint64, builder string, part store.Part) string {
	return fmt.Sprintf("%020d-%020d-%s/%s-%.16s", from, to, builder, part.Name, part.SHA256)
}

// putManifest stores the manifest, once all its parts are there, and returns its name.
func putManifest(ctx context.Context, log Log, m *manifest, from, to uint64, builder string) (string, error) {
	encoded, err := json.Marshal(m)
	if err != nil {
		return "", err
	}
	name := fmt.Sprintf("%020d-%020d-%s/manifest", from, to, builder)
	if err := log.PutPart(ctx, name, bytes.NewReader(encoded)); err != nil {
		return "", err
	}
	return name, allThere(ctx, log, m)
}

// allThere reads back that every part is there: one that was reused could have been removed meanwhile.
func allThere(ctx context.Context, log Log, m *manifest) error {
	for _, name := range m.Stored {
		has, err := log.HasPart(ctx, name)
		if err != nil {
			return err
		}
		if !has {
			return fmt.Errorf("%w: part %s is gone", ErrBaseMoved, name)
		}
	}
	return nil
}
