package cli

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

// storedGuide requests what is stored of a channel and starts in [from, to).
type storedGuide func(channel int32, from, to time.Time) ([]*tvstatsv1.Programme, error)

// storedOn asks a server.
func storedOn(ctx context.Context, connection *grpc.ClientConn, clientID int32) storedGuide {
	return func(channel int32, from, to time.Time) ([]*tvstatsv1.Programme, error) {
		request := &tvstatsv1.ListProgrammesRequest{
			ClientId: clientID, Channels: []int32{channel}, PageSize: 1000, StartFrom: timestamppb.New(from), StartTo: timestamppb.New(to),
		}
		var all []*tvstatsv1.Programme
		for {
			page, err := tvstatsv1.NewCatalogClient(connection).ListProgrammes(ctx, request)
			if err != nil {
				return nil, err
			}
			all = append(all, page.Programmes...)
			if request.PageToken = page.NextPageToken; request.PageToken == "" {
				return all, nil
			}
		}
	}
}

// partsOf are the requests that put programmes on a channel. Unless they are to be kept, those of before that start between
// the first start and the last end in the guide are replaced, part by part.
func (g *guidePush) partsOf(channel int32, programmes []guideProgramme) iter.Seq[*tvstatsv1.SyncRequest] {
	return func(yield func(*tvstatsv1.SyncRequest) bool) {
		if len(programmes) == 0 {
			return
		}
		end := slices.MaxFunc(programmes, func(a, b guideProgramme) int { return cmp.Compare(a.stop, b.stop) }).stop
		for at := 0; at < len(programmes); at += PushChunk {
			next := min(at+PushChunk, len(programmes))
			request := g.programmesOf(channel, programmes[at:next])
			if !g.keep {
				if at == 0 {
					if g.failed = g.giveWay(request, channel, programmes[0].start, end); g.failed != nil {
						return
					}
				}
				to := end
				if next < len(programmes) {
					to = programmes[next].start
				}
				if from := programmes[at].start; to > from {
					request.GuideRanges = []*tvstatsv1.GuideRange{{
						ChannelId: channel, From: &timestamppb.Timestamp{Seconds: from}, To: &timestamppb.Timestamp{Seconds: to},
					}}
				}
			}
			if !yield(request) {
				return
			}
		}
	}
}

// longestProgramme is how long before a time a programme may begin that is still on air then.
const longestProgramme = 7 * 24 * time.Hour

// giveWay makes room for what a guide says of [from, to): a programme of before that begins earlier and reaches into it ends
// where the guide begins, or goes where the guide covers more than half of it, since then it is one that was moved.
func (g *guidePush) giveWay(request *tvstatsv1.SyncRequest, channel int32, from, to int64) error {
	if len(g.known) == 0 { // the client is new
		return nil
	}
	start := time.Unix(from, 0).UTC()
	before, err := g.stored(channel, start.Add(-longestProgramme), start)
	if err != nil {
		return fmt.Errorf("channel %d: what is stored of the guide: %w", channel, err)
	}
	for _, p := range before {
		covered := min(p.End.Seconds, to) - from
		if covered <= 0 {
			continue
		}
		changed := &tvstatsv1.Programme{ProgrammeId: p.ProgrammeId, Deleted: true}
		if 2*covered <= p.End.Seconds-p.Start.Seconds {
			changed = p
			changed.End = &timestamppb.Timestamp{Seconds: from}
		}
		request.Programmes = append(request.Programmes, changed)
		g.lines["programmes"] = append(g.lines["programmes"], 0)
	}
	return nil
}
