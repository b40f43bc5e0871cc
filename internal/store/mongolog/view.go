package mongolog

import (
	"context"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"

	"github.com/tvstats/tvstats/internal/store/replica"
)

// How many entries are read together: few at first and after large ones, more while they are small. MongoDB ends a batch
// before 16 MiB by itself; what else speaks its protocol may send more than a message may hold.
const (
	fewAtATime  = 3
	manyAtATime = 256
	smallBatch  = 4 << 20 // bytes
)

// view reads in one causally consistent session. It is not for use by several goroutines at once.
type view struct {
	log     *Log
	db      *mongo.Database
	session mongo.Session // nil where the server has none
}

// Look begins a session.
func (l *Log) Look(ctx context.Context) (replica.View, error) {
	v, err := l.look(ctx)
	if err != nil {
		return nil, err
	}
	return v, nil
}

func (l *Log) look(ctx context.Context) (*view, error) {
	db, err := l.database(ctx)
	if err != nil {
		return nil, err
	}
	v := &view{log: l, db: db}
	if l.sessions {
		if v.session, err = db.Client().StartSession(options.Session().SetCausalConsistency(true)); err != nil {
			return nil, l.fault(ctx, "start a session", err)
		}
	}
	return v, nil
}

// Fence writes before it looks. That write is acknowledged by a majority only with all that was written before it, and
// the session sees what it wrote itself.
func (l *Log) Fence(ctx context.Context) (replica.View, error) {
	v, err := l.fenced(ctx)
	if err != nil {
		return nil, err
	}
	return v, nil
}

func (l *Log) fenced(ctx context.Context) (*view, error) {
	v, err := l.look(ctx)
	if err != nil {
		return nil, err
	}
	write := func() error {
		_, err := v.db.Collection(fencesCollection).UpdateOne(v.within(ctx), bson.M{"_id": l.fence},
			bson.M{"$inc": bson.M{"writes": int64(1)}}, options.Update().SetUpsert(true))
		return err
	}
	if err = write(); mongo.IsDuplicateKeyError(err) {
		err = write() // another made the document at the same moment
	}
	if err != nil {
		v.Close() //nolint:contextcheck // it ends in any case
		return nil, l.fault(ctx, "write the fence of a read", err)
	}
	return v, nil
}

// within is the context of an operation of the session.
func (v *view) within(ctx context.Context) context.Context {
	if v.session == nil {
		return ctx
	}
	return mongo.NewSessionContext(ctx, v.session)
}

// Read reads entries and then the base. Entries of another log, which a writer left that took it for this one, are none.
func (v *view) Read(ctx context.Context, from uint64) ([]replica.Entry, replica.Base, error) {
	documents, err := v.entries(v.within(ctx), from)
	if err != nil {
		return nil, replica.Base{}, v.log.fault(ctx, "read the log", err)
	}
	base, err := v.log.base(v.within(ctx), v.db)
	if err != nil {
		return nil, replica.Base{}, err
	}
	var entries []replica.Entry
	for i := range documents {
		if document := &documents[i]; document.Position == int64(from)+int64(i) && document.LogID == base.LogID {
			entries = append(entries, document.entry())
			continue
		}
		break
	}
	return entries, base, nil
}

// entries reads one batch, in one round trip.
func (v *view) entries(ctx context.Context, from uint64) ([]entryDocument, error) {
	limit := max(v.log.atATime.Load(), fewAtATime)
	cursor, err := v.db.Collection(logCollection).Find(ctx, bson.M{"_id": bson.M{"$gte": int64(from)}},
		options.Find().SetSort(bson.M{"_id": 1}).SetLimit(-limit)) // a negative limit ends with the batch
	if err != nil {
		v.log.atATime.Store(fewAtATime)
		return nil, err
	}
	var documents []entryDocument
	err = cursor.All(ctx, &documents)
	size := 0
	for i := range documents {
		size += len(documents[i].Operations.Data)
	}
	if size > smallBatch {
		v.log.atATime.Store(fewAtATime)
	} else if len(documents) == int(limit) {
		v.log.atATime.Store(min(2*limit, manyAtATime))
	}
	return documents, err
}

// Close ends the session.
func (v *view) Close() {
	if v.session != nil {
		v.session.EndSession(context.Background())
	}
}
