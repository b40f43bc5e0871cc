// Package operation is the service Operation: what concerns the service as a whole.
package operation

import (
	"context"
	"io"

	"google.golang.org/grpc"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

// Server is the service Operation.
type Server struct {
	tvstatsv1.UnimplementedOperationServer
	// Send writes a backup, and calls end after the last of it.
	Send func(ctx context.Context, out io.Writer, end func() error) error
	// Status finds out how the process is doing.
	Status func(ctx context.Context) (Status, error)
}

// Backup sends a backup.
func (o *Server) Backup(_ *tvstatsv1.BackupRequest, stream grpc.ServerStreamingServer[tvstatsv1.BackupResponse]) error {
	out := &backupStream{stream: stream}
	return o.Send(stream.Context(), out, out.flush)
}

// maxChunk is how many bytes of a backup are in one message.
const maxChunk = 256 << 10

// backupStream sends what is written in messages of maxChunk bytes.
type backupStream struct {
	stream  grpc.ServerStreamingServer[tvstatsv1.BackupResponse]
	pending []byte
}

// Write sends what is full.
func (c *backupStream) Write(p []byte) (int, error) {
	size := len(p)
	for len(p) > 0 {
		n := min(len(p), maxChunk-len(c.pending))
		c.pending, p = append(c.pending, p[:n]...), p[n:]
		if len(c.pending) == maxChunk {
			if err := c.flush(); err != nil {
				return size - len(p), err
			}
		}
	}
	return size, nil
}

// flush sends the rest. A message that was sent belongs to the stream.
func (c *backupStream) flush() error {
	if len(c.pending) == 0 {
		return nil
	}
	message := &tvstatsv1.BackupResponse{Chunk: c.pending}
	c.pending = nil
	return c.stream.Send(message)
}
