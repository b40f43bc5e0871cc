package ranking

import (
	"context"
	"fmt"
	"slices"

	"github.com/tvstats/tvstats/internal/measure"
	"github.com/tvstats/tvstats/internal/viewing"
)

// ranked are places, best first, and the time of the sessions behind all of them that was reported and does not count.
type ranked[T any] struct {
	places []T
	cut    int64
}

// rankChannels returns all eligible channels, best first: those with statistics in the order of before, then the others
// by number and id. Of the figures those are there that the measures give.
func (b *Builder) rankChannels(ctx context.Context, lineup lineup, q Question, measures []measure.Measure) (ranked[RankedChannel], error) {
	watched, err := b.source.Aggregate(ctx, measure.Query{
		Filter: q.filter(), GroupBy: []measure.Dimension{measure.Channel}, Measures: measures, Reach: q.reach(),
	})
	if err != nil {
		return ranked[RankedChannel]{}, fmt.Errorf("client %d: %w", q.ClientID, err)
	}
	var total, cut int64 // of all channels, whether they are ranked or not
	for _, w := range watched {
		total += valueOf(w, measures, measure.Watch)
		cut += valueOf(w, measures, measure.Cut)
	}
	places := make([]RankedChannel, 0, len(lineup)+len(watched))
	withStatistics := make(map[int32]bool, len(watched))
	for _, w := range watched {
		withStatistics[w.ChannelID] = true
		if eligible(lineup.channel(w.ChannelID)) {
			places = append(places, score(w, measures, q, total))
		}
	}
	for _, id := range lineup.ids(eligible) {
		if !withStatistics[id] {
			places = append(places, RankedChannel{ChannelID: id})
		}
	}
	lineup.sort(places)
	return ranked[RankedChannel]{places, cut}, nil
}

// sort puts channels in order and numbers them.
func (l lineup) sort(channels []RankedChannel) {
	slices.SortFunc(channels, func(a, b RankedChannel) int { return before(l.placeOf(a), l.placeOf(b)) })
	for i := range channels {
		channels[i].Rank = int32(i + 1)
	}
}

func (l lineup) placeOf(c RankedChannel) place {
	return place{
		standing: standingOf(c.HasStatistics, c.LowBase),
		score:    c.Score, seconds: c.WatchSeconds, sessions: c.WatchSessions,
		number: l.channel(c.ChannelID).Number, id: int64(c.ChannelID),
	}
}

// channelMeasures are what score makes a whole place of.
var channelMeasures = []measure.Measure{
	measure.Watch, measure.Sessions, measure.Median, measure.Accounts, measure.Reach, measure.Greatest,
}

// allMeasures are those, and what the policy cut, which costs something and is nothing where it cuts nothing.
func allMeasures(q Question) []measure.Measure {
	if q.Policy.Cuts() {
		return append(slices.Clone(channelMeasures), measure.Cut)
	}
	return channelMeasures
}

// orderMeasures are those of channelMeasures that the order of a ranking needs.
func orderMeasures(q Question) []measure.Measure {
	measures := []measure.Measure{measure.Watch, measure.Sessions}
	if q.Criterion == MedianWatchTime {
		measures = append(measures, measure.Median)
	}
	if q.Criterion == Reach {
		measures = append(measures, measure.Reach)
	}
	if q.MinAccounts > 0 {
		measures = append(measures, measure.Accounts)
	}
	return measures
}

// valueOf is the value of a measure, 0 where it was not asked for.
func valueOf(w measure.Row, measures []measure.Measure, m measure.Measure) int64 {
	if i := slices.Index(measures, m); i >= 0 {
		return w.Values[i]
	}
	return 0
}

// score makes a place of what was measured; total is the time of all channels.
func score(w measure.Row, measures []measure.Measure, q Question, total int64) RankedChannel {
	const second = 1000
	of := func(m measure.Measure) int64 { return valueOf(w, measures, m) }
	watch := of(measure.Watch)
	c := RankedChannel{
		ChannelID: w.ChannelID, WatchSeconds: watch / second, WatchSessions: of(measure.Sessions),
		MedianWatchSeconds: float64(of(measure.Median)) / second, HasStatistics: true,
		Figures: Figures{
			Accounts: of(measure.Accounts), Reach: of(measure.Reach), AverageAudience: average(watch, q.Window()),
			Share: measure.Percent(watch, total), TopAccountShare: measure.Percent(of(measure.Greatest), watch),
		},
	}
	c.LowBase = c.Accounts < q.MinAccounts
	c.AverageWatchSeconds = float64(c.WatchSeconds) / float64(c.WatchSessions)
	switch q.Criterion {
	case WatchTime:
		c.Score = float64(c.WatchSeconds)
	case WatchSessions:
		c.Score = float64(c.WatchSessions)
	case AverageWatchTime:
		c.Score = c.AverageWatchSeconds
	case MedianWatchTime:
		c.Score = c.MedianWatchSeconds
	case Reach:
		c.Score = float64(c.Reach)
	case AverageAudience:
		c.Score = c.AverageAudience
	}
	return c
}

// average is how many watched at each instant of the window, on average.
func average(watch int64, window viewing.Window) float64 {
	return float64(watch) / float64(window.To-window.From)
}
