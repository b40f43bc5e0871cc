package ranking

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/tvstats/tvstats/internal/measure"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// Subject is what of a ranking is explained: a channel or a programme.
type Subject struct {
	ChannelID   int32 // 0 in a ranking of programmes
	ProgrammeID int64 // 0 in a ranking of channels
}

// Explanation is why something has its place.
type Explanation struct {
	Rank                  int32
	Score                 float64
	Filters               []Effect
	Before, After         *Neighbour // nil where there is none that may be seen
	TopAccountShare       float64    // percent
	RankWithoutTopAccount int32      // 0 where it would not be in the ranking
	Days                  []PlaceOnDay
	PolicyRevision        int64
}

// Effect is what a filter took away of what the ones before it left.
type Effect struct {
	Filter            string // the field of the request
	Sessions, Seconds int64
}

// Neighbour is a place beside the one that is explained.
type Neighbour struct {
	Rank int32
	Subject
	Score, Margin float64
}

// PlaceOnDay is the place in the ranking of the window that ended then; rank 0 where it was not in it, or may not be seen.
type PlaceOnDay struct {
	WindowEnd viewing.Millis
	Rank      int32
	Score     float64
}

// explainedDays is how many windows are looked back at, each a day earlier than the next.
const explainedDays = 7

// spot is a place in a ranking of either kind.
type spot struct {
	Subject
	place

	accounts int64 // known where the question is for who may not see those of few
}

// Explain says why the subject has its place in the ranking, all of it and not cut to a size, that the question requests. What is
// not in it is store.ErrNotFound, and so is an unknown client. Of places with fewer accounts than least it says nothing, as if they
// were not there; the places keep their numbers.
func (b *Builder) Explain(ctx context.Context, q Question, subject Subject, least int64) (Explanation, error) {
	if programmes := q.Kind == store.ProgrammeSelection; programmes != (subject.ProgrammeID != 0) {
		return Explanation{}, &Mistake{"channel_id", "a ranking of channels is explained by channel_id, one of programmes by programme_id"}
	}
	q, lineup, err := b.prepare(ctx, q)
	if err != nil {
		return Explanation{}, err
	}
	spots, err := b.spots(ctx, lineup, q, least)
	if err != nil {
		return Explanation{}, err
	}
	at := slices.IndexFunc(spots, func(s spot) bool { return s.is(subject) && s.accounts >= least })
	if at < 0 {
		return Explanation{}, fmt.Errorf("%s in the ranking of client %d: %w", subject, q.ClientID, store.ErrNotFound)
	}
	e := Explanation{Rank: int32(at + 1), Score: spots[at].score, PolicyRevision: q.PolicyRevision}
	e.Before, e.After = neighbour(spots, at, -1, least), neighbour(spots, at, 1, least)
	if e.Filters, err = b.effects(ctx, q, subject); err != nil {
		return Explanation{}, err
	}
	if err := b.withoutTopAccount(ctx, lineup, q, spots, at, &e); err != nil {
		return Explanation{}, err
	}
	e.Days, err = b.places(ctx, lineup, q, spots[at], e.Rank, least)
	return e, err
}

func (s spot) is(subject Subject) bool {
	if subject.ProgrammeID != 0 {
		return s.ProgrammeID == subject.ProgrammeID
	}
	return s.ChannelID == subject.ChannelID
}

// String names it.
func (s Subject) String() string {
	if s.ProgrammeID != 0 {
		return fmt.Sprint("programme ", s.ProgrammeID)
	}
	return fmt.Sprint("channel ", s.ChannelID)
}

// spots are all places of the ranking, best first; with their accounts where there is a least number of these.
func (b *Builder) spots(ctx context.Context, lineup lineup, q Question, least int64) ([]spot, error) {
	var spots []spot
	if q.Kind == store.ProgrammeSelection {
		programmes, err := b.rankProgrammes(ctx, lineup, q, math.MaxInt32)
		if err != nil {
			return nil, err
		}
		for i := range programmes.places {
			spots = append(spots, lineup.spotOfProgramme(programmes.places[i]))
		}
		return spots, nil
	}
	measures := orderMeasures(q)
	if least > 0 && !slices.Contains(measures, measure.Accounts) {
		measures = append(measures, measure.Accounts)
	}
	channels, err := b.rankChannels(ctx, lineup, q, measures)
	if err != nil {
		return nil, err
	}
	for i := range channels.places {
		spots = append(spots, lineup.spotOf(channels.places[i]))
	}
	return spots, nil
}

func (l lineup) spotOf(c RankedChannel) spot {
	return spot{Subject{ChannelID: c.ChannelID}, l.placeOf(c), c.Accounts}
}

func (l lineup) spotOfProgramme(p RankedProgramme) spot {
	return spot{Subject{p.ChannelID, p.ProgrammeID}, l.placeOfProgramme(p), p.Accounts}
}

// neighbour is the place so many further, nil where there is none, or one of fewer accounts than least.
func neighbour(spots []spot, at, further int, least int64) *Neighbour {
	i := at + further
	if i < 0 || i >= len(spots) || spots[i].accounts < least {
		return nil
	}
	return &Neighbour{
		Rank: int32(i + 1), Subject: spots[i].Subject, Score: spots[i].score, Margin: math.Abs(spots[i].score - spots[at].score),
	}
}

