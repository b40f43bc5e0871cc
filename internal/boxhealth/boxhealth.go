// Package boxhealth counts what reports show to be wrong with the boxes that send them: silence within a session, several
// channels at once, sessions by the hundred, catch-up of another channel's programme. It refuses nothing and changes no figure.
//
// It remembers the last sessions of each device that reports to this process, up to a number of devices; what it has not seen, or no
// longer knows, it does not count. So its numbers are for alerts. Reports that come
// out of order, or of more sessions at once than are remembered, can make them a little too great.
package boxhealth

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tvstats/tvstats/internal/viewing"
)

const (
	// Silence is how long a device that plays may send nothing. It should report once a minute.
	Silence = 5 * time.Minute
	// Fallen is for how long a device that fell silent counts as such; later it counts as switched off.
	Fallen = time.Hour
	// SessionsInHour is how many sessions one device can begin in an hour while a person holds the remote control.
	SessionsInHour = 200
)

// shards spread the devices, so that streams seldom wait for each other.
const shards = 64

// Watch follows devices. It serves any number of goroutines.
type Watch struct {
	seed   maphash.Seed
	all    [shards]shard
	most   int // devices in one generation of a shard
	counts counts
	asked  programmes
}

type counts struct {
	silences, above, foreign         atomic.Int64
	channelsAtOnce, sessionsAtOnceMs atomic.Int64 // milliseconds
}

// Counts is what was seen since the start.
type Counts struct {
	Silences       int64   // reports after a silence of more than Silence within their session
	ChannelsAtOnce float64 // seconds in which one device was on several channels
	SessionsAtOnce float64 // seconds in which one device had several sessions on one channel
	Above          int64   // sessions of a device above SessionsInHour in one hour
	Foreign        int64   // sessions of catch-up whose programme is of another channel
}

// shard is the devices of which one bit pattern of the hash is the same, in two generations: what reports is in the young
// one; when that is full it becomes the old one, and what was only in the old one is forgotten.
type shard struct {
	mu         sync.Mutex
	young, old map[uint64]*device
}

// New follows up to so many devices, of at least two a shard.
func New(devices int) *Watch {
	w := &Watch{seed: maphash.MakeSeed(), most: max(1, devices/shards/2)}
	for i := range w.all {
		w.all[i].young = map[uint64]*device{}
	}
	return w
}

// Reports counts reports that were accepted.
func (w *Watch) Reports(reports []viewing.Report) {
	for i := range reports {
		w.report(&reports[i])
	}
}

func (w *Watch) report(r *viewing.Report) {
	hash := w.hash(&r.Identity)
	s := &w.all[hash%shards]
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := s.device(hash, w.most).take(r)
	if seen.silence {
		w.counts.silences.Add(1)
	}
	if seen.above {
		w.counts.above.Add(1)
	}
	if seen.channels > 0 {
		w.counts.channelsAtOnce.Add(int64(seen.channels))
	}
	if seen.sessions > 0 {
		w.counts.sessionsAtOnceMs.Add(int64(seen.sessions))
	}
	if seen.begun && r.Mode == viewing.Catchup && r.ProgrammeID > 0 {
		w.asked.add(programme{r.ClientID, r.ProgrammeID, r.ChannelID})
	}
}

// hash stands for the device. Two that have the same one by chance count as one; no count that matters becomes wrong by that.
func (w *Watch) hash(id *viewing.Identity) uint64 {
	return maphash.Comparable(w.seed, account{id.ClientID, id.AccountID}) ^ maphash.String(w.seed, id.DeviceUID)
}

type account struct {
	client int32
	id     int64
}

// device returns what is known of a device. s.mu is held.
func (s *shard) device(hash uint64, most int) *device {
	d := s.young[hash]
	if d != nil {
		return d
	}
	if d = s.old[hash]; d == nil {
		d = &device{}
	}
	if len(s.young) >= most {
		s.old, s.young = s.young, make(map[uint64]*device, most)
	}
	s.young[hash] = d
	return d
}

// Counts returns what was seen.
func (w *Watch) Counts() Counts {
	seconds := func(ms *atomic.Int64) float64 { return float64(ms.Load()) / 1000 }
	return Counts{
		Silences: w.counts.silences.Load(), Above: w.counts.above.Load(), Foreign: w.counts.foreign.Load(),
		ChannelsAtOnce: seconds(&w.counts.channelsAtOnce), SessionsAtOnce: seconds(&w.counts.sessionsAtOnceMs),
	}
}

// Devices counts those that play, and those that have fallen silent: whose last session did not end and whose last report is
// older than Silence, but not older than Fallen. A device counts as playing until then.
func (w *Watch) Devices(now viewing.Millis) (playing, silent int) {
	for i := range w.all {
		p, q := w.all[i].devices(now)
		playing, silent = playing+p, silent+q
	}
	return playing, silent
}

func (s *shard) devices(now viewing.Millis) (playing, silent int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	count := func(d *device) {
		switch last := d.latest(); {
		case last.ended || last.at < now.Add(-Fallen):
		case last.at < now.Add(-Silence):
			silent++
		default:
			playing++
		}
	}
	for _, d := range s.young {
		count(d)
	}
	for hash, d := range s.old {
		if s.young[hash] == nil {
			count(d)
		}
	}
	return playing, silent
}
