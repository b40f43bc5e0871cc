package mongodb

import (
	"context"
	"errors"
	"slices"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/viewing"
)

// The time that live sessions gave a programme is the area under the number of sessions on its channel, from its start to
// its end (moments.go). That needs no session, only how many began and ended in which slot of time, and when on average, if
// slots are so wide that every programme of the channel starts and ends between two. Guides keep to minutes, mostly to
// quarters of hours, so that the counts are about as many as the guide is long, however many sessions there are. Rollups hold
// them by minutes; of the other sessions the server counts them.

// minute is the width of the slots in which rollups count edges, in milliseconds: the widest that nearly all guides keep to.
const minute viewing.Millis = 60_000

// slotWidths are the widths of slots, the widest that fits a channel's guide is taken. The last one fits all.
var slotWidths = []viewing.Millis{3_600_000, 1_800_000, 900_000, 600_000, 300_000, minute, 10_000, 1000, 1}

// channelEdges is how many live sessions began and ended on a channel, by slot. A session ends in the slot that holds its
// last millisecond, so that one that ends between two slots ends in the first.
type channelEdges struct {
	guide        []catalog.Programme // each starts and ends at a multiple of width
	width        viewing.Millis
	began, ended counts
}

// newEdges are the edges to be counted for the programmes of a guide, by channel.
func newEdges(guide []catalog.Programme) map[int32]*channelEdges {
	channels := map[int32]*channelEdges{}
	for _, p := range guide {
		if channels[p.ChannelID] == nil {
			channels[p.ChannelID] = &channelEdges{began: counts{}, ended: counts{}}
		}
		edges := channels[p.ChannelID]
		edges.guide = append(edges.guide, p)
	}
	for _, edges := range channels {
		edges.width = slotWidth(edges.guide)
	}
	return channels
}

func slotWidth(programmes []catalog.Programme) viewing.Millis {
	for _, width := range slotWidths {
		if !slices.ContainsFunc(programmes, func(p catalog.Programme) bool { return p.Start%width != 0 || p.End%width != 0 }) {
			return width
		}
	}
	return 1
}

// addRolled adds what a rollup tells of the channel, unless its guide is finer than rollups are.
func (e *channelEdges) addRolled(g *rollupGroup) error {
	if e == nil || e.width < minute {
		return nil
	}
	return errors.Join(e.began.addMinutes(g.Began, e.width), e.ended.addMinutes(g.Ended, e.width))
}

// countEdges has the server count the edges that rollups do not tell.
func (s *Store) countEdges(ctx context.Context, filter viewing.Filter, p *plan, channels map[int32]*channelEdges) error {
	byWidth := map[viewing.Millis][]int32{}
	for channel, edges := range channels {
		byWidth[edges.width] = append(byWidth[edges.width], channel)
	}
	for width, some := range byWidth {
		rest := p
		if width < minute {
			var err error
			if rest, err = s.plan(ctx, filter, false); err != nil {
				return err
			}
		}
		if err := s.countSlots(ctx, filter, rest, width, some, channels); err != nil {
			return err
		}
	}
	return nil
}

// edgeCount counts what began, or ended, on a channel in a slot.
type edgeCount struct {
	Key struct {
		Channel int32   `bson:"channel"`
		Slot    float64 `bson:"slot"`  // instants divided by the width, rounded down
		Began   int     `bson:"began"` // 1, or 0 where the sessions ended
	} `bson:"_id"`
	Sessions int64   `bson:"sessions"`
	Offset   float64 `bson:"offset"` // sum of the milliseconds from the start of the slot
}

// countSlots does so for some channels that have one width.
func (s *Store) countSlots(
	ctx context.Context, filter viewing.Filter, p *plan, width viewing.Millis, some []int32, channels map[int32]*channelEdges,
) error {
	sinceEpoch := bson.M{"$subtract": bson.A{"$started_at", date(0)}}
	lastMilli := bson.M{"$subtract": bson.A{bson.M{"$multiply": bson.A{"$watched_seconds", int64(1000)}}, int64(1)}}
	return s.eachMatch(ctx, filter, p.tallies, func(sessions *mongo.Collection, match bson.M, sign int64) error {
		return aggregate(ctx, sessions, func(line *edgeCount) error {
			slots := channels[line.Key.Channel].ended
			if line.Key.Began == 1 {
				slots = channels[line.Key.Channel].began
			}
			slots.add(int64(line.Key.Slot), sign*line.Sessions, sign*int64(line.Offset))
			return nil
		},
			bson.M{"$match": match},
			bson.M{"$match": bson.M{
				"mode": modes[viewing.Live], "programme_id": 0, "watched_seconds": bson.M{"$gt": 0}, "channel_id": bson.M{"$in": some},
			}},
			bson.M{"$project": bson.M{"channel_id": 1, "edge": bson.A{
				bson.M{"began": bson.M{"$literal": 1}, "at": sinceEpoch},
				bson.M{"began": bson.M{"$literal": 0}, "at": bson.M{"$add": bson.A{sinceEpoch, lastMilli}}},
			}}},
			bson.M{"$unwind": "$edge"},
			bson.M{"$addFields": bson.M{"slot": bson.M{"$floor": bson.M{"$divide": bson.A{"$edge.at", int64(width)}}}}},
			bson.M{"$group": bson.M{
				"_id":      bson.M{"channel": "$channel_id", "slot": "$slot", "began": "$edge.began"},
				"sessions": bson.M{"$sum": 1},
				"offset":   bson.M{"$sum": bson.M{"$subtract": bson.A{"$edge.at", bson.M{"$multiply": bson.A{"$slot", int64(width)}}}}},
			}})
	})
}
