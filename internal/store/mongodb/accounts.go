package mongodb

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/bson/primitive"
	"go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/viewing"
)

// accountDocument holds every state of an account and, beside them, the current one.
type accountDocument struct {
	ID        string                  `bson:"_id"`
	ClientID  int32                   `bson:"client_id"`
	AccountID int64                   `bson:"account_id"`
	Revision  int64                   `bson:"revision"` // raised with every change of States
	States    map[string]accountState `bson:"states"`   // by stateKey
	Current   accountState            `bson:",inline"`
}

// accountState is one state of an account. In the current one RegisteredAt is filled in.
type accountState struct {
	Active       bool               `bson:"active"`
	Tariffs      []int32            `bson:"tariffs"`
	RegisteredAt primitive.DateTime `bson:"registered_at"` // 1970-01-01T00:00:00 = not told
	ChangedAt    primitive.DateTime `bson:"changed_at"`
	Deleted      bool               `bson:"deleted"`
}

// stateKey names a state by its changed_at. A point would make a path of it; a comma stands for it in ISO 8601 too.
func stateKey(changedAt viewing.Millis) string {
	return changedAt.Time().Format("2006-01-02T15:04:05,000Z")
}

// applyAccounts adds the states to the history of their accounts and brings the current states up to date. Each
// round reads the accounts after the history has changed, and only writes where it still is what was read: of several
// processes the one that comes last has seen all.
func (s *Store) applyAccounts(ctx context.Context, clientID int32, states []catalog.Account) error {
	if len(states) == 0 {
		return nil
	}
	stale, err := s.addStates(ctx, clientID, states)
	for err == nil && len(stale) > 0 {
		stale, err = s.updateCurrent(ctx, stale)
	}
	if err != nil {
		return err
	}
	return s.upsertClient(ctx, clientID, bson.M{"$inc": bson.M{"accounts_revision": int64(1)}})
}

// addStates keeps the states and answers the _ids of their accounts.
func (s *Store) addStates(ctx context.Context, clientID int32, states []catalog.Account) ([]string, error) {
	told := map[string]bson.M{} // what to set, by _id: of two states with one changed_at the later one stays
	for _, a := range states {
		id := entityID(clientID, a.ID)
		if told[id] == nil {
			told[id] = bson.M{"client_id": clientID, "account_id": a.ID}
		}
		told[id]["states."+stateKey(a.ChangedAt)] = accountState{
			a.Active, a.Tariffs, date(a.RegisteredAt), date(a.ChangedAt), a.Deleted,
		}
	}
	models := make([]mongo.WriteModel, 0, len(told))
	for id, set := range told {
		models = append(models, mongo.NewUpdateOneModel().SetFilter(bson.M{"_id": id}).SetUpsert(true).
			SetUpdate(bson.M{"$set": set, "$inc": bson.M{"revision": int64(1)}}))
	}
	return slices.Collect(maps.Keys(told)), bulkUpsert(ctx, s.collection(accountsCollection), models)
}

// updateCurrent brings the current states of the accounts up to date and answers those that have changed meanwhile.
func (s *Store) updateCurrent(ctx context.Context, ids []string) (stale []string, err error) {
	accounts, err := find[accountDocument](ctx, s.collection(accountsCollection), bson.M{"_id": bson.M{"$in": ids}})
	if err != nil {
		return nil, err
	}
	models := make([]mongo.WriteModel, len(accounts))
	for i := range accounts {
		models[i] = mongo.NewUpdateOneModel().
			SetFilter(bson.M{"_id": accounts[i].ID, "revision": accounts[i].Revision}).
			SetUpdate(bson.M{"$set": accounts[i].latest()})
	}
	outcome, err := s.collection(accountsCollection).BulkWrite(ctx, models, options.BulkWrite().SetOrdered(false))
	if err != nil || outcome.MatchedCount == int64(len(ids)) {
		return nil, err
	}
	return ids, nil
}

// latest is the state with the greatest changed_at. It was registered when the latest state that told it says, else when
// the account's earliest state began.
func (a *accountDocument) latest() accountState {
	states := slices.SortedFunc(maps.Values(a.States), func(x, y accountState) int { return cmp.Compare(x.ChangedAt, y.ChangedAt) })
	current := states[len(states)-1]
	current.RegisteredAt = states[0].ChangedAt
	for _, state := range states {
		if state.RegisteredAt != 0 {
			current.RegisteredAt = state.RegisteredAt
		}
	}
	return current
}
