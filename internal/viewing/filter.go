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
	Policy     Policy  // what of watched time counts; it looks at all sessions of a device, whatever the filter leaves out of them
}

// ProgrammeWatch is how one programme was watched.
type ProgrammeWatch struct {
	ProgrammeID int64
	ChannelID   int32
	Title       string
	Seconds     int64 // attributed to the programme, cut to whole seconds once, after summing
	Sessions    int64 // that gave the programme any time; never 0
}
