package storetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// The size of the random world. It is small on purpose: identities, lengths and scores are to collide.
const (
	WorldDays     = 5  // how many days after World.From data lies in
	WorldClients  = 2  // clients 1 and 2
	WorldAccounts = 12 // accounts 1 to 12 of each
	worldChannels = 7
	worldTariffs  = 5
)

var worldDevices = []string{"android_tv", "mag250", "web"}

// World makes random but repeatable data around one moment.
type World struct {
	*rand.Rand
	From viewing.Millis // midnight before the first session
}

// NewWorld logs the seed where the test fails. Odd worlds lie across the start of 1970.
func NewWorld(t *testing.T, seed uint64) *World {
	t.Helper()
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the random data comes from seed %d", seed)
		}
	})
	from := viewing.At(time.Date(2026, 2, 26, 0, 0, 0, 0, time.UTC))
	if seed%2 == 1 {
		from = -2 * viewing.DayLength
	}
	return &World{Rand: rand.New(rand.NewPCG(seed, 0)), From: from}
}

// Chance is true in percent of a hundred cases.
func (w *World) Chance(percent int) bool { return w.IntN(100) < percent }

// Instant lies in the days of the world, often on a full minute, hour or day.
func (w *World) Instant() viewing.Millis {
	at := viewing.Millis(w.Int64N(WorldDays * int64(viewing.DayLength)))
	steps := []viewing.Millis{1, 1000, 60_000, 3_600_000, viewing.DayLength}
	return w.From + at - at%Pick(w, steps)
}

// Pick returns one of the elements.
func Pick[T any](w *World, from []T) T { return from[w.IntN(len(from))] }

// some picks each element with the chance.
func some[T any](w *World, from []T, percent int) []T {
	var picked []T
	for _, element := range from {
		if w.Chance(percent) {
			picked = append(picked, element)
		}
	}
	return picked
}

// numbers are the ids 1 to n.
func numbers(n int32) []int32 {
	ids := make([]int32, n)
	for i := range ids {
		ids[i] = int32(i) + 1
	}
	return ids
}

// Sessions makes n sessions, each as the list of its reports.
func (w *World) Sessions(n int) [][]viewing.Report {
	sessions := make([][]viewing.Report, n)
	for i := range sessions {
		sessions[i] = w.session()
	}
	return sessions
}

func (w *World) session() []viewing.Report {
	identity := w.identity()
	length := w.length()
	tariffs := some(w, numbers(worldTariffs), 30)
	reports := make([]viewing.Report, 1+w.IntN(5))
	position := w.From + viewing.Millis(w.Int64N(int64(identity.StartedAt-w.From)+1))
	for i := range reports {
		elapsed := w.Int64N(length + 1)
		last := i == len(reports)-1
		if last {
			elapsed = length
		}
		if w.Chance(15) {
			tariffs = some(w, numbers(worldTariffs), 30) // they changed while the set was on
		}
		watched := elapsed
		if w.Chance(20) {
			watched = w.Int64N(elapsed + 1) // it was paused
		}
		reports[i] = viewing.Report{Identity: identity, State: viewing.State{
			At:             identity.StartedAt + viewing.Millis(elapsed)*1000 + viewing.Millis(w.IntN(2)),
			WatchedSeconds: int32(watched), Ended: last && w.Chance(70), Tariffs: tariffs,
		}}
		if w.Chance(50) {
			reports[i].LastActivityAt = identity.StartedAt + viewing.Millis(w.Int64N(elapsed*1000+600_000)) - 300_000
		}
		if identity.Mode != viewing.Live && w.Chance(60) { // most devices agree with themselves
			reports[i].PositionAt = position - viewing.Millis(w.IntN(2)*w.IntN(5000))
		}
	}
	return reports
}

func (w *World) identity() viewing.Identity {
	account := w.Int64N(WorldAccounts) + 1
	identity := viewing.Identity{
		ClientID: w.Int32N(WorldClients) + 1, AccountID: account,
		DeviceUID: fmt.Sprintf("box-%d-%d", account, w.IntN(2)), Device: Pick(w, worldDevices),
		ChannelID: w.Int32N(worldChannels) + 1, Mode: viewing.Live, StartedAt: w.Instant(),
	}
	if w.Chance(25) {
		identity.Mode = Pick(w, []viewing.Mode{viewing.Catchup, viewing.Timeshift})
	}
	if identity.Mode == viewing.Catchup && w.Chance(80) || w.Chance(3) {
		identity.ProgrammeID = w.Int64N(300) + 1
	}
	return identity
}

