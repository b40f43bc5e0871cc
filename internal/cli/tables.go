package cli

import (
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"text/tabwriter"

	"google.golang.org/grpc"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/plaintext"
)

// Names are an operator's channels by their ids, for what people read.
type Names map[int32]catalog.Channel

// namesOf requests the channels of an operator.
func namesOf(ctx context.Context, connection *grpc.ClientConn, clientID int32) (Names, error) {
	known := Names{}
	request := &tvstatsv1.ListChannelsRequest{ClientId: clientID, PageSize: 1000}
	for {
		page, err := tvstatsv1.NewCatalogClient(connection).ListChannels(ctx, request)
		if err != nil {
			return nil, err
		}
		for _, c := range page.Channels {
			known[c.ChannelId] = catalog.Channel{ID: c.ChannelId, Name: c.Name, Number: c.Number, Categories: c.Categories}
		}
		if request.PageToken = page.NextPageToken; request.PageToken == "" {
			return known, nil
		}
	}
}

// newTable aligns columns to the left; figures are padded to the right by their formats.
func newTable(out io.Writer) *tabwriter.Writer { return tabwriter.NewWriter(out, 0, 0, 2, ' ', 0) }

// PrintChannels writes a ranking of channels: its first places, and the last one where some are left out.
func PrintChannels(out io.Writer, ranked []*tvstatsv1.RankedChannel, places int, known Names) error {
	const row = "%4s\t%3s\t%s\t%6s\t%12s\t%8s\t%12s\t%11s%s\n"
	table := newTable(out)
	head, more := beside(ranked)
	fmt.Fprintf(table, row, "rank", "no.", "channel", "id", "watched h:mm", "sessions", "average m:ss", "median m:ss", head)
	for i, c := range ranked {
		if i >= places && i < len(ranked)-1 {
			if i == places {
				fmt.Fprintf(table, row, "…", "", "", "", "", "", "", "", "")
			}
			continue
		}
		channel := known[c.ChannelId]
		fmt.Fprintf(table, row, Count(int64(c.Rank)), Count(int64(channel.Number)), plaintext.ForTerminal(channel.Name), id(int64(c.ChannelId)),
			hours(c.WatchSeconds), Count(c.WatchSessions), minutes(c.AverageWatchSeconds), minutes(c.MedianWatchSeconds), more(c))
	}
	return table.Flush()
}

// PrintProgrammes writes a ranking of programmes.
func PrintProgrammes(out io.Writer, ranked []*tvstatsv1.RankedProgramme, known Names) error {
	const row = "%4s\t%s\t%6s\t%s\t%12s\t%8s%s\n"
	table := newTable(out)
	head, more := beside(ranked)
	fmt.Fprintf(table, row, "rank", "programme", "id", "channel", "watched h:mm", "sessions", head)
	for _, p := range ranked {
		fmt.Fprintf(table, row, Count(int64(p.Rank)), plaintext.ForTerminal(p.Title), id(p.ProgrammeId), plaintext.ForTerminal(known[p.ChannelId].Name),
			hours(p.WatchSeconds), Count(p.WatchSessions), more(p))
	}
	return table.Flush()
}

// beside is what a table has besides where places say where they were, or that few accounts are behind them: its head, and what is
// there of a place.
func beside[R interface {
	GetPreviousRank() int32
	GetLowBase() bool
}](ranked []R) (head string, of func(R) string) {
	if !slices.ContainsFunc(ranked, func(r R) bool { return r.GetPreviousRank() > 0 || r.GetLowBase() }) {
		return "", func(R) string { return "" }
	}
	return "\t was\t", func(r R) string {
		was, low := "", ""
		if r.GetPreviousRank() > 0 {
			was = Count(int64(r.GetPreviousRank()))
		}
		if r.GetLowBase() {
			low = "low base"
		}
		return fmt.Sprintf("\t%4s\t%s", was, low)
	}
}

// id is a number to copy, not to read.
func id(n int64) string { return strconv.FormatInt(n, 10) }

// hours is a length of time as h:mm.
func hours(seconds int64) string {
	m := seconds / 60
	return fmt.Sprintf("%s:%02d", Count(m/60), m%60)
}

// minutes is a length of time as m:ss.
func minutes(seconds float64) string {
	s := int64(math.Round(seconds))
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}
