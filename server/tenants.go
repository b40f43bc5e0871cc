package main

import (
	"context"
	"fmt"
	"slices"

	"google.golang.org/grpc"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/auth"
	"github.com/tvstats/tvstats/internal/store"
)

// ofTenant lets a unary request pass whose clients the caller's token covers. Streams are asked message by message, by
// their handlers: there a client that is not covered costs no more than what concerns it.
func ofTenant(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	for _, client := range clientsOf(req) {
		if err := callerOf(ctx).demand(client); err != nil {
			return nil, err
		}
	}
	if forAll(req) {
		if err := demandEach(ctx, nil); err != nil {
			return nil, err
		}
	}
	return handler(ctx, req)
}

// forAll tells whether a request is for every client there is: a command of SubscriberDynamics that names none, called or
// to be run as a job.
func forAll(req any) bool {
	if job, ok := req.(*tvstatsv1.StartJobRequest); ok {
		_, req = commandOf(job)
	}
	command, ok := req.(dynamicsCommand)
	_, builder := req.(scope)
	return ok && !builder && len(command.GetClientIds()) == 0
}

// clientsOf answers the clients that a request names.
func clientsOf(req any) []int32 {
	switch r := req.(type) {
	case *tvstatsv1.StartJobRequest:
		if _, command := commandOf(r); command != nil {
			return clientsOf(command)
		}
	case interface{ GetClientIds() []int32 }:
		return r.GetClientIds()
	case ofClient:
		if r.GetClientId() != 0 {
			return []int32{r.GetClientId()}
		}
	}
	return nil
}

// ownResult is nil where the caller may see the result of the client; for everyone else it does not exist, in the same
// words as if it had never been.
func ownResult(ctx context.Context, kind, id string, client int32) error {
	if callerOf(ctx).covers(client) {
		return nil
	}
	return fmt.Errorf("%s: result %q: %w", kind, id, store.ErrNotFound)
}

// ownJob is nil where the caller may see the job; for everyone else it does not exist, in the same words as if it had never
// been.
func ownJob(ctx context.Context, job store.Job) error {
	if coversEach(callerOf(ctx).is(), job.ClientIDs) {
		return nil
	}
	return fmt.Errorf("job %.60q: %w", job.ID, store.ErrNotFound)
}

// demandEach is nil where the caller may act for each of the clients, of which none means every client there is.
func demandEach(ctx context.Context, clients []int32) error {
	if coversEach(callerOf(ctx).is(), clients) {
		return nil
	}
	return fmt.Errorf("%w: the token does not cover every client that this is for; name clients that it covers", auth.ErrDenied)
}

func coversEach(p *auth.Principal, clients []int32) bool {
	if len(clients) == 0 {
		return p.CoversAll()
	}
	return !slices.ContainsFunc(clients, func(client int32) bool { return !p.Covers(client) })
}
