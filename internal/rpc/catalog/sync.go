package catalog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"google.golang.org/grpc"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/rpc/fault"
	"github.com/tvstats/tvstats/internal/rpc/intercept"
	"github.com/tvstats/tvstats/internal/viewing"
)

// reasonInvalidEntity is why an entity is rejected, for programs.
var reasonInvalidEntity = fault.Reason(tvstatsv1.ErrorReason_ERROR_REASON_INVALID_ENTITY)

// Sync applies request after request; each is durable before its response is sent.
func (c *Server) Sync(stream grpc.BidiStreamingServer[tvstatsv1.SyncRequest, tvstatsv1.SyncResponse]) error {
	for {
		req, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		response, err := c.apply(stream.Context(), req)
		if err != nil {
			return err
		}
		if err := stream.Send(response); err != nil {
			return err
		}
	}
}

func (c *Server) apply(ctx context.Context, req *tvstatsv1.SyncRequest) (*tvstatsv1.SyncResponse, error) {
	message := c.replaceControls(req)
	erased := func(account int64) (bool, error) { return c.Store.IsErased(ctx, req.ClientId, account) }
	push := readPush(req, intercept.CallerOf(ctx).Covers, erased, timeRules{now: viewing.At(c.Now()), oldest: c.Oldest})
	if push.fault != nil {
		return nil, push.fault
	}
	if push.clientErr == nil { // else nothing of it can be applied
		if err := c.Store.ApplyCatalog(ctx, push.batch); err != nil {
			return nil, err
		}
	}
	return &tvstatsv1.SyncResponse{
		BatchId: req.BatchId, Applied: uint32(push.total - len(push.rejected)), Rejected: push.rejected, Message: message,
	}, nil
}

// push is a request on its way into the domain.
type push struct {
	clientErr error  // the request names no client, or one that the caller must not change
	reason    string // goes with clientErr
	fault     error  // of the store; no response is sent
	batch     catalog.Batch
	total     int // entities
	rejected  []*tvstatsv1.RejectedEntity
}

// readPush sorts a request's entities into those to apply and those to reject, in the order of its fields.
func readPush(
	req *tvstatsv1.SyncRequest, may func(client int32) bool, erased func(account int64) (bool, error), times timeRules,
) *push {
	p := &push{clientErr: positive("client_id of the request", int64(req.ClientId)), reason: reasonInvalidEntity}
	if p.clientErr == nil && !may(req.ClientId) {
		p.clientErr = fmt.Errorf("the token does not cover client %d", req.ClientId)
		p.reason = viewing.ReasonPermissionDenied
	}
	p.batch.ClientID = req.ClientId
	if req.Client != nil {
		clients := accept(p, "client", []*tvstatsv1.Client{req.Client}, func(client *tvstatsv1.Client) (catalog.Client, error) {
			return clientOf(client, req.ClientId)
		})
		if len(clients) == 1 {
			p.batch.Client = &clients[0]
			if req.Client.Policy != nil {
				p.batch.Policy = &clients[0].Policy
			}
		}
	}
	p.batch.Channels = lastOfEach(accept(p, "channels", req.Channels, channelOf),
		func(channel catalog.Channel) int32 { return channel.ID })
	p.batch.Tariffs = lastOfEach(accept(p, "tariffs", req.Tariffs, tariffOf),
		func(tariff catalog.Tariff) int32 { return tariff.ID })
	p.batch.Categories = lastOfEach(accept(p, "categories", req.Categories, categoryOf),
		func(category catalog.Category) int32 { return category.ID })
	p.batch.Accounts = lastOfEach(
		accept(p, "accounts", req.Accounts, func(account *tvstatsv1.Account) (catalog.Account, error) {
			converted, err := accountOf(account, times)
			return converted, cmp.Or(err, p.rejectErased(converted.ID, erased))
		}), accountState)
	p.batch.Programmes = lastOfEach(
		accept(p, "programmes", req.Programmes, func(programme *tvstatsv1.Programme) (catalog.Programme, error) {
			converted, err := programmeOf(programme, times)
			if err != nil {
				p.batch.Refused = append(p.batch.Refused, programme.ProgrammeId)
			}
			return converted, err
		}), func(programme catalog.Programme) int64 { return programme.ID })
	p.batch.Payments = lastOfEach(
		accept(p, "payments", req.Payments, func(payment *tvstatsv1.Payment) (catalog.Payment, error) {
			converted, err := paymentOf(payment, times)
			return converted, cmp.Or(err, p.rejectErased(converted.AccountID, erased))
		}), func(payment catalog.Payment) int64 { return payment.ID })
	p.batch.GuideRanges = accept(p, "guide_ranges", req.GuideRanges, func(part *tvstatsv1.GuideRange) (catalog.GuideRange, error) {
		return guideRangeOf(part, times)
	})
	return p
}

// rejectErased refuses what is about an account that was erased.
func (p *push) rejectErased(account int64, erased func(account int64) (bool, error)) error {
	gone, err := erased(account)
	if err != nil {
		p.fault = err
	}
	if gone {
		return errors.New("the account was erased; no data about it is accepted any more")
	}
	return nil
}

// accept returns the valid ones of a list of entities and rejects the others.
func accept[P, T any](p *push, list string, entities []P, convert func(P) (T, error)) []T {
	accepted := make([]T, 0, len(entities))
	for i, entity := range entities {
		p.total++
		converted, err := convert(entity)
		reason := reasonInvalidEntity
		if p.clientErr != nil {
			err, reason = p.clientErr, p.reason
		}
		if err != nil {
			p.rejected = append(p.rejected, &tvstatsv1.RejectedEntity{
				Index: uint32(i), Entity: list, Reason: reason, Message: err.Error(),
			})
			continue
		}
		accepted = append(accepted, converted)
	}
	return accepted
}

// state identifies one of an account's states.
type state struct {
	id        int64
	changedAt viewing.Millis
}

func accountState(account catalog.Account) state { return state{account.ID, account.ChangedAt} }

// lastOfEach keeps, of entities with the same key, the last one.
func lastOfEach[T any, K comparable](entities []T, key func(T) K) []T {
	kept, seen := entities[:0:0], make(map[K]bool, len(entities))
	for _, entity := range slices.Backward(entities) {
		if k := key(entity); !seen[k] {
			seen[k] = true
			kept = append(kept, entity)
		}
	}
	slices.Reverse(kept)
	return kept
}
