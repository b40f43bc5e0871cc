package mongodb

import (
	"context"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var _ store.ChannelRanker = (*Store)(nil)

// channelLengths is how long the sessions of every channel were.
type channelLengths map[int32]lengths

// ChannelWatch sums up viewing by channel; see store.ChannelRanker.
func (s *Store) ChannelWatch(ctx context.Context, filter viewing.Filter) ([]viewing.ChannelWatch, error) {
	watched, err := rolledFirst(func(rolled bool) (channelLengths, error) { return s.channelLengths(ctx, filter, rolled) })
	if err != nil {
		return nil, fault(ctx, "sum up viewing by channel", err)
	}
	channels := make([]viewing.ChannelWatch, 0, len(watched))
	for id, lengths := range watched {
		if len(lengths) > 0 {
			channels = append(channels, lengths.watch(id))
		}
	}
	return channels, nil
}

func (s *Store) channelLengths(ctx context.Context, filter viewing.Filter, rolled bool) (channelLengths, error) {
	p, err := s.plan(ctx, filter, rolled)
	if err != nil {
		return nil, err
	}
	watched := channelLengths{}
	if err := s.readGroups(ctx, p, lengthsRollup, filter, func(g *rollupGroup) error {
		return watched.of(g.ChannelID).addEncoded(g.Lengths, filter.MinSeconds)
	}); err != nil {
		return nil, err
	}
	err = s.eachMatch(ctx, filter, p.tallies, func(sessions *mongo.Collection, match bson.M, sign int64) error {
		return aggregate(ctx, sessions, func(line *lengthCount) error {
			watched.of(line.Key.Channel).add(line.Key.Seconds, sign*line.Sessions)
			return nil
		},
			bson.M{"$match": match},
			bson.M{"$group": bson.M{
				"_id":      bson.M{"channel": "$channel_id", "seconds": "$watched_seconds"},
				"sessions": bson.M{"$sum": 1},
			}})
	})
	if err != nil {
		return nil, err
	}
	return watched, s.confirm(ctx, filter, p)
}

// lengthCount counts the sessions of one length on a channel.
type lengthCount struct {
	Key struct {
		Channel int32 `bson:"channel"`
		Seconds int32 `bson:"seconds"`
	} `bson:"_id"`
	Sessions int64 `bson:"sessions"`
}

func (c channelLengths) of(channel int32) lengths {
	if c[channel] == nil {
		c[channel] = lengths{}
	}
	return c[channel]
}
