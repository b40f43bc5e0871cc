package app

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"time"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// pageKey keeps the key of page tokens.
type pageKey struct {
	kept store.ResultStore
	now  func() time.Time
}

// pageKeyID names the key of seals among the results.
const pageKeyID = "page-key"

// secret returns the key. It is kept as a result of its own kind: replicas have those alike, they last, and of two
// that are saved under one id the first stays. So who needs the key first makes it.
func (p pageKey) secret(ctx context.Context) ([]byte, error) {
	kept, err := p.kept.Result(ctx, pageKeyID, store.PageKey)
	if errors.Is(err, store.ErrNotFound) {
		if err = p.makeSecret(ctx); err == nil {
			kept, err = p.kept.Result(ctx, pageKeyID, store.PageKey)
		}
	}
	if err != nil {
		return nil, err
	}
	var secret []byte
	err = json.Unmarshal(kept.Body, &secret)
	return secret, err
}

func (p pageKey) makeSecret(ctx context.Context) error {
	fresh := make([]byte, sha256.Size)
	rand.Read(fresh) // it never fails
	body, err := json.Marshal(fresh)
	if err != nil {
		return err
	}
	return p.kept.SaveResults(ctx, []store.Result{
		{ID: pageKeyID, Kind: store.PageKey, CreatedAt: viewing.At(p.now()), Body: body},
	})
}
