package mongodb

import (
	"maps"
	"slices"

	"github.com/tvstats/tvstats/internal/viewing"
)

// lengths counts sessions by their watched seconds. It is all that a ranking of channels needs, the median included, and
// its size is bounded by the length of a day, not by the number of sessions.
type lengths map[int32]int64

// encode packs the lengths ascending, each with its sessions.
func (l lengths) encode() []byte {
	var rows packed
	for _, seconds := range slices.Sorted(maps.Keys(l)) {
		rows.add(int64(seconds), l[seconds])
	}
	return rows.code
}

// addEncoded adds what was encoded, but for lengths below least.
func (l lengths) addEncoded(code []byte, least int64) error {
	return unpack(code, 2, func(row []int64) {
		if row[0] >= least {
			l.add(int32(row[0]), row[1])
		}
	})
}

// add counts sessions of a length, or takes them away.
func (l lengths) add(seconds int32, sessions int64) {
	if l[seconds] += sessions; l[seconds] == 0 {
		delete(l, seconds)
	}
}

// watch sums up the lengths of a channel; there is at least one.
func (l lengths) watch(channelID int32) viewing.ChannelWatch {
	w := viewing.ChannelWatch{ChannelID: channelID}
	ascending := slices.Sorted(maps.Keys(l))
	for _, seconds := range ascending {
		w.Seconds += int64(seconds) * l[seconds]
		w.Sessions += l[seconds]
	}
	// Counted from 1, the middle ones are these two: the same one where the number is odd.
	lower, upper := l.at(ascending, (w.Sessions+1)/2), l.at(ascending, w.Sessions/2+1)
	w.MedianSeconds = (float64(lower) + float64(upper)) / 2
	return w
}

// at is the length of session number n, counted from 1, when the shortest comes first.
func (l lengths) at(ascending []int32, n int64) int32 {
	for _, seconds := range ascending {
		if n -= l[seconds]; n <= 0 {
			return seconds
		}
	}
	return 0
}
