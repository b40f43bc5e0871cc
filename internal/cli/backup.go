package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"google.golang.org/grpc"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/backup"
)

// Backup stores a backup of a running server.
type Backup struct {
	Connection

	File string `arg:"" help:"Where the backup is stored. A file of that name is replaced when the new one is whole."`
}

// Run fetches the backup; the file has its name once it is on the disk and was found to be whole.
func (b *Backup) Run(ctx context.Context) error { return b.run(ctx, os.Stdout) }

func (b *Backup) run(ctx context.Context, out io.Writer) error {
	connection, err := b.Dial()
	if err != nil {
		return err
	}
	defer connection.Close() //nolint:errcheck // nothing is under way any more
	var size int64
	file, err := backup.Create(ctx, b.File, func(to io.Writer) (err error) {
		size, err = fetch(ctx, connection, to)
		return err
	})
	if err != nil {
		return fmt.Errorf("no backup was made: %w", err)
	}
	if err := file.Close(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s holds what was acknowledged by %s: %s reports, %s bytes.\n",
		b.File, file.CreatedAt.Format(time.RFC3339), Count(file.State.Reports), Count(size))
	return err
}

// fetch writes what the server sends.
func fetch(ctx context.Context, from *grpc.ClientConn, to io.Writer) (size int64, err error) {
	stream, err := tvstatsv1.NewOperationClient(from).Backup(ctx, &tvstatsv1.BackupRequest{})
	if err != nil {
		return 0, err
	}
	for {
		response, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return size, nil
		}
		if err != nil {
			return size, err
		}
		n, err := to.Write(response.GetChunk())
		size += int64(n)
		if err != nil {
			return size, err
		}
	}
}
