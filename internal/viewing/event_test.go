package viewing_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/tvstats/tvstats/internal/viewing"
)

var (
	now    = viewing.At(time.Date(2026, 3, 10, 20, 0, 0, 0, time.UTC))
	oldest = viewing.At(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC))
	rules  = viewing.Rules{MaxSession: 24 * time.Hour, MaxAhead: 5 * time.Minute, Retention: 90 * 24 * time.Hour, Oldest: oldest}
)

func moment(at viewing.Millis) viewing.Timestamp {
	t := at.Time()
	return viewing.Timestamp{Seconds: t.Unix(), Nanos: int32(t.Nanosecond()), Set: true}
}

// validEvent started an hour and half a second ago.
func validEvent() viewing.Event {
	return viewing.Event{
		Identity: viewing.Identity{ClientID: 1, AccountID: 2, DeviceUID: "00:1a:79:01:02:03", Device: "mag250", ChannelID: 3},
		Started:  moment(now.Add(-time.Hour - 500*time.Millisecond)),
		Reported: moment(now),
	}
}

func TestValidEventBecomesReport(t *testing.T) {
	t.Parallel()
	e := validEvent()
	e.Tariffs = []int32{9, 4, 9}
	e.LastActivity = moment(now - 7)
	report, err := e.Report(rules, now)
	if err != nil {
		t.Fatal(err)
	}
	if report.Mode != viewing.Live {
		t.Errorf("mode %d, want live where none was set", report.Mode)
	}
	if report.LastActivityAt != now-7 || report.PositionAt != viewing.Unknown {
		t.Errorf("active at %d, position %d, want %d and none", report.LastActivityAt, report.PositionAt, now-7)
	}
	if report.WatchedSeconds != 3600 {
		t.Errorf("watched %d s, want the whole seconds since tuning in, 3600", report.WatchedSeconds)
	}
	if len(report.Tariffs) != 2 || report.Tariffs[0] != 4 || report.Tariffs[1] != 9 {
		t.Errorf("tariffs %v, want 4 and 9", report.Tariffs)
	}
}

