package ranking

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// rankProgrammes answers the size best programmes, filled up with the latest ones where fewer have statistics.
func (b *Builder) rankProgrammes(ctx context.Context, p ProgrammeSelectionParams, size int) ([]RankedProgramme, error) {
	lineup, err := loadLineup(ctx, b.source, p.ClientID)
	if err != nil {
		return nil, err
	}
	channels := lineup.guideChannels(p.Categories, p.Channels)
	watched, err := b.source.ProgrammeWatch(ctx, p.filter(p.ClientID), channels, size)
	if err != nil {
		return nil, fmt.Errorf("client %d: %w", p.ClientID, err)
	}
	ranked := lineup.order(watched)
	ranked = ranked[:min(size, len(ranked))]
	if len(ranked) < size {
		if ranked, err = b.fillUp(ctx, ranked, p.ClientID, p.Window(), lineup, channels, size); err != nil {
			return nil, fmt.Errorf("client %d: %w", p.ClientID, err)
		}
	}
	for i := range ranked {
		ranked[i].Rank = int32(i + 1)
	}
	return ranked, nil
}

func (l lineup) order(watched []viewing.ProgrammeWatch) []RankedProgramme {
	ranked := make([]RankedProgramme, 0, len(watched))
	for _, w := range watched {
		ranked = append(ranked, RankedProgramme{
			ProgrammeID: w.ProgrammeID, ChannelID: w.ChannelID, Title: w.Title, Score: float64(w.Seconds),
			WatchSeconds: w.Seconds, WatchSessions: w.Sessions, HasStatistics: true,
		})
	}
	slices.SortFunc(ranked, func(a, b RankedProgramme) int { return before(l.placeOfProgramme(a), l.placeOfProgramme(b)) })
	return ranked
}

func (l lineup) placeOfProgramme(p RankedProgramme) place {
	return place{
		score: p.Score, seconds: p.WatchSeconds, sessions: p.WatchSessions,
		number: l.channel(p.ChannelID).Number, id: p.ProgrammeID,
	}
}

// fillUp adds programmes that start in the window and have no statistics: latest start first, then by channel number,
// then by id. Asking for size of them is enough, because at most len(ranked) of those are ranked already.
func (b *Builder) fillUp(
	ctx context.Context, ranked []RankedProgramme, clientID int32, window viewing.Window,
	lineup lineup, channels store.ChannelSet, size int,
) ([]RankedProgramme, error) {
	latest, err := b.source.LatestProgrammes(ctx, clientID, window, channels, size)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(latest, func(a, b catalog.Programme) int {
		return cmp.Or(
			cmp.Compare(b.Start, a.Start),
			cmp.Compare(lineup.channel(a.ChannelID).Number, lineup.channel(b.ChannelID).Number),
			cmp.Compare(a.ID, b.ID),
		)
	})
	taken := make(map[int64]bool, len(ranked))
	for _, p := range ranked {
		taken[p.ProgrammeID] = true
	}
	for _, p := range latest {
		if len(ranked) == size {
			break
		}
		if !taken[p.ID] {
			ranked = append(ranked, RankedProgramme{ProgrammeID: p.ID, ChannelID: p.ChannelID, Title: p.Title})
		}
	}
	return ranked, nil
}
