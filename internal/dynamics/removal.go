package dynamics

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// How often a removal is planned, and from which time on data that came in between counts as late: where boxes report all
// the time a day that has just ended never stands still.
const (
	mostPlans  = 6
	strictPlan = 3
)

// EraseAccount removes an account at the instant, and keeps what its viewing came to on days that have ended.
func (d *Dynamics) EraseAccount(ctx context.Context, clientID int32, accountID int64, now viewing.Millis) (store.Erased, error) {
	d = d.At(now)
	var erased store.Erased
	removal := store.Removal{ClientID: clientID, AccountID: accountID, Before: store.Never}
	err := d.remove(ctx, removal, now, func(kept store.Kept) (err error) {
		erased, err = d.source.EraseAccount(ctx, clientID, accountID, now, kept)
		return err
	})
	return erased, err
}

// ExpireViewing removes the viewing of all days that had ended by before, day by day, and keeps what it came to. It goes on
// after a client that fails.
func (d *Dynamics) ExpireViewing(ctx context.Context, before, now viewing.Millis) error {
	d = d.At(now)
	due, err := d.source.Expiring(ctx, before)
	for _, clientID := range slices.Sorted(maps.Keys(due)) {
		err = errors.Join(err, d.expire(ctx, clientID, due[clientID], now))
	}
	return err
}

func (d *Dynamics) expire(ctx context.Context, clientID int32, days []viewing.Day, now viewing.Millis) error {
	for _, day := range days {
		err := d.remove(ctx, store.Removal{ClientID: clientID, Before: day.Window().To}, now, func(kept store.Kept) error {
			return d.source.ExpireViewing(ctx, clientID, day, kept)
		})
		if err != nil {
			return fmt.Errorf("remove the viewing of client %d of %s: %w", clientID, day, err)
		}
	}
	return nil
}

// remove plans the removal, does it, and plans it anew where data changed in between.
func (d *Dynamics) remove(ctx context.Context, r store.Removal, now viewing.Millis, do func(store.Kept) error) error {
	d.removing.Lock()
	defer d.removing.Unlock()
	for plan := 1; ; plan++ {
		kept, err := d.plan(ctx, r, now)
		if err != nil {
			return err
		}
		kept.Late = plan > strictPlan
		switch err = do(kept); {
		case !errors.Is(err, store.ErrMoved):
			return err
		case plan == mostPlans:
			return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
		}
	}
}

// plan finds out what the removal removes, and computes what is to be kept of it.
func (d *Dynamics) plan(ctx context.Context, r store.Removal, now viewing.Millis) (store.Kept, error) {
	lost, err := d.source.Losing(ctx, r)
	if err != nil || len(lost) == 0 {
		return store.Kept{}, err
	}
	p := planner{dynamics: d, now: now, kept: store.Kept{Lost: lost}}
	calendars := []viewing.Calendar{{}}
	if calendar, err := d.Calendar(ctx, r.ClientID); err != nil {
		return store.Kept{}, err
	} else if !calendar.IsUTC() {
		calendars = append(calendars, calendar)
	}
	touched := make([]touched, len(calendars))
	for i, calendar := range calendars {
		touched[i] = p.touch(Question{ClientID: r.ClientID, Calendar: calendar, Now: now})
	}
	if err := p.read(ctx, r.ClientID, touched); err != nil {
		return store.Kept{}, err
	}
	for i := range touched {
		if err := p.keep(ctx, touched[i]); err != nil {
			return store.Kept{}, err
		}
	}
	return p.kept, nil
}

// Calendar is that of the client's time zone, UTC for a client that is unknown.
func (d *Dynamics) Calendar(ctx context.Context, clientID int32) (viewing.Calendar, error) {
	client, err := d.source.Client(ctx, clientID)
	if errors.Is(err, store.ErrNotFound) {
		return viewing.Calendar{}, nil
	}
	if err != nil {
		return viewing.Calendar{}, err
	}
	zone, err := time.LoadLocation(client.TimeZone)
	if err != nil {
		return viewing.Calendar{}, fmt.Errorf("time zone of client %d: %w", clientID, err)
	}
	return viewing.CalendarOf(zone), nil
}

// planner computes what is to be kept.
type planner struct {
	dynamics *Dynamics
	now      viewing.Millis
	gone     *gone
	kept     store.Kept
}

// touched are the periods of a calendar that have ended and lose viewing.
type touched struct {
	q                     Question
	watch, months, online []viewing.Window
}

func (p *planner) touch(q Question) touched {
	t := touched{q: q}
	for _, lost := range p.kept.Lost {
		around := viewing.Window{From: lost.First, To: lost.Last + 1}
		if lost.Online {
			t.online = p.ended(t.online, q.Calendar.Periods(viewing.ByDay, around), lost)
		} else {
			t.watch = p.ended(t.watch, q.Calendar.Periods(viewing.ByDay, around), lost)
			t.months = p.ended(t.months, q.Calendar.Periods(viewing.ByMonth, around), lost)
		}
	}
	return t
}

