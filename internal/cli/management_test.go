package cli

import (
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

// parse reads a command line as the program does.
func parse(t *testing.T, line ...string) (*Management, error) {
	t.Helper()
	var commands Management
	_, err := kong.Must(&commands, kong.Name("tvstats"), kong.DefaultEnvars("TVSTATS")).Parse(line)
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
		"--as_of=yesterday":       `"yesterday" is no time; allowed are a day, 2026-03-02, and RFC 3339, 2026-03-02T06:00:00Z`,
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
