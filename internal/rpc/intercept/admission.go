package intercept

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	grpcauth "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/auth"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	grpcpeer "google.golang.org/grpc/peer"
	"google.golang.org/grpc/tap"

	"github.com/tvstats/tvstats/internal/auth"
	"github.com/tvstats/tvstats/internal/limit"
	"github.com/tvstats/tvstats/internal/reload"
)

// Admission decides which calls are admitted: it checks tokens.
type Admission struct {
	tokens    *reload.Value[*auth.Tokens] // nil where none are needed
	addresses *limit.Gate
	log       *slog.Logger
	streams   openStreams
}

// NewAdmission reads the file of tokens; no file lets everybody in who reaches the service.
func NewAdmission(authFile string, limits *Limits, now func() time.Time, log *slog.Logger) (*Admission, error) {
	bounds := limit.Bounds{PerSecond: limits.AddressRequests, Open: limits.AddressStreams}
	a := &Admission{addresses: limit.NewGate(bounds, now), log: log}
	if authFile == "" {
		return a, nil
	}
	var err error
	a.tokens, err = reload.New(log, func(contents [][]byte) (*auth.Tokens, error) {
		return auth.ParseTokens(contents[0])
	}, authFile)
	if err != nil {
		return nil, fmt.Errorf("--auth-file=%s: %w", authFile, err)
	}
	return a, nil
}

// RejectUnauthenticated refuses a call without a valid token before anything of its message is read: the chain sees a unary call only when all
// of its request has arrived, and those who have no token shall not fill the memory with requests. It must not block.
func (a *Admission) RejectUnauthenticated(ctx context.Context, call *tap.Info) (context.Context, error) {
	_, known := permissions[call.FullMethodName]
	switch {
	case slices.Contains(publicMethods, call.FullMethodName) || a.tokens == nil && known:
		return ctx, nil
	case a.tokens == nil:
		return ctx, NoSuchMethod(call.FullMethodName)
	}
	_, err := a.identify(ctx)
	switch {
	case err == nil && known:
		return ctx, nil
	case err == nil:
		return ctx, NoSuchMethod(call.FullMethodName)
	}
	address := addressOf(ctx)
	if wait := a.addresses.Call(address); wait > 0 {
		return ctx, exhaustedStatus(tooManyCalls("address", wait))
	}
	a.log.Info("refused a call without a valid token", "method", call.FullMethodName, "address", address) // no more often than the address may call
	return ctx, ruleFor(err).status(err)
}

// errUnknownMethod is for calls of what no service has. Here they meet less than the chain, whose metrics have a series for each
// method.
var errUnknownMethod = errors.New("the service has no such method")

// NoSuchMethod is the status of a call of a method that there is not.
func NoSuchMethod(method string) error {
	err := fmt.Errorf("%w: %.200s", errUnknownMethod, strings.ToValidUTF8(method, "\ufffd"))
	return ruleFor(err).status(err)
}

// link admits a call, or not, before anything of it is read. On a stream every message is admitted anew.
func (a *Admission) link() Link {
	return Link{
		func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			if err := a.admit(ctx, info.FullMethod); err != nil {
				return nil, err
			}
			return handler(ctx, req)
		},
		func(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
			if err := a.admit(stream.Context(), info.FullMethod); err != nil {
				return err
			}
			return a.follow(srv, stream, info, handler)
		},
	}
}

type admittedStream struct {
	grpc.ServerStream
	Admission *Admission
	method    string
}

// RecvMsg receives the next message, if its sender may still send it.
func (s *admittedStream) RecvMsg(m any) error {
	if err := s.ServerStream.RecvMsg(m); err != nil {
		return err
	}
	return s.Admission.admit(s.Context(), s.method)
}

// admit makes the caller known, and checks that it may call the method.
func (a *Admission) admit(ctx context.Context, method string) error {
	if slices.Contains(publicMethods, method) {
		return nil
	}
	principal, err := a.identify(ctx)
	if err != nil {
		return err
	}
	CallerOf(ctx).admit(principal)
	if !permitted(method, principal.Role) {
		return fmt.Errorf("%w: a token of role %s may not call %s", auth.ErrDenied, principal.Role, method)
	}
	return nil
}

// identify returns whose call it is. Without tokens everyone is an operator, by the name in its certificate if it had to
// show one.
func (a *Admission) identify(ctx context.Context) (*auth.Principal, error) {
	if a.tokens == nil {
		return &auth.Principal{Name: certificateName(ctx), Role: auth.Operator}, nil
	}
	token, err := grpcauth.AuthFromMD(ctx, "bearer")
	if err != nil {
		return nil, auth.ErrUnauthenticated
	}
	return a.tokens.Get().Find(token)
}

// certificateName is the common name in the caller's certificate, empty without one.
func certificateName(ctx context.Context) string {
	if from, ok := grpcpeer.FromContext(ctx); ok {
		if secured, ok := from.AuthInfo.(credentials.TLSInfo); ok && len(secured.State.PeerCertificates) > 0 {
			return commonName(secured.State.PeerCertificates[0])
		}
	}
	return ""
}

func commonName(certificate *x509.Certificate) string {
	return fmt.Sprintf("cn:%.64s", certificate.Subject.CommonName)
}
