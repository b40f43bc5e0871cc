package mongodb

import (
	"context"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"

	"go.mongodb.org/mongo-driver/bson"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/store/erasure"
)

// erasuresID is the _id of the document with the key of all digests and the revision of the collection.
const erasuresID = "key"

// erasuresState is that document. The other ones are an _id alone: client/digest.
type erasuresState struct {
	Secret   []byte `bson:"secret"`
	Revision int64  `bson:"revision"` // raised after an account was added
}

// erasures mirrors which accounts were erased. It is right as long as the revision stays.
type erasures struct {
	*erasure.Set
	revision int64
}

// erasedNow answers which accounts are erased by now, by whatever process.
func (s *Store) erasedNow(ctx context.Context) (*erasures, error) {
	state, err := readOne[erasuresState](ctx, s.collection(erasuresCollection), bson.M{"_id": erasuresID})
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	if known := s.erased.Load(); known != nil && known.revision == state.Revision {
		return known, nil
	}
	loaded := &erasures{erasure.NewSet(state.Secret), state.Revision}
	cursor, err := s.collection(erasuresCollection).Find(ctx, bson.M{"_id": bson.M{"$ne": erasuresID}})
	err = eachOf(ctx, cursor, err, func(d *struct {
		ID string `bson:"_id"`
	}) error {
		return loaded.read(d.ID)
	})
	if err != nil {
		return nil, err
	}
	s.erased.Store(loaded)
	return loaded, nil
}

func (e *erasures) read(id string) error {
	name, text, _ := strings.Cut(id, "/")
	client, err := strconv.ParseInt(name, 10, 32)
	if err != nil {
		return err
	}
	digest, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		e.Add(int32(client), erasure.Digest(digest))
	}
	return err
}

// bury stores that the account was erased. Once the revision is raised every process knows.
func (s *Store) bury(ctx context.Context, client int32, account int64) error {
	c := s.collection(erasuresCollection)
	err := upsertOne(ctx, c, bson.M{"_id": erasuresID}, bson.M{"$setOnInsert": bson.M{"secret": erasure.NewKey(), "revision": int64(0)}})
	if err != nil {
		return err
	}
	state, err := readOne[erasuresState](ctx, c, bson.M{"_id": erasuresID})
	if err != nil {
		return err
	}
	digest := erasure.NewSet(state.Secret).Digest(client, account)
	id := strconv.Itoa(int(client)) + "/" + base64.RawURLEncoding.EncodeToString(digest[:])
	if err := upsertOne(ctx, c, bson.M{"_id": id}, bson.M{"$setOnInsert": bson.M{"_id": id}}); err != nil {
		return err
	}
	if _, err = c.UpdateOne(ctx, bson.M{"_id": erasuresID}, bson.M{"$inc": bson.M{"revision": int64(1)}}); err != nil {
		return err
	}
	_, err = s.erasedNow(ctx) // IsErased does not ask by itself
	return err
}
