package mongodb

import (
	"context"
	"maps"
	"reflect"
	"slices"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/bson/primitive"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/viewing"
)

// accountDocument holds every state of an account and, beside them, what follows from them.
type accountDocument struct {
	ID        string                  `bson:"_id"`
	ClientID  int32                   `bson:"client_id"`
	AccountID int64                   `bson:"account_id"`
	States    map[string]accountState `bson:"states"`             // by stateKey
	Current   accountState            `bson:",inline"`            // RegisteredAt is filled in
	BeganAt   *primitive.DateTime     `bson:"began_at,omitempty"` // when it began to exist for the first time
	Revision  int64                   `bson:"revision"`
}

// accountState is one state of an account.
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

// applyAccounts adds the states to the history of their accounts, counts what that changes in the ledger, and then lets
// the tariffs be read anew, also where an earlier attempt ended before that.
func (s *Store) applyAccounts(ctx context.Context, clientID int32, states []catalog.Account) error {
	if len(states) == 0 {
		return nil
	}
	told := map[int64]map[string]accountState{} // by account and key: of two states with one changed_at the later one
	for _, a := range states {
		if told[a.ID] == nil {
			told[a.ID] = map[string]accountState{}
		}
		tariffs := append([]int32{}, a.Tariffs...)
		told[a.ID][stateKey(a.ChangedAt)] = accountState{a.Active, tariffs, date(a.RegisteredAt), date(a.ChangedAt), a.Deleted}
	}
	err := s.revise(ctx, clientID, accountChanges, s.collection(accountsCollection), func() ([]revision, error) {
		return s.accountRevisions(ctx, clientID, told)
	})
	if err != nil {
		return err
	}
	return s.upsertClient(ctx, clientID, bson.M{"$inc": bson.M{"accounts_revision": int64(1)}})
}

// accountRevisions are the accounts of which a state was told that they do not hold.
func (s *Store) accountRevisions(ctx context.Context, clientID int32, told map[int64]map[string]accountState) ([]revision, error) {
	ids := make([]string, 0, len(told))
	for account := range told {
		ids = append(ids, entityID(clientID, account))
	}
	stored, err := byID(ctx, s.collection(accountsCollection), ids, func(d *accountDocument) string { return d.ID })
	if err != nil {
		return nil, err
	}
	var revisions []revision
	for account, states := range told {
		id := entityID(clientID, account)
		was := stored[id]
		is := accountDocument{ID: id, ClientID: clientID, AccountID: account, States: maps.Clone(was.States), Revision: was.Revision + 1}
		if is.States == nil {
			is.States = map[string]accountState{}
		}
		maps.Copy(is.States, states)
		if reflect.DeepEqual(is.States, was.States) {
			continue
		}
		is.derive()
		revisions = append(revisions, revision{id, was.Revision, is, differing(was.entries(), is.entries())})
	}
	return revisions, nil
}

// derive sets what follows from the states.
func (d *accountDocument) derive() {
	states := d.sorted()
	d.Current = states[len(states)-1]
	d.Current.RegisteredAt = registered(states)
	first := slices.IndexFunc(d.entries(), func(e entry) bool { return e.is.exists })
	if first >= 0 {
		began := date(d.entries()[first].at)
		d.BeganAt = &began
	}
}

// sorted are the states in the order in which they are in force.
func (d *accountDocument) sorted() []accountState {
	sorted := make([]accountState, 0, len(d.States))
	for _, key := range slices.Sorted(maps.Keys(d.States)) { // years have four digits
		sorted = append(sorted, d.States[key])
	}
	return sorted
}

// registered is what the latest state that told it says, else when the earliest state began.
func registered(states []accountState) primitive.DateTime {
	for _, state := range slices.Backward(states) {
		if state.RegisteredAt != 0 {
			return state.RegisteredAt
		}
	}
	return states[0].ChangedAt
}
