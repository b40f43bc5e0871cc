package e2e

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protojson"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/app"
	"github.com/tvstats/tvstats/internal/auth"
	"github.com/tvstats/tvstats/internal/commands"
	"github.com/tvstats/tvstats/internal/flags"
	"github.com/tvstats/tvstats/internal/rpc/intercept"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
)

func TestLimitsOverHTTP(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *app.Config) { c.AddressRequests = 3; c.MaxMessageSize = 64 * flags.Kibibyte })
	big := fmt.Sprintf(`{"clientId": 1, "daysNumber": 1, "selectionName": %q}`, strings.Repeat("x", 70<<10))
	wantProblem(t, "a large message", s.post(t, "ViewStats/CreateEpgSelectionByPopularity", big), 429, "resource_exhausted", intercept.ReasonExhausted)
	huge := fmt.Sprintf(`{"selectionName": %q}`, strings.Repeat("x", 1<<20))
	wantProblem(t, "a huge message", s.post(t, "ViewStats/CreateEpgSelectionByPopularity", huge), 429, "resource_exhausted", "")
	wantProblem(t, "a bomb", s.post(t, "ViewStats/CreateEpgSelectionByPopularity", bomb(t, 100<<20), "Content-Encoding", "gzip"), 429, "resource_exhausted", "")

	limited := 0
	for range 10 {
		if got := s.post(t, "Catalog/ListClients", `{}`); got.status != http.StatusOK {
			wantProblem(t, "too many calls", got, 429, "resource_exhausted", intercept.ReasonExhausted)
			limited++
		}
	}
	if limited == 0 {
		t.Error("no call was one too many")
	}
}

// bomb is compressed JSON of so many bytes.
func bomb(t *testing.T, size int) string {
	t.Helper()
	var small bytes.Buffer
	writer := gzip.NewWriter(&small)
	if _, err := io.Copy(writer, io.LimitReader(spaces{}, int64(size))); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return small.String()
}

type spaces struct{}

// Read reads white space.
func (spaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// TestTokensHaveOneLimit: calls over gRPC and over HTTP count together.
func TestTokensHaveOneLimit(t *testing.T) {
	t.Parallel()
	g := startGuarded(t, func(c *app.Config) { c.TokenRequests = 2 })
	for range 20 {
		_, _ = g.ListClients(g.as(t, auth.Operator), &tvstatsv1.ListClientsRequest{}) // what it returns is another test's
	}
	got := g.post(t, "Catalog/ListClients", `{}`, "Authorization", "Bearer "+g.tokens[auth.Operator])
	wantProblem(t, "after many over gRPC", got, 429, "resource_exhausted", intercept.ReasonExhausted)
}

// TestOtherSitesInTheBrowser tries what a page of another site can do.
func TestOtherSitesInTheBrowser(t *testing.T) {
	t.Parallel()
	s := start(t)
	const list = "/tvstats.v1.Catalog/ListClients"
	for what, c := range map[string]struct {
		method, path string
		headers      []string
		status       int
	}{
		"a form":                      {http.MethodPost, list, []string{"Content-Type", "text/plain"}, http.StatusUnsupportedMediaType},
		"no content type":             {http.MethodPost, list, nil, http.StatusUnsupportedMediaType},
		"a preflight":                 {http.MethodOptions, list, []string{"Origin", "https://evil.example", "Access-Control-Request-Method", "POST"}, http.StatusMethodNotAllowed},
		"another origin":              {http.MethodPost, list, []string{"Content-Type", "application/json", "Origin", "https://evil.example"}, http.StatusForbidden},
		"another site":                {http.MethodPost, list, []string{"Content-Type", "application/json", "Sec-Fetch-Site", "cross-site"}, http.StatusForbidden},
		"a name that leads here":      {http.MethodPost, list, []string{"Content-Type", "application/json", "Host", "evil.example"}, http.StatusMisdirectedRequest},
		"the page by another name":    {http.MethodGet, "/", []string{"Host", "evil.example"}, http.StatusMisdirectedRequest},
		"a method read":               {http.MethodGet, list + "?connect=v1&encoding=json&message=%7B%7D", nil, http.StatusMethodNotAllowed},
		"a redirect":                  {http.MethodGet, "//evil.example/%2e%2e", nil, http.StatusNotFound},
		"a redirect of a method":      {http.MethodPost, "//evil.example/..", []string{"Content-Type", "application/json"}, http.StatusNotImplemented},
		"a file":                      {http.MethodGet, "/../../etc/passwd", nil, http.StatusNotFound},
		"the console":                 {http.MethodGet, "/", []string{"Host", "localhost:8080"}, http.StatusOK},
		"the console by its address":  {http.MethodGet, "/", []string{"Host", "[::1]:8080"}, http.StatusOK},
		"the console's own requests":  {http.MethodPost, list, []string{"Content-Type", "application/json", "Origin", s.web, "Sec-Fetch-Site", "same-origin"}, http.StatusOK},
		"gRPC itself, without HTTP/2": {http.MethodPost, list, []string{"Content-Type", "application/grpc"}, http.StatusUnsupportedMediaType},
	} {
		got := s.do(t, c.method, c.path, "", c.headers...)
		if got.status != c.status {
			t.Errorf("%s: got %d %s, want %d", what, got.status, got.body, c.status)
		}
		for _, header := range []string{"Access-Control-Allow-Origin", "Location", "Set-Cookie"} {
			if value := got.header.Get(header); value != "" {
				t.Errorf("%s: there is %s: %s", what, header, value)
			}
		}
		if policy := got.header.Get("Content-Security-Policy"); !strings.Contains(policy, "frame-ancestors 'none'") ||
			got.header.Get("X-Frame-Options") != "DENY" || got.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: the headers are %v", what, got.header)
		}
	}
}