// Each case changes a valid event; an empty want means that it stays valid.
var eventCases = []struct {
	name   string
	change func(*viewing.Event)
	want   string // part of the message
}{
	{"client 0", func(e *viewing.Event) { e.ClientID = 0 }, "client_id is 0"},
	{"client negative", func(e *viewing.Event) { e.ClientID = math.MinInt32 }, "client_id is -2147483648"},
	{"account 0", func(e *viewing.Event) { e.AccountID = 0 }, "account_id is 0"},
	{"account largest", func(e *viewing.Event) { e.AccountID = math.MaxInt64 }, ""},
	{"channel negative", func(e *viewing.Event) { e.ChannelID = -1 }, "channel_id is -1"},
	{"programme negative", func(e *viewing.Event) { e.ProgrammeID = -5 }, "programme_id is -5"},
	{"programme", func(e *viewing.Event) { e.ProgrammeID = 5 }, ""},
	{"no uid", func(e *viewing.Event) { e.DeviceUID = "" }, "device_uid has 0 bytes"},
	{"uid of 64 bytes", func(e *viewing.Event) { e.DeviceUID = strings.Repeat("é", 32) }, ""},
	{"uid of 65 bytes", func(e *viewing.Event) { e.DeviceUID = strings.Repeat("x", 65) }, "device_uid has 65 bytes"},
	{"uid not UTF-8", func(e *viewing.Event) { e.DeviceUID = "\xff" }, "device_uid is not valid UTF-8"},
	{"no device", func(e *viewing.Event) { e.Device = "" }, "device"},
	{"device of all characters", func(e *viewing.Event) { e.Device = "az09_.-" }, ""},
	{"device in capitals", func(e *viewing.Event) { e.Device = "MAG250" }, `device "MAG250" must be`},
	{"device of 32 bytes", func(e *viewing.Event) { e.Device = strings.Repeat("a", 32) }, ""},
	{"device of 33 bytes", func(e *viewing.Event) { e.Device = strings.Repeat("a", 33) }, "must be 1 to 32"},
	{"too many tariffs", func(e *viewing.Event) { e.Tariffs = make([]int32, viewing.MaxTariffs+1) }, "tariffs has 1001 ids"},
	{"tariff 0", func(e *viewing.Event) { e.Tariffs = []int32{1, 0} }, "tariffs is 0"},
	{"mode timeshift", func(e *viewing.Event) { e.ModeNumber = 3 }, ""},
	{"mode unknown", func(e *viewing.Event) { e.ModeNumber = 4 }, "mode 4"},
	{"mode beyond a byte", func(e *viewing.Event) { e.ModeNumber = 257 }, "mode 257"},
	{"no start", func(e *viewing.Event) { e.Started = viewing.Timestamp{} }, "started_at is missing"},
	{"no at", func(e *viewing.Event) { e.Reported = viewing.Timestamp{} }, "at is missing"},
	{"nanos too large", func(e *viewing.Event) { e.Reported.Nanos = 1e9 }, "at is not a valid timestamp"},
	{"seconds too large", func(e *viewing.Event) { e.Started.Seconds = math.MaxInt64 }, "started_at is not a valid timestamp"},
	{"at before start", func(e *viewing.Event) { e.Reported = moment(now.Add(-2 * time.Hour)) }, "at is before started_at"},
	{"at as start", func(e *viewing.Event) { e.Reported = e.Started }, ""},
	{"5 minutes ahead", func(e *viewing.Event) { e.Reported = moment(now.Add(5 * time.Minute)) }, ""},
	{"more than 5 minutes ahead", func(e *viewing.Event) { e.Reported = moment(now.Add(5*time.Minute) + 1) }, "ahead of the service's clock"},
	{"longest session", func(e *viewing.Event) { e.Started = moment(now.Add(-24 * time.Hour)) }, ""},
	{"longer session", func(e *viewing.Event) { e.Started = moment(now.Add(-24*time.Hour) - 1) }, "longest session"},
	{"within retention", func(e *viewing.Event) { shift(e, 89*24*time.Hour) }, ""},
	{"beyond retention", func(e *viewing.Event) { shift(e, 90*24*time.Hour) }, "older than"},
	{"started in 1970", func(e *viewing.Event) { e.Started = moment(0) }, "started_at is 1970-01-01T00:00:00Z, before 2000-01-01T00:00:00Z, the oldest time that is accepted; check the device's clock"},
	{"all in the year 1", func(e *viewing.Event) { e.Started.Seconds, e.Reported.Seconds = -62135596800, -62135596800 }, "check the device's clock"},
	{"active now", func(e *viewing.Event) { e.LastActivity = moment(now) }, ""},
	{"active 5 minutes after at", func(e *viewing.Event) { e.LastActivity = moment(now.Add(5 * time.Minute)) }, ""},
	{"active later", func(e *viewing.Event) { e.LastActivity = moment(now.Add(5*time.Minute) + 1) }, "last_activity_at is more than 5m0s after at"},
	{"active long before", func(e *viewing.Event) { e.LastActivity = moment(oldest) }, ""},
	{"active too long before", func(e *viewing.Event) { e.LastActivity = moment(oldest - 1) }, "last_activity_at is 1999-12-31"},
	{"activity no time", func(e *viewing.Event) { e.LastActivity = viewing.Timestamp{Nanos: -1, Set: true} }, "last_activity_at is not a valid timestamp"},
	{"position of live", func(e *viewing.Event) { e.Position = e.Started }, "the mode is live"},
	{"position at start", func(e *viewing.Event) { e.ModeNumber, e.Position = 3, e.Started }, ""},
	{"position after start", func(e *viewing.Event) { e.ModeNumber, e.Position = 2, moment(now) }, "position_at is after started_at"},
	{"position too old", func(e *viewing.Event) { e.ModeNumber, e.Position = 2, moment(oldest-1) }, "position_at is 1999-12-31"},
	{"position beyond retention", func(e *viewing.Event) { e.ModeNumber, e.Position = 2, moment(oldest) }, ""},
	{"watched 0", func(e *viewing.Event) { e.WatchedSet = true }, ""},
	{"watched negative", func(e *viewing.Event) { e.Watched, e.WatchedSet = -1, true }, "cannot be negative"},
	{"watched as elapsed", func(e *viewing.Event) { e.Watched, e.WatchedSet = 3600, true }, ""},
	{"watched rounded up", func(e *viewing.Event) { e.Watched, e.WatchedSet = 3601, true }, ""},
	{"watched too long", func(e *viewing.Event) { e.Watched, e.WatchedSet = 3602, true }, "watched_seconds is 3602"},
	{"watched absurd", func(e *viewing.Event) { e.Watched, e.WatchedSet = math.MaxInt64, true }, "watched_seconds is"},
}

