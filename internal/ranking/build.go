package ranking

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tvstats/tvstats/internal/coverage"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// defaultSize is how many items a selection holds by default.
const defaultSize = 17

// Source is what building needs of the store.
type Source interface {
	store.Aggregator
	store.ProgrammeRanker
	store.SilenceFinder
	store.CatalogReader
	store.ResultStore
	coverage.Source
}

// Builder builds sortings and selections and stores them. It never alters an earlier result.
type Builder struct {
	source   Source
	newID    func() string
	longest  time.Duration
	progress func(done float64)
	again    bool // newID returns the ids of an attempt before, whose results are kept
}

// NewBuilder makes a builder whose results get their ids from newID. No session is longer than longest.
func NewBuilder(source Source, newID func() string, longest time.Duration) *Builder {
	return &Builder{source: source, newID: newID, longest: longest, progress: func(float64) {}}
}

// Again returns a builder for one work that may be begun several times, with the same ids each time: what is stored under
// them already is returned and not built again. progress receives how much is done, 0 to 1.
func (b *Builder) Again(newID func() string, progress func(done float64)) *Builder {
	again := *b
	again.newID, again.progress, again.again = newID, progress, true
	return &again
}

// ChannelSortings builds a sorting for each client, in the requested order; all are stored, or none. An unknown client is
// store.ErrNotFound, and so is a result to compare with. now becomes CreatedAt.
func (b *Builder) ChannelSortings(ctx context.Context, clientIDs []int32, q Question, now viewing.Millis) ([]Sorting, error) {
	sortings := make([]Sorting, len(clientIDs))
	results := make([]store.Result, len(clientIDs))
	for i, clientID := range clientIDs {
		q.ClientID, q.Kind = clientID, store.ChannelSorting
		var err error
		if sortings[i], err = b.channelSorting(ctx, q, now); err != nil {
			return nil, err
		}
		if results[i], err = newResult(sortings[i].ID, clientID, store.ChannelSorting, sortings[i].CreatedAt, sortings[i]); err != nil {
			return nil, err
		}
		b.progress(float64(i+1) / float64(len(clientIDs)))
	}
	if q.DryRun {
		return sortings, nil
	}
	if err := b.source.SaveResults(ctx, results); err != nil {
		return nil, fmt.Errorf("store sortings: %w", err)
	}
	return sortings, nil
}

func (b *Builder) channelSorting(ctx context.Context, q Question, now viewing.Millis) (Sorting, error) {
	id, kept, found, err := resultID(ctx, b, q, (*Archive).Sorting)
	if found || err != nil {
		return kept, err
	}
	built, err := b.build(ctx, q)
	return Sorting{
		ID: id, ClientID: q.ClientID, CreatedAt: now, Criterion: q.Criterion, Window: q.Window(), Channels: built.channels,
		Trust: built.Trust, Question: q,
	}, err
}

// Selection builds and stores a selection of channels or programmes, under the name, "" for one that is made of days and size.
// An unknown client is store.ErrNotFound, and so is a result to compare with.
func (b *Builder) Selection(ctx context.Context, q Question, name string, now viewing.Millis) (Selection, error) {
	id, kept, found, err := resultID(ctx, b, q, (*Archive).Selection)
	if found || err != nil {
		return kept, err
	}
	built, err := b.build(ctx, q)
	if err != nil {
		return Selection{}, err
	}
	selection := Selection{
		ID: id, ClientID: q.ClientID, Kind: q.Kind, CreatedAt: now, Name: nameOf(name, q.Days, q.size()), Window: q.Window(),
		Channels: built.channels, Programmes: built.programmes, Trust: built.Trust, Question: q,
	}
	if q.DryRun {
		return selection, nil
	}
	return b.saveSelection(ctx, selection)
}

// built is what a result holds.
type built struct {
	channels   []RankedChannel
	programmes []RankedProgramme
	Trust
}

func (b *Builder) build(ctx context.Context, q Question) (built, error) {
	own := q
	q, lineup, err := b.prepare(ctx, q)
	if err != nil {
		return built{}, err
	}
	previous, err := b.previous(ctx, own)
	if err != nil {
		return built{}, err
	}
	all, err := b.rank(ctx, lineup, q)
	if err != nil {
		return built{}, err
	}
	previous.note(&all)
	all.Trust, err = b.trust(ctx, q, all.CutSeconds)
	return all, err
}

// prepare puts in what is asked about the client at the time of the question.
func (b *Builder) prepare(ctx context.Context, q Question) (Question, lineup, error) {
	client, err := b.source.Client(ctx, q.ClientID)
	if err != nil {
		return q, nil, err
	}
	q.Counting = Counting{client.Policy, client.PolicyRevision}
	if q.WhatIf != nil {
		q.Counting = Counting{Policy: *q.WhatIf}
	}
	lineup, err := loadLineup(ctx, b.source, q.ClientID)
	return q, lineup, err
}

// rank makes the places of a result.
func (b *Builder) rank(ctx context.Context, lineup lineup, q Question) (built, error) {
	if q.Kind == store.ProgrammeSelection {
		programmes, err := b.rankProgrammes(ctx, lineup, q, q.size())
		return built{programmes: programmes.places, Trust: Trust{CutSeconds: programmes.cut / 1000}}, err
	}
	channels, err := b.rankChannels(ctx, lineup, q, allMeasures(q))
	if q.Kind == store.ChannelSelection {
		channels.places = channels.places[:min(q.size(), len(channels.places))]
	}
	return built{channels: channels.places, Trust: Trust{CutSeconds: channels.cut / 1000}}, err
}

// silence is for how long before the end of the window a device must have said nothing to count as silent.
const silence = viewing.DayLength

// trust is how far a ranking can be relied on.
func (b *Builder) trust(ctx context.Context, q Question, cut int64) (Trust, error) {
	window := q.Window()
	extent, err := coverage.OfStarts(ctx, b.source, q.ClientID, window)
	if err != nil {
		return Trust{}, err
	}
	silent, err := b.source.SilentDevices(ctx, q.filter(), window.To-silence)
	if err != nil {
		return Trust{}, fmt.Errorf("client %d: %w", q.ClientID, err)
	}
	t := Trust{Cover: extent.Over(window, q.Now, b.longest), SilentDevices: silent, Counting: q.Counting, CutSeconds: cut}
	if t.Coverage == viewing.Provisional {
		t.ProvisionalUntil = window.To.Add(b.longest)
	}
	return t, nil
}

// resultID is the id of a result that is to be built, and what an attempt before has stored under it, if one came so far. What is
// not stored has none.
func resultID[T any](
	ctx context.Context, b *Builder, q Question, read func(*Archive, context.Context, string) (T, error),
) (id string, kept T, found bool, err error) {
	if q.DryRun {
		return "", kept, false, nil
	}
	id = b.newID()
	if !b.again {
		return id, kept, false, nil
	}
	kept, err = read(NewArchive(b.source), ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return id, kept, false, nil
	}
	return id, kept, err == nil, err
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

func (q Question) size() int {
	if q.Size == 0 {
		return defaultSize
	}
	return q.Size
}

func nameOf(name string, days, size int) string {
	if name == "" {
		return fmt.Sprintf("%d (%d)", days, size)
	}
	return name
}
