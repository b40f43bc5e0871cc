package ranking

import (
	"context"
	"fmt"
	"slices"

	"github.com/tvstats/tvstats/internal/measure"
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
	watched, err := b.source.Aggregate(ctx, measure.Query{
		Filter: scope.filter(clientID), GroupBy: []measure.Dimension{measure.Channel}, Measures: channelMeasures,
	})
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

// channelMeasures are what score makes a place of.
var channelMeasures = []measure.Measure{measure.Watch, measure.Sessions, measure.Median}

func score(w measure.Row, criterion Criterion) RankedChannel {
	const second = 1000
	c := RankedChannel{
		ChannelID: w.ChannelID, WatchSeconds: w.Values[0] / second, WatchSessions: w.Values[1],
		MedianWatchSeconds: float64(w.Values[2]) / second, HasStatistics: true,
	}
	c.AverageWatchSeconds = float64(c.WatchSeconds) / float64(c.WatchSessions)
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