// places are where the subject was at the end of each of the last days, the last of which is known.
func (b *Builder) places(ctx context.Context, lineup lineup, q Question, now spot, rank int32, least int64) ([]PlaceOnDay, error) {
	days := make([]PlaceOnDay, explainedDays)
	for i := range days[:explainedDays-1] {
		earlier := q
		earlier.AsOf -= viewing.Millis(explainedDays-1-i) * viewing.DayLength
		spots, err := b.spots(ctx, lineup, earlier, least)
		if err != nil {
			return nil, err
		}
		days[i].WindowEnd = earlier.AsOf
		if at := slices.IndexFunc(spots, func(s spot) bool { return s.Subject == now.Subject && s.accounts >= least }); at >= 0 {
			days[i].Rank, days[i].Score = int32(at+1), spots[at].score
		}
	}
	days[explainedDays-1] = PlaceOnDay{WindowEnd: q.AsOf, Rank: rank, Score: now.score}
	return days, nil
}

// withoutTopAccount finds out how much depends on the account that watched the subject most.
func (b *Builder) withoutTopAccount(ctx context.Context, lineup lineup, q Question, spots []spot, at int, e *Explanation) error {
	e.RankWithoutTopAccount = e.Rank
	if spots[at].standing == unwatched {
		return nil
	}
	watch, greatest, account, err := b.topAccount(ctx, q, spots[at].Subject)
	if err != nil {
		return err
	}
	e.TopAccountShare = measure.Percent(greatest, watch)
	without, ranked, err := b.spotWithout(ctx, lineup, q, spots[at].Subject, account)
	if err != nil || !ranked {
		e.RankWithoutTopAccount = 0
		return err
	}
	e.RankWithoutTopAccount = 1
	for i := range spots {
		if i != at && before(spots[i].place, without.place) < 0 {
			e.RankWithoutTopAccount++
		}
	}
	return nil
}

var topMeasures = []measure.Measure{measure.Watch, measure.Greatest, measure.TopAccount}

func (b *Builder) topAccount(ctx context.Context, q Question, s Subject) (watch, greatest, account int64, err error) {
	if s.ProgrammeID != 0 {
		watched, err := b.source.ProgrammeWatch(ctx, q.of(s.ProgrammeID, q.filter()))
		for _, p := range watched.Programmes {
			watch, greatest, account = int64(p.Watch), int64(p.Greatest), p.TopAccount
		}
		return watch, greatest, account, err
	}
	filter := q.filter()
	filter.Channels = []int32{s.ChannelID}
	rows, err := b.source.Aggregate(ctx, measure.Query{Filter: filter, Measures: topMeasures})
	for _, row := range rows {
		watch, greatest, account = row.Values[0], row.Values[1], row.Values[2]
	}
	return watch, greatest, account, err
}

// of asks how one programme was watched.
func (q Question) of(programme int64, filter viewing.Filter) store.ProgrammeWatchQuery {
	query := q.watchQuery(store.ChannelSet{}, 1)
	query.Filter, query.Programmes = filter, []int64{programme}
	return query
}

// spotWithout is the subject's place without the account's sessions on it, and whether it would be in the ranking at all.
func (b *Builder) spotWithout(ctx context.Context, lineup lineup, q Question, s Subject, account int64) (spot, bool, error) {
	filter := q.filter()
	filter.Without = account
	if s.ProgrammeID != 0 {
		return b.programmeWithout(ctx, lineup, q, s, filter)
	}
	filter.Channels = []int32{s.ChannelID}
	measures := orderMeasures(q)
	rows, err := b.source.Aggregate(ctx, measure.Query{
		Filter: filter, GroupBy: []measure.Dimension{measure.Channel}, Measures: measures, Reach: q.reach(),
	})
	if len(rows) > 0 {
		return lineup.spotOf(score(rows[0], measures, q, 0)), true, err
	}
	_, inCatalog := lineup[s.ChannelID] // others are there only where they are watched
	return lineup.spotOf(RankedChannel{ChannelID: s.ChannelID}), inCatalog, err
}

func (b *Builder) programmeWithout(ctx context.Context, lineup lineup, q Question, s Subject, filter viewing.Filter) (spot, bool, error) {
	watched, err := b.source.ProgrammeWatch(ctx, q.of(s.ProgrammeID, filter))
	if err != nil {
		return spot{}, false, err
	}
	if len(watched.Programmes) > 0 {
		return lineup.spotOfProgramme(scoreProgramme(&watched.Programmes[0], q, 0)), true, nil
	}
	only := store.ChannelSet{Only: []int32{s.ChannelID}}
	latest, err := b.source.LatestProgrammes(ctx, q.ClientID, q.Window(), only, math.MaxInt32)
	for _, p := range latest {
		if p.ID == s.ProgrammeID {
			return lineup.spotOfProgramme(filling(p)), true, err
		}
	}
	return spot{}, false, err
}
