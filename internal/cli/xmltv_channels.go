package cli

import (
	"fmt"
	"maps"
	"strconv"
	"strings"

	"github.com/tvstats/tvstats/internal/xmltv"
)

// channelIDs finds the channel_id of a guide's channels.
type channelIDs struct {
	told   map[string]int32 // by id in the guide
	byName map[string]int32 // of the catalog, names folded; 0 where several have one name
	known  Names
}

func newChannelIDs(told map[string]int32, known Names) *channelIDs {
	ids := &channelIDs{told: map[string]int32{}, byName: map[string]int32{}, known: known}
	maps.Copy(ids.told, told)
	for _, channel := range known {
		name := folded(channel.Name)
		if _, taken := ids.byName[name]; taken {
			ids.byName[name] = 0
			continue
		}
		ids.byName[name] = channel.ID
	}
	return ids
}

// learn finds the channel_id of a channel by all that the guide says of it, and remembers it.
func (c *channelIDs) learn(channel *xmltv.Channel) (int32, error) {
	if id, err := c.of(channel.ID); err == nil {
		return id, nil
	}
	for _, name := range channel.Names {
		if id := c.byName[folded(name)]; id > 0 {
			c.told[channel.ID] = id
			return id, nil
		}
	}
	return 0, unknownChannel(channel.ID)
}

// of is the channel_id of a channel by its id in the guide.
func (c *channelIDs) of(guideID string) (int32, error) {
	if id, told := c.told[guideID]; told {
		return id, nil
	}
	if id, err := strconv.ParseInt(guideID, 10, 32); err == nil {
		return int32(id), nil
	}
	return 0, unknownChannel(guideID)
}

func unknownChannel(guideID string) error {
	return fmt.Errorf("channel %.60q is no number and no channel of the catalog has its name; give --channel %.60s=<channel_id>",
		guideID, guideID)
}

func folded(name string) string { return strings.ToLower(strings.TrimSpace(name)) }
