package mongodb

import (
	"context"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"

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

// erasedPatiently is erasedNow for intake, which waits a while for a server that is away.
func (s *Store) erasedPatiently(ctx context.Context) (*erasures, error) {
	return persist(ctx, func(ctx context.Context) (*erasures, error) {
		known, err := s.erasedNow(ctx)
		return known, fault(ctx, "read erased accounts", err)
	})
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

// Erasures answers what is remembered of erased accounts; see store.Erasures.
func (s *Store) Erasures(ctx context.Context) (*erasure.Set, error) {
	known, err := s.erasedNow(ctx)
	if err != nil {
		return nil, fault(ctx, "read erased accounts", err)
	}
	return known.Set, nil
}

// AddErasures remembers what another store does; see store.Erasures.
func (s *Store) AddErasures(ctx context.Context, erased *erasure.Set) error {
	if err := s.writable(ctx); err != nil || erased.Key() == nil {
		return err
	}
	known, err := s.keyed(ctx, erased.Key())
	if err != nil {
		return fault(ctx, "read the key of erasures", err)
	}
	if !known.Fits(erased) {
		return erasure.ErrOtherKey
	}
	var models []mongo.WriteModel
	for client, digest := range erased.All() {
		models = append(models, burial(client, digest))
	}
	return fault(ctx, "remember erased accounts", s.addBurials(ctx, models))
}

// bury stores that the account was erased.
func (s *Store) bury(ctx context.Context, client int32, account int64) error {
	known, err := s.keyed(ctx, erasure.NewKey())
	if err != nil {
		return err
	}
	return s.addBurials(ctx, []mongo.WriteModel{burial(client, known.Digest(client, account))})
}

// keyed answers an empty set under the key of the collection, which is the given one if it had none.
func (s *Store) keyed(ctx context.Context, key []byte) (*erasure.Set, error) {
	c := s.collection(erasuresCollection)
	err := upsertOne(ctx, c, bson.M{"_id": erasuresID}, bson.M{"$setOnInsert": bson.M{"secret": key, "revision": int64(0)}})
	if err != nil {
		return nil, err
	}
	state, err := readOne[erasuresState](ctx, c, bson.M{"_id": erasuresID})
	return erasure.NewSet(state.Secret), err
}

func burial(client int32, digest erasure.Digest) mongo.WriteModel {
	id := strconv.Itoa(int(client)) + "/" + base64.RawURLEncoding.EncodeToString(digest[:])
	return mongo.NewUpdateOneModel().SetFilter(bson.M{"_id": id}).SetUpdate(bson.M{"$setOnInsert": bson.M{"_id": id}}).SetUpsert(true)
}

// addBurials stores them. Once the revision is raised every process knows.
func (s *Store) addBurials(ctx context.Context, models []mongo.WriteModel) error {
	c := s.collection(erasuresCollection)
	if err := bulkUpsert(ctx, c, models); err != nil {
		return err
	}
	if _, err := c.UpdateOne(ctx, bson.M{"_id": erasuresID}, bson.M{"$inc": bson.M{"revision": int64(1)}}); err != nil {
		return err
	}
	_, err := s.erasedNow(ctx) // IsErased does not ask by itself
	return err
}
