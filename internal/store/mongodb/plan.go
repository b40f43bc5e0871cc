package mongodb

import (
	"context"
	"errors"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo/options"

	"github.com/tvstats/tvstats/internal/viewing"
)

// plan says where the sessions of a window are read: whole days that are rolled up from their rollups, the rest from the
// sessions themselves.
type plan struct {
	rolled []dayState       // in their order
	plain  []viewing.Window // in their order, neighbours joined
}

// plan plans the reading of the filter's window, from rollups too or from sessions alone.
func (s *Store) plan(ctx context.Context, filter viewing.Filter, rolled bool) (plan, error) {
	days, err := s.daysWithin(ctx, filter.ClientID, filter.Window)
	if err != nil {
		return plan{}, err
	}
	var p plan
	for _, d := range days {
		day := d.day().Window()
		if rolled && d.Rolled && filter.Window.From <= day.From && day.To <= filter.Window.To {
			p.rolled = append(p.rolled, d)
			continue
		}
		p.addPlain(viewing.Window{From: max(day.From, filter.Window.From), To: min(day.To, filter.Window.To)})
	}
	return p, nil
}

func (p *plan) addPlain(w viewing.Window) {
	if n := len(p.plain); n > 0 && p.plain[n-1].To == w.From {
		p.plain[n-1].To = w.To
		return
	}
	p.plain = append(p.plain, w)
}

// runs answers the rolled days as runs of neighbours, first and last day of each.
func (p *plan) runs() [][2]viewing.Day {
	var runs [][2]viewing.Day
	for _, d := range p.rolled {
		day := d.day()
		if n := len(runs); n > 0 && runs[n-1][1]+1 == day {
			runs[n-1][1] = day
			continue
		}
		runs = append(runs, [2]viewing.Day{day, day})
	}
	return runs
}

// errRollupsMoved: days were rolled up anew while their rollups were read. Their sessions are still there.
var errRollupsMoved = errors.New("rollups were replaced while they were read")

// readRolled adds what the rolled days hold of the filter's sessions.
func (s *Store) readRolled(ctx context.Context, p *plan, filter viewing.Filter, watched channelLengths) error {
	if len(p.rolled) == 0 {
		return nil
	}
	missing := 0
	versions := map[string]int64{}
	for _, d := range p.rolled {
		missing += d.Parts
		versions[d.ID] = d.Version
	}
	var ranges bson.A
	for _, run := range p.runs() {
		ranges = append(ranges, bson.M{"_id": onDays(filter.ClientID, run[0], run[1])})
	}
	add, needed := watched.addGroups(filter), "groups"
	if len(filter.Devices)+len(filter.Tariffs) == 0 {
		add, needed = watched.addWhole(filter), "lengths"
	}
	cursor, err := s.collection(rollupsCollection).Find(ctx, bson.M{"$or": ranges},
		options.Find().SetProjection(bson.M{"version": 1, "channel_id": 1, needed: 1}))
	err = eachOf(ctx, cursor, err, func(r *rollup) error {
		if versions[r.dayID()] != r.Version {
			return nil // of another version, on its way in or out
		}
		missing--
		return add(r)
	})
	if err == nil && missing != 0 {
		return errRollupsMoved
	}
	return err
}
