package main

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/tvstats/tvstats/internal/store/duckdb"
)

func TestProbes(t *testing.T) {
	db, err := duckdb.Open(t.Context(), duckdb.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	draining := make(chan struct{})
	web := httptest.NewServer(newHTTPHandler(newMetrics().registry, readiness(db, draining)))
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
