// Package erasure is what engines keep of accounts that were erased: enough to recognise one when data of it arrives again, and
// nothing from which it could be read without the key.
package erasure

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"iter"
	"maps"
	"slices"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/viewing"
)

// Digest stands for an account: HMAC-SHA-256 of its client and id.
type Digest [sha256.Size]byte

// NewKey makes the key of a store's digests.
func NewKey() []byte {
	key := make([]byte, sha256.Size)
	rand.Read(key) // it never fails
	return key
}

// ErrOtherKey means that the digests of a store cannot be added to those of another one, since the key is not the same.
var ErrOtherKey = errors.New("the store remembers erased accounts of its own, under another key; choose an empty one")

// Set is the accounts that were erased. Once it is shared it is never changed, only replaced, so that reading needs no lock.
type Set struct {
	key    []byte
	erased map[int32]map[Digest]bool
}

// NewSet is an empty set; the key may be nil as long as it stays empty.
func NewSet(key []byte) *Set { return &Set{key: key, erased: map[int32]map[Digest]bool{}} }

// Key is the key of the digests, nil before one was needed.
func (s *Set) Key() []byte { return s.key }

// Add adds an account, while nobody else has the set.
func (s *Set) Add(client int32, account Digest) {
	if s.erased[client] == nil {
		s.erased[client] = map[Digest]bool{}
	}
	s.erased[client][account] = true
}

// All goes through the accounts, in no order.
func (s *Set) All() iter.Seq2[int32, Digest] {
	return func(yield func(int32, Digest) bool) {
		for client, digests := range s.erased {
			for digest := range digests {
				if !yield(client, digest) {
					return
				}
			}
		}
	}
}

// Fits reports whether the digests of the other set can be added: they are of the same key, or one of the sets is empty.
func (s *Set) Fits(other *Set) bool {
	return s.key == nil || other.key == nil || bytes.Equal(s.key, other.key)
}

// United returns the accounts of both sets, which fit.
func (s *Set) United(other *Set) *Set {
	key := s.key
	if key == nil {
		key = other.key
	}
	united := NewSet(key)
	for _, set := range []*Set{s, other} {
		for client, digest := range set.All() {
			united.Add(client, digest)
		}
	}
	return united
}

// With returns a set under the key with one account more.
func (s *Set) With(key []byte, client int32, account int64) (*Set, Digest) {
	next := &Set{key: key, erased: maps.Clone(s.erased)}
	next.erased[client] = maps.Clone(s.erased[client])
	digest := next.Digest(client, account)
	next.Add(client, digest)
	return next, digest
}

// Digest is what stands for the account.
func (s *Set) Digest(client int32, account int64) (digest Digest) {
	mac := hmac.New(sha256.New, s.key)
	mac.Write(binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(nil, uint32(client)), uint64(account)))
	mac.Sum(digest[:0])
	return digest
}

// Has reports whether the account was erased. Clients of which none was pay nothing for asking.
func (s *Set) Has(client int32, account int64) bool {
	erased := s.erased[client]
	return len(erased) > 0 && erased[s.Digest(client, account)]
}

// Reports leaves out those of erased accounts.
func (s *Set) Reports(reports []viewing.Report) []viewing.Report {
	erased := func(r viewing.Report) bool { return s.Has(r.ClientID, r.AccountID) }
	if len(s.erased) == 0 || !slices.ContainsFunc(reports, erased) {
		return reports
	}
	return slices.DeleteFunc(slices.Clone(reports), erased)
}

// Batch leaves out what it holds of erased accounts.
func (s *Set) Batch(batch catalog.Batch) catalog.Batch {
	if len(s.erased[batch.ClientID]) > 0 {
		batch.Accounts = slices.DeleteFunc(slices.Clone(batch.Accounts), func(a catalog.Account) bool {
			return s.Has(batch.ClientID, a.ID)
		})
		batch.Payments = slices.DeleteFunc(slices.Clone(batch.Payments), func(p catalog.Payment) bool {
			return s.Has(batch.ClientID, p.AccountID)
		})
	}
	return batch
}

type keyOfContext struct{}

// WithKey has an erasure take the key where the store has none yet: replicas must all take the same one.
func WithKey(ctx context.Context, key []byte) context.Context {
	return context.WithValue(ctx, keyOfContext{}, key)
}

// KeyFor returns the key of a store that has none yet: that of the context, or else a new one.
func KeyFor(ctx context.Context) []byte {
	if key, given := ctx.Value(keyOfContext{}).([]byte); given {
		return key
	}
	return NewKey()
}