// watching is what comes of a call over HTTP that watches a job which nobody does.
func (s *testServer) watching(ctx context.Context, t *testing.T) io.Reader {
	t.Helper()
	if _, err := oneRequest(s.Sync(ctx))(&tvstatsv1.SyncRequest{ClientId: 1, Client: &tvstatsv1.Client{Name: "One"}}); err != nil {
		t.Fatal(err)
	}
	job, err := s.StartJob(ctx, &tvstatsv1.StartJobRequest{Command: &tvstatsv1.StartJobRequest_SaveStats{SaveStats: &tvstatsv1.SaveStatsRequest{}}})
	if err != nil {
		t.Fatal(err)
	}
	body := strings.NewReader(envelope(0, fmt.Sprintf(`{"jobId": %q}`, job.Job.JobId)))
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.web+"/tvstats.v1.Jobs/WatchJob", body)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/connect+json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = response.Body.Close() })
	if _, err := io.ReadFull(response.Body, make([]byte, 5)); err != nil { // the job as it is
		t.Fatal(err)
	}
	return response.Body
}

// TestRequestIsCancelled: a caller that breaks off ends its call.
func TestRequestIsCancelled(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *app.Config) { c.JobWorkers = 0 }) // so that the job does not end
	ctx, cancel := context.WithCancel(rpctest.Context(t))
	defer cancel()
	s.watching(ctx, t)
	s.log.Forget()
	cancel()
	s.log.Await(rpctest.Context(t), t, `"grpc.method":"WatchJob"`)
	if calls := s.log.Find(t, "finished call"); calls[0]["grpc.code"] != codes.Canceled.String() {
		t.Errorf("logged %v", calls)
	}
}

