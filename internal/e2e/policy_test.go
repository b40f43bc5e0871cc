package e2e

import (
	"fmt"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
)

// setPolicy pushes a policy, nil for a client without one, and returns what the client is then.
func setPolicy(t *testing.T, s *testServer, policy *tvstatsv1.MeasurementPolicy) *tvstatsv1.Client {
	t.Helper()
	response := pushAll(t, s, &tvstatsv1.SyncRequest{ClientId: 1, Client: &tvstatsv1.Client{Name: "Operator", Policy: policy}})[0]
	wantRejected(t, response, nil)
	clients, err := s.ListClients(rpctest.Context(t), &tvstatsv1.ListClientsRequest{})
	if err != nil || len(clients.GetClients()) != 1 {
		t.Fatalf("got %v, %v", clients, err)
	}
	return clients.GetClients()[0]
}

func TestPolicyIsReplacedWhole(t *testing.T) {
	s := start(t)
	first := &tvstatsv1.MeasurementPolicy{MaxSessionSeconds: 14_400, InactivitySeconds: 31_622_400, OneChannelPerDevice: true, MinSessionSeconds: 3}
	second := &tvstatsv1.MeasurementPolicy{InactivitySeconds: 60}
	for i, step := range []struct {
		set, want *tvstatsv1.MeasurementPolicy
		revision  int64
	}{
		{nil, &tvstatsv1.MeasurementPolicy{}, 0}, {&tvstatsv1.MeasurementPolicy{}, &tvstatsv1.MeasurementPolicy{}, 0},
		{first, first, 1}, {nil, first, 1}, {first, first, 1}, {second, second, 2}, {&tvstatsv1.MeasurementPolicy{}, &tvstatsv1.MeasurementPolicy{}, 3},
	} {
		client := setPolicy(t, s, step.set)
		if !proto.Equal(client.GetPolicy(), step.want) || client.GetPolicyRevision() != step.revision {
			t.Errorf("step %d: got %v, want %v, revision %d", i, client, step.want, step.revision)
		}
	}
	for _, wrong := range []*tvstatsv1.MeasurementPolicy{
		{MaxSessionSeconds: -1}, {InactivitySeconds: -1}, {MinSessionSeconds: -1},
		{MaxSessionSeconds: 31_622_401}, {InactivitySeconds: 1 << 40}, {MinSessionSeconds: 31_622_401},
	} {
		response := pushAll(t, s, &tvstatsv1.SyncRequest{
			ClientId: 1, Client: &tvstatsv1.Client{Policy: wrong}, Channels: []*tvstatsv1.Channel{{ChannelId: 1}},
		})[0]
		wantRejected(t, response, []string{"client 0: policy."})
		if message := response.GetRejected()[0].GetMessage(); response.GetApplied() != 1 || !strings.HasSuffix(message, "it must be 0 (off) to 31622400") {
			t.Errorf("%v: applied %d, %s", wrong, response.GetApplied(), message)
		}
	}
}

// policyEvent is the only report of a session of a box on the evening of docs/policy.md; times are those of 2026-03-01 on.
func policyEvent(account int64, channel int32, from, to, active string) *tvstatsv1.ViewEvent {
	event := &tvstatsv1.ViewEvent{
		ClientId: 1, AccountId: account, DeviceUid: fmt.Sprint("box ", account), Device: "mag250", ChannelId: channel,
		StartedAt: rpctest.Instant("2026-03-" + from + "Z"), At: rpctest.Instant("2026-03-" + to + "Z"), Ended: true,
	}
	if active != "" {
		event.LastActivityAt = rpctest.Instant("2026-03-" + active + "Z")
	}
	return event
}

