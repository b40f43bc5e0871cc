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

// xmltvCommand pushes a programme guide in the XMLTV format. The same guide again changes nothing: the id of a programme follows
// from its channel and start. A guide that moved leaves nothing of itself behind.
type xmltvCommand struct {
	Connection
	imported
	channelFlags
	Keep     bool     `help:"Keep what is stored of the guide and only add to it. Without it the guide replaces, on each of its channels, what starts between its first start and its last end there."`
	ClientID int32    `default:"1" help:"Operator whose guide it is."`
	TimeZone timeZone `placeholder:"ZONE" help:"Zone of times in the guide that name none, or one by letters that mean several (BST), for example Europe/London. Without it such programmes are not imported."`
	File     string   `arg:"" help:"The guide, - for standard input; gzip, xz, bzip2 and ZIP, and UTF-16, are recognised. Channels that the catalog holds stay as they are, others are added to it."`
}

// Validate reports every flag that cannot work. The command line calls it.
func (c *xmltvCommand) Validate() error {
	return errors.Join(c.Connection.Validate(), c.imported.Validate(), flags.Within("--client-id", c.ClientID, 1, 1<<31-1))
}

// Run pushes the guide to the server.
func (c *xmltvCommand) Run(ctx context.Context) error {
	connection, err := c.Dial()
	if err != nil {
		return err
	}
	defer connection.Close() //nolint:errcheck // nothing is under way any more
	return c.push(ctx, connection, os.Stdout, os.Stderr)
}

func (c *xmltvCommand) push(ctx context.Context, connection *grpc.ClientConn, out io.Writer, bar *os.File) (err error) {
	given, err := c.channels()
	if err != nil {
		return err
	}
	known, err := namesOf(ctx, connection, c.ClientID)
	if err != nil && status.Code(err) != codes.NotFound { // the push will make the client known
		return err
	}
	in, err := openInput(c.File)
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // it was only read
	shown := NewProgress(bar, "entities", -1, in.Position)
	report, err := c.open(shown)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, report.Close()) }()
	guide, failed := readGuide(in.text, c.TimeZone.location, report)
	if failed != nil {
		failed = fmt.Errorf("%s: %w", c.File, failed)
	}
	ids := newChannelIDs(given, known)
	matches := ids.match(guide)
	if c.WriteChannelsFile != "" {
		shown.Close()
		return errors.Join(failed, c.writeTemplate(out, ids, guide, matches))
	}
	pushed := &guidePush{
		clientID: c.ClientID, known: known, report: report, keep: c.Keep, stored: storedOn(ctx, connection, c.ClientID),
	}
	pushed.tellMatches(guide, matches)
	err = Push(ctx, tvstatsv1.NewCatalogClient(connection), pushed.requests(guide, matches),
		func(request *tvstatsv1.SyncRequest, response *tvstatsv1.SyncResponse) error {
			pushed.answered(request, response)
			shown.Acknowledged(int(response.Applied))
			return nil
		})
	shown.Close()
	fmt.Fprintf(out, "%s channels added, %s programmes pushed, %s elements not imported\n",
		Count(pushed.channels), Count(pushed.programmes), Count(report.rejected+pushed.unmapped))
	if err := errors.Join(failed, pushed.failed, err); err != nil {
		return err
	}
	return c.verdict(pushed.sent, report.rejected)
}

// writeTemplate writes the file that --write-channels-file names.
func (c *xmltvCommand) writeTemplate(out io.Writer, ids *channelIDs, g *guide, matches map[*guideChannel]channelMatch) error {
	write := func(to io.Writer) error { return ids.writeChannels(to, g, matches) }
	if c.WriteChannelsFile == "-" {
		return write(out)
	}
	return replaceFile("--write-channels-file", c.WriteChannelsFile, write)
}
