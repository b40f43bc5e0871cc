package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

// PushChunk is how many entities of a catalog go into one request; the service takes 10,000.
const PushChunk = 5000

// Push sends requests to the catalog, each once the one before it has been applied. answered is called with every response;
// its error ends the push.
func Push(
	ctx context.Context, client tvstatsv1.CatalogClient, requests iter.Seq[*tvstatsv1.SyncRequest],
	answered func(*tvstatsv1.SyncRequest, *tvstatsv1.SyncResponse) error,
) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := client.Sync(ctx)
	if err != nil {
		return err
	}
	for request := range requests {
		if err := stream.Send(request); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		response, err := stream.Recv() // its error is also why sending failed
		if err != nil {
			return err
		}
		if err := answered(request, response); err != nil {
			return err
		}
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	if _, err := stream.Recv(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("end of the stream: %w", err)
	}
	return nil
}
