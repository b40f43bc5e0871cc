package intercept

import (
	"slices"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/rpc/convert"
	"github.com/tvstats/tvstats/internal/viewing"
)

// choice checks which sessions are to count, in rankings and audiences alike.
func (v *violations) choice(r convert.Choosing) {
	v.devices(r.GetDevices())
	v.ids("tariffs", r.GetTariffs())
	v.modes(r.GetModes())
	if seconds := r.GetMinWatchSeconds(); seconds < 0 {
		v.add("min_watch_seconds", "%d is not allowed; it must be 0 or more", seconds)
	}
}

func (v *violations) devices(devices []string) {
	v.few("devices", len(devices))
	if i := slices.IndexFunc(devices, func(device string) bool { return !viewing.ValidDevice(device) }); i >= 0 {
		v.add("devices", "%.40q, at index %d, is not allowed; each must be 1 to 32 of a-z 0-9 _ . -", devices[i], i)
	}
}

func (v *violations) modes(modes []tvstatsv1.ViewMode) {
	v.few("modes", len(modes))
	unknown := func(mode tvstatsv1.ViewMode) bool { return tvstatsv1.ViewMode_name[int32(mode)] == "" }
	if i := slices.IndexFunc(modes, unknown); i >= 0 {
		v.add("modes", "%v, at index %d, is not allowed; each must be VIEW_MODE_LIVE, VIEW_MODE_CATCHUP or VIEW_MODE_TIMESHIFT", modes[i], i)
	}
}
