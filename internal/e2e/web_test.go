package e2e

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/auth"
	"github.com/tvstats/tvstats/internal/rpc/intercept"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
)

// posted is what came back for a request over HTTP.
type posted struct {
	status int
	header http.Header
	body   string
}

// post calls a method over HTTP with JSON.
func (s *testServer) post(t *testing.T, method, body string, headers ...string) posted {
	t.Helper()
	return s.do(t, http.MethodPost, "/tvstats.v1."+method, body, append([]string{"Content-Type", "application/json"}, headers...)...)
}

// do makes a request; headers are names and values, and a later one replaces an earlier one.
func (s *testServer) do(t *testing.T, method, path, body string, headers ...string) posted {
	t.Helper()
	request, err := http.NewRequestWithContext(rpctest.Context(t), method, s.web+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for pair := range slices.Chunk(headers, 2) {
		request.Header.Set(pair[0], pair[1])
		if pair[0] == "Host" {
			request.Host = pair[1]
		}
	}
	response, err := http.DefaultTransport.RoundTrip(request) // follows no redirect
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close() //nolint:errcheck // only read
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return posted{response.StatusCode, response.Header, string(content)}
}

// problem is an error as Connect writes it.
type problem struct {
	Code    string
	Message string
	Details []struct {
		Type  string
		Debug struct {
			Reason, Domain  string
			FieldViolations []struct{ Field, Description string }
		}
	}
}

func wantProblem(t *testing.T, what string, got posted, status int, code, reason string) problem {
	t.Helper()
	var p problem
	if err := json.Unmarshal([]byte(got.body), &p); err != nil || got.status != status || p.Code != code {
		t.Errorf("%s: got %d %s, want %d %s", what, got.status, got.body, status, code)
		return p
	}
	if reason == "" {
		return p
	}
	if len(p.Details) == 0 || p.Details[0].Type != "google.rpc.ErrorInfo" || p.Details[0].Debug.Reason != reason || p.Details[0].Debug.Domain != intercept.ErrorDomain {
		t.Errorf("%s: the details are %s, want the reason %s", what, got.body, reason)
	}
	return p
}

func TestCallsOverHTTP(t *testing.T) {
	t.Parallel()
	s := start(t)
	if _, err := oneRequest(s.Sync(rpctest.Context(t)))(&tvstatsv1.SyncRequest{
		ClientId: 1, Client: &tvstatsv1.Client{Name: "One"}, Channels: []*tvstatsv1.Channel{{ChannelId: 7, Name: "Seven", Number: 7}},
	}); err != nil {
		t.Fatal(err)
	}
	got := s.post(t, "ViewStats/CreateChannelSortingByPopularity", `{"clientIds": [1], "daysNumber": 7, "criterion": "CRITERION_WATCH_TIME"}`)
	var built struct {
		Sortings []struct {
			SortingID string
			ClientID  int
			Channels  []struct {
				ChannelID    int
				WatchSeconds string
			}
		}
	}
	if err := json.Unmarshal([]byte(got.body), &built); err != nil || got.status != http.StatusOK || len(built.Sortings) != 1 || len(built.Sortings[0].Channels) != 1 {
		t.Fatalf("got %d %s", got.status, got.body)
	}
	if channel := built.Sortings[0].Channels[0]; channel.ChannelID != 7 || channel.WatchSeconds != "0" { // a number of 64 bits is a string, 0 is written out
		t.Errorf("got %+v", channel)
	}
	stored, err := s.GetChannelSorting(rpctest.Context(t), &tvstatsv1.GetChannelSortingRequest{SortingId: built.Sortings[0].SortingID})
	if err != nil || stored.Sorting.Channels[0].ChannelId != 7 {
		t.Errorf("over gRPC: %v, %v", stored, err)
	}
	for _, kind := range []string{"application/json", "application/proto"} { // of protobuf nothing is a message, and so it is of JSON
		if got := s.do(t, http.MethodPost, "/tvstats.v1.Catalog/ListClients", "", "Content-Type", kind); got.status != http.StatusOK || !strings.Contains(got.body, "One") {
			t.Errorf("an empty body of %s: got %d %q", kind, got.status, got.body)
		}
	}
	got = s.post(t, "ViewStats/GetChannelSorting", fmt.Sprintf(`{"sorting_id": %q}`, built.Sortings[0].SortingID)) // the names of the contract too
	if got.status != http.StatusOK || got.header.Get("Content-Type") != "application/json" {
		t.Errorf("got %d %v", got.status, got.header)
	}
}

// TestMethodsAreNotRead: a GET at the address of a method is refused, and the response says how to call it.
func TestMethodsAreNotRead(t *testing.T) {
	t.Parallel()
	s := start(t)
	for service, info := range rpctest.Registered(t).GetServiceInfo() {
		for _, method := range info.Methods {
			got := s.do(t, http.MethodGet, "/"+service+"/"+method.Name, "")
			if got.status != http.StatusMethodNotAllowed || got.header.Get("Allow") != http.MethodPost || !strings.Contains(got.body, "with POST and its request as JSON") {
				t.Errorf("%s/%s: got %d %v %s", service, method.Name, got.status, got.header, got.body)
			}
		}
	}
	if got := s.do(t, http.MethodGet, "/sports/news", ""); got.status != http.StatusNotFound {
		t.Errorf("another address: got %d %s", got.status, got.body)
	}
}

func TestErrorsOverHTTP(t *testing.T) {
	t.Parallel()
	s := start(t)
	invalid := wantProblem(t, "wrong input", s.post(t, "SubscriberDynamics/GetStats", `{}`), 400, "invalid_argument", intercept.ReasonInvalidField)
	if len(invalid.Details) != 2 || invalid.Details[1].Type != "google.rpc.BadRequest" || invalid.Details[1].Debug.FieldViolations[0].Field != "client_id" {
		t.Errorf("got %+v", invalid)
	}
	for what, body := range map[string]string{
		"no JSON": `{`, "an unknown field": `{"clientID": 1}`, "a wrong type": `{"client_id": "one"}`, "a list": `[]`,
	} {
		wantProblem(t, what, s.post(t, "SubscriberDynamics/GetStats", body), 400, "invalid_argument", intercept.ReasonInvalidField)
	}
	wantProblem(t, "an unknown client", s.post(t, "SubscriberDynamics/GetStats", `{"clientId": 9}`), 404, "not_found", "NOT_FOUND")
	wantProblem(t, "an unknown method", s.post(t, "SubscriberDynamics/GetNothing", `{}`), 501, "unimplemented", "UNIMPLEMENTED")
	wantProblem(t, "an unknown service", s.post(t, "Nothing/GetStats", `{}`), 501, "unimplemented", "UNIMPLEMENTED")
	stream := s.do(t, http.MethodPost, "/tvstats.v1.ViewStats/StreamEvents", "", "Content-Type", "application/json")
	wantProblem(t, "a stream of requests", stream, 501, "unimplemented", "")
	wantProblem(t, "a deadline", s.post(t, "Catalog/ListClients", `{}`, "Connect-Timeout-Ms", "0"), 504, "deadline_exceeded", "")
}

func TestTokensOverHTTP(t *testing.T) {
	t.Parallel()
	g := startGuarded(t)
	for _, client := range []int32{1, 2} {
		if _, err := oneRequest(g.Sync(g.as(t, auth.Operator)))(&tvstatsv1.SyncRequest{
			ClientId: client, Client: &tvstatsv1.Client{Name: fmt.Sprint("client ", client)},
		}); err != nil {
			t.Fatal(err)
		}
	}
	bearer := func(token string) []string { return []string{"Authorization", "Bearer " + token} }
	const stats = `{"clientId": 1}`
	wantProblem(t, "no token", g.post(t, "SubscriberDynamics/GetStats", stats), 401, "unauthenticated", "UNAUTHENTICATED")
	wantProblem(t, "a wrong token", g.post(t, "SubscriberDynamics/GetStats", stats, bearer("tvstats_wrong")...), 401, "unauthenticated", "UNAUTHENTICATED")
	wantProblem(t, "another tenant", g.post(t, "SubscriberDynamics/GetStats", stats, bearer(g.tokens[stranger])...), 403, "permission_denied", "PERMISSION_DENIED")
	wantProblem(t, "a gateway reads", g.post(t, "SubscriberDynamics/GetStats", stats, bearer(g.tokens[auth.Gateway])...), 403, "permission_denied", "PERMISSION_DENIED")
	wantProblem(t, "a reader writes", g.post(t, "SubscriberDynamics/SaveStats", `{"clientIds": [1]}`, bearer(g.tokens[auth.Reader])...), 403, "permission_denied", "PERMISSION_DENIED")
	if got := g.post(t, "SubscriberDynamics/GetStats", stats, bearer(g.tokens[auth.Reader])...); got.status != http.StatusOK {
		t.Errorf("a reader: got %d %s", got.status, got.body)
	}
	if got := g.post(t, "Catalog/ListClients", `{}`, bearer(g.tokens[stranger])...); strings.Contains(got.body, "client 1") || !strings.Contains(got.body, "client 2") {
		t.Errorf("another tenant's list: %s", got.body)
	}
	if got := g.do(t, http.MethodPost, "/grpc.health.v1.Health/Check", `{}`, "Content-Type", "application/json"); got.status != http.StatusOK {
		t.Errorf("a probe without a token: got %d %s", got.status, got.body)
	}
	if err := g.stop(); err != nil {
		t.Fatal(err)
	}
	audited := 0
	for _, call := range g.log.Find(t, "finished call") {
		if call["caller"] == "reader" && call["grpc.method"] == "GetStats" && fmt.Sprint(call["clients"]) == "[1]" &&
			strings.HasPrefix(fmt.Sprint(call["peer.address"]), "127.0.0.1:") {
			audited++
		}
	}
	if audited != 1 || len(g.log.Find(t, "refused a call without a valid token")) != 2 {
		t.Errorf("logged %v", g.log)
	}
}

// envelope is a message of a stream of Connect; flag 2 marks its end.
func envelope(flag byte, message string) string {
	return string(binary.BigEndian.AppendUint32([]byte{flag}, uint32(len(message)))) + message
}

func TestServerStreamOverHTTP(t *testing.T) {
	t.Parallel()
	s := start(t)
	if _, err := oneRequest(s.Sync(rpctest.Context(t)))(&tvstatsv1.SyncRequest{ClientId: 1, Client: &tvstatsv1.Client{Name: "One"}}); err != nil {
		t.Fatal(err)
	}
	job, err := s.StartJob(rpctest.Context(t), &tvstatsv1.StartJobRequest{Command: &tvstatsv1.StartJobRequest_SaveStats{SaveStats: &tvstatsv1.SaveStatsRequest{}}})
	if err != nil {
		t.Fatal(err)
	}
	watch := func(id string) (messages []string, end problem) {
		got := s.do(t, http.MethodPost, "/tvstats.v1.Jobs/WatchJob", envelope(0, fmt.Sprintf(`{"jobId": %q}`, id)), "Content-Type", "application/connect+json")
		rest := bytes.NewBufferString(got.body)
		for rest.Len() >= 5 {
			head := rest.Next(5)
			message := rest.Next(int(binary.BigEndian.Uint32(head[1:])))
			if head[0] != 2 {
				messages = append(messages, string(message))
				continue
			}
			var last struct{ Error problem }
			if err := json.Unmarshal(message, &last); err != nil {
				t.Errorf("the end is %s", message)
			}
			return messages, last.Error
		}
		t.Errorf("no end in %q", got.body)
		return messages, end
	}
	messages, end := watch(job.Job.JobId)
	if len(messages) == 0 || !strings.Contains(messages[len(messages)-1], "JOB_STATE_SUCCEEDED") || end.Code != "" {
		t.Errorf("got %v, %+v", messages, end)
	}
	if messages, end := watch("none"); len(messages) != 0 || end.Code != "not_found" || end.Details[0].Debug.Reason != "NOT_FOUND" {
		t.Errorf("of an unknown job: got %v, %+v", messages, end)
	}
}
