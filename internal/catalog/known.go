package catalog

import "context"

// ClientReader is what it takes to know whether a client exists.
type ClientReader interface {
	// Client reads a client; store.ErrNotFound for one that does not exist.
	Client(ctx context.Context, clientID int32) (Client, error)
}

// Known is nil for a client that exists; for any other a list would be empty and hide a mistaken id.
func Known(ctx context.Context, reader ClientReader, clientID int32) error {
	_, err := reader.Client(ctx, clientID)
	return err
}
