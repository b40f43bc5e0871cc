package mongodb

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tvstats/tvstats/internal/viewing"
)

// rollupGroup is the sessions on one channel, of one kind of device, that carried one set of tariffs; or all sessions on
// one channel.
type rollupGroup struct {
	ChannelID int32   `bson:"channel_id"`
	Device    string  `bson:"device,omitempty"`
	Tariffs   []int32 `bson:"tariffs,omitempty"` // ascending

	// Of the kind lengths.
	Sessions int64  `bson:"sessions,omitempty"`
	Seconds  int64  `bson:"seconds,omitempty"`
	Lengths  []byte `bson:"lengths,omitempty"`

	// Of the kind edges, as counts: of live sessions by minute, and of sessions that carry a programme by that.
	Began  []byte `bson:"began,omitempty"`
	Ended  []byte `bson:"ended,omitempty"`
	Chosen []byte `bson:"chosen,omitempty"`
}

// key is the group without what is known of its sessions.
func (g rollupGroup) key() rollupGroup {
	return rollupGroup{ChannelID: g.ChannelID, Device: g.Device, Tariffs: g.Tariffs}
}

func (g rollupGroup) onlyLengths() rollupGroup {
	g.Began, g.Ended, g.Chosen = nil, nil, nil
	return g
}

func (g rollupGroup) onlyEdges() rollupGroup {
	edges := g.key()
	edges.Began, edges.Ended, edges.Chosen = g.Began, g.Ended, g.Chosen
	return edges
}

// passes tells whether the sessions of the group pass the filter by their device and tariffs.
func (g *rollupGroup) passes(filter viewing.Filter) bool {
	return (len(filter.Devices) == 0 || slices.Contains(filter.Devices, g.Device)) &&
		(len(filter.Tariffs) == 0 || slices.ContainsFunc(g.Tariffs, func(id int32) bool { return slices.Contains(filter.Tariffs, id) }))
}

func (g rollupGroup) compare(other rollupGroup) int {
	return cmp.Or(cmp.Compare(g.ChannelID, other.ChannelID), strings.Compare(g.Device, other.Device), slices.Compare(g.Tariffs, other.Tariffs))
}

// channelsOf are the groups without what tells those of one channel apart.
func channelsOf(groups []rollupGroup) []rollupGroup {
	channels := slices.Clone(groups)
	for i := range channels {
		channels[i].Device, channels[i].Tariffs = "", nil
	}
	return channels
}

// joinAlike makes one group of those that nothing tells apart, in order. It sorts them.
func joinAlike(groups []rollupGroup) []rollupGroup {
	slices.SortFunc(groups, rollupGroup.compare)
	var all []rollupGroup
	for len(groups) > 0 {
		sum := newGroupSum(groups[0].key())
		for len(groups) > 0 && groups[0].compare(sum.group) == 0 {
			sum.addGroup(&groups[0])
			groups = groups[1:]
		}
		all = append(all, sum.encode())
	}
	return all
}

// partSize is how many bytes of groups a document holds, about; the server takes 16 MiB.
const partSize = 4 << 20

// parts cuts the groups into lists of about size bytes.
func parts(groups []rollupGroup, size int) [][]rollupGroup {
	var all [][]rollupGroup
	begun, bytes := 0, 0
	for i, group := range groups {
		bytes += 128 + len(group.Device) + 16*len(group.Tariffs) + // with names and types of the fields
			len(group.Lengths) + len(group.Began) + len(group.Ended) + len(group.Chosen)
		if bytes >= size || i == len(groups)-1 {
			all = append(all, groups[begun:i+1])
			begun, bytes = i+1, 0
		}
	}
	return all
}
