package mongodb

import (
	"context"
	"errors"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"

	"github.com/tvstats/tvstats/internal/viewing"
)

// AppendReports makes the reports durable; see store.SessionWriter.
func (s *Store) AppendReports(ctx context.Context, reports []viewing.Report) error {
	if err := ctx.Err(); err != nil || len(reports) == 0 {
		return err
	}
	erased, err := s.erasedPatiently(ctx)
	if err != nil {
		return err
	}
	sessions := merged(erased.Reports(reports))
	if len(sessions) == 0 {
		return nil
	}
	_, err = persist(ctx, func(ctx context.Context) (struct{}, error) { return struct{}{}, s.appendSessions(ctx, sessions) })
	if err != nil {
		return err
	}
	_, err = persist(ctx, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, fault(ctx, "look for accounts erased meanwhile", s.mourn(ctx, erased, accountsOf(sessions)))
	})
	return err
}

func (s *Store) appendSessions(ctx context.Context, sessions []viewing.Report) error {
	if err := s.writable(ctx); err != nil {
		return err
	}
	if err := s.ensureClients(ctx, sessions); err != nil {
		return fault(ctx, "add clients", err)
	}
	return fault(ctx, "append reports", s.writeSessions(ctx, sessions))
}

func accountsOf(sessions []viewing.Report) []accountOf {
	accounts := make([]accountOf, len(sessions))
	for i := range sessions {
		accounts[i] = accountOf{sessions[i].ClientID, sessions[i].AccountID}
	}
	return accounts
}

// writeSessions writes between two marks of the days that it touches: see days.go.
func (s *Store) writeSessions(ctx context.Context, sessions []viewing.Report) error {
	return s.counting(ctx, viewingChanges, hoursOf(sessions), func() error { return s.upsertSessions(ctx, sessions) })
}

// counting writes data of the kind, which changes nothing but the hours. Where that fails they stay marked: nobody knows
// what the server still does.
func (s *Store) counting(ctx context.Context, kind string, hours []clientHour, write func() error) error {
	if len(hours) == 0 {
		return write()
	}
	if err := s.beginWriting(ctx, kind, hours); err != nil {
		return err
	}
	if err := write(); err != nil {
		return err
	}
	return s.endWriting(ctx, kind, hours)
}

func (s *Store) upsertSessions(ctx context.Context, sessions []viewing.Report) error {
	models := make([]mongo.WriteModel, len(sessions))
	for i := range sessions {
		models[i] = sessionUpsert(&sessions[i])
	}
	return bulkUpsert(ctx, s.collection(sessionsCollection), models)
}

// duplicateKey is the code of an upsert that met another one of the same new document.
const duplicateKey = 11000

// bulkUpsert writes in no order. Of two upserts of one new document the later one may fail although nothing is wrong: it
// is written again, and then finds the document.
func bulkUpsert(ctx context.Context, collection *mongo.Collection, models []mongo.WriteModel) error {
	for len(models) > 0 {
		_, err := collection.BulkWrite(ctx, models, options.BulkWrite().SetOrdered(false))
		again, err := beaten(models, err)
		if err != nil {
			return err
		}
		models = again
	}
	return nil
}

// upsertOne is bulkUpsert for one document.
func upsertOne(ctx context.Context, collection *mongo.Collection, filter, update bson.M) error {
	return bulkUpsert(ctx, collection, []mongo.WriteModel{
		mongo.NewUpdateOneModel().SetFilter(filter).SetUpdate(update).SetUpsert(true),
	})
}

// beaten answers the upserts that failed only because others came first, or else the error.
func beaten(models []mongo.WriteModel, err error) ([]mongo.WriteModel, error) {
	failed := mongo.BulkWriteException{}
	if err == nil || !errors.As(err, &failed) || failed.WriteConcernError != nil {
		return nil, err
	}
	var again []mongo.WriteModel
	for _, one := range failed.WriteErrors {
		if !one.HasErrorCode(duplicateKey) {
			return nil, err
		}
		again = append(again, models[one.Index])
	}
	return again, nil
}
