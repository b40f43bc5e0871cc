package cli

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"iter"
	"strconv"
	"strings"

	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

// guidePush makes requests of a guide, and counts what becomes of them.
type guidePush struct {
	clientID int32
	known    Names
	report   *report
	keep     bool // programmes of before that the guide does not name
	stored   storedGuide
	failed   error // why what is stored could not be asked for

	channels, programmes int64 // applied
	sent                 int64 // refused ones, too
	unmapped             int64 // programmes on channels that the catalog does not know

	lines map[string][]int // of the entities of the request that is under way, by SyncRequest's name of their list
}

// requests cuts the guide into requests; each is good until the next one.
func (g *guidePush) requests(guide *guide, matches map[*guideChannel]channelMatch) iter.Seq[*tvstatsv1.SyncRequest] {
	return func(yield func(*tvstatsv1.SyncRequest) bool) {
		for request := range g.newChannels(guide, matches) {
			if !yield(request) {
				return
			}
		}
		for _, channel := range guide.channels {
			programmes := channel.schedule(g.report)
			channel.programmes = nil // a large guide need not stay whole in memory
			for _, id := range matches[channel].ids {
				for part := range g.partsOf(id, programmes) {
					if !yield(part) {
						return
					}
				}
				if g.failed != nil {
					return
				}
			}
		}
	}
}

// tellMatches says which channels are left out, each once, with what is on them, and which are taken by their number alone.
func (g *guidePush) tellMatches(guide *guide, matches map[*guideChannel]channelMatch) {
	for _, channel := range guide.channels {
		match := matches[channel]
		if match.how == foundNumber && len(channel.names) > 0 && g.known[match.ids[0]].Name != "" {
			g.report.note(channel.line, fmt.Sprintf("channel %.60q (%.60s) is matched to channel %d (%.60s) by its number; --channel %.60s=<channel_id> says it otherwise",
				channel.id, channel.names[0], match.ids[0], g.known[match.ids[0]].Name, channel.id))
		}
		if match.problem == "" {
			continue
		}
		g.unmapped += int64(len(channel.programmes))
		names := ""
		if len(channel.names) > 0 {
			names = fmt.Sprintf(" (%.60s)", channel.names[0])
		}
		g.report.note(channel.line, fmt.Sprintf("channel %.60q%s: %s programmes not imported: %s; give --channel %.60s=<channel_id> or --channels-file",
			channel.id, names, Count(int64(len(channel.programmes))), match.problem, channel.id))
	}
}

// newChannels are the channels that the catalog lacks.
func (g *guidePush) newChannels(guide *guide, matches map[*guideChannel]channelMatch) iter.Seq[*tvstatsv1.SyncRequest] {
	return func(yield func(*tvstatsv1.SyncRequest) bool) {
		request := g.newRequest()
		for _, channel := range guide.channels {
			for _, id := range matches[channel].ids {
				if _, known := g.known[id]; known || channel.line == 0 {
					continue
				}
				request.Channels = append(request.Channels, newChannel(id, channel.names))
				g.lines["channels"] = append(g.lines["channels"], channel.line)
			}
			if len(request.Channels) >= PushChunk {
				if !yield(request) {
					return
				}
				request = g.newRequest()
			}
		}
		if len(request.Channels) > 0 {
			yield(request)
		}
	}
}

// newChannel is a channel as a guide describes it: the number on the remote control is often among its names.
func newChannel(id int32, names []string) *tvstatsv1.Channel {
	added := &tvstatsv1.Channel{ChannelId: id}
	for _, name := range names {
		number, err := strconv.ParseInt(strings.TrimSpace(name), 10, 32)
		if err == nil && number > 0 && added.Number == 0 {
			added.Number = int32(number)
		} else if added.Name == "" {
			added.Name, _ = cutText(name, maxTitle)
		}
	}
	return added
}

func (g *guidePush) newRequest() *tvstatsv1.SyncRequest {
	g.lines = map[string][]int{}
	return &tvstatsv1.SyncRequest{ClientId: g.clientID}
}

// programmesOf is the request that puts programmes on a channel.
func (g *guidePush) programmesOf(channel int32, programmes []guideProgramme) *tvstatsv1.SyncRequest {
	request := g.newRequest()
	for _, p := range programmes {
		request.Programmes = append(request.Programmes, &tvstatsv1.Programme{
			ProgrammeId: programmeID(channel, p.start), ChannelId: channel, Title: p.title,
			Start: &timestamppb.Timestamp{Seconds: p.start}, End: &timestamppb.Timestamp{Seconds: p.stop},
		})
		g.lines["programmes"] = append(g.lines["programmes"], int(p.line))
	}
	return request
}

// answered counts what the service did with the request that was under way.
func (g *guidePush) answered(request *tvstatsv1.SyncRequest, response *tvstatsv1.SyncResponse) {
	g.channels += int64(len(request.Channels))
	g.sent += int64(response.Applied) + int64(len(response.Rejected))
	if response.Message != "" {
		g.report.note(0, response.Message)
	}
	for _, line := range g.lines["programmes"] {
		if line > 0 { // else it is one that was stored before
			g.programmes++
		}
	}
	for _, r := range response.Rejected {
		line := 0
		if lines := g.lines[r.Entity]; int(r.Index) < len(lines) {
			line = lines[r.Index]
		}
		switch {
		case r.Entity == "channels":
			g.channels--
		case r.Entity == "programmes" && line > 0:
			g.programmes--
		}
		g.report.reject(line, r.Entity+": "+r.Reason+": "+r.Message)
	}
}

// programmeID is a positive number that follows from channel and start, so that a guide which comes again replaces itself.
func programmeID(channel int32, start int64) int64 {
	digest := sha256.Sum256(fmt.Appendf(nil, "%d %d", channel, start))
	return int64(binary.BigEndian.Uint64(digest[:8])>>1 | 1) //nolint:gosec // the first bit is 0
}
