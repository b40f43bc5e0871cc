package intercept

import (
	"context"
	"fmt"
	"slices"
	"sync"

	middleware "github.com/grpc-ecosystem/go-grpc-middleware/v2"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/logging"
	"google.golang.org/grpc"

	"github.com/tvstats/tvstats/internal/auth"
)

// Caller is who makes a call and which clients it asked for. The log's line at the end of the call has both.
type Caller struct {
	mu        sync.Mutex
	principal *auth.Principal // nil until the call is admitted
	asked     []int32         // clients, the first ones only
	looked    []any           // what the log records of whose viewing was read
}

// maxAsked bounds the clients that a line of the log names: a stream may request any number.
const maxAsked = 20

type callerKey struct{}

// CallerOf returns who makes the call; a caller without rights where it was not admitted.
func CallerOf(ctx context.Context) *Caller {
	if c, ok := ctx.Value(callerKey{}).(*Caller); ok {
		return c
	}
	return &Caller{}
}

// Principal returns the principal.
func (c *Caller) Principal() *auth.Principal {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.principal
}

func (c *Caller) admit(p *auth.Principal) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.principal = p
}

// Covers reports whether the caller may act for the client, and notes that it asked.
func (c *Caller) Covers(client int32) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.asked) < maxAsked && !slices.Contains(c.asked, client) {
		c.asked = append(c.asked, client)
	}
	return c.principal.Covers(client)
}

// LooksAt notes whose viewing the caller asks to see.
func (c *Caller) LooksAt(account int64, deviceUID string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if account != 0 {
		c.looked = append(c.looked, "account", account)
	}
	if deviceUID != "" {
		c.looked = append(c.looked, "device_uid", deviceUID)
	}
}

// demand is nil where the caller may act for the client.
func (c *Caller) demand(client int32) error {
	if !c.Covers(client) {
		return fmt.Errorf("%w: the token does not cover client %d", auth.ErrDenied, client)
	}
	return nil
}

// introduce gives every call its caller, who has no rights yet.
var introduce = Link{
	func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		return handler(context.WithValue(ctx, callerKey{}, &Caller{}), req)
	},
	func(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		return handler(srv, &middleware.WrappedServerStream{
			ServerStream: stream, WrappedContext: context.WithValue(stream.Context(), callerKey{}, &Caller{}),
		})
	},
}

// audited is what the log has of a call besides its method, address and outcome.
func audited(ctx context.Context, _ interceptors.CallMeta) logging.Fields {
	c := CallerOf(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	var fields logging.Fields
	if c.principal != nil && c.principal.Name != "" {
		fields = append(fields, "caller", c.principal.Name, "role", string(c.principal.Role))
	}
	if len(c.asked) > 0 {
		fields = append(fields, "clients", slices.Clone(c.asked))
	}
	return append(fields, c.looked...)
}
