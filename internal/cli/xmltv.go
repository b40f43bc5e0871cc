package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/flags"
)

// XMLTV pushes a programme guide in the XMLTV format. The same guide again changes nothing: the id of a programme follows
// from its channel and start.
type XMLTV struct {
	Connection
	rejectedFile
	ClientID int32            `default:"1" help:"Operator whose guide it is."`
	Channel  map[string]int32 `mapsep:"," placeholder:"NAME=ID" help:"Which channel_id a channel of the guide has: id in the guide = channel_id, as a comma list or repeated. One that is not named here has its id in the guide if that is a number, else that of the channel of the catalog with one of its display-names."`
	File     string           `arg:"" help:"The guide, - for standard input; gzip is recognised. Channels that the catalog holds stay as they are, others are added to it."`
}

// Validate reports every flag that cannot work. The command line calls it.
func (c *XMLTV) Validate() error {
	return errors.Join(c.Connection.Validate(), flags.Within("--client-id", c.ClientID, 1, 1<<31-1))
}

// Run pushes the guide to the server.
func (c *XMLTV) Run(ctx context.Context) error {
	connection, err := c.Dial()
	if err != nil {
		return err
	}
	defer connection.Close() //nolint:errcheck // nothing is under way any more
	return c.push(ctx, connection, os.Stdout, os.Stderr)
}

func (c *XMLTV) push(ctx context.Context, connection *grpc.ClientConn, out io.Writer, bar *os.File) error {
	known, err := namesOf(ctx, connection, c.ClientID)
	if err != nil && status.Code(err) != codes.NotFound { // the push will make the client known
		return err
	}
	in, err := openInput(c.File)
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // it was only read
	shown := NewProgress(bar, "entities", in.size, in.Position)
	report, err := c.open(shown)
	if err != nil {
		return err
	}
	guide := &guidePush{clientID: c.ClientID, ids: newChannelIDs(c.Channel, known), report: report}
	err = Push(ctx, tvstatsv1.NewCatalogClient(connection), guide.requests(in.text),
		func(_ *tvstatsv1.SyncRequest, response *tvstatsv1.SyncResponse) error {
			guide.answered(response)
			shown.Acknowledged(int(response.Applied))
			return nil
		})
	shown.Close()
	if guide.failed != nil {
		err = fmt.Errorf("%s: %w", c.File, guide.failed)
	}
	fmt.Fprintf(out, "%s channels added, %s programmes pushed, %s elements not imported\n",
		Count(guide.channels), Count(guide.programmes), Count(int64(report.told)))
	return errors.Join(err, report.Close())
}
