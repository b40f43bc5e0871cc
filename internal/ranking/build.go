package ranking

import (
	"context"
	"errors"
	"fmt"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// DefaultSize is how many items a selection holds unless told.
const DefaultSize = 17

// SortingParams asks for a channel sorting of each client.
type SortingParams struct {
	ClientIDs []int32
	Scope
	Criterion Criterion
}

// ChannelSelectionParams asks for a selection of popular channels.
type ChannelSelectionParams struct {
	ClientID int32
	Scope
	Criterion Criterion
	Size      int    // 0 = DefaultSize
	Name      string // "" = "<days> (<size>)"
}

// ProgrammeSelectionParams asks for a selection of popular programmes.
type ProgrammeSelectionParams struct {
	ClientID int32
	Scope
	Categories []int32 // of channels; empty = all
	Channels   []int32 // empty = all
	Size       int     // 0 = DefaultSize
	Name       string  // "" = "<days> (<size>)"
}

// Source is what building needs of the store.
type Source interface {
	store.Aggregator
	store.ProgrammeRanker
	store.CatalogReader
	store.ResultStore
}

// Builder builds sortings and selections and stores them. It never alters an earlier result.
type Builder struct {
	source   Source
	newID    func() string
	progress func(done float64)
	again    bool // newID answers the ids of an attempt before, whose results are kept
}

// NewBuilder makes a builder whose results get their ids from newID.
func NewBuilder(source Source, newID func() string) *Builder {
	return &Builder{source: source, newID: newID, progress: func(float64) {}}
}

// Again answers a builder for one work that may be begun several times, with the same ids each time: what is stored under
// them already is answered and not built again. progress is told how much is done, 0 to 1.
func (b *Builder) Again(newID func() string, progress func(done float64)) *Builder {
	return &Builder{source: b.source, newID: newID, progress: progress, again: true}
}

// ChannelSortings builds a sorting for each client, in the order asked for; all are stored, or none. An unknown client is
// store.ErrNotFound. now becomes CreatedAt.
func (b *Builder) ChannelSortings(ctx context.Context, p SortingParams, now viewing.Millis) ([]Sorting, error) {
	sortings := make([]Sorting, len(p.ClientIDs))
	results := make([]store.Result, len(p.ClientIDs))
	for i, clientID := range p.ClientIDs {
		var err error
		if sortings[i], err = b.channelSorting(ctx, clientID, p, now); err != nil {
			return nil, err
		}
		if results[i], err = newResult(sortings[i].ID, clientID, store.ChannelSorting, sortings[i].CreatedAt, sortings[i]); err != nil {
			return nil, err
		}
		b.progress(float64(i+1) / float64(len(p.ClientIDs)))
	}
	if err := b.source.SaveResults(ctx, results); err != nil {
		return nil, fmt.Errorf("store sortings: %w", err)
	}
	return sortings, nil
}

func (b *Builder) channelSorting(ctx context.Context, clientID int32, p SortingParams, now viewing.Millis) (Sorting, error) {
	id := b.newID()
	if kept, found, err := earlier(ctx, b, id, (*Archive).Sorting); found || err != nil {
		return kept, err
	}
	channels, err := b.rankChannels(ctx, clientID, p.Scope, p.Criterion)
	return Sorting{
		ID: id, ClientID: clientID, CreatedAt: now, Criterion: p.Criterion, Window: p.Window(), Channels: channels,
	}, err
}

// ChannelSelection builds and stores a selection of channels. An unknown client is store.ErrNotFound.
func (b *Builder) ChannelSelection(ctx context.Context, p ChannelSelectionParams, now viewing.Millis) (Selection, error) {
	id := b.newID()
	if kept, found, err := earlier(ctx, b, id, (*Archive).Selection); found || err != nil {
		return kept, err
	}
	channels, err := b.rankChannels(ctx, p.ClientID, p.Scope, p.Criterion)
	if err != nil {
		return Selection{}, err
	}
	size := sizeOf(p.Size)
	return b.saveSelection(ctx, Selection{
		ID: id, ClientID: p.ClientID, Kind: store.ChannelSelection, CreatedAt: now,
		Name: nameOf(p.Name, p.Days, size), Window: p.Window(), Channels: channels[:min(size, len(channels))],
	})
}

// ProgrammeSelection builds and stores a selection of programmes. An unknown client is store.ErrNotFound.
func (b *Builder) ProgrammeSelection(ctx context.Context, p ProgrammeSelectionParams, now viewing.Millis) (Selection, error) {
	id := b.newID()
	if kept, found, err := earlier(ctx, b, id, (*Archive).Selection); found || err != nil {
		return kept, err
	}
	size := sizeOf(p.Size)
	programmes, err := b.rankProgrammes(ctx, p, size)
	if err != nil {
		return Selection{}, err
	}
	return b.saveSelection(ctx, Selection{
		ID: id, ClientID: p.ClientID, Kind: store.ProgrammeSelection, CreatedAt: now,
		Name: nameOf(p.Name, p.Days, size), Window: p.Window(), Programmes: programmes,
	})
}

// earlier answers what an attempt before has stored under the id, if there was one that came so far.
func earlier[T any](
	ctx context.Context, b *Builder, id string, read func(*Archive, context.Context, string) (T, error),
) (kept T, found bool, err error) {
	if !b.again {
		return kept, false, nil
	}
	kept, err = read(NewArchive(b.source), ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return kept, false, nil
	}
	return kept, err == nil, err
}

func (b *Builder) saveSelection(ctx context.Context, selection Selection) (Selection, error) {
	result, err := newResult(selection.ID, selection.ClientID, selection.Kind, selection.CreatedAt, selection)
	if err != nil {
		return Selection{}, err
	}
	if err := b.source.SaveResults(ctx, []store.Result{result}); err != nil {
		return Selection{}, fmt.Errorf("store selection: %w", err)
	}
	return selection, nil
}

func sizeOf(size int) int {
	if size == 0 {
		return DefaultSize
	}
	return size
}

func nameOf(name string, days, size int) string {
	if name == "" {
		return fmt.Sprintf("%d (%d)", days, size)
	}
	return name
}
