package main

import (
	"context"
	"os"

	_ "google.golang.org/grpc/encoding/gzip" // callers may compress
)

type serveCommand struct {
	config
}

// Run serves until the context ends.
func (c *serveCommand) Run(ctx context.Context) error {
	return serve(ctx, c.config, c.logger(os.Stderr), func(addresses) {})
}
