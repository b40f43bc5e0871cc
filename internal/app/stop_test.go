package app

import (
	"log/slog"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/tvstats/tvstats/internal/rpc/rpctest"
)

// A call that neither ends nor heeds the drain is cut off, and its handler is waited for.
func TestShutdownDoesNotWaitForEver(t *testing.T) {
	entered, left := make(chan struct{}), make(chan struct{})
	c := startChained(t, faulty{sync: func(stream syncStream) error {
		close(entered)
		<-stream.Context().Done()
		close(left)
		return stream.Context().Err()
	}}, slog.LevelInfo)
	stream, err := c.Sync(rpctest.Context(t))
	if err != nil {
		t.Fatal(err)
	}
	<-entered
	stopServer(c.server, time.Millisecond, c.logger)
	select {
	case <-left:
	default:
		t.Error("stopServer returned before the handler")
	}
	if _, err := stream.Recv(); status.Code(err) != codes.Unavailable {
		t.Errorf("got %v", err)
	}
	if len(c.log.Find(t, "calls did not end in time and are cut off")) != 1 {
		t.Error("the log does not say that calls were cut off")
	}
}
