package main

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
)

// link is one interceptor of the chain, in its unary and its stream form; a form that is nil has nothing to do.
type link struct {
	unary  grpc.UnaryServerInterceptor
	stream grpc.StreamServerInterceptor
}

// chain is what every call passes, outermost first: whatever happens further in is counted, logged and has a status.
func chain(
	cfg *config, log *slog.Logger, numbers *metrics, entry *admission, known clientLister, from *connections, draining <-chan struct{},
) []link {
	return []link{
		{numbers.grpc.UnaryServerInterceptor(), numbers.grpc.StreamServerInterceptor()},
		{stream: numbers.countStream},
		introduce,
		logCalls(log),
		mapErrors(log),
		{recovery.UnaryServerInterceptor(), recovery.StreamServerInterceptor()},
		limited("address", entry.addresses, addressOf), // before anything is known of the caller but that
		entry.link(),
		cfg.perToken(time.Now),
		from.link(),
		{stream: endStreams(draining, cfg.StreamIdleTimeout, cfg.StreamSendTimeout)},
		{unary: tenants{known}.unary},
		{validateUnary, validateStream},
		smallCells{cfg.MinCell}.link(),
		{unary: cfg.sizes},
	}
}

func chainOptions(links []link) []grpc.ServerOption {
	var unary []grpc.UnaryServerInterceptor
	var stream []grpc.StreamServerInterceptor
	for _, l := range links {
		if l.unary != nil {
			unary = append(unary, l.unary)
		}
		if l.stream != nil {
			stream = append(stream, l.stream)
		}
	}
	return []grpc.ServerOption{grpc.ChainUnaryInterceptor(unary...), grpc.ChainStreamInterceptor(stream...)}
}

// logCalls writes one line at the end of each call or stream: who called what, for which clients, with which outcome.
// Probes of health would drown the others.
func logCalls(log *slog.Logger) link {
	logger := callLogger(log)
	options := []logging.Option{
		logging.WithLogOnEvents(logging.FinishCall),
		logging.WithFieldsFromContextAndCallMeta(audited),
		logging.WithDisableLoggingFields(logging.SystemTag[0], logging.ComponentFieldKey),
	}
	notHealth := selector.MatchFunc(func(_ context.Context, call interceptors.CallMeta) bool {
		return call.Service != healthv1.Health_ServiceDesc.ServiceName
	})
	return link{
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

func mapErrors(log *slog.Logger) link {
	return link{
		func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			response, err := handler(ctx, req)
			return response, callError(ctx, log, info.FullMethod, err)
		},
		func(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
			return callError(stream.Context(), log, info.FullMethod, handler(srv, stream))
		},
	}
}

func validateUnary(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	if err := validate(req); err != nil {
		return nil, err
	}
	return handler(ctx, req)
}

func validateStream(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	return handler(srv, validatedStream{stream})
}

// validatedStream is a stream that gives its handler no invalid message.
type validatedStream struct{ grpc.ServerStream }

// RecvMsg receives the next message and checks it.
func (s validatedStream) RecvMsg(m any) error {
	if err := s.ServerStream.RecvMsg(m); err != nil {
		return err
	}
	return validate(m)
}
