package simulate

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/viewing"
)

// kinds of device; what stands here more often is commoner.
var kinds = []string{
	"mag250", "mag250", "mag322", "mag322", "android_tv", "android_tv", "android_tv", "smart_tv", "smart_tv", "ios",
}

// What boxes do, as probabilities.
const (
	withoutWatched = 0.06 // of a box to have firmware that does not report watched_seconds
	zapping        = 0.55 // of zapping before settling
	stepping       = 0.6  // of zapping to the neighbouring channel rather than to a favourite one
	leftOn         = 0.01 // of a settled session to go on for hours
	fromArchive    = 0.08 // of a settled session to be catch-up
	shifted        = 0.07 // of a settled session to be timeshift
	pausing        = 0.4  // of a session that is not live to be paused once
	silentEnd      = 0.03 // of a session to end without a last report
	clockSetBack   = 2e-4 // of a session to see the clock set back after its first report
)

// patience is how many channels a viewer thinks of, at most, to find a programme of interest.
const patience = 5

// box is one set-top box or application: it holds what it does now, and when it reports next.
type box struct {
	world          *World
	home           *household
	random         *rand.Rand
	base           viewing.Identity // what all its sessions have in common
	skew           viewing.Millis   // how far its clock is ahead
	withoutWatched bool

	off     viewing.Millis // when the viewer means to switch off
	zaps    int            // sessions of zapping still to come before settling
	place   int            // of the present channel in the lineup
	session session
	due     viewing.Millis // when it reports next; what is due after its household left is never reported
}

func (w *World) newBox(home *household, number int) *box {
	r := w.random(forBox, uint64(number))
	account := home.states[0].ID
	b := &box{
		world: w, home: home, random: r,
		base: viewing.Identity{
			ClientID: w.config.ClientID, AccountID: account,
			DeviceUID: fmt.Sprintf("00:1a:79:%02x:%02x:%02x", number>>16&0xff, number>>8&0xff, number&0xff),
			Device:    kinds[r.IntN(len(kinds))],
		},
		skew:           viewing.Millis(math.Max(-30, math.Min(30, r.NormFloat64()*3)) * float64(second)),
		withoutWatched: chance(r, withoutWatched),
	}
	b.place = w.popularity.draw(r, home.category)
	b.switchOn(home.watches.From)
	return b
}

// next is the box's next report and whether it gets away; then due is when the one after it comes.
func (b *box) next() (event viewing.Event, sent bool) {
	at := b.due
	event, sent = b.session.report(at), true
	if at < b.session.end {
		b.due = min(at+minute, b.session.end)
		return event, sent
	}
	sent = !chance(b.random, silentEnd)
	b.leave()
	return event, sent
}

// leave ends a session: the viewer tunes to another channel or switches off.
func (b *box) leave() {
	after := b.session.end + between(b.random, second/2, 2*second)
	if after < b.off {
		b.tune(after)
		return
	}
	b.switchOn(after)
}

// switchOn lets the box be off from a moment until its viewer next wants to watch.
func (b *box) switchOn(off viewing.Millis) {
	on := nextEvening(b.random, off, b.home.appetite)
	b.off = on + min(lognormal(b.random, 55*minute, 0.8), 6*hour)
	b.planZaps()
	b.tune(on)
}

// tune starts the next session.
func (b *box) tune(start viewing.Millis) {
	b.session = session{identity: b.base, start: start, tunedIn: b.skew, since: b.skew, withoutWatched: b.withoutWatched}
	b.session.identity.Mode = viewing.Live
	if b.zaps > 0 {
		b.zaps--
		b.zap()
	} else {
		b.settle()
		b.planZaps()
	}
	b.session.identity.ChannelID = channelID(b.place)
	if chance(b.random, clockSetBack) {
		b.session.tunedIn += between(b.random, minute, 4*minute)
	}
	b.due = start
}

// planZaps decides how many channels the viewer looks at before settling.
func (b *box) planZaps() {
	b.zaps = 0
	if chance(b.random, zapping) {
		b.zaps = 1 + int(b.random.ExpFloat64()*4)
	}
}

// zap looks at a channel for some seconds.
func (b *box) zap() {
	if chance(b.random, stepping) {
		b.place = (b.place + 1) % watchable
	} else {
		b.place = b.world.popularity.draw(b.random, b.home.category)
	}
	b.session.end = b.session.start + between(b.random, 2*second, 45*second)
}

// settle watches a channel for some time: to the end of the evening at most, unless the set is left on.
func (b *box) settle() {
	r, s := b.random, &b.session
	b.choose(s.start)
	length := min(minute+lognormal(r, 20*minute, 1), max(b.off-s.start, minute))
	if chance(r, leftOn) {
		length = between(r, 4*hour, 9*hour)
	}
	s.end = s.start + length
	switch how := r.Float64(); {
	case how < fromArchive:
		b.catchUp()
	case how < fromArchive+shifted:
		s.identity.Mode = viewing.Timeshift
		b.pause()
	}
}

// choose looks for a channel that shows something of interest, for as long as a viewer's patience lasts.
func (b *box) choose(at viewing.Millis) {
	for range patience {
		b.place = b.world.popularity.draw(b.random, b.home.category)
		if chance(b.random, b.world.interest(b.world.onAir(b.place, at).ID)) {
			return
		}
	}
}

// catchUp makes the session one of a past programme, where the programme drawn is over already.
func (b *box) catchUp() {
	s := &b.session
	programme := b.pastProgramme()
	if programme.End > s.start {
		return
	}
	s.identity.Mode, s.identity.ProgrammeID = viewing.Catchup, programme.ID
	s.end = min(s.end, s.start+programme.End-programme.Start)
	b.pause()
}

func (b *box) pastProgramme() catalog.Programme {
	return b.world.onAir(b.place, b.session.start-between(b.random, hour, archive*viewing.DayLength))
}

// pause may stop the session for a while; what was to be watched takes so much longer.
func (b *box) pause() {
	if !chance(b.random, pausing) {
		return
	}
	s, length := &b.session, between(b.random, 20*second, 15*minute)
	s.pause.From = s.start + between(b.random, 0, s.end-s.start)
	s.pause.To = s.pause.From + length
	s.end += length
}
