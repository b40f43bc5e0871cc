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

// rolledFirst reads with the help of rollups and, where that cannot be, without.
func rolledFirst[T any](read func(rolled bool) (T, error)) (T, error) {
	answer, err := read(true)
	if errors.Is(err, errRollupsMoved) {
		answer, err = read(false)
	}
	return answer, err
}

// rollupsAtOnce is how many rollups a query names.
const rollupsAtOnce = 10_000

// readRollups calls use for the rollups of these _ids, which say of which version of the day they are: what is of another
// one is not found.
func (s *Store) readRollups(ctx context.Context, ids []string, use func(*rollup) error) error {
	for some := range slices.Chunk(ids, rollupsAtOnce) {
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

// readGroups calls use for what the rollups of the plan tell of the groups, or channels, whose sessions pass the filter, but
// for its accounts and seconds.
func (s *Store) readGroups(
	ctx context.Context, p *plan, what string, filter viewing.Filter, use func(*rollupGroup) error,
) error {
	return s.readRollups(ctx, p.rollupIDs(what+smallest(filter)), func(r *rollup) error {
		for i := range r.Groups {
			if group := &r.Groups[i]; group.passes(filter) {
				if err := use(group); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// smallest is what rollups must be of to tell what passes the filter, and no more than that.
func smallest(filter viewing.Filter) string {
	if len(filter.Devices)+len(filter.Tariffs) == 0 {
		return ofChannels
	}
	return ofGroups
}

// rollupIDs names the documents of the kind that there must be of the rolled spans.
func (p *plan) rollupIDs(kind string) []string {
	var ids []string
	for _, r := range p.rolled {
		ids = append(ids, r.day.rollupIDs(r.span, kind)...)
	}
	return ids
}
