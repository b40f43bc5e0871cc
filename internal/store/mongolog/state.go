package mongolog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/store/replica"
)

// The _ids of the documents of state.
const (
	baseID  = "base"
	claimID = "claim"
)

// baseDocument is the base as it is stored.
type baseDocument struct {
	ID       string `bson:"_id"`
	LogID    string `bson:"log"`
	Position int64  `bson:"position"`
	Manifest string `bson:"manifest"`
	EntryID  string `bson:"entry"`
}

func documentOf(base replica.Base) baseDocument {
	return baseDocument{ID: baseID, LogID: base.LogID, Position: int64(base.Position), Manifest: base.Manifest, EntryID: base.EntryID}
}

// claimDocument says who makes checkpoints, until when by the server's clock.
type claimDocument struct {
	ID    string    `bson:"_id"`
	Owner string    `bson:"owner"`
	Until time.Time `bson:"until"`
}

func (l *Log) base(ctx context.Context, db *mongo.Database) (replica.Base, error) {
	var found baseDocument
	err := db.Collection(stateCollection).FindOne(ctx, bson.M{"_id": baseID}).Decode(&found)
	if errors.Is(err, mongo.ErrNoDocuments) {
		return replica.Base{}, fmt.Errorf("%w: %s holds no log", store.ErrOldSchema, l.describe)
	}
	return replica.Base{
		LogID: found.LogID, Position: uint64(found.Position), Manifest: found.Manifest, EntryID: found.EntryID,
	}, l.fault(ctx, "read the base of the log", err)
}

// MoveBase makes next the base if from still is.
func (l *Log) MoveBase(ctx context.Context, from, next replica.Base) error {
	db, err := l.database(ctx)
	if err != nil {
		return err
	}
	result, err := db.Collection(stateCollection).ReplaceOne(ctx, documentOf(from), documentOf(next))
	switch {
	case err != nil:
		return l.fault(ctx, "move the base of the log", err)
	case result.MatchedCount == 0:
		return replica.ErrBaseMoved
	}
	return nil
}

// Claim takes or prolongs the claim. Only the server's clock is looked at: those of replicas may be hours apart.
func (l *Log) Claim(ctx context.Context, owner string, length time.Duration) (bool, error) {
	db, err := l.database(ctx)
	if err != nil {
		return false, err
	}
	var server struct {
		Now time.Time `bson:"localTime"`
	}
	if err := db.RunCommand(ctx, bson.M{"isMaster": 1}).Decode(&server); err != nil {
		return false, l.fault(ctx, "read the server's clock", err)
	}
	result, err := db.Collection(stateCollection).UpdateOne(ctx,
		bson.M{"_id": claimID, "$or": bson.A{bson.M{"owner": owner}, bson.M{"until": bson.M{"$lte": server.Now}}}},
		bson.M{"$set": bson.M{"owner": owner, "until": server.Now.Add(length)}})
	if err != nil {
		return false, l.fault(ctx, "claim the making of checkpoints", err)
	}
	return result.MatchedCount == 1, nil
}
