package cli

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/xmltv"
)

// guidePush makes requests of a guide, and counts what becomes of them.
type guidePush struct {
	clientID int32
	ids      *channelIDs
	report   *report

	channels, programmes int64 // applied
	failed               error // why the guide could not be read to its end

	request *tvstatsv1.SyncRequest // that is being filled, or under way
	lines   map[string][]int       // of its entities, by SyncRequest's name of their list
	open    map[int32]lineProgramme
}

// lineProgramme is a programme that lasts until the next one on its channel, and its line.
type lineProgramme struct {
	*tvstatsv1.Programme
	line int
}

// requests cuts the guide into requests; each is good until the next one.
func (g *guidePush) requests(guide io.Reader) iter.Seq[*tvstatsv1.SyncRequest] {
	return func(yield func(*tvstatsv1.SyncRequest) bool) {
		g.open = map[int32]lineProgramme{}
		g.next()
		for element, err := range xmltv.Read(guide) {
			if bad := (*xmltv.BadElement)(nil); errors.As(err, &bad) {
				g.report.tell(bad.Line, bad.Reason.Error())
				continue
			}
			if err != nil {
				g.failed = err
				break
			}
			if err := g.add(element); err != nil {
				g.report.tell(element.Line, err.Error())
			}
			if len(g.request.Channels)+len(g.request.Programmes) < PushChunk {
				continue
			}
			if !yield(g.request) {
				return
			}
			g.next()
		}
		for _, channel := range slices.Sorted(maps.Keys(g.open)) {
			g.report.tell(g.open[channel].line, "the programme has no stop, and no other follows on its channel")
		}
		if len(g.request.Channels)+len(g.request.Programmes) > 0 {
			yield(g.request)
		}
	}
}

func (g *guidePush) next() {
	g.request, g.lines = &tvstatsv1.SyncRequest{ClientId: g.clientID}, map[string][]int{}
}

func (g *guidePush) add(element xmltv.Element) error {
	if element.Channel != nil {
		return g.addChannel(element.Channel, element.Line)
	}
	id, err := g.ids.of(element.Programme.Channel)
	if err != nil {
		return err
	}
	start := timestamppb.New(element.Programme.Start)
	if before, open := g.open[id]; open {
		delete(g.open, id)
		before.End = start
		g.addProgramme(before)
	}
	programme := lineProgramme{&tvstatsv1.Programme{
		ProgrammeId: programmeID(id, start), ChannelId: id, Title: element.Programme.Title, Start: start,
	}, element.Line}
	if element.Programme.Stop.IsZero() {
		g.open[id] = programme
		return nil
	}
	programme.End = timestamppb.New(element.Programme.Stop)
	g.addProgramme(programme)
	return nil
}

func (g *guidePush) addProgramme(p lineProgramme) {
	g.request.Programmes = append(g.request.Programmes, p.Programme)
	g.lines["programmes"] = append(g.lines["programmes"], p.line)
}

// addChannel adds a channel that the catalog lacks.
func (g *guidePush) addChannel(channel *xmltv.Channel, line int) error {
	id, err := g.ids.learn(channel)
	if _, known := g.ids.known[id]; err != nil || known {
		return err
	}
	added := &tvstatsv1.Channel{ChannelId: id}
	for _, name := range channel.Names {
		number, err := strconv.ParseInt(strings.TrimSpace(name), 10, 32)
		if err == nil && added.Number == 0 {
			added.Number = int32(number) //nolint:gosec // it has 32 bits
		} else if added.Name == "" {
			added.Name = strings.TrimSpace(name)
		}
	}
	g.request.Channels = append(g.request.Channels, added)
	g.lines["channels"] = append(g.lines["channels"], line)
	return nil
}

// answered counts what the service did with the request that was under way.
func (g *guidePush) answered(response *tvstatsv1.SyncResponse) {
	g.channels += int64(len(g.request.Channels))
	g.programmes += int64(len(g.request.Programmes))
	for _, r := range response.Rejected {
		if r.Entity == "channels" {
			g.channels--
		} else {
			g.programmes--
		}
		g.report.tell(g.lines[r.Entity][r.Index], r.Reason+": "+r.Message)
	}
}

// programmeID is a positive number that follows from channel and start, so that a guide which comes again replaces itself.
func programmeID(channel int32, start *timestamppb.Timestamp) int64 {
	digest := sha256.Sum256(fmt.Appendf(nil, "%d %d", channel, start.Seconds))
	return int64(binary.BigEndian.Uint64(digest[:8])>>1 | 1) //nolint:gosec // the first bit is 0
}
