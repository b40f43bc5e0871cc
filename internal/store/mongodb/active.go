package mongodb

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo/options"

	"github.com/tvstats/tvstats/internal/viewing"
)

// Who is active changes without a session changing, so that rollups cannot know it. But they know which accounts watched
// on a day. Of these, few are not active any more: the server finds their sessions by the index on accounts, and what the
// rollups hold of them is taken away.

// keepActive restricts the plan to accounts that are active now.
func (s *Store) keepActive(ctx context.Context, clientID int32, p *plan) error {
	active, err := s.activeAccounts(ctx, clientID)
	if err != nil {
		return err
	}
	p.tallies[0].accounts = active
	gone, err := s.goneAccounts(ctx, p, active)
	if err != nil {
		return err
	}
	var windows []viewing.Window
	for _, r := range p.rolled {
		windows = extended(windows, r.window)
	}
	if len(gone) <= len(active) {
		p.tallies = append(p.tallies, tally{windows: windows, accounts: gone, byAccount: true, taken: true})
		return nil
	}
	p.rolled = nil
	p.tallies = append(p.tallies, tally{windows: windows, accounts: active, byAccount: true})
	return nil
}

// activeAccounts answers the accounts that are active now, ascending. The index alone tells it.
func (s *Store) activeAccounts(ctx context.Context, clientID int32) ([]int64, error) {
	cursor, err := s.collection(accountsCollection).Find(ctx, bson.M{"client_id": clientID, "active": true, "deleted": false},
		options.Find().SetSort(keys("account_id")).SetProjection(bson.M{"_id": 0, "account_id": 1}))
	var active []int64
	err = eachOf(ctx, cursor, err, func(a *accountDocument) error {
		active = append(active, a.AccountID)
		return nil
	})
	return active, err
}

// goneAccounts answers the accounts that watched on the rolled days of the plan and are not active.
func (s *Store) goneAccounts(ctx context.Context, p *plan, active []int64) ([]int64, error) {
	gone := map[int64]struct{}{}
	err := s.readRollups(ctx, p.accountIDs(), func(r *rollup) error {
		rest := active
		return unpack(r.Accounts, 1, func(row []int64) {
			for len(rest) > 0 && rest[0] < row[0] {
				rest = rest[1:]
			}
			if len(rest) == 0 || rest[0] > row[0] {
				gone[row[0]] = struct{}{}
			}
		})
	})
	return slices.Sorted(maps.Keys(gone)), err
}

// accountIDs names the rollups that tell who watched on the days of the plan.
func (p *plan) accountIDs() []string {
	var ids []string
	for _, day := range p.days() {
		ids = append(ids, day.rollupIDs(wholeDay, accountsRollup)...)
	}
	return ids
}

// days are those of which rollups are read, each once.
func (p *plan) days() []dayState {
	var days []dayState
	for _, r := range p.rolled {
		if n := len(days); n == 0 || days[n-1].ID != r.day.ID {
			days = append(days, r.day)
		}
	}
	return days
}

// confirm answers errRollupsMoved if sessions were taken away that the rollups did not hold, as they are of later reports.
func (s *Store) confirm(ctx context.Context, filter viewing.Filter, p *plan) error {
	if !filter.ActiveOnly || len(p.rolled) == 0 {
		return nil
	}
	days, err := s.daysWithin(ctx, filter.ClientID, filter.Window)
	versions := map[string]int64{}
	for _, day := range days {
		versions[day.ID] = day.Version
	}
	for _, day := range p.days() {
		if err == nil && versions[day.ID] != day.Version {
			return fmt.Errorf("day %s: %w", day.ID, errRollupsMoved)
		}
	}
	return err
}
