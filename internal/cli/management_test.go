package cli

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

// parse reads a command line as the program does.
func parse(t *testing.T, line ...string) (*Management, error) {
	t.Helper()
	var commands Management
	parser := kong.Must(&commands, kong.Name("tvstats"), kong.DefaultEnvars("TVSTATS"), Vars())
	line, err := Arguments(parser.Model, line)
	if err == nil {
		_, err = parser.Parse(line)
	}
	return &commands, err
}

func TestListsMayBeRepeatedOrJoined(t *testing.T) {
	for _, flags := range [][]string{
		{"--client_id=1,2", "--tariffs=3,4", "--devices=mag250,ios"},
		{"--client_id=1", "--client_id=2", "--tariffs", "3", "--tariffs", "4", "--devices=mag250", "--devices=ios"},
	} {
		line := append([]string{"create_channel_sorting_by_popularity", "--days_number=7", "--criterion=watch"}, flags...)
		got, err := parse(t, line...)
		if c := got.ChannelSorting; err != nil || !slices.Equal(c.ClientID, []int32{1, 2}) ||
			!slices.Equal(c.Tariffs, []int32{3, 4}) || !slices.Equal(c.Devices, []string{"mag250", "ios"}) {
			t.Errorf("%q: %v, %+v", flags, err, c)
		}
	}
}

func TestAccountsActiveStandsAloneOrWithAValue(t *testing.T) {
	for flag, want := range map[string]bool{
		"": false, "--accounts_active": true, "--accounts_active=true": true, "--accounts_active=True": true,
		"--accounts_active true": true, "--accounts_active=false": false, "--accounts_active False": false,
	} {
		for _, behind := range []string{"", " --days_number=7"} {
			line := "create_channel_selection_by_popularity --days_number=1 --client_id=1 --criterion=watch " + flag + behind
			got, err := parse(t, strings.Fields(line)...)
			if err != nil || bool(got.ChannelSelection.AccountsActive) != want {
				t.Errorf("%s: %v, %v", line, got.ChannelSelection.AccountsActive, err)
			}
		}
	}
}

func TestCriteriaByAllTheirNames(t *testing.T) {
	for name, want := range map[string]tvstatsv1.Criterion{
		"watch": 1, "watch_time": 1, "watch_sessions": 2, "average": 3, "average_watch_time": 3, "median_watch_time": 4,
	} {
		got, err := parse(t, "create_channel_sorting_by_popularity", "--client_id=1", "--days_number=7", "--criterion="+name)
		if err != nil || got.ChannelSorting.Criterion.Criterion != want {
			t.Errorf("%s: %v, %v", name, got.ChannelSorting.Criterion, err)
		}
	}
}

// An error says what came and what is allowed.
func TestWrongValues(t *testing.T) {
	for flag, want := range map[string]string{
		"--criterion=popularity":  `"popularity" does not exist; it is one of watch_time, watch_sessions, average_watch_time, median_watch_time`,
		"--accounts_active=maybe": `"maybe" is neither true nor false`,
		"--as_of=tomorrow":        `"tomorrow" is no time; allowed are now, today, yesterday, -7d (or h, m, w), a day, 2026-03-02, and a time of it`,
		"--client_id=one":         `"one"`,
		"--output=xml":            `--output must be one of "table","json" but got "xml"`,
		"--server=somewhere":      `--server="somewhere": allowed is host:port`,
		"--no_such_flag":          "unknown flag --no_such_flag",
	} {
		_, err := parse(t, "create_channel_sorting_by_popularity", "--client_id=1", "--days_number=7", "--criterion=watch", flag)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", flag, err, want)
		}
	}
}

// TestOldLines reads lines as old pages and other commands print them.
func TestOldLines(t *testing.T) {
	for _, line := range [][]string{
		{"-client_id", "1", "-days_number", "7", "-selection_name", "A", "-categories", "2", "7", "-settings", "x"},
		{"-client_id=1", "-days_number=7", "-election_name=A", "--categories=2, 7"},
		{"--client-id", "1", "--days-number", "7", "--election_name", "A", "--categories", "2 7", "--settings"},
		{"--client_id=1", "--days_number=7", "--election-name=A", "--categories", "2,", "7", "--settings=--x"},
		{"--settings", "--client_id=1", "--days_number=7", "--selection-name=A", "--categories=2", "--categories", "7"},
	} {
		got, err := parse(t, append([]string{"create_epg_selection_by_popularity"}, line...)...)
		if c := got.EPGSelection; err != nil || c.ClientID != 1 || c.DaysNumber != 7 || c.SelectionName != "A" || !slices.Equal(c.Categories, []int32{2, 7}) {
			t.Errorf("%q: %v, %+v", line, err, c)
		}
	}
	got, err := parse(t, "create_channel_sorting_by_popularity", "--client_id", "1", "2", "--days_number=7", "--criterion=watch", "--devices=mag250, ios", "--as_of", "-7d")
	if c := got.ChannelSorting; err != nil || !slices.Equal(c.ClientID, []int32{1, 2}) || !slices.Equal(c.Devices, []string{"mag250", "ios"}) || c.AsOf.proto == nil {
		t.Errorf("%v, %+v", err, c)
	}
	for line, want := range map[string]string{
		"create_chanel_sorting_by_popularity": `there is no command "create_chanel_sorting_by_popularity", did you mean "create_channel_sorting_by_popularity"?`,
		"save-stat":                           `there is no command "save-stat", did you mean "save_stats"?`,
		"nothing_like_it":                     `there is no command "nothing_like_it"`,
	} {
		if _, err := parse(t, line); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", line, err, want)
		}
	}
}

// TestNegativeNumbersAreValues: behind a space, too, so that what is wrong with them is said, and not that -5 is no flag.
func TestNegativeNumbersAreValues(t *testing.T) {
	got, err := parse(t, strings.Fields("create_channel_sorting_by_popularity --criterion=watch --client_id -1 --days_number -5 --tariffs -1,-2")...)
	if c := got.ChannelSorting; err != nil || !slices.Equal(c.ClientID, []int32{-1}) || c.DaysNumber != -5 || !slices.Equal(c.Tariffs, []int32{-1, -2}) {
		t.Errorf("%v, %+v", err, c)
	}
}

func TestTimesThatPeopleWrite(t *testing.T) {
	now := time.Date(2026, 3, 9, 14, 30, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"now": "2026-03-09T14:30:00Z", "today": "2026-03-09T00:00:00Z", "yesterday": "2026-03-08T00:00:00Z",
		"-7d": "2026-03-02T14:30:00Z", "-1w": "2026-03-02T14:30:00Z", "-90m": "2026-03-09T13:00:00Z",
		"2026-03-02": "2026-03-02T00:00:00Z", "2026-03-02T06:00:00+02:00": "2026-03-02T04:00:00Z",
		"2026-03-02 06:00": "2026-03-02T06:00:00Z", "02.03.2026 06:00": "2026-03-02T06:00:00Z",
		"1772395200": "2026-03-01T20:00:00Z", "1772395200000": "2026-03-01T20:00:00Z", "-99999d": "", "7d": "", "": "",
	} {
		got, err := timeAt(text, now)
		if err == nil != (want != "") || err == nil && got.Format(time.RFC3339) != want {
			t.Errorf("%q: got %v, %v, want %s", text, got, err, want)
		}
	}
}
