package app

import (
	"errors"
	"net"
	"os"
	"sync"
	"syscall"
)

// reservedFiles is how many descriptors are kept for probes and metrics: one a connection, and some for what they read.
const reservedFiles = 8

// reserve is a listener that still accepts when the process has no file descriptors left: it holds some open itself, and
// gives one up for each connection that it could not accept otherwise.
type reserve struct {
	net.Listener
	mu    sync.Mutex
	spare []*os.File
}

func newReserve(inner net.Listener) (*reserve, error) {
	r := &reserve{Listener: inner}
	if err := r.refill(); err != nil {
		return nil, err
	}
	return r, nil
}

// refill holds as many descriptors as there should be, or as many as there are.
func (r *reserve) refill() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.spare) < reservedFiles {
		file, err := os.Open(os.DevNull)
		if err != nil {
			return err
		}
		r.spare = append(r.spare, file)
	}
	return nil
}

// release gives one up, and returns false where none is left.
func (r *reserve) release() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.spare) == 0 {
		return false
	}
	_ = r.spare[0].Close() // it was never written to
	r.spare = r.spare[1:]
	return true
}

// Accept waits for a connection. Another part of the process may take the descriptor that was given up: then the next one is.
func (r *reserve) Accept() (net.Conn, error) {
	for {
		conn, err := r.Listener.Accept()
		switch {
		case err == nil:
			return &reservedConn{Conn: conn, of: r}, nil
		case !errors.Is(err, syscall.EMFILE) && !errors.Is(err, syscall.ENFILE), !r.release():
			return nil, err
		}
	}
}

// Close lets go of everything.
func (r *reserve) Close() error {
	for r.release() {
		continue
	}
	return r.Listener.Close()
}

// reservedConn is a connection whose descriptor goes back into the reserve.
type reservedConn struct {
	net.Conn
	of *reserve
}

// Close closes the connection and fills the reserve up.
func (c *reservedConn) Close() error {
	err := c.Conn.Close()
	_ = c.of.refill() // where others took it the next one that is closed does
	return err
}
