package rpctest

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"
)

// Log gathers a log.
type Log struct {
	mu      sync.Mutex
	written bytes.Buffer
	grown   chan struct{} // closed when more is written; nil where nothing waits
}

// Write takes a line of the log.
func (l *Log) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.grown != nil {
		close(l.grown)
		l.grown = nil
	}
	return l.written.Write(line)
}

// Forget empties it.
func (l *Log) Forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.written.Reset()
}

// Await waits until a line with the text is written.
func (l *Log) Await(ctx context.Context, tb testing.TB, text string) {
	tb.Helper()
	for {
		l.mu.Lock()
		if strings.Contains(l.written.String(), text) {
			l.mu.Unlock()
			return
		}
		if l.grown == nil {
			l.grown = make(chan struct{})
		}
		grown := l.grown
		l.mu.Unlock()
		select {
		case <-grown:
		case <-ctx.Done():
			tb.Fatalf("%q was not logged: %s", text, l)
		}
	}
}

// String is all that was logged.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.written.String()
}

// Find returns the lines with the message.
func (l *Log) Find(tb testing.TB, message string) []map[string]any {
	tb.Helper()
	var found []map[string]any
	for text := range strings.Lines(l.String()) {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			tb.Fatalf("the log is no JSON: %v in %s", err, text)
		}
		if line["msg"] == message {
			found = append(found, line)
		}
	}
	return found
}
