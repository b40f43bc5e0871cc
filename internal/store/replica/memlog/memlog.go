// Package memlog is a log in memory: what a replica needs of a log, without a server. It is for tests, which let its responses be
// lost and its calls fail.
package memlog

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/store/replica"
)

// Server holds a log that any number of replicas share.
type Server struct {
	mu      sync.Mutex
	entries map[uint64]replica.Entry
	base    replica.Base
	parts   map[string][]byte
	owner   string
	until   time.Time
	// fault is called before and after each call; an error after it is a response that was lost.
	fault func(call string, after bool) error
}

// NewServer makes an empty log.
func NewServer(logID string) *Server {
	return &Server{entries: map[uint64]replica.Entry{}, base: replica.Base{LogID: logID}, parts: map[string][]byte{}}
}

// SetFault has calls fail as fault returns, which is called before and after each; nil ends that.
func (s *Server) SetFault(fault func(call string, after bool) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = fault
}

// Entries returns how many entries are there.
func (s *Server) Entries() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.entries)
}

// Put puts an entry at its position, whatever is there.
func (s *Server) Put(entry replica.Entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entries[entry.Position] = entry
}

// Reset makes it another log, which is empty.
func (s *Server) Reset(logID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entries, s.base, s.parts = map[uint64]replica.Entry{}, replica.Base{LogID: logID}, map[string][]byte{}
}

// Log is a replica's connection.
func (s *Server) Log() replica.Log { return &log{server: s} }

type log struct{ server *Server }

// call runs do between the faults.
func (l *log) call(ctx context.Context, name string, do func(s *Server) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	l.server.mu.Lock()
	defer l.server.mu.Unlock()
	if fault := l.server.fault; fault != nil {
		if err := fault(name, false); err != nil {
			return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
		}
	}
	err := do(l.server)
	if fault := l.server.fault; fault != nil && err == nil {
		if lost := fault(name, true); lost != nil {
			return fmt.Errorf("%w: %w", store.ErrUnavailable, lost)
		}
	}
	return err
}

func (l *log) Append(ctx context.Context, entry replica.Entry) error {
	return l.call(ctx, "Append", func(s *Server) error {
		if _, taken := s.entries[entry.Position]; taken {
			return replica.ErrTaken
		}
		s.entries[entry.Position] = entry
		return nil
	})
}

func (l *log) Look(ctx context.Context) (replica.View, error) {
	return &view{log: l}, l.call(ctx, "Look", func(*Server) error { return nil })
}

func (l *log) Fence(ctx context.Context) (replica.View, error) {
	return &view{log: l}, l.call(ctx, "Fence", func(*Server) error { return nil })
}

func (l *log) PutPart(ctx context.Context, name string, content io.Reader) error {
	read, err := io.ReadAll(content)
	if err != nil {
		return err
	}
	return l.call(ctx, "PutPart", func(s *Server) error {
		s.parts[name] = read
		return nil
	})
}

func (l *log) Part(ctx context.Context, name string) (content io.ReadCloser, err error) {
	err = l.call(ctx, "Part", func(s *Server) error {
		read, found := s.parts[name]
		if !found {
			return fmt.Errorf("part %s: %w", name, store.ErrNotFound)
		}
		content = io.NopCloser(bytes.NewReader(read))
		return nil
	})
	return content, err
}

func (l *log) HasPart(ctx context.Context, name string) (has bool, err error) {
	err = l.call(ctx, "HasPart", func(s *Server) error {
		_, has = s.parts[name]
		return nil
	})
	return has, err
}

func (l *log) Parts(ctx context.Context) (names []string, err error) {
	err = l.call(ctx, "Parts", func(s *Server) error {
		for name := range s.parts {
			names = append(names, name)
		}
		slices.Sort(names)
		return nil
	})
	return names, err
}

func (l *log) RemoveParts(ctx context.Context, names []string) error {
	return l.call(ctx, "RemoveParts", func(s *Server) error {
		for _, name := range names {
			delete(s.parts, name)
		}
		return nil
	})
}

func (l *log) MoveBase(ctx context.Context, from, next replica.Base) error {
	return l.call(ctx, "MoveBase", func(s *Server) error {
		if s.base != from {
			return replica.ErrBaseMoved
		}
		s.base = next
		return nil
	})
}

func (l *log) Trim(ctx context.Context, position uint64) error {
	return l.call(ctx, "Trim", func(s *Server) error {
		for at := range s.entries {
			if at <= position {
				delete(s.entries, at)
			}
		}
		return nil
	})
}

func (l *log) Claim(ctx context.Context, owner string, length time.Duration) (mine bool, err error) {
	err = l.call(ctx, "Claim", func(s *Server) error {
		now := time.Now()
		if mine = s.owner == owner || now.After(s.until); mine {
			s.owner, s.until = owner, now.Add(length)
		}
		return nil
	})
	return mine, err
}

func (*log) Describe() string { return "log in memory" }

func (l *log) Size(ctx context.Context) (size int64, err error) {
	err = l.call(ctx, "Size", func(s *Server) error {
		for _, entry := range s.entries {
			size += int64(len(entry.Operations))
		}
		for _, part := range s.parts {
			size += int64(len(part))
		}
		return nil
	})
	return size, err
}

func (l *log) Extent(ctx context.Context) (entries, size int64, err error) {
	err = l.call(ctx, "Extent", func(s *Server) error {
		entries = int64(len(s.entries))
		for _, entry := range s.entries {
			size += int64(len(entry.Operations))
		}
		return nil
	})
	return entries, size, err
}

func (*log) Close() error { return nil }

// atOnce is how many entries a view reads at once.
const atOnce = 16

type view struct{ log *log }

func (v *view) Read(ctx context.Context, from uint64) (entries []replica.Entry, base replica.Base, err error) {
	err = v.log.call(ctx, "Read", func(s *Server) error {
		for at := from; len(entries) < atOnce; at++ {
			entry, found := s.entries[at]
			if !found {
				break
			}
			entries = append(entries, entry)
		}
		base = s.base
		return nil
	})
	return entries, base, err
}

func (*view) Close() {}
