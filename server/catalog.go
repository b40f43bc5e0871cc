package main

import (
	"context"
	"math"
	"slices"
	"time"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/catalog"
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

// catalogServer is the service Catalog. Its requests have passed validate, and its errors become statuses in callError.
type catalogServer struct {
	tvstatsv1.UnimplementedCatalogServer
	store    catalogStore
	erase    func(ctx context.Context, clientID int32, accountID int64, now viewing.Millis) (store.Erased, error)
	replaced func(controls int) // observes control characters that were replaced
	now      func() time.Time
	oldest   viewing.Millis // the floor of all times of entities
}

// ListClients pages through the clients that the caller's token covers, by id.
func (c *catalogServer) ListClients(
	ctx context.Context, req *tvstatsv1.ListClientsRequest,
) (*tvstatsv1.ListClientsResponse, error) {
	clients, err := c.store.Clients(ctx)
	if err != nil {
		return nil, err
	}
	may := callerOf(ctx).is()
	clients = slices.DeleteFunc(clients, func(client catalog.Client) bool { return !may.Covers(client.ID) })
	page, next, err := pageByID(req, defaultEntities, clients, clientProto, func(client catalog.Client) int32 { return client.ID })
	return &tvstatsv1.ListClientsResponse{Clients: page, NextPageToken: next}, err
}

// ListChannels pages through a client's channels by id.
func (c *catalogServer) ListChannels(
	ctx context.Context, req *tvstatsv1.ListChannelsRequest,
) (*tvstatsv1.ListChannelsResponse, error) {
	channels, err := listOf(ctx, c.store, req, c.store.Channels)
	if err != nil {
		return nil, err
	}
	channels = slices.DeleteFunc(channels, func(channel catalog.Channel) bool { return channel.Deleted })
	page, next, err := pageByID(req, defaultEntities, channels, channelProto, func(channel catalog.Channel) int32 { return channel.ID })
	return &tvstatsv1.ListChannelsResponse{Channels: page, NextPageToken: next}, err
}

// ListTariffs pages through a client's tariffs by id.
func (c *catalogServer) ListTariffs(
	ctx context.Context, req *tvstatsv1.ListTariffsRequest,
) (*tvstatsv1.ListTariffsResponse, error) {
	tariffs, err := listOf(ctx, c.store, req, c.store.Tariffs)
	if err != nil {
		return nil, err
	}
	tariffs = slices.DeleteFunc(tariffs, func(tariff catalog.Tariff) bool { return tariff.Deleted })
	page, next, err := pageByID(req, defaultEntities, tariffs, tariffProto, func(tariff catalog.Tariff) int32 { return tariff.ID })
	return &tvstatsv1.ListTariffsResponse{Tariffs: page, NextPageToken: next}, err
}

// ListCategories pages through a client's channel categories by id.
func (c *catalogServer) ListCategories(
	ctx context.Context, req *tvstatsv1.ListCategoriesRequest,
) (*tvstatsv1.ListCategoriesResponse, error) {
	categories, err := listOf(ctx, c.store, req, c.store.Categories)
	if err != nil {
		return nil, err
	}
	categories = slices.DeleteFunc(categories, func(category catalog.Category) bool { return category.Deleted })
	page, next, err := pageByID(req, defaultEntities, categories, categoryProto, func(category catalog.Category) int32 { return category.ID })
	return &tvstatsv1.ListCategoriesResponse{Categories: page, NextPageToken: next}, err
}

// programmeKey is a programme's place in the guide.
type programmeKey struct {
	Start   viewing.Millis
	Channel int32
	ID      int64
}

// ListProgrammes pages through a client's guide by start, channel and id.
func (c *catalogServer) ListProgrammes(
	ctx context.Context, req *tvstatsv1.ListProgrammesRequest,
) (*tvstatsv1.ListProgrammesResponse, error) {
	if err := catalog.Known(ctx, c.store, req.ClientId); err != nil {
		return nil, err
	}
	after, err := pageAfter[programmeKey](req)
	if err != nil {
		return nil, err
	}
	limit := pageSize(req, defaultEntities)
	programmes, err := c.store.Programmes(ctx, programmeQuery(req, after, limit+1))
	if err != nil {
		return nil, err
	}
	page, next := pageOf(req, limit, programmes, programmeProto, func(p catalog.Programme) programmeKey {
		return programmeKey{Start: p.Start, Channel: p.ChannelID, ID: p.ID}
	})
	return &tvstatsv1.ListProgrammesResponse{Programmes: page, NextPageToken: next}, nil
}

func programmeQuery(req *tvstatsv1.ListProgrammesRequest, after *programmeKey, limit int) store.ProgrammeQuery {
	query := store.ProgrammeQuery{
		ClientID: req.ClientId, Channels: req.Channels, Limit: limit,
		Starting: viewing.Window{From: timeOr(req.StartFrom, math.MinInt64), To: timeOr(req.StartTo, math.MaxInt64)},
	}
	if after != nil {
		query.After = &catalog.Programme{ID: after.ID, ChannelID: after.Channel, Start: after.Start}
	}
	return query
}

// GetAccount answers an account's current state.
func (c *catalogServer) GetAccount(
	ctx context.Context, req *tvstatsv1.GetAccountRequest,
) (*tvstatsv1.GetAccountResponse, error) {
	if err := catalog.Known(ctx, c.store, req.ClientId); err != nil {
		return nil, err
	}
	account, err := c.store.Account(ctx, req.ClientId, req.AccountId, viewing.At(c.now()))
	if err != nil {
		return nil, err
	}
	return &tvstatsv1.GetAccountResponse{Account: accountProto(account)}, nil
}

// EraseAccount removes an account for good.
func (c *catalogServer) EraseAccount(
	ctx context.Context, req *tvstatsv1.EraseAccountRequest,
) (*tvstatsv1.EraseAccountResponse, error) {
	if err := catalog.Known(ctx, c.store, req.ClientId); err != nil {
		return nil, err
	}
	erased, err := c.erase(ctx, req.ClientId, req.AccountId, viewing.At(c.now()))
	if err != nil {
		return nil, err
	}
	return &tvstatsv1.EraseAccountResponse{Sessions: erased.Sessions, States: erased.States, Payments: erased.Payments}, nil
}

// listOf reads a whole list of a client that is known.
func listOf[T any](
	ctx context.Context, reader catalog.ClientReader, req clientPage, read func(context.Context, int32) ([]T, error),
) ([]T, error) {
	if err := catalog.Known(ctx, reader, req.GetClientId()); err != nil {
		return nil, err
	}
	return read(ctx, req.GetClientId())
}
