package duckdb

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/viewing"
)

// tombstones mirrors in memory which accounts were erased. It is never changed, only replaced, so that reading it needs no
// lock.
type tombstones struct {
	key    []byte // nil before the first erasure
	erased map[int32]map[digest]bool
}

// digest stands for an account: without the key it tells nothing.
type digest [sha256.Size]byte

func loadTombstones(ctx context.Context, db *sql.DB) (*tombstones, error) {
	t := &tombstones{erased: map[int32]map[digest]bool{}}
	err := eachRow(ctx, db, func(rows *sql.Rows) error { return rows.Scan(&t.key) }, `SELECT secret FROM erasure_key`)
	if err != nil {
		return nil, err
	}
	return t, eachRow(ctx, db, func(rows *sql.Rows) error {
		var client int32
		var sum []byte
		if err := rows.Scan(&client, &sum); err != nil {
			return err
		}
		t.add(client, digest(sum))
		return nil
	}, `SELECT client_id, digest FROM erasures`)
}

func (t *tombstones) add(client int32, sum digest) {
	if t.erased[client] == nil {
		t.erased[client] = map[digest]bool{}
	}
	t.erased[client][sum] = true
}

func (t *tombstones) digest(client int32, account int64) (sum digest) {
	mac := hmac.New(sha256.New, t.key)
	mac.Write(binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(nil, uint32(client)), uint64(account)))
	mac.Sum(sum[:0])
	return sum
}

// has tells whether the account was erased. Clients of which none was pay nothing for asking.
func (t *tombstones) has(client int32, account int64) bool {
	erased := t.erased[client]
	return len(erased) > 0 && erased[t.digest(client, account)]
}

// with answers tombstones with one account more, and what must be stored for that.
func (t *tombstones) with(client int32, account int64) (next *tombstones, sum digest, newKey bool) {
	next = &tombstones{key: t.key, erased: maps.Clone(t.erased)}
	if newKey = next.key == nil; newKey {
		next.key = make([]byte, sha256.Size)
		rand.Read(next.key) // it never fails
	}
	sum = next.digest(client, account)
	next.erased[client] = maps.Clone(t.erased[client])
	next.add(client, sum)
	return next, sum, newKey
}

// livingReports leaves out the reports of erased accounts.
func (t *tombstones) livingReports(reports []viewing.Report) []viewing.Report {
	erased := func(r viewing.Report) bool { return t.has(r.ClientID, r.AccountID) }
	if len(t.erased) == 0 || !slices.ContainsFunc(reports, erased) {
		return reports
	}
	return slices.DeleteFunc(slices.Clone(reports), erased)
}

// livingBatch leaves out what a batch tells of erased accounts.
func (t *tombstones) livingBatch(batch catalog.Batch) catalog.Batch {
	if len(t.erased[batch.ClientID]) > 0 {
		batch.Accounts = slices.DeleteFunc(slices.Clone(batch.Accounts), func(a catalog.Account) bool {
			return t.has(batch.ClientID, a.ID)
		})
		batch.Payments = slices.DeleteFunc(slices.Clone(batch.Payments), func(p catalog.Payment) bool {
			return t.has(batch.ClientID, p.AccountID)
		})
	}
	return batch
}

// store writes what with has added.
func (t *tombstones) store(ctx context.Context, tx *sql.Tx, client int32, sum digest, newKey bool) error {
	if newKey {
		if _, err := tx.ExecContext(ctx, `INSERT INTO erasure_key VALUES (?)`, t.key); err != nil {
			return fmt.Errorf("store the key of erasures: %w", err)
		}
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO erasures VALUES (?, ?, false)`, client, sum[:])
	return err
}
