package mongodb

import (
	"context"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/bson/primitive"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var _ store.Exporter = (*Store)(nil)

// sessionDocument is a session as it is read back; sessionUpsert writes it.
type sessionDocument struct {
	ClientID       int32              `bson:"client_id"`
	AccountID      int64              `bson:"account_id"`
	DeviceUID      string             `bson:"device_uid"`
	Device         string             `bson:"device"`
	ChannelID      int32              `bson:"channel_id"`
	Mode           string             `bson:"mode"`
	ProgrammeID    int64              `bson:"programme_id"`
	StartedAt      primitive.DateTime `bson:"started_at"`
	At             primitive.DateTime `bson:"at"`
	WatchedSeconds int32              `bson:"watched_seconds"`
	Ended          bool               `bson:"ended"`
	Tariffs        []int32            `bson:"tariffs"`
}

func (d *sessionDocument) report() viewing.Report {
	return viewing.Report{
		Identity: viewing.Identity{
			ClientID: d.ClientID, AccountID: d.AccountID, DeviceUID: d.DeviceUID, Device: d.Device, ChannelID: d.ChannelID,
			Mode: modeOf(d.Mode), ProgrammeID: d.ProgrammeID, StartedAt: viewing.Millis(d.StartedAt),
		},
		State: viewing.State{
			At: viewing.Millis(d.At), WatchedSeconds: d.WatchedSeconds, Ended: d.Ended, Tariffs: viewing.Distinct(d.Tariffs),
		},
	}
}

// EachSession reads all sessions of a client; see store.Exporter.
func (s *Store) EachSession(ctx context.Context, clientID int32, use func(viewing.Report) error) error {
	if err := s.foldMatching(ctx, bson.M{"_id": ofClient(clientID)}); err != nil {
		return fault(ctx, "fold reports", err)
	}
	cursor, err := s.collection(sessionsCollection).Find(ctx, bson.M{"_id": ofClient(clientID)})
	err = eachOf(ctx, cursor, err, func(d *sessionDocument) error { return use(d.report()) })
	return fault(ctx, "read sessions", err)
}

// EachAccountState reads the history of all accounts of a client; see store.Exporter.
func (s *Store) EachAccountState(ctx context.Context, clientID int32, use func(catalog.Account) error) error {
	cursor, err := s.collection(accountsCollection).Find(ctx, bson.M{"client_id": clientID})
	err = eachOf(ctx, cursor, err, func(d *accountDocument) error {
		for _, state := range d.States {
			err := use(catalog.Account{
				ID: d.AccountID, Active: state.Active, Tariffs: state.Tariffs, RegisteredAt: viewing.Millis(state.RegisteredAt),
				ChangedAt: viewing.Millis(state.ChangedAt), Deleted: state.Deleted,
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return fault(ctx, "read accounts", err)
}

// EachPayment reads all payments of a client; see store.Exporter.
func (s *Store) EachPayment(ctx context.Context, clientID int32, use func(catalog.Payment) error) error {
	cursor, err := s.collection(paymentsCollection).Find(ctx, bson.M{"client_id": clientID, "deleted": false})
	err = eachOf(ctx, cursor, err, func(d *paymentDocument) error {
		return use(catalog.Payment{
			ID: d.PaymentID, AccountID: d.AccountID, AmountMinor: d.AmountMinor, Currency: d.Currency, PaidAt: viewing.Millis(d.PaidAt),
		})
	})
	return fault(ctx, "read payments", err)
}
