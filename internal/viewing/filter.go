package viewing

// Filter chooses sessions. Every field but Policy narrows; the zero value of each but ClientID, Now and Window lets all pass, except
// for sessions of accounts whose current state is excluded: they pass only where Excluded says so.
type Filter struct {
	ClientID   int32
	Now        Millis   // the time of the question: it decides which states of accounts are current
	Window     Window   // of started_at; a session belongs whole to the window in which it started
	Devices    []string // kinds of device
	Tariffs    []int32  // a session passes if it carries any of them
	Modes      []Mode
	Channels   []int32 // nil = all; none of them lets nothing pass
	ActiveOnly bool    // only accounts that the catalog holds as active now
	MinSeconds int64   // leaves out sessions of which fewer seconds count
	Excluded   bool    // sessions of excluded accounts count, too
	Account    int64   // only this account; 0 = all
	DeviceUID  string  // only this physical device; "" = all
	Without    int64   // leaves out this account; 0 = none
	Policy     Policy  // what of watched time counts; it looks at all sessions of a device, whatever the filter leaves out of them
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
