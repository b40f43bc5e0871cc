package app

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/tvstats/tvstats/internal/rpc/rpctest"
	"github.com/tvstats/tvstats/internal/store/duckdb"
)

func TestProbes(t *testing.T) {
	db, err := duckdb.Open(t.Context(), duckdb.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	draining := make(chan struct{})
	web := httptest.NewServer(newHTTPHandler(newMetrics(1000, time.Now).registry, readiness(db, draining)))
	defer web.Close()

	rpctest.WantAnswer(t, web.URL+"/healthz", http.StatusOK, "alive\n")
	rpctest.WantAnswer(t, web.URL+"/readyz", http.StatusOK, "ready\n")
	rpctest.WantAnswer(t, web.URL+"/nothing", http.StatusNotFound, "")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	rpctest.WantAnswer(t, web.URL+"/readyz", http.StatusServiceUnavailable, "not ready: store unavailable: ")
	rpctest.WantAnswer(t, web.URL+"/healthz", http.StatusOK, "alive\n")
	close(draining)
	rpctest.WantAnswer(t, web.URL+"/readyz", http.StatusServiceUnavailable, "not ready: the service is shutting down\n")
}
