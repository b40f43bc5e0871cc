package mongodb

import (
	"context"
	"errors"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// AppendReports makes the reports durable; see store.SessionWriter. Those who send more than can be folded wait for it.
func (s *Store) AppendReports(ctx context.Context, reports []viewing.Report) error {
	if err := ctx.Err(); err != nil || len(reports) == 0 {
		return err
	}
	err := fault(ctx, "fold reports", s.foldExcess(ctx))
	if err != nil && !errors.Is(err, store.ErrUnavailable) { // while it is away, what follows is what waits for it
		return err
	}
	erased, err := s.erasedPatiently(ctx)
	if err != nil {
		return err
	}
	reports = merged(erased.Reports(reports))
	if len(reports) == 0 {
		return nil
	}
	entries, err := persist(ctx, func(ctx context.Context) ([]journalEntry, error) { return s.appendReports(ctx, reports) })
	if err != nil {
		return err
	}
	s.backlog.add(entries)
	return s.foldIfErased(ctx, erased, entries)
}

// appendReports writes into the journal, between two marks of the days that the reports belong to: see days.go.
func (s *Store) appendReports(ctx context.Context, reports []viewing.Report) (entries []journalEntry, err error) {
	if err := s.writable(ctx); err != nil {
		return nil, err
	}
	if err := s.ensureClients(ctx, reports); err != nil {
		return nil, fault(ctx, "add clients", err)
	}
	err = s.counting(ctx, viewingChanges, hoursOf(reports), func() error {
		entries, err = s.appendEntries(ctx, reports)
		return err
	})
	return entries, fault(ctx, "append reports", err)
}

// foldIfErased folds what was just written if anybody was erased since before was read: folding leaves these out.
func (s *Store) foldIfErased(ctx context.Context, before *erasures, entries []journalEntry) error {
	now, err := s.erasedPatiently(ctx)
	if err != nil || now == before {
		return err
	}
	return fault(ctx, "fold reports of accounts erased meanwhile", s.foldEntries(ctx, entries))
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
