// Package catalog is the service Catalog: it converts what the middleware pushes and asks, and calls the store.
package catalog

import (
	"context"
	"math"
	"slices"
	"time"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/rpc/convert"
	"github.com/tvstats/tvstats/internal/rpc/intercept"
	"github.com/tvstats/tvstats/internal/rpc/page"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// defaultEntities is the page size of the catalog's lists.
const defaultEntities = 100

// catalogStore is what the catalog needs of the engine.
type catalogStore interface {
	store.CatalogReader
	store.CatalogWriter
	store.Erasures
}

// Server is the service Catalog. Its requests have passed validate, and its errors become statuses in callError.
type Server struct {
	tvstatsv1.UnimplementedCatalogServer
	Store    catalogStore
	Erase    func(ctx context.Context, clientID int32, accountID int64, now viewing.Millis) (store.Erased, error)
	Replaced func(controls int) // observes control characters that were replaced
	Now      func() time.Time
	Oldest   viewing.Millis // the floor of all times of entities
}

// ListClients pages through the clients that the caller's token covers, by id.
func (c *Server) ListClients(
	ctx context.Context, req *tvstatsv1.ListClientsRequest,
) (*tvstatsv1.ListClientsResponse, error) {
	clients, err := c.Store.Clients(ctx)
	if err != nil {
		return nil, err
	}
	may := intercept.CallerOf(ctx).Principal()
	clients = slices.DeleteFunc(clients, func(client catalog.Client) bool { return !may.Covers(client.ID) })
	listed, next, err := page.ByID(req, defaultEntities, clients, convert.Client, func(client catalog.Client) int32 { return client.ID })
	return &tvstatsv1.ListClientsResponse{Clients: listed, NextPageToken: next}, err
}

// ListChannels pages through a client's channels by id.
func (c *Server) ListChannels(
	ctx context.Context, req *tvstatsv1.ListChannelsRequest,
) (*tvstatsv1.ListChannelsResponse, error) {
	channels, err := listOf(ctx, c.Store, req, c.Store.Channels)
	if err != nil {
		return nil, err
	}
	channels = slices.DeleteFunc(channels, func(channel catalog.Channel) bool { return channel.Deleted })
	listed, next, err := page.ByID(req, defaultEntities, channels, convert.Channel, func(channel catalog.Channel) int32 { return channel.ID })
	return &tvstatsv1.ListChannelsResponse{Channels: listed, NextPageToken: next}, err
}

// ListTariffs pages through a client's tariffs by id.
func (c *Server) ListTariffs(
	ctx context.Context, req *tvstatsv1.ListTariffsRequest,
) (*tvstatsv1.ListTariffsResponse, error) {
	tariffs, err := listOf(ctx, c.Store, req, c.Store.Tariffs)
	if err != nil {
		return nil, err
	}
	tariffs = slices.DeleteFunc(tariffs, func(tariff catalog.Tariff) bool { return tariff.Deleted })
	listed, next, err := page.ByID(req, defaultEntities, tariffs, convert.Tariff, func(tariff catalog.Tariff) int32 { return tariff.ID })
	return &tvstatsv1.ListTariffsResponse{Tariffs: listed, NextPageToken: next}, err
}

// ListCategories pages through a client's channel categories by id.
func (c *Server) ListCategories(
	ctx context.Context, req *tvstatsv1.ListCategoriesRequest,
) (*tvstatsv1.ListCategoriesResponse, error) {
	categories, err := listOf(ctx, c.Store, req, c.Store.Categories)
	if err != nil {
		return nil, err
	}
	categories = slices.DeleteFunc(categories, func(category catalog.Category) bool { return category.Deleted })
	listed, next, err := page.ByID(req, defaultEntities, categories, convert.Category, func(category catalog.Category) int32 { return category.ID })
	return &tvstatsv1.ListCategoriesResponse{Categories: listed, NextPageToken: next}, err
}

// programmeKey is a programme's place in the guide.
type programmeKey struct {
	Start   viewing.Millis
	Channel int32
	ID      int64
}

// ListProgrammes pages through a client's guide by start, channel and id.
func (c *Server) ListProgrammes(
	ctx context.Context, req *tvstatsv1.ListProgrammesRequest,
) (*tvstatsv1.ListProgrammesResponse, error) {
	if err := catalog.Known(ctx, c.Store, req.ClientId); err != nil {
		return nil, err
	}
	after, err := page.After[programmeKey](req)
	if err != nil {
		return nil, err
	}
	limit := page.Size(req, defaultEntities)
	programmes, err := c.Store.Programmes(ctx, programmeQuery(req, after, limit+1))
	if err != nil {
		return nil, err
	}
	listed, next := page.Of(limit, programmes, convert.Programme, func(p catalog.Programme) programmeKey {
		return programmeKey{Start: p.Start, Channel: p.ChannelID, ID: p.ID}
	})
	return &tvstatsv1.ListProgrammesResponse{Programmes: listed, NextPageToken: next}, nil
}

func programmeQuery(req *tvstatsv1.ListProgrammesRequest, after *programmeKey, limit int) store.ProgrammeQuery {
	query := store.ProgrammeQuery{
		ClientID: req.ClientId, Channels: req.Channels, Limit: limit,
		Starting: viewing.Window{From: convert.TimeOr(req.StartFrom, math.MinInt64), To: convert.TimeOr(req.StartTo, math.MaxInt64)},
	}
	if after != nil {
		query.After = &catalog.Programme{ID: after.ID, ChannelID: after.Channel, Start: after.Start}
	}
	return query
}

// GetAccount returns an account's current state.
func (c *Server) GetAccount(
	ctx context.Context, req *tvstatsv1.GetAccountRequest,
) (*tvstatsv1.GetAccountResponse, error) {
	if err := catalog.Known(ctx, c.Store, req.ClientId); err != nil {
		return nil, err
	}
	account, err := c.Store.Account(ctx, req.ClientId, req.AccountId, viewing.At(c.Now()))
	if err != nil {
		return nil, err
	}
	return &tvstatsv1.GetAccountResponse{Account: convert.Account(account)}, nil
}

// EraseAccount removes an account for good.
func (c *Server) EraseAccount(
	ctx context.Context, req *tvstatsv1.EraseAccountRequest,
) (*tvstatsv1.EraseAccountResponse, error) {
	if err := catalog.Known(ctx, c.Store, req.ClientId); err != nil {
		return nil, err
	}
	erased, err := c.Erase(ctx, req.ClientId, req.AccountId, viewing.At(c.Now()))
	if err != nil {
		return nil, err
	}
	return &tvstatsv1.EraseAccountResponse{Sessions: erased.Sessions, States: erased.States, Payments: erased.Payments}, nil
}

// listOf reads a whole list of a client that is known.
func listOf[T any](
	ctx context.Context, reader catalog.ClientReader, req page.ClientRequest, read func(context.Context, int32) ([]T, error),
) ([]T, error) {
	if err := catalog.Known(ctx, reader, req.GetClientId()); err != nil {
		return nil, err
	}
	return read(ctx, req.GetClientId())
}
