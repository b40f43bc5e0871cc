package viewing

import (
	"fmt"
	"time"
	"unicode/utf8"
)

// Why an event is refused, as the gateway reads it in RejectedEvent.reason. Each is a value of ErrorReason in the contract.
const (
	ReasonInvalidEvent       = "INVALID_EVENT"
	ReasonCollectionDisabled = "COLLECTION_DISABLED"
	ReasonPermissionDenied   = "PERMISSION_DENIED"
)

// Rejection is why one event of a batch was refused.
type Rejection struct {
	Reason  string // one of the Reason constants
	Message string // what was wrong and what is allowed
}

// Error makes a Rejection an error.
func (r *Rejection) Error() string { return r.Message }

// Timestamp is a moment as a gateway sent it, not yet known to be valid.
type Timestamp struct {
	Seconds int64 // since 1970-01-01 UTC
	Nanos   int32
	Set     bool // false where the field was absent
}

// millis cuts the moment to the millisecond; false where it lies outside the years 1 to 9999 or its nanos are impossible.
func (t Timestamp) millis() (Millis, bool) {
	const year1, year10000 = -62135596800, 253402300800
	if t.Seconds < year1 || t.Seconds >= year10000 || t.Nanos < 0 || t.Nanos >= 1e9 {
		return 0, false
	}
	return Millis(t.Seconds*1000 + int64(t.Nanos)/1e6), true
}

// Event is a view event as it arrived.
type Event struct {
	Identity          // StartedAt is set by Report
	Started, Reported Timestamp
	Watched           int64 // whole seconds; meaningful where WatchedSet
	WatchedSet        bool
	ModeNumber        int32 // 0 = live
	Ended             bool
	LastActivity      Timestamp // optional
	Position          Timestamp // optional; not of live sessions
	Tariffs           []int32   // as sent
}

// Rules are the limits that depend on configuration.
type Rules struct {
	MaxSession time.Duration // the longest at − started_at
	MaxAhead   time.Duration // how far at may be ahead of the service's clock
	Retention  time.Duration // the greatest age of started_at; 0 = no limit
	Oldest     Millis        // the floor of every time: what is before it comes of a clock that is wrong
}

const maxDeviceUID, maxDevice = 64, 32

// MaxTariffs is how many tariffs an account can have at once. Every set of them that ever came is kept, so that they must be few.
const MaxTariffs = 1000

// Report turns the event into a valid report, or says with a *Rejection what is wrong. now is the service's clock.
func (e *Event) Report(rules Rules, now Millis) (Report, error) {
	if err := e.checkNames(); err != nil {
		return Report{}, err
	}
	mode := Mode(e.ModeNumber)
	if e.ModeNumber == 0 {
		mode = Live
	}
	if e.ModeNumber < 0 || e.ModeNumber > int32(Timeshift) {
		return Report{}, invalid("mode %d does not exist", e.ModeNumber)
	}
	started, at, err := e.checkTimes(rules, now)
	if err != nil {
		return Report{}, err
	}
	// An absent watched_seconds means the whole time since tuning in, and never more than a device could have played.
	elapsed := int64(at-started) / 1000
	watched := elapsed
	if e.WatchedSet {
		watched = e.Watched
	}
	if watched < 0 {
		return Report{}, invalid("watched_seconds is %d; it cannot be negative", watched)
	}
	if watched > elapsed+2 || (watched-1)*1000 > int64(at-started) { // the first comparison keeps the second from overflowing
		return Report{}, invalid("watched_seconds is %d, but at − started_at is only %d s", watched, elapsed)
	}
	report := Report{Identity: e.Identity, State: State{
		At: at, WatchedSeconds: int32(watched), Ended: e.Ended, Tariffs: Distinct(e.Tariffs),
	}}
	report.Mode, report.StartedAt = mode, started
	err = e.checkOptionalTimes(&report, rules)
	return report, err
}

