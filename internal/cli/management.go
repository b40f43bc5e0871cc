package cli

import (
	"context"
	"fmt"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
)

// management is what all management commands have in common.
type management struct {
	Connection
	AsOf     instant `name:"as_of" help:"Do it as of this time instead of now: a day (2026-03-02, from its midnight UTC) or RFC 3339 (2026-03-02T06:00:00Z)."`
	Output   string  `enum:"table,json" default:"table" help:"How to print what was done: ${enum}. JSON is what grpcurl prints."`
	Settings string  `help:"Accepted for the sake of older cron lines, and ignored."`
}

// call does a command's work on the server and answers its response.
type call func(context.Context, *grpc.ClientConn) (proto.Message, error)

// run does a command and prints what it has done.
func (m *management) run(ctx context.Context, do call) error {
	if m.Settings != "" {
		fmt.Fprintf(os.Stderr, "note: --settings=%s is ignored; --server says where the service is\n", m.Settings)
	}
	connection, err := m.Dial()
	if err != nil {
		return err
	}
	defer connection.Close() //nolint:errcheck // nothing is under way any more
	done, err := do(ctx, connection)
	if err != nil {
		return err
	}
	if m.Output == "json" {
		return printJSON(os.Stdout, done)
	}
	return printResult(ctx, os.Stdout, done, connection)
}
