package commands

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/tvstats/tvstats/internal/app"
)

func TestFlagsWinOverEnvironmentWinsOverDefaults(t *testing.T) {
	t.Setenv("TVSTATS_LISTEN", "127.0.0.1:1")
	t.Setenv("TVSTATS_HTTP_LISTEN", "127.0.0.1:2")
	var p Program
	if _, err := NewParser(&p).Parse([]string{"--listen=127.0.0.1:3"}); err != nil {
		t.Fatal(err)
	}
	want := app.DefaultConfig()
	want.Listen, want.HTTPListen = "127.0.0.1:3", "127.0.0.1:2"
	if !reflect.DeepEqual(p.Serve.Config, want) {
		t.Errorf("got %+v\nwant %+v", p.Serve.Config, want)
	}
}

// An error names the flag, what came and what is allowed.
func TestWrongFlags(t *testing.T) {
	tests := []struct{ args, want string }{
		{"--data-dir=", "--data-dir is empty: name a directory"},
		{"--listen=50051", `--listen="50051": allowed is host:port`},
		{"--http-listen=x", `--http-listen="x": allowed is host:port, for example 127.0.0.1:50051, or off`},
		{"--listen=0.0.0.0:50051", "--listen=0.0.0.0:50051 can be reached from elsewhere, and there is no TLS"},
		{"--listen=:50051", "--listen=:50051 can be reached from elsewhere"},
		{"--listen=[::]:50051 --auth-file=f", "can be reached from elsewhere"},
		{"--listen=tv.example:50051 --auth-file=f", "can be reached from elsewhere"},
		{"--listen=0.0.0.0:50051 --tls-cert=c --tls-key=k", "with --tls-cert alone anyone may call everything"},
		{"--tls-cert=c --tls-key=k", "with --tls-cert alone anyone may call everything"},
		{"--tls-cert=c", "--tls-cert and --tls-key go together"},
		{"--web-listen=0.0.0.0:8080", "--web-listen=0.0.0.0:8080 can be reached from elsewhere, and there is no TLS"},
		{"--web-listen=0.0.0.0:8080 --auth-file=f", "--web-listen=0.0.0.0:8080 can be reached from elsewhere"},
		{"--web-listen=none", `--web-listen="none": allowed is host:port`},
		{"--tls-key=k --insecure", "--tls-cert and --tls-key go together"},
		{"--tls-client-ca=a", "--tls-client-ca needs --tls-cert and --tls-key"},
		{"--memory-limit=127MiB", "--memory-limit=127MiB: allowed are 128MiB to"},
		{"--memory-limit=2GB", `"2GB" is no size; allowed are a whole number and one of B, KiB, MiB, GiB`},
		{"--memory-limit=-1GiB", `"-1GiB" is no size`},
		{"--retention-days=-1", "--retention-days=-1: allowed are 0 to 36500"},
		{"--retention-days=36501", "--retention-days=36501: allowed are 0 to 36500"},
		{"--max-session=59s", "--max-session=59s: allowed are 1m0s to 168h0m0s"},
		{"--max-message-size=63KiB", "--max-message-size=63KiB: allowed are 64KiB to 1GiB"},
		{"--max-message-size=2GiB", "--max-message-size=2GiB: allowed are 64KiB to 1GiB"},
		{"--max-batch=0", "--max-batch=0: allowed are 1 to 1000000"},
		{"--commit-reports=0", "--commit-reports=0: allowed are 1 to 10000000"},
		{"--commit-delay=11s", "--commit-delay=11s: allowed are 0s to 10s"},
		{"--queue-reports=9999", "--queue-reports=9999: allowed are 10000 to 100000000"},
		{"--token-requests=-1", "--token-requests=-1: allowed are 0 to 1000000"},
		{"--token-streams=-1", "--token-streams=-1: allowed are 0 to 1000000"},
		{"--address-requests=-1", "--address-requests=-1: allowed are 0 to 1000000"},
		{"--address-streams=1000001", "--address-streams=1000001: allowed are 0 to 1000000"},
		{"--connections=-1", "--connections=-1: allowed are 0 to 1000000"},
		{"--unauthenticated-connections=-1", "--unauthenticated-connections=-1: allowed are 0 to 1000000"},
		{"--connection-streams=1000001", "--connection-streams=1000001: allowed are 0 to 1000000"},
		{"--handshake-timeout=0s", "--handshake-timeout=0s: allowed are 1s to 5m0s"},
		{"--connection-idle-timeout=0s", "--connection-idle-timeout=0s: allowed are 1s to"},
		{"--max-page-size=1001", "--max-page-size=1001: allowed are 100 to 1000"},
		{"--max-response-size=1MiB", "--max-response-size=1MiB: allowed are 4MiB to 1GiB"},
		{"--stream-send-timeout=0s", "--stream-send-timeout=0s: allowed are 1s to"},
		{"--wall-clients=1,0", "--wall-clients names 0: allowed are different ids of clients, which are positive"},
		{"--wall-clients=1,1", "--wall-clients names 1: allowed are different ids"},
		{"--wall-clients=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21", "--wall-clients names 21 clients: allowed are at most 20"},
		{"--job-workers=65", "--job-workers=65: allowed are 0 to 64"},
		{"--job-queue=0", "--job-queue=0: allowed are 1 to 100000"},
		{"--job-retention=59s", "--job-retention=59s: allowed are 1m0s to 87600h0m0s"},
		{"--schedule=daily=off", `--schedule: entry "daily=off": there is no "daily"; the names are cache_customers_dynamic, cache_max_online, ` +
			"collect_daily_stats, save_stats"},
		{"--schedule=save_stats=@hourly", `--schedule: entry "save_stats=@hourly": a name is followed by = and "off" or five fields`},
		{"--stream-idle-timeout=0s", "--stream-idle-timeout=0s: allowed are 1s to"},
		{"--drain-timeout=-1s", "--drain-timeout=-1s: allowed are 0s to 1h0m0s"},
		{"--log-level=loud", `--log-level must be one of "debug","info","warn","error" but got "loud"`},
		{"--log-format=xml", `--log-format must be one of "text","json" but got "xml"`},
		{"serve --no-such-flag", "unknown flag --no-such-flag"},
		{"no-such-command", "unexpected argument no-such-command"},
	}
	for _, test := range tests {
		_, err := NewParser(&Program{}).Parse(strings.Fields(test.args))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %s", test.args, err, test.want)
		}
	}
}

