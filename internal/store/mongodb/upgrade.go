package mongodb

import (
	"context"
	"slices"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo/options"

	"github.com/tvstats/tvstats/internal/viewing"
)

// fromVersion1 brings a database from version 1 to 2. In version 1 the _id of a session was client/day/digest and told no hour,
// and rollups were of whole days only. Every step can end in the middle and be done again.
func (m *migration) fromVersion1(ctx context.Context) error {
	if err := m.do("take back the rollups of all days", func() error { return m.store.forgetRollups(ctx) }); err != nil {
		return err
	}
	if err := m.do("put the hour into the _ids of sessions", func() error { return m.store.renameSessions(ctx) }); err != nil {
		return err
	}
	return m.dropIndex(ctx, accountsCollection, "client_active")
}

// dropIndex removes an index that nothing uses any more.
func (m *migration) dropIndex(ctx context.Context, collection, name string) error {
	c := m.store.collection(collection)
	present, err := indexNames(ctx, c)
	if err != nil || !slices.Contains(present, name) {
		return err
	}
	return m.do("drop index "+name+" of "+collection, func() error {
		_, err := c.Indexes().DropOne(ctx, name)
		return err
	})
}

// forgetRollups lets all days be rolled up anew. The rollups go last: a day that is still rolled has all of them.
func (s *Store) forgetRollups(ctx context.Context) error {
	_, err := s.collection(daysCollection).UpdateMany(ctx, bson.M{},
		bson.M{"$set": bson.M{"rolled": false}, "$unset": bson.M{"parts": ""}})
	if err != nil {
		return err
	}
	_, err = s.collection(rollupsCollection).DeleteMany(ctx, bson.M{})
	return err
}

func (s *Store) renameSessions(ctx context.Context) error {
	days, err := s.manyDays(ctx, bson.M{})
	if err != nil {
		return err
	}
	for _, day := range days {
		for {
			renamed, err := s.renameSome(ctx, day)
			if err != nil {
				return err
			}
			if renamed == 0 {
				break
			}
		}
	}
	return nil
}

// renamedAtOnce is how many sessions are renamed in one go.
const renamedAtOnce = 1000

// renameSome gives some sessions of the day that have an _id of version 1 the one of today. What an interrupted attempt
// left under both is merged as reports are.
func (s *Store) renameSome(ctx context.Context, day dayState) (renamed int, err error) {
	type named struct {
		ID      string          `bson:"_id"`
		Session sessionDocument `bson:",inline"`
	}
	c := s.collection(sessionsCollection)
	old, err := find[named](ctx, c, bson.M{"_id": below(day.ID)}, options.Find().SetLimit(renamedAtOnce))
	if err != nil || len(old) == 0 {
		return 0, err
	}
	if err := s.upsertSessions(ctx, converted(old, func(d named) viewing.Report { return d.Session.report() })); err != nil {
		return 0, err
	}
	_, err = c.DeleteMany(ctx, bson.M{"_id": bson.M{"$in": converted(old, func(d named) string { return d.ID })}})
	return len(old), err
}
