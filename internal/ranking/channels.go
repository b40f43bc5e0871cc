package ranking

import (
	"context"
	"fmt"
	"slices"

	"github.com/tvstats/tvstats/internal/viewing"
)

// rankChannels answers all eligible channels, best first: those with statistics in the order of before, then the others
// by number and id.
func (b *Builder) rankChannels(
	ctx context.Context, clientID int32, scope Scope, criterion Criterion,
) ([]RankedChannel, error) {
	lineup, err := loadLineup(ctx, b.source, clientID)
	if err != nil {
		return nil, err
	}
	watched, err := b.source.ChannelWatch(ctx, scope.filter(clientID))
	if err != nil {
		return nil, fmt.Errorf("client %d: %w", clientID, err)
	}
	ranked := make([]RankedChannel, 0, len(lineup)+len(watched))
	withStatistics := make(map[int32]bool, len(watched))
	for _, w := range watched {
		withStatistics[w.ChannelID] = true
		if eligible(lineup.channel(w.ChannelID)) {
			ranked = append(ranked, score(w, criterion))
		}
	}
	for _, id := range lineup.ids(eligible) {
		if !withStatistics[id] {
			ranked = append(ranked, RankedChannel{ChannelID: id})
		}
	}
	lineup.sort(ranked)
	return ranked, nil
}

// sort puts channels in order and numbers them. Score, time and sessions of a channel without statistics are 0, which
// before puts behind all others but those that were tuned to for no time at all: these have sessions.
func (l lineup) sort(channels []RankedChannel) {
	slices.SortFunc(channels, func(a, b RankedChannel) int { return before(l.placeOf(a), l.placeOf(b)) })
	for i := range channels {
		channels[i].Rank = int32(i + 1)
	}
}

func (l lineup) placeOf(c RankedChannel) place {
	return place{
		score: c.Score, seconds: c.WatchSeconds, sessions: c.WatchSessions,
		number: l.channel(c.ChannelID).Number, id: int64(c.ChannelID),
	}
}

func score(w viewing.ChannelWatch, criterion Criterion) RankedChannel {
	c := RankedChannel{
		ChannelID: w.ChannelID, WatchSeconds: w.Seconds, WatchSessions: w.Sessions,
		AverageWatchSeconds: float64(w.Seconds) / float64(w.Sessions),
		MedianWatchSeconds:  w.MedianSeconds, HasStatistics: true,
	}
	switch criterion {
	case WatchTime:
		c.Score = float64(c.WatchSeconds)
	case WatchSessions:
		c.Score = float64(c.WatchSessions)
	case AverageWatchTime:
		c.Score = c.AverageWatchSeconds
	case MedianWatchTime:
		c.Score = c.MedianWatchSeconds
	}
	return c
}
