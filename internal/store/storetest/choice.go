package storetest

import (
	"slices"

	"github.com/tvstats/tvstats/internal/viewing"
)

// choice is a random one, of which each part is left out about half of the time.
func (w *World) choice() viewing.Choice {
	return viewing.Choice{
		Devices:    some(w, append([]string{"never_seen"}, worldDevices...), 20),
		Tariffs:    some(w, numbers(worldTariffs+1), 20),
		Modes:      some(w, []viewing.Mode{viewing.Live, viewing.Catchup, viewing.Timeshift}, 25),
		ActiveOnly: w.Chance(30),
		MinSeconds: Pick(w, []int64{0, 0, 1, 64, 600, 5000}),
	}
}

// chosen reports whether the choice lets the session pass.
func (w *Twin) chosen(filter viewing.Filter, session viewing.Report) bool {
	c := filter.Choice
	return (len(c.Devices) == 0 || slices.Contains(c.Devices, session.Device)) &&
		(len(c.Tariffs) == 0 || overlap(c.Tariffs, session.Tariffs)) &&
		(len(c.Modes) == 0 || slices.Contains(c.Modes, session.Mode)) &&
		(!c.ActiveOnly || w.active(session, filter.Now)) &&
		int64(session.WatchedSeconds) >= c.MinSeconds
}
