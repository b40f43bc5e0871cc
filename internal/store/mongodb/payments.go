package mongodb

import (
	"context"
	"math"
	"math/big"
	"slices"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/bson/primitive"
	"go.mongodb.org/mongo-driver/mongo/options"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var _ store.PaymentReader = (*Store)(nil)

// paymentDocument is a payment; a deleted one stays as such.
type paymentDocument struct {
	ID          string             `bson:"_id"`
	ClientID    int32              `bson:"client_id"`
	PaymentID   int64              `bson:"payment_id"`
	AccountID   int64              `bson:"account_id"`
	AmountMinor int64              `bson:"amount_minor"`
	Currency    string             `bson:"currency"`
	PaidAt      primitive.DateTime `bson:"paid_at"`
	Deleted     bool               `bson:"deleted"`
	Revision    int64              `bson:"revision"`
}

// applyPayments upserts payments, of two with one id the later one, and counts what that changes.
func (s *Store) applyPayments(ctx context.Context, clientID int32, payments []catalog.Payment) error {
	if len(payments) == 0 {
		return nil
	}
	told := map[string]paymentDocument{}
	ids := make([]string, len(payments))
	for i, p := range payments {
		ids[i] = entityID(clientID, p.ID)
		told[ids[i]] = paymentDocument{
			ids[i], clientID, p.ID, p.AccountID, p.AmountMinor, p.Currency, date(p.PaidAt), p.Deleted, 0,
		}
	}
	c := s.collection(paymentsCollection)
	return s.revise(ctx, clientID, paymentsChanges, c, func() ([]revision, error) {
		stored, err := byID(ctx, c, ids, func(d *paymentDocument) string { return d.ID })
		if err != nil {
			return nil, err
		}
		var revisions []revision
		for id, payment := range told {
			was := stored[id]
			payment.Revision = was.Revision
			if payment == was {
				continue
			}
			payment.Revision++
			revisions = append(revisions, revision{id, was.Revision, payment, append(was.counts(), payment.counts()...)})
		}
		return revisions, nil
	})
}

// counts is when the payment counts: at no instant if it is deleted, or not stored yet.
func (d *paymentDocument) counts() []viewing.Millis {
	if d.Deleted || d.Revision == 0 {
		return nil
	}
	return []viewing.Millis{viewing.Millis(d.PaidAt)}
}

// PaymentsByPeriod sums up payments; see store.PaymentReader.
func (s *Store) PaymentsByPeriod(ctx context.Context, clientID int32, boundaries []viewing.Millis) ([]store.Payments, error) {
	found := make([]gathered, len(boundaries)-1)
	cursor, err := s.collection(paymentsCollection).Find(ctx, bson.M{
		"client_id": clientID, "deleted": false, "paid_at": within(viewing.Window{From: boundaries[0], To: boundaries[len(found)]}),
	}, options.Find().SetProjection(bson.M{"account_id": 1, "amount_minor": 1, "currency": 1, "paid_at": 1}))
	err = eachOf(ctx, cursor, err, func(p *paymentDocument) error {
		found[periodOf(boundaries, viewing.Millis(p.PaidAt))].add(p)
		return nil
	})
	periods := make([]store.Payments, len(found))
	for i := range found {
		periods[i] = found[i].total()
	}
	return periods, fault(ctx, "sum up payments", err)
}

// gathered is the payments of a period while they are read.
type gathered struct {
	count    int64
	accounts map[int64]struct{}
	sums     map[string]*big.Int // by currency; amounts that are too large together may still cancel out
}

func (g *gathered) add(p *paymentDocument) {
	if g.count == 0 {
		g.accounts, g.sums = map[int64]struct{}{}, map[string]*big.Int{}
	}
	if g.sums[p.Currency] == nil {
		g.sums[p.Currency] = new(big.Int)
	}
	sum := g.sums[p.Currency]
	sum.Add(sum, big.NewInt(p.AmountMinor))
	g.accounts[p.AccountID] = struct{}{}
	g.count++
}

func (g *gathered) total() store.Payments {
	sums := make(map[string]int64, len(g.sums))
	for currency, sum := range g.sums {
		sums[currency] = nearest(sum)
	}
	return store.Payments{Count: g.count, Accounts: int64(len(g.accounts)), Sums: sums}
}

// nearest is the sum, or the limit of int64 that it exceeds.
func nearest(sum *big.Int) int64 {
	switch {
	case sum.IsInt64():
		return sum.Int64()
	case sum.Sign() < 0:
		return math.MinInt64
	default:
		return math.MaxInt64
	}
}

// periodOf is the number of the period that holds the instant: from 0 for the first one, −1 before it.
func periodOf(boundaries []viewing.Millis, at viewing.Millis) int {
	i, begins := slices.BinarySearch(boundaries, at)
	if begins {
		return i
	}
	return i - 1
}
