package app

import (
	"log/slog"
	"time"

	"google.golang.org/grpc"
)

// stopServer accepts no new calls and waits for those in progress, at most for the timeout.
func stopServer(server *grpc.Server, timeout time.Duration, log *slog.Logger) {
	hard := time.AfterFunc(timeout, func() {
		log.Warn("calls did not end in time and are cut off", "drain_timeout", timeout)
		server.Stop()
	})
	defer hard.Stop()
	server.GracefulStop()
}