// TestDroppedRequestStopsItsWork: nothing goes on for a caller that breaks off while a build of seconds runs.
func TestDroppedRequestStopsItsWork(t *testing.T) {
	t.Parallel()
	s := start(t)
	manyClients(t, s.address, many)
	body, err := protojson.Marshal(sortingOfMany(many))
	if err != nil {
		t.Fatal(err)
	}
	ctx, drop := context.WithCancel(rpctest.Context(t))
	defer drop()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.web+tvstatsv1.ViewStats_CreateChannelSortingByPopularity_FullMethodName, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	ended := make(chan error, 1)
	go func() {
		response, err := http.DefaultClient.Do(request)
		if err == nil {
			err = response.Body.Close()
		}
		ended <- err
	}()
	const counted = `grpc_server_started_total{grpc_method="CreateChannelSortingByPopularity",grpc_service="tvstats.v1.ViewStats",grpc_type="unary"} 1`
	for begun := false; !begun; {
		begun = strings.Contains(scrape(t, s), counted)
	}
	drop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the call ended with %v", err)
	}
	s.log.Await(rpctest.Context(t), t, `"grpc.method":"CreateChannelSortingByPopularity"`)
	for _, call := range s.log.Find(t, "finished call") {
		if call["grpc.method"] == "CreateChannelSortingByPopularity" && call["grpc.code"] != codes.Canceled.String() {
			t.Errorf("logged %v", call)
		}
	}
	if got := storedSortings(t, s); got != "0 0 0" {
		t.Errorf("sortings were stored: %s", got)
	}
}

// TestShutdownEndsStreamsOverHTTP: a stream gets a status when the service stops, and does not keep it.
func TestShutdownEndsStreamsOverHTTP(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *app.Config) { c.JobWorkers = 0 })
	watched := s.watching(rpctest.Context(t), t)
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(watched); err != nil || !strings.Contains(string(rest), `"unavailable"`) || !strings.Contains(string(rest), "SHUTTING_DOWN") {
		t.Errorf("got %q, %v", rest, err)
	}
}

// TestDefaultWebAddressIsTaken: then the service goes on without, but not where the address was requested.
func TestDefaultWebAddressIsTaken(t *testing.T) {
	t.Parallel()
	if taken, err := new(net.ListenConfig).Listen(t.Context(), "tcp", app.DefaultWebListen); err == nil {
		defer taken.Close() //nolint:errcheck // nothing depends on it
	}
	s := start(t, func(c *app.Config) { c.WebListen = "" })
	if serving := s.log.Find(t, "serving"); len(serving) != 1 || serving[0]["web"] != flags.Off {
		t.Errorf("logged %v", s.log)
	}
	code, output := runProgram(t, "--data-dir="+t.TempDir(), "--listen=127.0.0.1:0", "--http-listen=127.0.0.1:0", "--web-listen="+app.DefaultWebListen)
	if code != commands.ExitRefused || !strings.Contains(output, "--web-listen="+app.DefaultWebListen+": ") {
		t.Errorf("exit code %d with %q", code, output)
	}
}

// TestWebOverTLS: browsers speak HTTP/1.1 or HTTP/2, with the certificate of gRPC.
func TestWebOverTLS(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	s, _ := startTLS(t, a, nil)
	address := strings.TrimPrefix(s.web, "http://")
	for _, protocol := range []string{"h2", "http/1.1"} {
		config := a.trusting()
		config.NextProtos = []string{protocol}
		transport := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: protocol == "h2"}
		t.Cleanup(transport.CloseIdleConnections)
		request, err := http.NewRequestWithContext(rpctest.Context(t), http.MethodPost, "https://"+address+"/tvstats.v1.Catalog/ListClients", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		response, err := transport.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		if response.Body.Close() != nil || response.StatusCode != http.StatusOK || response.TLS.NegotiatedProtocol != protocol {
			t.Errorf("%s: got %d by %q", protocol, response.StatusCode, response.TLS.NegotiatedProtocol)
		}
	}
	old := a.trusting()
	old.MaxVersion = tls.VersionTLS11
	if conn, err := (&tls.Dialer{Config: old}).DialContext(rpctest.Context(t), "tcp", address); err == nil {
		t.Error("TLS 1.1 is served")
		_ = conn.Close()
	}
}

// TestCallerThatDoesNotSend is cut off.
func TestCallerThatDoesNotSend(t *testing.T) {
	t.Parallel()
	s := start(t)
	conn, err := new(net.Dialer).DialContext(rpctest.Context(t), "tcp", strings.TrimPrefix(s.web, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // nothing depends on it
	if _, err := fmt.Fprint(conn, "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n"); err != nil {
		t.Fatal(err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(conn).ReadByte(); !errors.Is(err, io.EOF) {
		t.Errorf("got %v, want the end of the connection", err)
	}
}
