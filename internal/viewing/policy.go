package viewing

// Policy is how a client measures: what of a session's watched time counts. The zero Policy counts all of it.
//
// The counted seconds of a session are the least of: its watched time; MaxSessionSeconds; the time to the last known activity
// of the viewer plus InactivitySeconds; with OneChannelPerDevice the time to the next start on the same device. With
// OneChannelPerDevice, before all this, neighbours on a device with the same channel, mode and programme of which the second
// starts before the greatest end so far are one session: that of the first, to the greatest end.
type Policy struct {
	MaxSessionSeconds   int32 // 0 = any length counts
	InactivitySeconds   int32 // 0 = activity does not matter
	OneChannelPerDevice bool
	MinSessionSeconds   int32 // what Filter.MinSeconds is where a query has none; it cuts nothing
}

// MostPolicySeconds bounds each of the policy's seconds: a leap year.
const MostPolicySeconds = 366 * 24 * 60 * 60

// Cuts reports whether counted seconds can differ from watched ones.
func (p Policy) Cuts() bool {
	return p.MaxSessionSeconds > 0 || p.InactivitySeconds > 0 || p.OneChannelPerDevice
}
