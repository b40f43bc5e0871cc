package intercept

import (
	"context"
	"net"
	"sync"

	"google.golang.org/grpc"
	grpcpeer "google.golang.org/grpc/peer"
)

// Connections bounds how many connections are open, of all listeners together, and for each address how many of them do
// nothing useful: a connection counts as idle until a call on it was admitted. One too many is closed at once, which costs little.
type Connections struct {
	most    int              // connections; 0 = any number
	unknown int              // of an address, on which no call was admitted yet; 0 = any number
	refused func(why string) // is called for each one too many

	mu      sync.Mutex
	open    map[string]*connection // by endsOf
	waiting map[string]int         // connections on which no call was admitted, by address
}

// NewConnections makes the bounds; refused is called with the reason of each connection that was one too many.
func NewConnections(cfg *Limits, refused func(why string)) *Connections {
	return &Connections{
		most: cfg.Connections, unknown: cfg.UnauthenticatedConnections, refused: refused,
		open: map[string]*connection{}, waiting: map[string]int{},
	}
}

// link notes on which connections calls are admitted. It comes after Admission.
func (c *Connections) link() Link {
	note := func(ctx context.Context) {
		if from, ok := grpcpeer.FromContext(ctx); ok && CallerOf(ctx).Principal() != nil {
			c.admitted(from.LocalAddr, from.Addr)
		}
	}
	return Link{
		func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			note(ctx)
			return handler(ctx, req)
		},
		func(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
			note(stream.Context())
			return handler(srv, stream)
		},
	}
}

// The bounds that a connection may be refused for.
const (
	BoundAll             = "all"
	BoundUnauthenticated = "unauthenticated"
)

// connection is an open one.
type connection struct {
	net.Conn
	of      *Connections
	address string
	known   bool // guarded by of.mu
	closing sync.Once
}

// Bound is the listener, but for connections that are too many.
func (c *Connections) Bound(listener net.Listener) net.Listener { return &boundListener{listener, c} }

type boundListener struct {
	net.Listener
	by *Connections
}

// Accept waits for the next connection that is within the bounds.
func (l *boundListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		accepted, why := l.by.take(conn)
		if accepted != nil {
			return accepted, nil
		}
		l.by.refused(why)
		_ = conn.Close() // nobody is served on it
	}
}

// take counts a connection, or says why it is one too many.
func (c *Connections) take(conn net.Conn) (taken *connection, why string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	address := addressKey(conn.RemoteAddr())
	switch {
	case c.most > 0 && len(c.open) >= c.most:
		return nil, BoundAll
	case c.unknown > 0 && c.waiting[address] >= c.unknown:
		return nil, BoundUnauthenticated
	}
	taken = &connection{Conn: conn, of: c, address: address}
	c.open[endsOf(conn.LocalAddr(), conn.RemoteAddr())] = taken
	c.waiting[address]++
	return taken, ""
}

// endsOf names a connection: a port of a caller may have one to each listener.
func endsOf(local, remote net.Addr) string { return local.String() + " " + remote.String() }

// admitted notes that a call on the connection between these was admitted.
func (c *Connections) admitted(local, remote net.Addr) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if conn, ok := c.open[endsOf(local, remote)]; ok && !conn.known {
		conn.known = true
		c.waited(conn.address)
	}
}

// waited counts one less. c.mu is held.
func (c *Connections) waited(address string) {
	c.waiting[address]--
	if c.waiting[address] == 0 {
		delete(c.waiting, address)
	}
}

// Close closes the connection and makes room for another.
func (conn *connection) Close() error {
	conn.closing.Do(func() {
		conn.of.mu.Lock()
		defer conn.of.mu.Unlock()
		delete(conn.of.open, endsOf(conn.LocalAddr(), conn.RemoteAddr()))
		if !conn.known {
			conn.of.waited(conn.address)
		}
	})
	return conn.Conn.Close()
}