func (e *Event) checkNames() error {
	switch {
	case e.ClientID <= 0:
		return notPositive("client_id", int64(e.ClientID))
	case e.AccountID <= 0:
		return notPositive("account_id", e.AccountID)
	case e.ChannelID <= 0:
		return notPositive("channel_id", int64(e.ChannelID))
	case e.ProgrammeID < 0:
		return invalid("programme_id is %d; it must be positive, or 0 for none", e.ProgrammeID)
	case e.DeviceUID == "" || len(e.DeviceUID) > maxDeviceUID:
		return invalid("device_uid has %d bytes; it must have 1 to %d", len(e.DeviceUID), maxDeviceUID)
	case !utf8.ValidString(e.DeviceUID):
		return invalid("device_uid is not valid UTF-8")
	case !ValidDevice(e.Device):
		return invalid("device %.40q must be 1 to %d of a-z 0-9 _ . -", e.Device, maxDevice)
	case len(e.Tariffs) > MaxTariffs:
		return invalid("tariffs has %d ids; it can have at most %d", len(e.Tariffs), MaxTariffs)
	}
	for _, tariff := range e.Tariffs {
		if tariff <= 0 {
			return notPositive("tariffs", int64(tariff))
		}
	}
	return nil
}

func (e *Event) checkTimes(rules Rules, now Millis) (started, at Millis, err error) {
	if !e.Started.Set {
		return 0, 0, invalid("started_at is missing")
	}
	if !e.Reported.Set {
		return 0, 0, invalid("at is missing")
	}
	started, startedValid := e.Started.millis()
	at, atValid := e.Reported.millis()
	switch {
	case !startedValid:
		return 0, 0, invalid("started_at is not a valid timestamp")
	case !atValid:
		return 0, 0, invalid("at is not a valid timestamp")
	case started < rules.Oldest:
		return 0, 0, tooOld("started_at", started, rules)
	case at < rules.Oldest:
		return 0, 0, tooOld("at", at, rules)
	case at < started:
		return 0, 0, invalid("at is before started_at")
	case at > now.Add(rules.MaxAhead):
		return 0, 0, invalid("at is more than %s ahead of the service's clock; check the device's clock", rules.MaxAhead)
	case at-started > Millis(rules.MaxSession.Milliseconds()):
		return 0, 0, invalid("at is more than %s after started_at, the longest session", rules.MaxSession)
	case rules.Retention > 0 && started < now.Add(-rules.Retention):
		return 0, 0, invalid("started_at is older than the %s that are kept", rules.Retention)
	}
	return started, at, nil
}

// checkOptionalTimes adds to the report the times that the event may leave out.
func (e *Event) checkOptionalTimes(report *Report, rules Rules) error {
	for _, optional := range []struct {
		field string
		given Timestamp
		to    *Millis
	}{{"last_activity_at", e.LastActivity, &report.LastActivityAt}, {"position_at", e.Position, &report.PositionAt}} {
		if !optional.given.Set {
			continue
		}
		at, valid := optional.given.millis()
		switch {
		case !valid:
			return invalid("%s is not a valid timestamp", optional.field)
		case at < rules.Oldest:
			return tooOld(optional.field, at, rules)
		}
		*optional.to = at
	}
	switch {
	case e.LastActivity.Set && report.LastActivityAt > report.At.Add(rules.MaxAhead):
		return invalid("last_activity_at is more than %s after at", rules.MaxAhead)
	case e.Position.Set && report.Mode == Live:
		return invalid("position_at is set, but the mode is live; only catch-up and timeshift have one")
	case e.Position.Set && report.PositionAt > report.StartedAt:
		return invalid("position_at is after started_at; what is on the screen was broadcast before")
	}
	return nil
}

func tooOld(field string, at Millis, rules Rules) error {
	return invalid("%s is %s, before %s, the oldest time that is accepted; check the device's clock",
		field, at.Time().Format(time.RFC3339), rules.Oldest.Time().Format(time.RFC3339))
}

// ValidDevice reports whether s can be a kind of device: 1 to 32 of a-z 0-9 _ . -
func ValidDevice(s string) bool {
	if s == "" || len(s) > maxDevice {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '_', c == '.', c == '-':
		default:
			return false
		}
	}
	return true
}

func notPositive(field string, id int64) error {
	return invalid("%s is %d; it must be positive", field, id)
}

func invalid(format string, args ...any) error {
	return &Rejection{Reason: ReasonInvalidEvent, Message: fmt.Sprintf(format, args...)}
}
