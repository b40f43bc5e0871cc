package mongodb

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var _ store.ProgrammeRanker = (*Store)(nil)

// ProgrammeWatch attributes viewing to the guide; see store.ProgrammeRanker. Of live sessions the server counts how many
// began and ended in each slot of time (edges.go), of the others the seconds by programme.
func (s *Store) ProgrammeWatch(
	ctx context.Context, filter viewing.Filter, channels store.ChannelSet, limit int,
) ([]viewing.ProgrammeWatch, error) {
	shares, err := s.shares(ctx, filter, channels)
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
func (s *Store) shares(ctx context.Context, filter viewing.Filter, channels store.ChannelSet) ([]share, error) {
	p, err := s.plan(ctx, filter, false)
	if err != nil || p.empty() {
		return nil, err
	}
	guide, err := s.guide(ctx, filter, channels)
	if err != nil {
		return nil, err
	}
	shares := map[int64]share{}
	if err := s.addLive(ctx, filter, p, guide, shares); err != nil {
		return nil, err
	}
	if err := s.addChosen(ctx, filter, p, channels, shares); err != nil {
		return nil, err
	}
	return slices.Collect(maps.Values(shares)), nil
}

// guide answers the programmes that live sessions can have given time to.
func (s *Store) guide(ctx context.Context, filter viewing.Filter, channels store.ChannelSet) ([]catalog.Programme, error) {
	match := guideMatch(filter.ClientID, channels)
	match["end_at"] = bson.M{"$gt": date(filter.Window.From)}
	programmes, err := find[programmeDocument](ctx, s.collection(programmesCollection), match)
	return converted(programmes, programmeDocument.programme), err
}

// addChosen adds what sessions gave that carry a programme themselves: all their time.
func (s *Store) addChosen(ctx context.Context, filter viewing.Filter, p *plan, channels store.ChannelSet, shares map[int64]share) error {
	chosen := map[int64]share{}
	err := s.eachMatch(ctx, filter, p.tallies, func(sessions *mongo.Collection, match bson.M, _ int64) error {
		return aggregate(ctx, sessions, func(line *chosenCount) error {
			sum := chosen[line.ProgrammeID]
			sum.watched += viewing.Millis(line.Seconds) * 1000
			sum.sessions += line.Sessions
			chosen[line.ProgrammeID] = sum
			return nil
		},
			bson.M{"$match": match},
			bson.M{"$match": bson.M{"programme_id": bson.M{"$gt": 0}, "watched_seconds": bson.M{"$gt": 0}}},
			bson.M{"$group": bson.M{
				"_id": "$programme_id", "seconds": bson.M{"$sum": "$watched_seconds"}, "sessions": bson.M{"$sum": 1},
			}})
	})
	if err != nil {
		return err
	}
	return s.eachProgramme(ctx, filter.ClientID, slices.Collect(maps.Keys(chosen)), channels, func(p catalog.Programme) {
		sum := shares[p.ID]
		sum.programme = p
		sum.watched += chosen[p.ID].watched
		sum.sessions += chosen[p.ID].sessions
		shares[p.ID] = sum
	})
}

type chosenCount struct {
	ProgrammeID int64 `bson:"_id"`
	Seconds     int64 `bson:"seconds"`
	Sessions    int64 `bson:"sessions"`
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
