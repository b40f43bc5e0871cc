package mongodb

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/viewing"
)

// The time that live sessions gave a programme is the area under the number of sessions on its channel, from its start to
// its end. That needs no session, only how many began and ended in which slot of time, and when on average: the server
// counts them by slots so wide that every programme of the channel starts and ends between two. Guides keep to minutes,
// mostly to quarters of hours, so that the answer is about as long as the guide, however many sessions there are.

// slotWidths are the widths of slots, the widest that fits a channel's guide is taken. The last one fits all.
var slotWidths = []viewing.Millis{3_600_000, 1_800_000, 900_000, 600_000, 300_000, 60_000, 10_000, 1000, 1}

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

// addLive adds what live sessions gave the programmes.
func (s *Store) addLive(
	ctx context.Context, filter viewing.Filter, p *plan, guide []catalog.Programme, shares map[int64]share,
) error {
	byChannel := map[int32][]catalog.Programme{}
	for _, p := range guide {
		byChannel[p.ChannelID] = append(byChannel[p.ChannelID], p)
	}
	byWidth := map[viewing.Millis][]int32{}
	for channel, programmes := range byChannel {
		width := slotWidth(programmes)
		byWidth[width] = append(byWidth[width], channel)
	}
	for width, channels := range byWidth {
		edges, err := s.edges(ctx, filter, p, channels, width)
		if err != nil {
			return err
		}
		for channel, counts := range edges {
			attribute(byChannel[channel], counts, width, shares)
		}
	}
	return nil
}

func slotWidth(programmes []catalog.Programme) viewing.Millis {
	for _, width := range slotWidths {
		if !slices.ContainsFunc(programmes, func(p catalog.Programme) bool { return p.Start%width != 0 || p.End%width != 0 }) {
			return width
		}
	}
	return 1
}

// edges counts the beginnings and ends of live sessions on the channels. A session ends in the slot that holds its last
// millisecond, so that one that ends between two slots ends in the first.
func (s *Store) edges(
	ctx context.Context, filter viewing.Filter, p *plan, channels []int32, width viewing.Millis,
) (map[int32][]edgeCount, error) {
	sinceEpoch := bson.M{"$subtract": bson.A{"$started_at", date(0)}}
	lastMilli := bson.M{"$subtract": bson.A{bson.M{"$multiply": bson.A{"$watched_seconds", int64(1000)}}, int64(1)}}
	edges := map[int32][]edgeCount{}
	err := s.eachMatch(ctx, filter, p.tallies, func(sessions *mongo.Collection, match bson.M, _ int64) error {
		return aggregate(ctx, sessions, func(count *edgeCount) error {
			edges[count.Key.Channel] = append(edges[count.Key.Channel], *count)
			return nil
		},
			bson.M{"$match": match},
			bson.M{"$match": bson.M{
				"mode": modes[viewing.Live], "programme_id": 0, "watched_seconds": bson.M{"$gt": 0}, "channel_id": bson.M{"$in": channels},
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
	return edges, err
}

// moment is what is known of a channel at an instant between two slots.
type moment struct {
	began, ended int64          // sessions, until then
	area         viewing.Millis // watched by all of them together, until then
}

// attribute adds the shares of a channel's programmes. Every one starts and ends at a multiple of width.
func attribute(programmes []catalog.Programme, edges []edgeCount, width viewing.Millis, shares map[int64]share) {
	moments := momentsAt(boundaries(programmes), edges, width)
	for _, p := range programmes {
		from, to := moments[p.Start], moments[p.End]
		sessions := to.began - from.ended // those that began before it was over, without those that ended before it began
		if p.Start < p.End && sessions > 0 {
			sum := shares[p.ID]
			sum.programme = p
			sum.watched += to.area - from.area
			sum.sessions += sessions
			shares[p.ID] = sum
		}
	}
}

// boundaries are the instants at which the programmes start and end, ascending, each once.
func boundaries(programmes []catalog.Programme) []viewing.Millis {
	instants := map[viewing.Millis]struct{}{}
	for _, p := range programmes {
		instants[p.Start], instants[p.End] = struct{}{}, struct{}{}
	}
	return slices.Sorted(maps.Keys(instants))
}

// momentsAt goes through the slots and answers what is known at each of the instants.
func momentsAt(instants []viewing.Millis, edges []edgeCount, width viewing.Millis) map[viewing.Millis]moment {
	slices.SortFunc(edges, func(a, b edgeCount) int { return cmp.Compare(a.Key.Slot, b.Key.Slot) })
	moments := make(map[viewing.Millis]moment, len(instants))
	var now moment
	var at viewing.Millis
	pass := func(to viewing.Millis) {
		now.area += (to - at) * viewing.Millis(now.began-now.ended)
		at = to
	}
	for _, instant := range instants {
		for len(edges) > 0 && edges[0].start(width) < instant {
			pass(edges[0].start(width))
			now.add(&edges[0])
			edges = edges[1:]
		}
		pass(instant)
		moments[instant] = now
	}
	return moments
}

// start is the first instant of the slot.
func (e *edgeCount) start(width viewing.Millis) viewing.Millis {
	return viewing.Millis(e.Key.Slot) * width
}

// add counts sessions as if all of them had begun, or ended, at the start of their slot, and sets the area right for that
// they did so later: by the end of the slot it is exact.
func (m *moment) add(e *edgeCount) {
	if e.Key.Began == 1 {
		m.began += e.Sessions
		m.area -= viewing.Millis(e.Offset)
		return
	}
	m.ended += e.Sessions
	m.area += viewing.Millis(e.Offset) + viewing.Millis(e.Sessions) // its end follows its last millisecond
}
