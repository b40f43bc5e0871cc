package viewing

import "cmp"

// Choice is what callers of rankings and audiences choose of sessions. Each field narrows, and lets all pass where it is empty. It is
// kept with results.
type Choice struct {
	Devices    []string `json:"devices,omitempty"` // kinds of device
	Tariffs    []int32  `json:"tariffs,omitempty"` // a session passes if it carries any of them
	Modes      []Mode   `json:"modes,omitempty"`
	ActiveOnly bool     `json:"accounts_active,omitempty"`   // only accounts that the catalog holds as active now
	MinSeconds int64    `json:"min_watch_seconds,omitempty"` // leaves out sessions of which fewer seconds count
}

// Under is the choice of a client with the policy, whose MinSessionSeconds is the default of MinSeconds.
func (c Choice) Under(p Policy) Choice {
	c.MinSeconds = cmp.Or(c.MinSeconds, int64(p.MinSessionSeconds))
	return c
}

// Step is one part of a choice.
type Step struct {
	Field string // its name in requests
	Set   bool   // whether it leaves out anything
	Apply func(*Choice)
}

// Steps are the parts of the choice, in the order in which an explanation says what they took away.
func (c Choice) Steps() []Step {
	return []Step{
		{"devices", len(c.Devices) > 0, func(to *Choice) { to.Devices = c.Devices }},
		{"tariffs", len(c.Tariffs) > 0, func(to *Choice) { to.Tariffs = c.Tariffs }},
		{"modes", len(c.Modes) > 0, func(to *Choice) { to.Modes = c.Modes }},
		{"accounts_active", c.ActiveOnly, func(to *Choice) { to.ActiveOnly = true }},
		{"min_watch_seconds", c.MinSeconds > 0, func(to *Choice) { to.MinSeconds = c.MinSeconds }},
	}
}

// Filter chooses sessions. Every field but Policy narrows; the zero value of each but ClientID, Now and Window lets all pass, except
// for sessions of accounts whose current state is excluded: they pass only where Excluded says so.
type Filter struct {
	ClientID int32
	Now      Millis // the time of the question: it decides which states of accounts are current
	Window   Window // of started_at; a session belongs whole to the window in which it started
	Choice
	Channels  []int32 // nil = all; none of them lets nothing pass
	Excluded  bool    // sessions of excluded accounts count, too
	Account   int64   // only this account; 0 = all
	DeviceUID string  // only this physical device; "" = all
	Without   int64   // leaves out this account; 0 = none
	Policy    Policy  // what of watched time counts; it looks at all sessions of a device, whatever the filter leaves out of them
}

// ProgrammeWatch is how one programme was watched.
type ProgrammeWatch struct {
	ProgrammeID int64
	ChannelID   int32
	Title       string
	Start       Millis // of the programme
	Length      Millis // of the programme; positive
	Watch       Millis // attributed to the programme
	Sessions    int64  // that gave the programme any time; never 0
	Accounts    int64  // distinct, of these sessions
	Reach       int64  // distinct accounts of which one session gave the programme as much as was requested
	Greatest    Millis // what was attributed of the account that has the most
	TopAccount  int64  // that account; of several with as much the smallest
}

// Seconds are the whole seconds of the time that was attributed, cut once.
func (p *ProgrammeWatch) Seconds() int64 { return int64(p.Watch / 1000) }

// AverageAudience is how many watched the programme at each instant of it, on average.
func (p *ProgrammeWatch) AverageAudience() float64 { return float64(p.Watch) / float64(p.Length) }