// ended adds those of the periods that have ended. Hours come in order, so that a period is there already if it is the last one.
func (p *planner) ended(all, periods []viewing.Window, lost store.Lost) []viewing.Window {
	for _, period := range periods {
		if period.To <= p.now && lost.In(period) && (len(all) == 0 || all[len(all)-1].From < period.From) {
			all = append(all, period)
		}
	}
	return all
}

// read reads the version of all that figures of the periods depend on, before anything else, and what was kept before.
func (p *planner) read(ctx context.Context, clientID int32, all []touched) error {
	var periods []viewing.Window
	for _, t := range all {
		periods = slices.Concat(periods, t.watch, t.months, t.online)
	}
	if len(periods) == 0 {
		p.gone = &gone{}
		return nil
	}
	slices.SortFunc(periods, func(a, b viewing.Window) int { return cmp.Compare(a.From, b.From) })
	latest := slices.MaxFunc(periods, func(a, b viewing.Window) int { return cmp.Compare(a.To, b.To) })
	p.kept.Window = viewing.Window{From: viewing.ByHour.Start(periods[0].From) - viewing.LongestSession, To: latest.To}
	_, hours, err := p.dynamics.source.Versions(ctx, clientID, p.kept.Window, p.now)
	if err != nil {
		return err
	}
	for _, hour := range hours {
		p.kept.Viewing += hour.Viewing
	}
	p.gone, err = p.dynamics.gone(ctx, clientID, []viewing.Window{{From: periods[0].From, To: latest.To}})
	return err
}

// keep computes the figures of the periods of which none was kept before.
func (p *planner) keep(ctx context.Context, t touched) error {
	days := slices.DeleteFunc(t.watch, func(day viewing.Window) bool { return has(p.gone.watch, day) })
	if err := p.keepWatch(ctx, t.q, days); err != nil {
		return err
	}
	months := slices.DeleteFunc(t.months, func(month viewing.Window) bool { return has(p.gone.months, month) })
	if err := p.keepMonths(ctx, t.q, months); err != nil {
		return err
	}
	online := slices.DeleteFunc(t.online, func(day viewing.Window) bool { return has(p.gone.online, day) })
	return p.keepOnline(ctx, t.q, online)
}

func has[T any](all map[viewing.Window]T, period viewing.Window) bool {
	_, known := all[period]
	return known
}

func (p *planner) keepWatch(ctx context.Context, q Question, days []viewing.Window) error {
	watch, err := p.dynamics.watchOf(ctx, q, viewing.ByDay, days, p.gone)
	if err != nil {
		return err
	}
	var hours []viewing.Window
	for _, day := range days {
		hours = append(hours, q.Calendar.Periods(viewing.ByHour, day)...)
	}
	hourly, err := p.dynamics.watchOf(ctx, q, viewing.ByHour, hours, p.gone)
	if err != nil {
		return err
	}
	for i, day := range days {
		body := goneWatch{To: day.To, Revision: watch[i].Revision, Watch: watch[i].Watch, Extent: watch[i].Extent}
		for ; len(hours) > 0 && hours[0].From < day.To; hours, hourly = hours[1:], hourly[1:] {
			body.Hours = append(body.Hours, goneHour{hours[0].From, hours[0].To, hourly[0].Watch, hourly[0].Extent})
		}
		if err := p.add(q, store.GoneWatchDay, day, watchFormula, body); err != nil {
			return err
		}
	}
	return nil
}

func (p *planner) keepMonths(ctx context.Context, q Question, months []viewing.Window) error {
	policy, err := p.dynamics.policy(ctx, q.ClientID)
	if err != nil {
		return err
	}
	found, err := p.dynamics.watched(ctx, q.ClientID, policy, months)
	if err != nil {
		return err
	}
	for i, month := range months {
		err := p.add(q, store.GoneMonth, month, watchFormula, goneMonth{
			To: month.To, Revision: policy.revision, Accounts: found[i].Accounts, Extent: p.gone.extent(month, false),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *planner) keepOnline(ctx context.Context, q Question, days []viewing.Window) error {
	online, err := p.dynamics.onlineOf(ctx, q, p.dynamics.maxOnline(q.kind(onlineKinds, viewing.ByDay)), days, p.gone)
	if err != nil {
		return err
	}
	for i, day := range days {
		err := p.add(q, store.GoneOnlineDay, day, onlineFormula, goneOnline{day.To, online[i].MaxOnline, online[i].Extent})
		if err != nil {
			return err
		}
	}
	return nil
}

// add adds a figure of the kind, or, where the client's calendar is not UTC, of the one that follows it.
func (p *planner) add(q Question, kind store.FigureKind, period viewing.Window, formula int, body any) error {
	if !q.Calendar.IsUTC() {
		kind++
	}
	encoded, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("encode what is kept of %s: %w", period.From.Time(), err)
	}
	p.kept.Figures = append(p.kept.Figures, store.Figure{
		Kind: kind, ClientID: q.ClientID, Start: period.From, Stamp: stamp(formula, 0, "v", p.kept.Viewing), Body: encoded,
	})
	return nil
}
