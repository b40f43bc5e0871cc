// Package intercept is what every call passes before and after its method: who may call it, for which clients and how often,
// which requests are valid, and which status an error becomes.
package intercept

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/logging"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/recovery"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/selector"
	"google.golang.org/grpc"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/tvstats/tvstats/internal/rpc/page"
)

// Link is one interceptor of the chain, in its unary and its stream form; a form that is nil has nothing to do.
type Link struct {
	Unary  grpc.UnaryServerInterceptor
	Stream grpc.StreamServerInterceptor
}

// Parts are what the chain is made of.
type Parts struct {
	Counted    []Link // for metrics: what is further in is counted
	Log        *slog.Logger
	Entry      *Admission
	Limits     *Limits
	From       *Connections
	Known      ClientLister
	PageKey    func(context.Context) ([]byte, error) // returns the key of page tokens
	Replaced   func(characters int)                  // counts control characters in names
	MinCell    int64                                 // how many distinct accounts must be behind what readers receive
	Now        func() time.Time
	StreamIdle time.Duration   // how long a stream may send nothing
	StreamSend time.Duration   // how long a stream may not read
	Draining   <-chan struct{} // is closed when the service begins to stop
}

// Chain is what every call passes, outermost first: whatever happens further in is counted, logged and has a status.
func Chain(p Parts) []Link {
	return append(p.Counted,
		introduce,
		logCalls(p.Log),
		mapErrors(p.Log),
		Link{recovery.UnaryServerInterceptor(), recovery.StreamServerInterceptor()},
		limited("address", p.Entry.addresses, addressOf), // before anything is known of the caller but that
		p.Entry.link(),
		p.Limits.perToken(p.Now),
		p.From.link(),
		Link{Stream: endStreams(p.Draining, p.StreamIdle, p.StreamSend)},
		Link{Unary: tenants{p.Known}.unary},
		validated(p.Now),
		Link{Unary: names{p.Replaced}.unary},
		smallCells{p.MinCell}.link(),
		Link{Unary: page.Seal{Secret: p.PageKey}.Unary},
		Link{Unary: p.Limits.sizes},
	)
}

// ServerOptions are the links as options of a server, in their order.
func ServerOptions(links []Link) []grpc.ServerOption {
	var unary []grpc.UnaryServerInterceptor
	var stream []grpc.StreamServerInterceptor
	for _, l := range links {
		if l.Unary != nil {
			unary = append(unary, l.Unary)
		}
		if l.Stream != nil {
			stream = append(stream, l.Stream)
		}
	}
	return []grpc.ServerOption{grpc.ChainUnaryInterceptor(unary...), grpc.ChainStreamInterceptor(stream...)}
}

// logCalls writes one line at the end of each call or stream: who called what, for which clients, with which outcome.
// Probes of health would drown the others.
func logCalls(log *slog.Logger) Link {
	logger := callLogger(log)
	options := []logging.Option{
		logging.WithLogOnEvents(logging.FinishCall),
		logging.WithFieldsFromContextAndCallMeta(audited),
		logging.WithDisableLoggingFields(logging.SystemTag[0], logging.ComponentFieldKey),
	}
	notHealth := selector.MatchFunc(func(_ context.Context, call interceptors.CallMeta) bool {
		return call.Service != healthv1.Health_ServiceDesc.ServiceName
	})
	return Link{
		selector.UnaryServerInterceptor(logging.UnaryServerInterceptor(logger, options...), notHealth),
		selector.StreamServerInterceptor(logging.StreamServerInterceptor(logger, options...), notHealth),
	}
}

// callLogger leaves an error's text out above debug level, since it may name an account; its code stays.
func callLogger(log *slog.Logger) logging.Logger {
	return logging.LoggerFunc(func(ctx context.Context, level logging.Level, message string, fields ...any) {
		if i := slices.Index(fields, any("grpc.error")); i >= 0 && !log.Enabled(ctx, slog.LevelDebug) {
			fields = slices.Delete(fields, i, i+2)
		}
		log.Log(ctx, slog.Level(level), message, fields...)
	})
}

func mapErrors(log *slog.Logger) Link {
	return Link{
		func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			response, err := handler(ctx, req)
			return response, callError(ctx, log, info.FullMethod, err)
		},
		func(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
			return callError(stream.Context(), log, info.FullMethod, handler(srv, stream))
		},
	}
}

// validated gives handlers no invalid message.
func validated(now func() time.Time) Link {
	return Link{
		func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			if err := validate(req, now()); err != nil {
				return nil, err
			}
			return handler(ctx, req)
		},
		func(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
			return handler(srv, validatedStream{stream, now})
		},
	}
}

// validatedStream is a stream that gives its handler no invalid message.
type validatedStream struct {
	grpc.ServerStream
	now func() time.Time
}

// RecvMsg receives the next message and checks it.
func (s validatedStream) RecvMsg(m any) error {
	if err := s.ServerStream.RecvMsg(m); err != nil {
		return err
	}
	return validate(m, s.now())
}
