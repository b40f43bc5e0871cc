package mongodb

import (
	"encoding/binary"
	"errors"
	"maps"
	"slices"

	"github.com/tvstats/tvstats/internal/viewing"
)

// lengths counts sessions by their watched seconds. It is all that a ranking of channels needs, the median included, and
// its size is bounded by the length of a day, not by the number of sessions.
type lengths map[int32]int64

// encode writes the lengths ascending, each as two varints: the difference to the one before, and the sessions.
func (l lengths) encode() []byte {
	var code []byte
	before := int32(0)
	for _, seconds := range slices.Sorted(maps.Keys(l)) {
		code = binary.AppendUvarint(code, uint64(seconds-before))
		code = binary.AppendUvarint(code, uint64(l[seconds]))
		before = seconds
	}
	return code
}

// add adds encoded lengths, but for those below least.
func (l lengths) add(code []byte, least int64) error {
	seconds := int32(0)
	for len(code) > 0 {
		step, n := binary.Uvarint(code)
		sessions, m := binary.Uvarint(code[max(n, 0):])
		if n <= 0 || m <= 0 {
			return errors.New("the lengths of a rollup end in the middle")
		}
		code = code[n+m:]
		seconds += int32(step)
		if int64(seconds) >= least {
			l[seconds] += int64(sessions)
		}
	}
	return nil
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
