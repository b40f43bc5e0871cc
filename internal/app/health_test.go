package app

import (
	"fmt"
	"os"
	"strings"
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

func wantHealth(t *testing.T, db *duckdb.Store, want healthv1.HealthCheckResponse_ServingStatus) {
	t.Helper()
	services := health.NewServer()
	setHealth(t.Context(), services, db, time.Now)
	got, err := services.Check(t.Context(), &healthv1.HealthCheckRequest{Service: healthOfStore})
	if err != nil || got.Status != want {
		t.Errorf("the store is %v, want %v (%v)", got, want, err)
	}
}

// TestHealthAgreesWithAlerts: what the health service calls unwell is what the alerts fire for.
func TestHealthAgreesWithAlerts(t *testing.T) {
	alerts, err := os.ReadFile("../../deploy/prometheus-alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		fmt.Sprintf("tvstats_replica_lag_seconds > %v\n", mostLag.Seconds()),
		fmt.Sprintf("tvstats_log_entries > %d or tvstats_log_bytes > %.0e", mostEntries, float64(mostEntryBytes)),
		fmt.Sprintf("(tvstats_log_checkpoint_age_seconds > %v and tvstats_log_entries > %d)\n", mostCheckpointAge.Seconds(), entriesOfACheckpoint),
	} {
		if !strings.Contains(string(alerts), strings.Replace(want, "e+09", "e9", 1)) {
			t.Errorf("no alert has %q", want)
		}
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