func shift(e *viewing.Event, by time.Duration) {
	e.Started, e.Reported = moment(now.Add(-time.Hour-by)), moment(now.Add(-by))
}

func TestEventRules(t *testing.T) {
	t.Parallel()
	for _, c := range eventCases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := validEvent()
			c.change(&e)
			_, err := e.Report(rules, now)
			if c.want == "" {
				if err != nil {
					t.Fatalf("refused: %v", err)
				}
				return
			}
			refused, ok := err.(*viewing.Rejection) //nolint:errorlint // callers may rely on the very type
			if !ok {
				t.Fatalf("got %v, want a rejection", err)
			}
			if refused.Reason != viewing.ReasonInvalidEvent || !strings.Contains(refused.Message, c.want) {
				t.Errorf("refused with %s %q, want %q", refused.Reason, refused.Message, c.want)
			}
		})
	}
}

// FuzzEvent checks what every report must satisfy, whatever event it came from.
func FuzzEvent(f *testing.F) {
	f.Add(int32(1), int64(2), "uid", "mag250", int32(3), int64(1773169200), int32(0), int64(60), int64(30), true, int32(1), int64(0))
	f.Add(int32(1), int64(2), "uid", "mag250", int32(3), int64(-62135596800), int32(999999999), int64(0), int64(math.MaxInt64), true, int32(3), int64(1))
	f.Fuzz(func(t *testing.T, client int32, account int64, uid, device string, channel int32,
		started int64, nanos int32, length, watched int64, watchedSet bool, mode int32, programme int64,
	) {
		e := viewing.Event{
			Identity: viewing.Identity{
				ClientID: client, AccountID: account, DeviceUID: uid, Device: device, ChannelID: channel, ProgrammeID: programme,
			},
			Started:  viewing.Timestamp{Seconds: started, Nanos: nanos, Set: true},
			Reported: viewing.Timestamp{Seconds: started + length, Nanos: nanos, Set: true},
			Watched:  watched, WatchedSet: watchedSet, ModeNumber: mode,
		}
		report, err := e.Report(rules, now)
		if err != nil {
			if err.Error() == "" {
				t.Error("refused without a message")
			}
			return
		}
		elapsed := report.At.Sub(report.StartedAt)
		switch {
		case report.ClientID <= 0 || report.AccountID <= 0 || report.ChannelID <= 0 || report.ProgrammeID < 0:
			t.Errorf("an id that is not positive: %+v", report)
		case elapsed < 0 || elapsed > rules.MaxSession:
			t.Errorf("a session of %s", elapsed)
		case report.WatchedSeconds < 0 || time.Duration(report.WatchedSeconds-1)*time.Second > elapsed:
			t.Errorf("watched %d s of %s", report.WatchedSeconds, elapsed)
		case report.At.Sub(now) > rules.MaxAhead:
			t.Errorf("reported at %s, the clock is %s", report.At.Time(), now.Time())
		}
	})
}
