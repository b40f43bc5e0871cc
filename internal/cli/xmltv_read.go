package cli

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/tvstats/tvstats/internal/xmltv"
)

// guide is what an XMLTV guide holds, gathered by channel.
type guide struct {
	channels []*guideChannel // in the order in which the guide names them
	byID     map[string]*guideChannel
}

// guideChannel is a channel of a guide and what is on it.
type guideChannel struct {
	id         string // as the guide first writes it
	names      []string
	line       int // where the guide defines it; 0 where only programmes name it
	programmes []guideProgramme
}

// guideProgramme is a programme of a guide. Guides have a great many of them.
type guideProgramme struct {
	title       string
	start, stop int64 // Unix seconds; stop is noStop where the guide has none
	line        int32
	clump       uint16 // which part of a shared slot it has
	clumps      uint16 // how many parts that slot has, 0 where it has a slot of its own
}

// noStop stands for an end that the guide does not give.
const noStop = -1 << 63

// maxTitle is how many characters the service takes of a title or a name.
const maxTitle = 255

// readGuide gathers a guide. What it could not read to its end is in what it returns along with the error.
func readGuide(from io.Reader, zone *time.Location, report *report) (*guide, error) {
	g := &guide{byID: map[string]*guideChannel{}}
	for element, err := range xmltv.Read(from, zone) {
		if bad := (*xmltv.BadElement)(nil); errors.As(err, &bad) {
			report.reject(bad.Line, bad.Reason.Error())
			continue
		}
		if err != nil {
			return g, err
		}
		if element.Replaced > 0 {
			report.note(element.Line, fmt.Sprintf("%d characters could not be read and are U+FFFD now", element.Replaced))
		}
		if element.Channel != nil {
			g.addChannel(element.Channel, element.Line)
		} else {
			g.addProgramme(element.Programme, element.Line, report)
		}
	}
	return g, nil
}

// of is a channel by its id in the guide, which guides write in upper and in lower case.
func (g *guide) of(id string) *guideChannel {
	key := folded(id)
	channel, known := g.byID[key]
	if !known {
		channel = &guideChannel{id: id}
		g.byID[key] = channel
		g.channels = append(g.channels, channel)
	}
	return channel
}

func (g *guide) addChannel(c *xmltv.Channel, line int) {
	channel := g.of(c.ID)
	if channel.line == 0 {
		channel.line = line
	}
	for _, name := range c.Names {
		if !slices.Contains(channel.names, name) {
			channel.names = append(channel.names, name)
		}
	}
}

func (g *guide) addProgramme(p *xmltv.Programme, line int, report *report) {
	title := p.Title
	if cut, longer := cutText(title, maxTitle); longer {
		title = cut
		report.note(line, fmt.Sprintf("the title is longer than %d characters and was cut", maxTitle))
	}
	stop := int64(noStop)
	if !p.Stop.IsZero() {
		stop = p.Stop.Unix()
	}
	channel := g.of(p.Channel)
	channel.programmes = append(channel.programmes, guideProgramme{
		title: title, start: p.Start.Unix(), stop: stop, line: int32(min(line, 1<<31-1)), //nolint:gosec // it has 31 bits
		clump: uint16(p.Clump.Index), clumps: uint16(p.Clump.Of), //nolint:gosec // the reader bounds them
	})
}

// cutText is a text of at most so many characters, and whether it was longer.
func cutText(text string, characters int) (cut string, longer bool) {
	if len(text) <= characters {
		return text, false
	}
	runes := []rune(text)
	if len(runes) <= characters {
		return text, false
	}
	return string(runes[:characters-1]) + "…", true
}

func folded(name string) string { return strings.ToLower(strings.TrimSpace(name)) }
