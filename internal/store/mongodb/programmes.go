package mongodb

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var _ store.ProgrammeRanker = (*Store)(nil)

// ProgrammeWatch attributes viewing to the guide; see store.ProgrammeRanker. What it needs is how many live sessions began
// and ended in which slot of time (edges.go), and of the others the seconds by programme.
func (s *Store) ProgrammeWatch(
	ctx context.Context, filter viewing.Filter, channels store.ChannelSet, limit int,
) ([]viewing.ProgrammeWatch, error) {
	shares, err := rolledFirst(func(rolled bool) ([]share, error) { return s.shares(ctx, filter, channels, rolled) })
	if err != nil {
		return nil, fault(ctx, "attribute viewing to programmes", err)
	}
	watched := make([]viewing.ProgrammeWatch, 0, len(shares))
	for _, share := range shares {
		watched = append(watched, viewing.ProgrammeWatch{
			ProgrammeID: share.programme.ID, ChannelID: share.programme.ChannelID, Title: share.programme.Title,
			Seconds: int64(share.watched / 1000), Sessions: share.sessions,
		})
	}
	return greatest(watched, limit), nil
}

// share is what sessions gave a programme.
type share struct {
	programme catalog.Programme
	watched   viewing.Millis
	sessions  int64
}

// shares answers the programmes to which sessions gave time.
func (s *Store) shares(ctx context.Context, filter viewing.Filter, channels store.ChannelSet, rolled bool) ([]share, error) {
	anyLength := filter.MinSeconds <= 1 // rollups do not tell how long those were that began; none gives time in less than 1 s
	p, err := s.plan(ctx, filter, rolled && anyLength)
	if err != nil || p.empty() {
		return nil, err
	}
	guide, err := s.guide(ctx, filter, channels)
	if err != nil {
		return nil, err
	}
	edges, chosen := newEdges(guide), counts{}
	if err := s.readGroups(ctx, p, edgesRollup, filter, func(g *rollupGroup) error {
		return errors.Join(chosen.addEncoded(g.Chosen), edges[g.ChannelID].addRolled(g))
	}); err != nil {
		return nil, err
	}
	if err := s.countEdges(ctx, filter, p, edges); err != nil {
		return nil, err
	}
	if err := s.countChosen(ctx, filter, p, chosen); err != nil {
		return nil, err
	}
	if err := s.confirm(ctx, filter, p); err != nil {
		return nil, err
	}
	return s.attribute(ctx, filter.ClientID, channels, edges, chosen)
}

// guide answers the programmes that live sessions can have given time to.
func (s *Store) guide(ctx context.Context, filter viewing.Filter, channels store.ChannelSet) ([]catalog.Programme, error) {
	match := guideMatch(filter.ClientID, channels)
	match["end_at"] = bson.M{"$gt": date(filter.Window.From)}
	programmes, err := find[programmeDocument](ctx, s.collection(programmesCollection), match,
		options.Find().SetProjection(bson.M{"_id": 0, "programme_id": 1, "channel_id": 1, "title": 1, "start_at": 1, "end_at": 1}))
	return converted(programmes, programmeDocument.programme), err
}

// countChosen has the server count the sessions that carry a programme themselves, and their seconds, by that.
func (s *Store) countChosen(ctx context.Context, filter viewing.Filter, p *plan, chosen counts) error {
	return s.eachMatch(ctx, filter, p.tallies, func(sessions *mongo.Collection, match bson.M, sign int64) error {
		return aggregate(ctx, sessions, func(line *chosenCount) error {
			chosen.add(line.ProgrammeID, sign*line.Sessions, sign*line.Seconds)
			return nil
		},
			bson.M{"$match": match},
			bson.M{"$match": bson.M{"programme_id": bson.M{"$gt": 0}, "watched_seconds": bson.M{"$gt": 0}}},
			bson.M{"$group": bson.M{
				"_id": "$programme_id", "seconds": bson.M{"$sum": "$watched_seconds"}, "sessions": bson.M{"$sum": 1},
			}})
	})
}

type chosenCount struct {
	ProgrammeID int64 `bson:"_id"`
	Seconds     int64 `bson:"seconds"`
	Sessions    int64 `bson:"sessions"`
}

// attribute answers what live sessions gave the programmes by their edges, and those that chose one all their time.
func (s *Store) attribute(
	ctx context.Context, clientID int32, channels store.ChannelSet, edges map[int32]*channelEdges, chosen counts,
) ([]share, error) {
	shares := map[int64]share{}
	for _, channel := range edges {
		channel.attribute(shares)
	}
	err := s.eachProgramme(ctx, clientID, slices.Collect(maps.Keys(chosen)), channels, func(p catalog.Programme) {
		sum := shares[p.ID]
		sum.programme = p
		sum.watched += viewing.Millis(chosen[p.ID].amount) * 1000
		sum.sessions += chosen[p.ID].sessions
		shares[p.ID] = sum
	})
	return slices.Collect(maps.Values(shares)), err
}

// programmesAtOnce is how many programmes a query names.
const programmesAtOnce = 100_000

// eachProgramme calls use for those of the programmes that are on the channels.
func (s *Store) eachProgramme(
	ctx context.Context, clientID int32, ids []int64, channels store.ChannelSet, use func(catalog.Programme),
) error {
	match := guideMatch(clientID, channels)
	for some := range slices.Chunk(ids, programmesAtOnce) {
		match["_id"] = bson.M{"$in": converted(some, func(id int64) string { return entityID(clientID, id) })}
		found, err := find[programmeDocument](ctx, s.collection(programmesCollection), match)
		if err != nil {
			return err
		}
		for _, document := range found {
			use(document.programme())
		}
	}
	return nil
}

// greatest answers the limit greatest by seconds, then sessions, and all that equal the last of them.
func greatest(watched []viewing.ProgrammeWatch, limit int) []viewing.ProgrammeWatch {
	order := func(a, b viewing.ProgrammeWatch) int {
		return cmp.Or(cmp.Compare(b.Seconds, a.Seconds), cmp.Compare(b.Sessions, a.Sessions))
	}
	slices.SortFunc(watched, order)
	end := min(limit, len(watched))
	for end > 0 && end < len(watched) && order(watched[end-1], watched[end]) == 0 {
		end++
	}
	return watched[:end]
}
