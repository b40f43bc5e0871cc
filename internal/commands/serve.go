package commands

import (
	"context"
	"os"

	"github.com/tvstats/tvstats/internal/app"
)

type serveCommand struct {
	app.Config
}

// Run serves until the context ends.
func (c *serveCommand) Run(ctx context.Context, now clock) error {
	return app.Serve(ctx, c.Config, c.Logger(os.Stderr), now, func(app.Addresses) {})
}
