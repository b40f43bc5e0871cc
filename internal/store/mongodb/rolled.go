package mongodb

import (
	"context"
	"errors"
	"slices"

	"go.mongodb.org/mongo-driver/bson"

	"github.com/tvstats/tvstats/internal/viewing"
)

// errRollupsMoved: days were rolled up anew while their rollups were read. Their sessions are still there.
var errRollupsMoved = errors.New("rollups were replaced while they were read")

// rollupsAtOnce is how many rollups a query names.
const rollupsAtOnce = 10_000

// readRolled calls use for the rollups of the kind that the plan reads. Their _ids say of which version of the day they
// are, so that what is of another version is not found.
func (s *Store) readRolled(ctx context.Context, p *plan, kind string, use func(*rollup) error) error {
	for some := range slices.Chunk(p.rollupIDs(kind), rollupsAtOnce) {
		missing := len(some)
		cursor, err := s.collection(rollupsCollection).Find(ctx, bson.M{"_id": bson.M{"$in": some}})
		err = eachOf(ctx, cursor, err, func(r *rollup) error {
			missing--
			return use(r)
		})
		if err != nil {
			return err
		}
		if missing != 0 {
			return errRollupsMoved
		}
	}
	return nil
}

// kindFor is the smallest kind of rollup that can tell what passes the filter.
func kindFor(filter viewing.Filter) string {
	if len(filter.Devices)+len(filter.Tariffs) == 0 {
		return byChannel
	}
	return byGroup
}

// rollupIDs names every document that there must be.
func (p *plan) rollupIDs(kind string) []string {
	var ids []string
	for _, r := range p.rolled {
		for part := range r.day.Rollups[rollupName(r.span, kind)] {
			ids = append(ids, r.day.rollupID(r.span, kind, part))
		}
	}
	return ids
}
