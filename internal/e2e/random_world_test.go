package e2e

import (
	"fmt"
	"math/rand/v2"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

// randomWorld draws viewing and a catalog in which everything that rankings care about happens, ties above all. It ends
// an hour before now.
func randomWorld(r *rand.Rand, clientID int32, now time.Time) *world {
	const days = 5
	w := &world{clientID: clientID, days: days, policy: &tvstatsv1.MeasurementPolicy{}, start: now.Add(-time.Hour).Truncate(time.Second).Add(-days * 24 * time.Hour)}
	for id := range int32(10) { // channels 11 and 12 are watched, too, and not in the catalog
		c := &tvstatsv1.Channel{ChannelId: id + 1, Name: fmt.Sprint("channel ", id), Number: int32(r.IntN(4))}
		for range r.IntN(3) {
			c.Categories = append(c.Categories, int32(1+r.IntN(3)))
		}
		if r.IntN(4) == 0 {
			enabled := r.IntN(2) == 0
			c.Enabled = &enabled
		}
		c.Deleted = r.IntN(8) == 0
		w.channels = append(w.channels, c)
	}
	for id := range int64(12) {
		w.accounts = append(w.accounts, &tvstatsv1.Account{
			AccountId: id + 1, Active: r.IntN(3) > 0, Tariffs: randomIDs(r, 3, 5), ChangedAt: timestamppb.New(w.start),
		})
	}
	w.randomGuide(r)
	for range 250 {
		w.randomSession(r)
	}
	return w
}

func (w *world) randomGuide(r *rand.Rand) {
	id := int64(0)
	for channel := range int32(11) {
		at := w.start.Add(-2 * time.Hour)
		for at.Before(w.start.Add(time.Duration(w.days)*24*time.Hour + 2*time.Hour)) {
			length := time.Duration(1+r.IntN(6*3600)) * time.Second
			id++
			w.programmes = append(w.programmes, &tvstatsv1.Programme{
				ProgrammeId: id, ChannelId: channel + 1, Title: fmt.Sprint("programme ", id),
				Start: timestamppb.New(at), End: timestamppb.New(at.Add(length)), Deleted: r.IntN(20) == 0,
			})
			at = at.Add(length + time.Duration(r.IntN(1800)-600)*time.Second) // gaps, and programmes that overlap
		}
	}
}

// randomSession adds the reports of one session, the last of which states all of it.
func (w *world) randomSession(r *rand.Rand) {
	account := int64(1 + r.IntN(14)) // 13 and 14 are not in the catalog
	started := w.start.Add(time.Duration(r.Int64N(int64(w.days)*86_400_000)) * time.Millisecond)
	if r.IntN(3) == 0 {
		started = started.Truncate(time.Hour)
	}
	total := []int64{0, 1, 60, 600, int64(r.IntN(20_000))}[r.IntN(5)]
	if limit := int64(time.Hour.Seconds()) + int64(w.start.Add(time.Duration(w.days)*24*time.Hour).Sub(started).Seconds()); total > limit {
		total = limit
	}
	event := tvstatsv1.ViewEvent{
		ClientId: w.clientID, AccountId: account, DeviceUid: fmt.Sprintf("box-%d-%d", account, r.IntN(2)),
		Device: []string{"mag250", "android_tv", "web"}[r.IntN(3)], ChannelId: int32(1 + r.IntN(12)),
		StartedAt: timestamppb.New(started), Mode: tvstatsv1.ViewMode(r.IntN(4)), Tariffs: randomIDs(r, 3, 5),
	}
	if r.IntN(5) == 0 {
		event.Mode, event.ProgrammeId = tvstatsv1.ViewMode_VIEW_MODE_CATCHUP, int64(1+r.IntN(200))
	}
	if len(event.Tariffs) == 0 {
		event.Tariffs = []int32{9} // else the catalog's are stamped, which depends on what came first
	}
	pauses := r.IntN(3) == 0
	reports := 1 + r.Int64N(4)
	for i := range reports {
		elapsed := total * (i + 1) / reports
		watched := elapsed
		report := tvstatsv1.ViewEvent{
			ClientId: event.ClientId, AccountId: event.AccountId, DeviceUid: event.DeviceUid, Device: event.Device,
			ChannelId: event.ChannelId, StartedAt: event.StartedAt, Mode: event.Mode, ProgrammeId: event.ProgrammeId,
			At: timestamppb.New(started.Add(time.Duration(elapsed) * time.Second)), Tariffs: event.Tariffs,
			Ended: i == reports-1 && r.IntN(2) == 0,
		}
		if pauses {
			watched = elapsed * 2 / 3
			report.WatchedSeconds = &watched
		}
		w.events = append(w.events, &report)
	}
}

func randomIDs(r *rand.Rand, most, ids int) []int32 {
	var set []int32
	for range r.IntN(most + 1) {
		set = append(set, int32(1+r.IntN(ids)))
	}
	return set
}
