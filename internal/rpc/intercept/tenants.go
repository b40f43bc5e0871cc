package intercept

import (
	"context"
	"fmt"
	"slices"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/auth"
	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/rpc/convert"
	"github.com/tvstats/tvstats/internal/store"
)

// tenants holds unary requests to the clients that their caller's token covers. Streams are asked message by message, by
// their handlers: there a client that is not covered costs no more than what concerns it.
type tenants struct{ known ClientLister }

// ClientLister lists the clients that exist.
type ClientLister interface {
	Clients(ctx context.Context) ([]catalog.Client, error)
}

// unary lets a request pass that is about clients of the caller's, and makes one for all clients one for all of these.
func (t tenants) unary(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	for _, client := range ClientsOf(req) {
		if err := CallerOf(ctx).demand(client); err != nil {
			return nil, err
		}
	}
	if command := forAll(req); command != nil && !CallerOf(ctx).Principal().CoversAll() {
		if err := t.narrow(ctx, command); err != nil {
			return nil, err
		}
	}
	return handler(ctx, req)
}

// narrow names the clients that the caller's token covers and that exist.
func (t tenants) narrow(ctx context.Context, command proto.Message) error {
	known, err := t.known.Clients(ctx)
	if err != nil {
		return err
	}
	message := command.ProtoReflect()
	field := message.Descriptor().Fields().ByName("client_ids")
	ids := message.NewField(field)
	for _, client := range known {
		if CallerOf(ctx).Principal().Covers(client.ID) {
			CallerOf(ctx).Covers(client.ID) // for the log
			ids.List().Append(protoreflect.ValueOfInt32(client.ID))
		}
	}
	if ids.List().Len() == 0 {
		return fmt.Errorf("the clients that the token covers: %w; a client exists from its first accepted view event or Sync on", store.ErrNotFound)
	}
	message.Set(field, ids)
	return nil
}

// forAll returns the command of a request for every client there is, nil for any other: a command of SubscriberDynamics that
// names none, called or to be run as a job.
func forAll(req any) proto.Message {
	if job, ok := req.(*tvstatsv1.StartJobRequest); ok {
		_, req = convert.CommandOf(job)
	}
	command, ok := req.(interface {
		proto.Message
		convert.DynamicsRequest
	})
	if _, builder := req.(convert.Scope); !ok || builder || len(command.GetClientIds()) > 0 {
		return nil
	}
	return command
}

// ClientsOf returns the clients that a request names.
func ClientsOf(req any) []int32 {
	switch r := req.(type) {
	case *tvstatsv1.StartJobRequest:
		if _, command := convert.CommandOf(r); command != nil {
			return ClientsOf(command)
		}
	case *tvstatsv1.ExplainRankRequest:
		if _, request := convert.RequestOf(r, "request"); request != nil {
			return ClientsOf(request)
		}
	case interface{ GetClientIds() []int32 }:
		return r.GetClientIds()
	case convert.OfClient:
		if r.GetClientId() != 0 {
			return []int32{r.GetClientId()}
		}
	}
	return nil
}

// OwnResult is nil where the caller may see the result of the client; for everyone else it does not exist, in the same
// words as if it had never been.
func OwnResult(ctx context.Context, kind, id string, client int32) error {
	if CallerOf(ctx).Covers(client) {
		return nil
	}
	return fmt.Errorf("%s: result %q: %w", kind, id, store.ErrNotFound)
}

// OwnJob is nil where the caller may see the job; for everyone else it does not exist, in the same words as if it had never
// been.
func OwnJob(ctx context.Context, job store.Job) error {
	if coversEach(CallerOf(ctx).Principal(), job.ClientIDs) {
		return nil
	}
	return fmt.Errorf("job %.60q: %w", job.ID, store.ErrNotFound)
}

// coversEach reports whether the principal may act for each of the clients, of which none means every client there is.
func coversEach(p *auth.Principal, clients []int32) bool {
	if len(clients) == 0 {
		return p.CoversAll()
	}
	return !slices.ContainsFunc(clients, func(client int32) bool { return !p.Covers(client) })
}
