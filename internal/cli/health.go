package cli

import (
	"context"
	"fmt"
	"os"
	"time"

	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
)

// Version is what the program says of its version; the program sets it when it starts.
var Version = "unknown"

// Health asks a server whether it is ready.
type Health struct {
	Connection
	Timeout time.Duration `default:"5s" help:"How long to wait for the server."`
}

// Validate reports every flag that cannot work. The command line calls it.
func (h *Health) Validate() error { return h.Connection.Validate() }

// Run asks; its error says that the server is not ready.
func (h *Health) Run(ctx context.Context) error {
	connection, err := h.Dial()
	if err != nil {
		return err
	}
	defer connection.Close() //nolint:errcheck // nothing is under way any more
	ctx, cancel := context.WithTimeout(ctx, h.Timeout)
	defer cancel()
	answer, err := healthv1.NewHealthClient(connection).Check(ctx, &healthv1.HealthCheckRequest{})
	if err != nil {
		return err
	}
	if answer.Status != healthv1.HealthCheckResponse_SERVING {
		return fmt.Errorf("the server is not ready: %s", answer.Status)
	}
	fmt.Fprintln(os.Stdout, "ready")
	return nil
}
