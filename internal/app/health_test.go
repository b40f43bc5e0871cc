package app

import (
	"runtime"
	"testing"
	"time"

	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/tvstats/tvstats/internal/store/duckdb"
)

func TestHealthOfTheStore(t *testing.T) {
	db, err := duckdb.Open(t.Context(), duckdb.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	wantHealth(t, db, healthv1.HealthCheckResponse_SERVING)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	wantHealth(t, db, healthv1.HealthCheckResponse_NOT_SERVING)
}

// wantHealth waits for the first look at the store.
func wantHealth(t *testing.T, db *duckdb.Store, want healthv1.HealthCheckResponse_ServingStatus) {
	t.Helper()
	services := health.NewServer()
	defer watchHealth(services, db, time.Now)()
	for {
		list, err := services.List(t.Context(), &healthv1.HealthListRequest{})
		if err != nil {
			t.Fatal(err)
		}
		if told, known := list.Statuses[healthOfStore]; known {
			if told.Status != want {
				t.Errorf("the store is %v, want %v", told.Status, want)
			}
			return
		}
		runtime.Gosched()
	}
}

func TestCheckpointIsDue(t *testing.T) {
	for _, c := range []struct {
		entries, bytes int64
		age            time.Duration
		due            bool
	}{
		{0, 0, 365 * 24 * time.Hour, false},
		{25_000, 1, 25 * time.Hour, false},
		{25_001, 1, 25 * time.Hour, true},
		{25_001, 1, 23 * time.Hour, false},
		{100_001, 1, time.Minute, true},
		{1, 4_000_000_001, time.Minute, true},
	} {
		if due := checkpointDue(c.entries, c.bytes, c.age); due != c.due {
			t.Errorf("%+v: got %t", c, due)
		}
	}
}
