package ranking

import (
	"context"
	"fmt"
	"slices"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/store"
)

// lineup is what ranking knows of a client's channels.
type lineup map[int32]catalog.Channel

func loadLineup(ctx context.Context, reader store.CatalogReader, clientID int32) (lineup, error) {
	channels, err := reader.Channels(ctx, clientID)
	if err != nil {
		return nil, fmt.Errorf("read the channels of client %d: %w", clientID, err)
	}
	l := make(lineup, len(channels))
	for _, channel := range channels {
		l[channel.ID] = channel
	}
	return l, nil
}

// channel returns the channel; one that the catalog never had counts as enabled, with number 0 and no categories.
func (l lineup) channel(id int32) catalog.Channel {
	if channel, known := l[id]; known {
		return channel
	}
	return catalog.Channel{ID: id, Enabled: true}
}

// eligible channels, and programmes on them, are ranked and used to fill up; others are left out.
func eligible(c catalog.Channel) bool { return !c.Deleted && c.Enabled }

// ids returns the channels of the catalog for which keep holds, ascending.
func (l lineup) ids(keep func(catalog.Channel) bool) []int32 {
	ids := []int32{}
	for id, channel := range l {
		if keep(channel) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// guideChannels chooses the channels whose programmes may be selected: enabled ones, of the categories and among the
// channels asked for, where any are.
func (l lineup) guideChannels(categories, channels []int32) store.ChannelSet {
	set := store.ChannelSet{Except: l.ids(func(c catalog.Channel) bool { return !eligible(c) })}
	if len(channels) > 0 {
		set.Only = channels
	}
	if len(categories) > 0 {
		set.Only = l.ids(func(c catalog.Channel) bool { return c.Among(categories, channels) })
	}
	return set
}
