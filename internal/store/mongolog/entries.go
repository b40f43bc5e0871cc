package mongolog

import (
	"context"
	"errors"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/bson/primitive"
	"go.mongodb.org/mongo-driver/mongo"

	"github.com/tvstats/tvstats/internal/store/replica"
)

// entryDocument is an entry as it is stored.
type entryDocument struct {
	Position   int64            `bson:"_id"`
	ID         string           `bson:"id"`
	Previous   string           `bson:"previous"`
	LogID      string           `bson:"log"`
	Format     int32            `bson:"format"`
	Operations primitive.Binary `bson:"operations"`
}

func (d *entryDocument) entry() replica.Entry {
	return replica.Entry{
		Position: uint64(d.Position), ID: d.ID, Previous: d.Previous, LogID: d.LogID, Format: d.Format, Operations: d.Operations.Data,
	}
}

// Append inserts the entry if nothing has its position. What a writer left there that took another log for this one is
// an entry that is not used, and gives way.
func (l *Log) Append(ctx context.Context, entry replica.Entry) error {
	db, err := l.database(ctx)
	if err != nil {
		return err
	}
	document := entryDocument{
		Position: int64(entry.Position), ID: entry.ID, Previous: entry.Previous, LogID: entry.LogID, Format: entry.Format,
		Operations: primitive.Binary{Data: entry.Operations},
	}
	_, err = db.Collection(logCollection).InsertOne(ctx, document)
	if !mongo.IsDuplicateKeyError(err) {
		return l.fault(ctx, "append to the log", err)
	}
	removed, err := l.removeForeign(ctx, entry)
	if err != nil {
		return err
	}
	if !removed {
		return replica.ErrTaken
	}
	_, err = db.Collection(logCollection).InsertOne(ctx, document)
	if mongo.IsDuplicateKeyError(err) {
		return replica.ErrTaken
	}
	return l.fault(ctx, "append to the log", err)
}

// removeForeign removes what is at the entry's position if it is of another log while the entry is of this one. It looks
// behind a fence: an old response about which log is this one would lose an entry that counts.
func (l *Log) removeForeign(ctx context.Context, entry replica.Entry) (removed bool, err error) {
	v, err := l.fenced(ctx)
	if err != nil {
		return false, err
	}
	defer v.Close() //nolint:contextcheck // it ends in any case
	ctx = v.within(ctx)
	entries := v.db.Collection(logCollection)
	var found entryDocument
	err = entries.FindOne(ctx, bson.M{"_id": int64(entry.Position)}).Decode(&found)
	if errors.Is(err, mongo.ErrNoDocuments) || err == nil && found.LogID == entry.LogID {
		return false, nil
	}
	if err != nil {
		return false, l.fault(ctx, "look what has the position in the log", err)
	}
	base, err := l.base(ctx, v.db)
	if err != nil || base.LogID != entry.LogID {
		return false, err
	}
	result, err := entries.DeleteOne(ctx, bson.M{"_id": found.Position, "id": found.ID})
	if err != nil {
		return false, l.fault(ctx, "remove an entry of another log", err)
	}
	return result.DeletedCount == 1, nil
}

// Trim removes the entries up to and with the position.
func (l *Log) Trim(ctx context.Context, position uint64) error {
	db, err := l.database(ctx)
	if err != nil {
		return err
	}
	_, err = db.Collection(logCollection).DeleteMany(ctx, bson.M{"_id": bson.M{"$lte": int64(position)}})
	return l.fault(ctx, "trim the log", err)
}
