package cli

import (
	"cmp"
	"fmt"
	"slices"
)

// schedule puts what is on a channel in order: by start, each programme once and with an end. It reports what it had to decide.
func (c *guideChannel) schedule(report *report) []guideProgramme {
	slices.SortStableFunc(c.programmes, func(a, b guideProgramme) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.clump, b.clump))
	})
	c.endOpen(report)
	c.divideClumps(report)
	return c.dropDoubles(report)
}

// lastLength is how long a programme is taken to last of which the guide gives neither the end nor what follows, in seconds.
// The guide of the next day gives it.
const lastLength = 30 * 60

// endOpen lets programmes without an end last until the next one begins.
func (c *guideChannel) endOpen(report *report) {
	next := int64(noStop)
	for i := range slices.Backward(c.programmes) {
		p := &c.programmes[i]
		switch {
		case p.stop != noStop:
		case next != noStop:
			p.stop = next
		default:
			p.stop = p.start + lastLength
			report.note(int(p.line), fmt.Sprintf("the programme has no stop, and no other follows on its channel: it is taken to last %d minutes", lastLength/60))
		}
		if i > 0 && c.programmes[i-1].start < p.start {
			next = p.start
		}
	}
}

// divideClumps gives each programme of a shared slot its part of it, all of one length, since guides do not give more.
func (c *guideChannel) divideClumps(report *report) {
	for i := range c.programmes {
		p := &c.programmes[i]
		if p.clumps < 2 || p.stop <= p.start {
			continue
		}
		start, length := p.start, p.stop-p.start
		p.start = start + length*int64(p.clump)/int64(p.clumps)
		p.stop = start + length*(int64(p.clump)+1)/int64(p.clumps)
		report.note(int(p.line), fmt.Sprintf("the programme shares its slot and got part %d of %d of it", p.clump+1, p.clumps))
	}
	slices.SortStableFunc(c.programmes, func(a, b guideProgramme) int { return cmp.Compare(a.start, b.start) })
}

// dropDoubles keeps, of programmes with one start, the last in the guide. Those that say the same are not worth a word.
func (c *guideChannel) dropDoubles(report *report) []guideProgramme {
	kept := c.programmes[:0]
	for i, p := range c.programmes {
		if i+1 == len(c.programmes) || c.programmes[i+1].start != p.start {
			kept = append(kept, p)
			continue
		}
		if next := c.programmes[i+1]; next.title != p.title || next.stop != p.stop {
			report.reject(int(p.line), fmt.Sprintf("line %d has another programme that starts then on the same channel, which is taken", next.line))
		}
	}
	return kept
}
