package cli

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// channelIDs finds the channels of the catalog that a guide's channels are.
type channelIDs struct {
	given  map[string][]int32 // by id in the guide, folded; empty for a channel to leave out
	byName map[string][]int32 // of the catalog, names folded
	known  Names
}

func newChannelIDs(given map[string][]int32, known Names) *channelIDs {
	ids := &channelIDs{given: given, byName: map[string][]int32{}, known: known}
	for _, id := range slices.Sorted(maps.Keys(known)) {
		name := folded(known[id].Name)
		ids.byName[name] = append(ids.byName[name], id)
	}
	return ids
}

// Ways to find channels, for people.
const (
	foundGiven  = "given"
	foundName   = "name"
	foundNumber = "number"
)

// channelMatch is what a channel of a guide is: channels of the catalog, or why that is not known.
type channelMatch struct {
	ids     []int32
	how     string
	problem string // why there are no ids; empty too for a channel to leave out
}

// of finds the channels of one channel of a guide. What was given on the command line or in the file wins; then a name, then the id in the
// guide as a number. Where these are of different channels none is taken.
func (c *channelIDs) of(channel *guideChannel) channelMatch {
	if ids, given := c.given[folded(channel.id)]; given {
		return channelMatch{ids: ids, how: foundGiven}
	}
	named := c.named(channel)
	number := c.numbered(channel.id)
	switch {
	case len(named) > 1:
		return channelMatch{problem: "its names fit " + c.describe(named)}
	case len(named) == 1 && number > 0 && number != named[0] && c.knows(number):
		return channelMatch{problem: fmt.Sprintf("its name is that of %s, its id in the guide that of %s",
			c.describe(named), c.describe([]int32{number}))}
	case len(named) == 1:
		return channelMatch{ids: named, how: foundName}
	case number > 0:
		return channelMatch{ids: []int32{number}, how: foundNumber}
	default:
		return channelMatch{problem: "no channel of the catalog has its name"}
	}
}

// named are the channels of the catalog that have one of the names.
func (c *channelIDs) named(channel *guideChannel) []int32 {
	var ids []int32
	for _, name := range channel.names {
		if name := folded(name); name != "" {
			ids = append(ids, c.byName[name]...)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func (c *channelIDs) knows(id int32) bool {
	_, known := c.known[id]
	return known
}

// numbered is an id in the guide as a channel_id, 0 where it is none.
func (*channelIDs) numbered(guideID string) int32 {
	id, err := strconv.ParseInt(guideID, 10, 32)
	if err != nil || id < 1 {
		return 0
	}
	return int32(id)
}

// describe names channels of the catalog.
func (c *channelIDs) describe(ids []int32) string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = fmt.Sprintf("channel %d (%.60s)", id, c.known[id].Name)
	}
	return strings.Join(texts, " and ")
}

// match finds the channels of all of a guide. Two channels of the guide that were not given and are found to be one of the
// catalog are neither.
func (c *channelIDs) match(g *guide) map[*guideChannel]channelMatch {
	matches, taken := map[*guideChannel]channelMatch{}, map[int32][]*guideChannel{}
	for _, channel := range g.channels {
		found := c.of(channel)
		matches[channel] = found
		for _, id := range found.ids {
			taken[id] = append(taken[id], channel)
		}
	}
	for id, channels := range taken {
		if len(channels) < 2 {
			continue
		}
		given := 0
		for _, channel := range channels {
			if matches[channel].how == foundGiven {
				given++
			}
		}
		for _, channel := range channels {
			if given != 1 || matches[channel].how != foundGiven {
				matches[channel] = channelMatch{problem: fmt.Sprintf("%s is found for %q and for %q",
					c.describe([]int32{id}), channels[0].id, channels[1].id)}
			}
		}
	}
	return matches
}
