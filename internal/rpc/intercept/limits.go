package intercept

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"google.golang.org/grpc"
	grpcpeer "google.golang.org/grpc/peer"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/tvstats/tvstats/internal/flags"
	"github.com/tvstats/tvstats/internal/limit"
	"github.com/tvstats/tvstats/internal/rpc/fault"
	"github.com/tvstats/tvstats/internal/rpc/page"
)

// Limits is what one caller can take from the others at most.
type Limits struct {
	TokenRequests   int `group:"Limits" default:"5000" help:"Calls and streams that a token may begin in a second. 0 = any number, as for all numbers of this group but the last two."`
	TokenStreams    int `group:"Limits" default:"10000" help:"Streams that a token may have open."`
	AddressRequests int `group:"Limits" default:"5000" help:"Calls and streams that an address (IPv6: a /64 network) may begin in a second, those included that are not admitted."`
	AddressStreams  int `group:"Limits" default:"10000" help:"Streams that an address may have open."`

	Connections                int           `group:"Limits" default:"20000" help:"Connections, of all callers."`
	UnauthenticatedConnections int           `group:"Limits" default:"1000" help:"Connections of an address on which no call was admitted yet."`
	ConnectionStreams          uint32        `group:"Limits" default:"10000" help:"Streams and calls at once on a connection."`
	HandshakeTimeout           time.Duration `group:"Limits" default:"10s" help:"How long a connection may take to be set up, TLS included. 1s to 5m."`
	ConnectionIdleTimeout      time.Duration `group:"Limits" default:"15m" help:"A connection without a call for so long is closed; callers connect again by themselves. From 1s."`

	MaxPageSize     int            `group:"Limits" default:"1000" help:"Largest page of a list; greater ones that are asked for count as this. 100 to 1000."`
	MaxResponseSize flags.ByteSize `group:"Limits" default:"64MiB" help:"Largest response of a call; lists end their pages long before. 4MiB to 1GiB."`
}

// Check reports every limit that cannot work.
func (c *Limits) Check() error {
	const most = 1_000_000
	return errors.Join(
		flags.Within("--token-requests", c.TokenRequests, 0, most),
		flags.Within("--token-streams", c.TokenStreams, 0, most),
		flags.Within("--address-requests", c.AddressRequests, 0, most),
		flags.Within("--address-streams", c.AddressStreams, 0, most),
		flags.Within("--connections", c.Connections, 0, most),
		flags.Within("--unauthenticated-connections", c.UnauthenticatedConnections, 0, most),
		flags.Within("--connection-streams", c.ConnectionStreams, 0, most),
		flags.Within("--handshake-timeout", c.HandshakeTimeout, time.Second, 5*time.Minute),
		flags.Within("--connection-idle-timeout", c.ConnectionIdleTimeout, time.Second, 365*24*time.Hour),
		flags.Within("--max-page-size", c.MaxPageSize, 100, page.MaxSize),
		flags.Within("--max-response-size", c.MaxResponseSize, 4*flags.Mebibyte, flags.Gibibyte),
	)
}

func tooManyCalls(kind string, wait time.Duration) *fault.Exhausted {
	return &fault.Exhausted{What: fmt.Sprintf("too many calls a second for one %s; try again in %v", kind, wait.Round(time.Millisecond)), Retry: wait}
}

// retryStream is when a caller with too many streams should try again; when it closes one is not known.
const retryStream = time.Second

// perToken holds each token, or name in a certificate, to its limits.
func (c *Limits) perToken(now func() time.Time) Link {
	return limited("token", limit.NewGate(limit.Bounds{PerSecond: c.TokenRequests, Open: c.TokenStreams}, now),
		func(ctx context.Context) string {
			if p := CallerOf(ctx).Principal(); p != nil {
				return p.Name
			}
			return ""
		})
}

// limited holds callers to the gate's bounds by name; one without a name passes.
func limited(kind string, gate *limit.Gate, nameOf func(context.Context) string) Link {
	begin := func(name string) error {
		if wait := gate.Call(name); wait > 0 {
			return tooManyCalls(kind, wait)
		}
		return nil
	}
	return Link{
		func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			if name := nameOf(ctx); name != "" {
				if err := begin(name); err != nil {
					return nil, err
				}
			}
			return handler(ctx, req)
		},
		func(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
			name := nameOf(stream.Context())
			if name == "" {
				return handler(srv, stream)
			}
			if err := begin(name); err != nil {
				return err
			}
			closed := gate.Open(name)
			if closed == nil {
				return &fault.Exhausted{What: fmt.Sprintf("too many open streams for one %s; close one first", kind), Retry: retryStream}
			}
			defer closed()
			return handler(srv, stream)
		},
	}
}

// addressOf is the caller's address without its port.
func addressOf(ctx context.Context) string {
	from, ok := grpcpeer.FromContext(ctx)
	if !ok {
		return ""
	}
	return addressKey(from.Addr)
}

// addressKey makes addresses one that one caller has many of: ports, and IPv6 addresses of a /64 network.
func addressKey(address net.Addr) string {
	parsed, err := netip.ParseAddrPort(address.String())
	if err != nil {
		return address.String()
	}
	ip := parsed.Addr().Unmap()
	if ip.Is6() {
		if prefix, err := ip.WithZone("").Prefix(64); err == nil {
			return prefix.String()
		}
	}
	return ip.String()
}

// sizes bounds the response of a unary call.
func (c *Limits) sizes(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	if list, ok := req.(page.Request); ok && int(list.GetPageSize()) > c.MaxPageSize {
		field := list.ProtoReflect().Descriptor().Fields().ByName("page_size")
		list.ProtoReflect().Set(field, protoreflect.ValueOfInt32(int32(c.MaxPageSize)))
	}
	response, err := handler(ctx, req)
	if message, ok := response.(proto.Message); ok && err == nil {
		if size := proto.Size(message); size > int(c.MaxResponseSize) {
			return nil, &fault.Exhausted{What: fmt.Sprintf("the response has %d bytes, at most %d are sent; ask for less, for example for fewer clients",
				size, int(c.MaxResponseSize))}
		}
	}
	return response, err
}
