package mongodb

import (
	"context"
	"reflect"
	"slices"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo/options"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var _ store.LedgerReader = (*Store)(nil)

// standing is how an account stands at an instant.
type standing struct {
	exists, active bool    // only what exists is active
	tariffs        []int32 // of an active account
}

// entry of the ledger: a state of an account takes the place of the one before.
type entry struct {
	at      viewing.Millis
	was, is standing
}

// entries is the account's part of the ledger, in the order of the states, those that change nothing included.
func (d *accountDocument) entries() []entry {
	states := d.sorted()
	entries := make([]entry, len(states))
	var before standing
	for i, state := range states {
		now := standing{exists: !state.Deleted, active: state.Active && !state.Deleted}
		if now.active {
			now.tariffs = state.Tariffs
		}
		entries[i] = entry{at: viewing.Millis(state.ChangedAt), was: before, is: now}
		if i == 0 {
			entries[i].at = viewing.Millis(min(state.ChangedAt, registered(states)))
		}
		before = now
	}
	return entries
}

func (e *entry) changes() bool {
	return e.was.exists != e.is.exists || e.was.active != e.is.active || !slices.Equal(e.was.tariffs, e.is.tariffs)
}

// differing are the instants of entries that change anything and are in one of the lists only.
func differing(was, is []entry) []viewing.Millis {
	var instants []viewing.Millis
	for _, lists := range [][2][]entry{{was, is}, {is, was}} {
		for _, e := range lists[0] {
			same := func(other entry) bool { return reflect.DeepEqual(e, other) }
			if e.changes() && !slices.ContainsFunc(lists[1], same) {
				instants = append(instants, e.at)
			}
		}
	}
	return instants
}

// Flows counts what became of accounts; see store.LedgerReader.
func (s *Store) Flows(
	ctx context.Context, clientID int32, boundaries []viewing.Millis,
) (before store.Flows, periods []store.Flows, err error) {
	periods = make([]store.Flows, len(boundaries)-1)
	err = s.eachEntry(ctx, clientID, func(e *entry) {
		switch i := periodOf(boundaries, e.at); {
		case i < 0:
			e.addTo(&before)
		case i < len(periods):
			e.addTo(&periods[i])
		}
	})
	return before, periods, fault(ctx, "count flows of accounts", err)
}

// addTo counts the entry.
func (e *entry) addTo(f *store.Flows) {
	one := map[bool]int64{true: 1}
	f.New += one[!e.was.exists && e.is.exists]
	f.NewActive += one[!e.was.exists && e.is.active]
	f.Activated += one[e.was.exists && !e.was.active && e.is.active]
	f.Deactivated += one[e.was.active && !e.is.active && e.is.exists]
	f.Removed += one[e.was.exists && !e.is.exists]
	f.RemovedActive += one[e.was.active && !e.is.exists]
}

// ActiveByTariff counts active accounts; see store.LedgerReader.
func (s *Store) ActiveByTariff(ctx context.Context, clientID int32, instants []viewing.Millis) ([]map[int32]int64, error) {
	changes := make([]map[int32]int64, len(instants)+1) // before each instant, since the one before it; and after all
	for i := range changes {
		changes[i] = map[int32]int64{}
	}
	err := s.eachEntry(ctx, clientID, func(e *entry) {
		change := changes[periodOf(instants, e.at)+1]
		for _, tariff := range e.was.tariffs {
			change[tariff]--
		}
		for _, tariff := range e.is.tariffs {
			change[tariff]++
		}
	})
	if err != nil {
		return nil, fault(ctx, "count active accounts by tariff", err)
	}
	return store.TariffLevels(changes[:len(instants)]), nil
}

// eachEntry goes through the ledger of the client, account by account.
func (s *Store) eachEntry(ctx context.Context, clientID int32, use func(*entry)) error {
	cursor, err := s.collection(accountsCollection).Find(ctx, bson.M{"client_id": clientID},
		options.Find().SetProjection(bson.M{"states": 1}))
	return eachOf(ctx, cursor, err, func(account *accountDocument) error {
		for _, e := range account.entries() {
			use(&e)
		}
		return nil
	})
}
