package commands

import (
	"context"
	"fmt"
	"iter"
	"slices"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/cli"
	"github.com/tvstats/tvstats/internal/rpc/convert"
	"github.com/tvstats/tvstats/internal/simulate"
)

// PushCatalog pushes all that a simulated operator's middleware knows, and returns how many entities that is.
func PushCatalog(ctx context.Context, client tvstatsv1.CatalogClient, world *simulate.World) (entities int64, err error) {
	err = cli.Push(ctx, client, catalogRequests(world),
		func(_ *tvstatsv1.SyncRequest, response *tvstatsv1.SyncResponse) error {
			if rejected := response.Rejected; len(rejected) > 0 {
				return fmt.Errorf("%d entities were rejected, the first is %s[%d]: %s", len(rejected), rejected[0].Entity,
					rejected[0].Index, rejected[0].Message)
			}
			entities += int64(response.Applied)
			return nil
		})
	return entities, err
}

// catalogRequests cuts a catalog into requests.
func catalogRequests(world *simulate.World) iter.Seq[*tvstatsv1.SyncRequest] {
	return func(yield func(*tvstatsv1.SyncRequest) bool) {
		known := world.Catalog()
		first := &tvstatsv1.SyncRequest{
			ClientId: known.ClientID, Client: convert.Client(*known.Client),
			Categories: convert.All(known.Categories, convert.Category),
			Tariffs:    convert.All(known.Tariffs, convert.Tariff),
			Channels:   convert.All(known.Channels, convert.Channel),
		}
		if !yield(first) {
			return
		}
		for accounts := range slices.Chunk(known.Accounts, cli.PushChunk) {
			if !yield(&tvstatsv1.SyncRequest{ClientId: known.ClientID, Accounts: convert.All(accounts, convert.Account)}) {
				return
			}
		}
		for programmes := range chunks(world.Guide(), cli.PushChunk) {
			if !yield(&tvstatsv1.SyncRequest{ClientId: known.ClientID, Programmes: convert.All(programmes, convert.Programme)}) {
				return
			}
		}
	}
}

// chunks gathers items into slices of the given size; the last one may be shorter. A slice is good until the next one.
func chunks[T any](items iter.Seq[T], size int) iter.Seq[[]T] {
	return func(yield func([]T) bool) {
		chunk := make([]T, 0, size)
		for item := range items {
			chunk = append(chunk, item)
			if len(chunk) < size {
				continue
			}
			if !yield(chunk) {
				return
			}
			chunk = chunk[:0]
		}
		if len(chunk) > 0 {
			yield(chunk)
		}
	}
}