// TestRequiredFlagsAreAskedFor calls each command with nothing: it says which flags are missing, not what is wrong with
// values that nobody gave.
func TestRequiredFlagsAreAskedFor(t *testing.T) {
	found := 0
	for _, command := range NewParser(&Program{}).Model.Leaves(false) {
		var required []string
		for _, flag := range command.Flags {
			if flag.Required {
				required = append(required, flag.Summary())
			}
		}
		if len(required) == 0 {
			continue
		}
		slices.Sort(required)
		found++
		line := strings.Fields(command.Path())
		for _, argument := range command.Positional {
			line = append(line, argument.Name)
		}
		if _, err := NewParser(&Program{}).Parse(line); err == nil || err.Error() != "missing flags: "+strings.Join(required, ", ") {
			t.Errorf("%v: got %v, want the missing flags %v", line, err, required)
		}
	}
	if found < 10 {
		t.Errorf("only %d commands have required flags", found)
	}
}

// TestCalledBy: what the demo says to run next works where it was run.
func TestCalledBy(t *testing.T) {
	for name, want := range map[string]string{
		"tvstats": "tvstats", "./tvstats": "./tvstats", "/usr/bin/tvstats": "/usr/bin/tvstats",
		"/tmp/go-build2873/b001/exe/server": "go run ./server", "/home/me/.cache/go-build/4f/4f00-d/server": "go run ./server",
	} {
		if got := calledBy(name); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}

func TestExposureThatIsMeant(t *testing.T) {
	for _, args := range []string{
		"--listen=0.0.0.0:1 --insecure",
		"--web-listen=off", "--http-listen=off",
		"--web-listen=0.0.0.0:1 --insecure",
		"--web-listen=0.0.0.0:1 --tls-cert=c --tls-key=k --auth-file=f",
		"--listen=0.0.0.0:1 --tls-cert=c --tls-key=k --insecure",
		"--listen=0.0.0.0:1 --tls-cert=c --tls-key=k --auth-file=f",
		"--listen=0.0.0.0:1 --tls-cert=c --tls-key=k --tls-client-ca=a",
		"--listen=[::1]:1", "--listen=localhost:1", "--listen=127.0.0.2:1", "--auth-file=f",
	} {
		if _, err := NewParser(&Program{}).Parse(strings.Fields(args)); err != nil {
			t.Errorf("%s: %v", args, err)
		}
	}
}
