package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tvstats/tvstats/internal/store/duckdb"
)

func TestProbes(t *testing.T) {
	db, err := duckdb.Open(t.Context(), duckdb.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	draining := make(chan struct{})
	web := httptest.NewServer(newHTTPHandler(newMetrics(1000).registry, readiness(db, draining)))
	defer web.Close()

	wantAnswer(t, web.URL+"/healthz", http.StatusOK, "alive\n")
	wantAnswer(t, web.URL+"/readyz", http.StatusOK, "ready\n")
	wantAnswer(t, web.URL+"/nothing", http.StatusNotFound, "")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	wantAnswer(t, web.URL+"/readyz", http.StatusServiceUnavailable, "not ready: store unavailable: ")
	wantAnswer(t, web.URL+"/healthz", http.StatusOK, "alive\n")
	close(draining)
	wantAnswer(t, web.URL+"/readyz", http.StatusServiceUnavailable, "not ready: the service is shutting down\n")
}

func wantAnswer(t *testing.T, url string, code int, text string) {
	t.Helper()
	got, body := get(t, url)
	if got != code || !strings.HasPrefix(body, text) {
		t.Errorf("%s: got %d %q, want %d %q", url, got, body, code, text)
	}
}

func get(t *testing.T, url string) (code int, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close() //nolint:errcheck // only read
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(content)
}
