package e2e

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/auth"
	"github.com/tvstats/tvstats/internal/commands"
)

// sorting is the rest of a command line that requests one.
const sorting = "create_channel_sorting_by_popularity --days_number=7 --criterion=watch --client_id="

// TestLikeliestMistakes makes the mistakes that people make first, and holds the program to what it says about each: what
// to do. The tenth, a database that was not migrated, is in TestUnmigratedDatabaseIsRefused.
func TestLikeliestMistakes(t *testing.T) {
	t.Parallel()
	open, guard := start(t), startGuarded(t)
	ca := newAuthority(t)
	secured, dir := startTLS(t, ca, nil)
	trusted := put(t, dir, "trusted", ca.pem())
	pushAll(t, open, &tvstatsv1.SyncRequest{ClientId: 1, Client: &tvstatsv1.Client{Name: "empty"}},
		&tvstatsv1.SyncRequest{ClientId: 2, Channels: []*tvstatsv1.Channel{{ChannelId: 1}}})
	stopped := start(t)
	if err := stopped.stop(); err != nil {
		t.Fatal(err)
	}

	viewed := writeFile(t, csvHeader+"\n1,2,2026-03-01T20:00:00Z,5\n")
	for name, mistake := range map[string]struct {
		server string
		line   string
		code   int
		says   string
	}{
		"no server at the port":      {stopped.address, sorting + "1", commands.ExitRefused, "connect: connection refused (Unavailable); is a server running there? `tvstats serve` starts one, and --server says where it is"},
		"viewing, and no server":     {stopped.address, "import viewing --client-id=1 --retry-for=10ms " + viewed, commands.ExitRefused, "is tried again, for 10ms (--retry-for): dial tcp " + stopped.address + ": connect: connection refused (Unavailable); is a server running there?"},
		"a catalog, and no server":   {stopped.address, "import catalog --client-id=1 --name=A", commands.ExitRefused, "tvstats: dial tcp " + stopped.address + ": connect: connection refused (Unavailable); is a server running there?"},
		"no operator":                {open.address, "results list", commands.ExitWrongUsage, "missing flags: --client-id=ID\n  --client-id=ID\n      Operator whose results they are"},
		"no file":                    {open.address, "import viewing --client-id=1", commands.ExitWrongUsage, "expected \"<file>\"\n  <file>\n      What to stream"},
		"the port of /metrics":       {probes(t, open), sorting + "1", commands.ExitRefused, "if it is --http-listen of the server, use the port of --listen"},
		"plaintext to TLS":           {secured.address, sorting + "1", commands.ExitRefused, "if it uses TLS, give --tls-ca"},
		"TLS to plaintext":           {open.address, sorting + "1 --tls-ca=" + trusted, commands.ExitRefused, "the server does not use TLS: leave --tls-ca out"},
		"another authority":          {secured.address, sorting + "1 --tls-ca=" + put(t, dir, "other", newAuthority(t).pem()), commands.ExitRefused, "--tls-ca must name the file with the certificate authority"},
		"no token":                   {guard.address, sorting + "1", commands.ExitRefused, "give a valid token with --token or TVSTATS_TOKEN"},
		"unknown client":             {open.address, sorting + "77", commands.ExitRefused, "client 77: not found; a client exists from its first accepted view event or Sync on"},
		"empty catalog":              {open.address, sorting + "1", commands.ExitDone, "note: there are no channels to rank: nothing in the catalog of client 1 passes; push it with Catalog.Sync"},
		"empty window":               {open.address, sorting + "2", commands.ExitDone, "note: no viewing of client 2 counts, so that the channels only fill up; check --days_number, --as_of and the filters"},
		"an audience of nobody":      {open.address, "audience --client-id=2", commands.ExitDone, "note: no viewing counts; check --client-id, --from, --to and the filters"},
		"flows of nobody":            {open.address, "flow --client-id=2", commands.ExitDone, "note: no viewing counts; check --client-id, --from, --to and the filters"},
		"ratings without a guide":    {open.address, "ratings --client-id=2", commands.ExitDone, "note: no programme of the guide starts then; check --client-id, --from, --to and the filters"},
		"a curve without a time":     {open.address, "curve --client-id=2 --channel=1", commands.ExitDone, ""},
		"another word for a format":  {open.address, "export sorting --client-id=2 --output=table", commands.ExitWrongUsage, `--format must be one of "csv","xlsx","json"`},
		"a criterion of one's own":   {open.address, sorting + "2 --criterion=popularity", commands.ExitWrongUsage, `"popularity" does not exist; it is one of watch_time, watch_sessions, average_watch_time, median_watch_time`},
		"a directory in use":         {open.address, "serve --listen=127.0.0.1:0 --http-listen=127.0.0.1:0 --data-dir=" + open.dir, commands.ExitRefused, "another process holds the data directory " + open.dir + "; stop it, or choose another --data-dir"},
		"a certificate that is none": {open.address, sorting + "1 --tls-ca=" + put(t, dir, "none", nil), commands.ExitRefused, filepath.Join(dir, "none") + " holds no certificate in PEM form"},
	} {
		t.Run(name, func(t *testing.T) {
			out, complaints, code := shell(t, &testServer{address: mistake.server}, mistake.line)
			if code == commands.ExitRefused && out != "" {
				t.Errorf("what was not done is summed up: %s", out)
			}
			if code != mistake.code || !strings.Contains(complaints, mistake.says) {
				t.Errorf("exit code %d, want %d: %swant %s", code, mistake.code, complaints, mistake.says)
			}
		})
	}
	_, complaints, code := shell(t, guard.testServer, sorting+"1 --token="+guard.tokens[auth.Operator])
	if code != commands.ExitRefused || !strings.Contains(complaints, "client 1: not found") {
		t.Errorf("with a token: exit code %d: %s", code, complaints)
	}
	_, complaints, code = shell(t, secured, sorting+"1 --tls-ca="+trusted)
	if code != commands.ExitRefused || !strings.Contains(complaints, "client 1: not found") {
		t.Errorf("over TLS: exit code %d: %s", code, complaints)
	}
}

