package boxhealth

import (
	"context"
	"sync"
)

// programme is one that a session of catch-up names, with the channel that the session is of.
type programme struct {
	client  int32
	id      int64
	channel int32
}

// mostAsked is how many different ones wait to be looked up at most; more are passed over until the next time.
const mostAsked = 10_000

// programmes are those that are to be looked up, with the number of sessions. Intake does not wait for the guide.
type programmes struct {
	mu  sync.Mutex
	all map[programme]int64
}

func (p *programmes) add(one programme) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.all == nil {
		p.all = map[programme]int64{}
	}
	if _, known := p.all[one]; known || len(p.all) < mostAsked {
		p.all[one]++
	}
}

func (p *programmes) take() map[programme]int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	taken := p.all
	p.all = nil
	return taken
}

// CheckProgrammes counts the sessions of catch-up since the last time whose programme is of another channel. channels returns
// the channels of those programmes of a client that the guide knows; the others are not counted.
func (w *Watch) CheckProgrammes(
	ctx context.Context, channels func(ctx context.Context, client int32, ids []int64) (map[int64]int32, error),
) error {
	asked, ids := w.asked.take(), map[int32][]int64{}
	for one := range asked {
		ids[one.client] = append(ids[one.client], one.id)
	}
	for client, ids := range ids {
		known, err := channels(ctx, client, ids)
		if err != nil {
			return err
		}
		for one, sessions := range asked {
			if channel, is := known[one.id]; one.client == client && is && channel != one.channel {
				w.counts.foreign.Add(sessions)
			}
		}
	}
	return nil
}
