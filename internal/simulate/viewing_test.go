package simulate

import (
	"cmp"
	"maps"
	"slices"
	"testing"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/viewing"
)

// sessions is what a service makes of a simulation: valid reports merged.
func sessions(w *World) map[viewing.Identity]viewing.State {
	merged := map[viewing.Identity]viewing.State{}
	for arrival := range w.Arrivals() {
		if report, err := arrival.Event.Report(rules, arrival.At); err == nil {
			merged[report.Identity] = viewing.Merge(merged[report.Identity], report.State)
		}
	}
	return merged
}

// worlds are the sessions of the worlds that several tests look at, by seed.
var worlds = map[uint64]map[viewing.Identity]viewing.State{}

// viewed is the sessions of a world that was found.
func viewed(seed uint64) map[viewing.Identity]viewing.State {
	if worlds[seed] == nil {
		worlds[seed] = sessions(found(seed))
	}
	return worlds[seed]
}

func TestViewersZapSettleAndLeaveTheSetOn(t *testing.T) {
	for _, seed := range seeds {
		short, hours := 0, 0
		merged := viewed(seed)
		for _, state := range merged {
			if state.WatchedSeconds < 60 {
				short++
			}
			if state.WatchedSeconds > 4*3600 {
				hours++
			}
		}
		if all := len(merged); short < all/3 || short > all*3/4 || hours == 0 || hours > all/100 {
			t.Errorf("seed %d: of %d sessions %d last less than a minute and %d more than four hours", seed, all, short, hours)
		}
	}
}

func TestEveningsAreBusyAndNightsAreNot(t *testing.T) {
	for _, seed := range seeds {
		var begun [24]int
		for id := range viewed(seed) {
			begun[id.StartedAt.Time().Hour()]++
		}
		evening, night := begun[18]+begun[19]+begun[20], begun[2]+begun[3]+begun[4]
		if evening < 5*night || night == 0 {
			t.Errorf("seed %d: %d sessions begin in three hours of the evening, %d in three of the night", seed, evening, night)
		}
	}
}

func TestFewChannelsHaveMostOfTheAudience(t *testing.T) {
	for _, seed := range seeds {
		seconds := map[int32]int64{}
		var all int64
		for id, state := range viewed(seed) {
			seconds[id.ChannelID] += int64(state.WatchedSeconds)
			all += int64(state.WatchedSeconds)
		}
		ranked := slices.SortedFunc(maps.Values(seconds), func(a, b int64) int { return cmp.Compare(b, a) })
		if len(ranked) != watchable || ranked[0] < 4*ranked[watchable/2] || ranked[0] > all/3 {
			t.Errorf("seed %d: channels have these seconds: %v", seed, ranked)
		}
	}
}

func TestModes(t *testing.T) {
	w := found(1)
	guide := map[int64]catalog.Programme{}
	for p := range w.Guide() {
		guide[p.ID] = p
	}
	count, paused := map[viewing.Mode]int{}, map[viewing.Mode]int{}
	for id, state := range viewed(1) {
		count[id.Mode]++
		if viewing.Millis(state.WatchedSeconds)*second < state.At-id.StartedAt-10*second {
			paused[id.Mode]++
		}
		if id.Mode != viewing.Catchup {
			if id.ProgrammeID != 0 {
				t.Errorf("%+v has a programme without being catch-up", id)
			}
			continue
		}
		p, known := guide[id.ProgrammeID]
		if !known || p.ChannelID != id.ChannelID || p.End > id.StartedAt+minute { // the box's clock may be behind
			t.Errorf("%+v catches up with %+v", id, p)
		}
	}
	for _, mode := range []viewing.Mode{viewing.Catchup, viewing.Timeshift} {
		if count[mode] == 0 || paused[mode] == 0 || paused[mode] == count[mode] {
			t.Errorf("of %d sessions in mode %d %d were paused", count[mode], mode, paused[mode])
		}
	}
	if count[viewing.Live] < 5*(count[viewing.Catchup]+count[viewing.Timeshift]) || paused[viewing.Live] > 0 {
		t.Errorf("sessions by mode %v, paused %v", count, paused)
	}
}

func TestBoxesPlayOneThingAtATime(t *testing.T) {
	byBox := map[string][]viewing.Report{}
	for id, state := range viewed(1) {
		byBox[id.DeviceUID] = append(byBox[id.DeviceUID], viewing.Report{Identity: id, State: state})
	}
	overlaps := 0
	for _, played := range byBox {
		slices.SortFunc(played, func(a, b viewing.Report) int { return cmp.Compare(a.StartedAt, b.StartedAt) })
		for i := range played[1:] {
			if played[i+1].StartedAt < played[i].At {
				overlaps++
			}
		}
	}
	if overlaps > len(byBox)/10 { // only a clock that was set back makes it look so
		t.Errorf("%d sessions begin before the one before has ended", overlaps)
	}
}

func TestOnlyActiveAccountsWatch(t *testing.T) {
	w := found(1)
	active := map[int64]viewing.Window{}
	for _, state := range w.Catalog().Accounts {
		if state.Active {
			active[state.ID] = viewing.Window{From: state.ChangedAt, To: week.To}
		} else {
			active[state.ID] = viewing.Window{From: active[state.ID].From, To: state.ChangedAt}
		}
	}
	for id, state := range viewed(1) {
		const clock = 30 * second // how wrong the box's may be
		if in := active[id.AccountID]; id.StartedAt < in.From-clock || state.At > in.To+5*minute+clock {
			t.Errorf("%+v until %v by an account that is active only in %v", id, state.At.Time(), in)
		}
	}
}

func BenchmarkWeekOf300Boxes(b *testing.B) {
	reports := 0
	for b.Loop() {
		for range New(Config{Seed: 1, ClientID: 1, Boxes: 300, Span: week}).Arrivals() {
			reports++
		}
	}
	b.ReportMetric(float64(reports)/b.Elapsed().Seconds(), "reports/s")
}