// TestClientCertificateOfCommands shows one to a server that requests it.
func TestClientCertificateOfCommands(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	server, dir := startTLS(t, ca, ca)
	certificate, key := ca.sign(t, "cron", time.Now().Add(time.Hour))
	line := sorting + "1 --tls-ca=" + put(t, dir, "trusted", ca.pem())
	pair := " --tls-client-cert=" + put(t, dir, "mine", certificate) + " --tls-client-key=" + put(t, dir, "mine.key", key)
	if _, complaints, code := shell(t, server, line+pair); code != commands.ExitRefused || !strings.Contains(complaints, "client 1: not found") {
		t.Errorf("exit code %d: %s", code, complaints)
	}
	if _, complaints, code := shell(t, server, line); code != commands.ExitRefused || strings.Contains(complaints, "not found") {
		t.Errorf("without one: exit code %d: %s", code, complaints)
	}
}

// probes is the address of a service's probes and metrics.
func probes(t *testing.T, server *testServer) string {
	t.Helper()
	return server.log.Find(t, "serving")[0]["http"].(string)
}

// TestClockSkewIsExplained has a box whose clock is ten minutes ahead.
func TestClockSkewIsExplained(t *testing.T) {
	t.Parallel()
	server := start(t)
	ahead := timestamppb.New(time.Now().Add(10 * time.Minute))
	var answer *tvstatsv1.StreamEventsResponse
	err := withStream(t.Context(), server.address, func(stream eventSender) error {
		if err := stream.Send(&tvstatsv1.StreamEventsRequest{Events: []*tvstatsv1.ViewEvent{{
			ClientId: 1, AccountId: 1, DeviceUid: "box", Device: "mag250", ChannelId: 1, StartedAt: ahead, At: ahead,
		}}}); err != nil {
			return err
		}
		var err error
		answer, err = stream.Recv()
		return err
	})
	want := "at is more than 5m0s ahead of the service's clock; check the device's clock"
	if err != nil || len(answer.GetRejected()) != 1 || answer.Rejected[0].Message != want {
		t.Errorf("the answer is %v, %v; want %s", answer, err, want)
	}
}
