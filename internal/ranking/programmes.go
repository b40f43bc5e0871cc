package ranking

import (
	"context"
	"fmt"
	"slices"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/measure"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// programmeScores are the criteria by which programmes can be ranked.
var programmeScores = map[Criterion]store.ProgrammeScore{
	WatchTime: store.ByWatchTime, WatchSessions: store.BySessions, Reach: store.ByReach, AverageAudience: store.ByAverageAudience,
}

// watchQuery is the query for what a ranking of programmes is made of.
func (q Question) watchQuery(channels store.ChannelSet, size int) store.ProgrammeWatchQuery {
	return store.ProgrammeWatchQuery{
		Filter: q.filter(), Channels: channels, Reach: q.reach(), Score: programmeScores[q.Criterion],
		MinAccounts: q.MinAccounts, Limit: size,
	}
}

// rankProgrammes returns the size best programmes, filled up with the latest ones where fewer have statistics.
func (b *Builder) rankProgrammes(ctx context.Context, lineup lineup, q Question, size int) (ranked[RankedProgramme], error) {
	channels := lineup.guideChannels(q.Categories, q.Channels)
	watched, err := b.source.ProgrammeWatch(ctx, q.watchQuery(channels, size))
	if err != nil {
		return ranked[RankedProgramme]{}, fmt.Errorf("client %d: %w", q.ClientID, err)
	}
	places := make([]RankedProgramme, 0, len(watched.Programmes))
	for i := range watched.Programmes {
		places = append(places, scoreProgramme(&watched.Programmes[i], q, int64(watched.Watch)))
	}
	lineup.sortProgrammes(places)
	places = places[:min(size, len(places))]
	if len(places) < size {
		if places, err = b.fillUp(ctx, places, q, lineup, channels, size); err != nil {
			return ranked[RankedProgramme]{}, fmt.Errorf("client %d: %w", q.ClientID, err)
		}
	}
	for i := range places {
		places[i].Rank = int32(i + 1)
	}
	return ranked[RankedProgramme]{places, int64(watched.Cut)}, nil
}

// scoreProgramme makes a place of how a programme was watched; total is the time of all channels.
func scoreProgramme(w *viewing.ProgrammeWatch, q Question, total int64) RankedProgramme {
	p := RankedProgramme{
		ProgrammeID: w.ProgrammeID, ChannelID: w.ChannelID, Title: w.Title,
		WatchSeconds: w.Seconds(), WatchSessions: w.Sessions, HasStatistics: true,
		Figures: Figures{
			Accounts: w.Accounts, Reach: w.Reach, AverageAudience: w.AverageAudience(),
			Share: measure.Percent(int64(w.Watch), total), TopAccountShare: measure.Percent(int64(w.Greatest), int64(w.Watch)),
			LowBase: w.Accounts < q.MinAccounts,
		},
	}
	switch q.Criterion {
	case WatchSessions:
		p.Score = float64(p.WatchSessions)
	case Reach:
		p.Score = float64(p.Reach)
	case AverageAudience:
		p.Score = p.AverageAudience
	default: // WatchTime; others are of channels only
		p.Score = float64(p.WatchSeconds)
	}
	return p
}

func (l lineup) sortProgrammes(programmes []RankedProgramme) {
	slices.SortFunc(programmes, func(a, b RankedProgramme) int { return before(l.placeOfProgramme(a), l.placeOfProgramme(b)) })
}

func (l lineup) placeOfProgramme(p RankedProgramme) place {
	return place{
		standing: standingOf(p.HasStatistics, p.LowBase),
		score:    p.Score, seconds: p.WatchSeconds, sessions: p.WatchSessions, start: p.start,
		number: l.channel(p.ChannelID).Number, id: p.ProgrammeID,
	}
}

// fillUp adds programmes that start in the window and have no statistics. Asking for size of them is enough, because at most
// len(ranked) of those are ranked already.
func (b *Builder) fillUp(
	ctx context.Context, ranked []RankedProgramme, q Question, lineup lineup, channels store.ChannelSet, size int,
) ([]RankedProgramme, error) {
	latest, err := b.source.LatestProgrammes(ctx, q.ClientID, q.Window(), channels, size)
	if err != nil {
		return nil, err
	}
	taken := make(map[int64]bool, len(ranked))
	for _, p := range ranked {
		taken[p.ProgrammeID] = true
	}
	fill := make([]RankedProgramme, 0, len(latest))
	for _, p := range latest {
		if !taken[p.ID] {
			fill = append(fill, filling(p))
		}
	}
	lineup.sortProgrammes(fill)
	return append(ranked, fill[:min(size-len(ranked), len(fill))]...), nil
}

// filling is the place of a programme without statistics.
func filling(p catalog.Programme) RankedProgramme {
	return RankedProgramme{ProgrammeID: p.ID, ChannelID: p.ChannelID, Title: p.Title, start: p.Start}
}