// TestPolicyCountsSeconds is the evening of docs/policy.md.
func TestPolicyCountsSeconds(t *testing.T) {
	s := start(t)
	report := func(events ...*tvstatsv1.ViewEvent) {
		t.Helper()
		stream, err := s.StreamEvents(rpctest.Context(t))
		if err == nil {
			err = stream.Send(&tvstatsv1.StreamEventsRequest{BatchId: 1, Events: events})
		}
		if err != nil {
			t.Fatal(err)
		}
		if response, err := stream.Recv(); err != nil || int(response.GetAccepted()) != len(events) {
			t.Fatalf("got %v, %v", response, err)
		}
	}
	check := func(what string, revision, seconds, sessions, cut int64) {
		t.Helper()
		for range 2 { // before and after the day is kept
			days, err := s.ListDailyStats(rpctest.Context(t), &tvstatsv1.ListDailyStatsRequest{ClientId: 1, FromDay: "2026-03-01", ToDay: "2026-03-01"})
			if err != nil || len(days.GetDays()) != 1 {
				t.Fatalf("got %v, %v", days, err)
			}
			day := days.GetDays()[0]
			got := [...]int64{day.GetPolicyRevision(), day.GetWatchSeconds(), day.GetWatchSessions(), day.GetCutSeconds(), day.GetViewingAccounts(), day.GetMaxOnline()}
			if want := [...]int64{revision, seconds, sessions, cut, 2, 2}; got != want {
				t.Errorf("%s: revision, seconds, sessions, cut, accounts, online are %v, want %v", what, got, want)
			}
			if _, err := s.CollectDailyStats(rpctest.Context(t), &tvstatsv1.CollectDailyStatsRequest{ClientIds: []int32{1}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	report(
		policyEvent(1, 1, "01T20:00:00", "01T23:00:00", "01T20:30:00"),
		policyEvent(1, 2, "01T21:00:00", "01T21:10:00", ""),
		policyEvent(1, 2, "01T21:09:00", "01T21:20:00", ""),
		policyEvent(2, 1, "01T22:50:00", "02T01:50:00", ""),
	)
	check("no policy", 0, 22_860, 4, 0)
	setPolicy(t, s, &tvstatsv1.MeasurementPolicy{OneChannelPerDevice: true})
	check("one channel", 1, 15_600, 3, 7_200)
	report(policyEvent(2, 3, "02T00:20:00", "02T00:30:00", ""))
	check("the late tune-in", 1, 10_200, 3, 12_600)
	setPolicy(t, s, &tvstatsv1.MeasurementPolicy{OneChannelPerDevice: true, InactivitySeconds: 600})
	check("inactivity", 2, 9_000, 3, 13_800)
	setPolicy(t, s, &tvstatsv1.MeasurementPolicy{MaxSessionSeconds: 3600})
	check("longest session", 3, 8_460, 4, 14_400)
}

// TestPolicyCommands changes parts of a policy from the command line; what else the client is stays.
func TestPolicyCommands(t *testing.T) {
	s := start(t)
	pushAll(t, s, &tvstatsv1.SyncRequest{ClientId: 1, Client: &tvstatsv1.Client{Name: "Operator", TimeZone: "Europe/Riga", CollectionEnabled: new(false)}})
	for _, step := range []struct {
		arguments []string
		want      string
	}{
		{[]string{"show"}, "off off off off 0"},
		{[]string{"set", "--max-session-seconds=14400", "--one-channel-per-device"}, "14400 off on off 1"},
		{[]string{"set", "--inactivity_seconds=600", "--min-session-seconds=20"}, "14400 600 on 20 2"},
		{[]string{"set", "--max-session-seconds=0", "--no-one-channel-per-device"}, "off 600 off 20 3"},
		{[]string{"set"}, "off 600 off 20 3"},
		{[]string{"show"}, "off 600 off 20 3"},
	} {
		arguments := append([]string{"policy"}, step.arguments...)
		output, err := programCommand(t.Context(), append(arguments, "--server", s.address, "--client-id=1")...).CombinedOutput()
		var got []string
		for line := range strings.Lines(string(output)) {
			if fields := strings.Fields(line); len(fields) == 2 {
				got = append(got, fields[1])
			}
		}
		if err != nil || strings.Join(got, " ") != step.want {
			t.Errorf("%v: %v, want %s, got\n%s", step.arguments, err, step.want, output)
		}
	}
	clients, err := s.ListClients(rpctest.Context(t), &tvstatsv1.ListClientsRequest{})
	wantAll(t, err, clients.GetClients(), []*tvstatsv1.Client{{
		ClientId: 1, Name: "Operator", TimeZone: "Europe/Riga", CollectionEnabled: new(false), PolicyRevision: 3,
		Policy: &tvstatsv1.MeasurementPolicy{InactivitySeconds: 600, MinSessionSeconds: 20},
	}})
	for _, wrong := range [][]string{{"set", "--client-id=1", "--max-session-seconds=31622401"}, {"show", "--client-id=0"}, {"show", "--client-id=9"}} {
		if output, err := programCommand(t.Context(), append([]string{"policy", "--server", s.address}, wrong...)...).CombinedOutput(); err == nil {
			t.Errorf("%v: got %s, want an error", wrong, output)
		}
	}
}
