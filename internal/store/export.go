package store

import (
	"context"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/viewing"
)

// Exporter reads back what the other roles sum up, for another store to import. An error of use ends the reading and is
// returned as it is. It is meant for a store to which nobody writes.
type Exporter interface {
	// EachSession calls use for every session of the client, merged, in no order.
	EachSession(ctx context.Context, clientID int32, use func(viewing.Report) error) error
	// EachAccountState calls use for every state of every account of the client, with what was pushed of it, in no order.
	EachAccountState(ctx context.Context, clientID int32, use func(catalog.Account) error) error
	// EachPayment calls use for every payment of the client that is not deleted, in no order.
	EachPayment(ctx context.Context, clientID int32, use func(catalog.Payment) error) error
}