// length is how long a session lasts, in seconds: zero, often the same, sometimes many hours.
func (w *World) length() int64 {
	switch {
	case w.Chance(40):
		return Pick(w, []int64{0, 1, 63, 64, 600, 1800})
	case w.Chance(10):
		return w.Int64N(86_000)
	default:
		return w.Int64N(7200)
	}
}

// guide makes programmes for all channels of a client: one after the other, with some gaps, overlaps and deletions.
func (w *World) guide(client int32) catalog.Batch {
	batch := catalog.Batch{ClientID: client}
	for _, channel := range numbers(worldChannels) {
		for at := w.From; at < w.From+WorldDays*viewing.DayLength; {
			minutes := viewing.Millis(Pick(w, []int{1, 10, 60, 60, 150, 600}))
			id := int64(len(batch.Programmes)) + 1
			programme := catalog.Programme{
				ID: id, ChannelID: channel, Title: fmt.Sprintf("«%d» naïve & 'new'", id),
				Start: at, End: at + minutes*60_000, Deleted: w.Chance(4),
			}
			batch.Programmes = append(batch.Programmes, programme)
			at = programme.End + viewing.Millis(Pick(w, []int{0, 0, 0, 1, 90_000, -30_000}))
		}
	}
	return batch
}

// accounts makes several states of each account, in no order.
func (w *World) accounts(client int32) catalog.Batch {
	batch := catalog.Batch{ClientID: client}
	for id := range int64(WorldAccounts) {
		for changed := range viewing.Millis(1 + w.IntN(3)) {
			batch.Accounts = append(batch.Accounts, catalog.Account{
				ID: id + 1, ChangedAt: w.From + changed*1000, Active: w.Chance(60), Deleted: w.Chance(10), Excluded: w.Chance(20),
				Tariffs: some(w, numbers(worldTariffs), 30),
			})
		}
	}
	Shuffle(w, batch.Accounts)
	return batch
}

// Shuffle puts the elements into random order.
func Shuffle[T any](w *World, all []T) {
	w.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
}

// Batches cuts the elements into batches of random size.
func Batches[T any](w *World, all []T) [][]T {
	var cut [][]T
	for len(all) > 0 {
		n := 1 + w.IntN(min(len(all), 200))
		cut, all = append(cut, all[:n]), all[n:]
	}
	return cut
}

// questions makes random ones; each part of a filter is left out about half of the time.
func (w *World) questions(n int) []question {
	questions := make([]question, n)
	for i := range questions {
		q := whole(w.Int32N(WorldClients) + 1)
		q.limit = Pick(w, []int{1, 2, 3, 17, 1 << 20})
		if w.Chance(70) {
			bounds := []viewing.Millis{w.Instant(), w.Instant()}
			slices.Sort(bounds)
			q.filter.Window = viewing.Window{From: bounds[0], To: bounds[1]}
		}
		q.filter.Choice = w.choice()
		q.filter.Excluded = w.Chance(10)
		q.filter.Now = Pick(w, []viewing.Millis{EndOfTime, w.From, w.From + 1500, w.Instant()})
		if w.Chance(10) {
			q.filter.Account = int64(1 + w.IntN(4))
			q.filter.DeviceUID = Pick(w, []string{"", fmt.Sprintf("box-%d-1", q.filter.Account), "box-'"})
		}
		if w.Chance(20) {
			q.filter.Without = int64(1 + w.IntN(4))
		}
		q.channels = w.channelSet()
		q.reach, q.score = Pick(w, []viewing.Millis{0, 1000, 180_000, 5_000_000}), store.ProgrammeScore(w.IntN(4))
		q.minAccounts = w.Int64N(4)
		q.silence = Pick(w, []viewing.Millis{0, viewing.HourLength, viewing.DayLength, 3 * viewing.DayLength})
		if w.Chance(10) {
			q.programmes = some(w, []int64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 40)
		}
		if w.Chance(20) {
			q.filter.Policy = w.Policy()
		}
		questions[i] = q
	}
	return questions
}

// Policy is a random one, of which each part is off about half of the time.
func (w *World) Policy() viewing.Policy {
	return viewing.Policy{
		MaxSessionSeconds:   Pick(w, []int32{0, 0, 1, 600, 7200, 100_000}),
		InactivitySeconds:   Pick(w, []int32{0, 0, 1, 300, 10_000}),
		OneChannelPerDevice: w.Chance(60),
	}
}

func (w *World) channelSet() store.ChannelSet {
	set := store.ChannelSet{Except: some(w, numbers(worldChannels), 20)}
	if w.Chance(30) {
		set.Only = append([]int32{}, some(w, numbers(worldChannels+1), 50)...) // none at all is no wildcard
	}
	return set
}
