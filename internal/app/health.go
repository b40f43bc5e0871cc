package app

import (
	"context"
	"time"

	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/tvstats/tvstats/internal/store"
)

// Parts whose status the health service has besides those of services. The last two exist on replicas only.
const (
	healthOfStore       = "tvstats.store"
	healthOfLog         = "tvstats.log"
	healthOfCheckpoints = "tvstats.checkpoints"
)

// healthInterval is how often these are looked at.
const healthInterval = 10 * time.Second

// Bounds of what is well, those of the alerts TvstatsReplicaLags and TvstatsCheckpointsStop in deploy/prometheus-alerts.yml.
const (
	mostLag              = 30 * time.Second
	mostEntries          = 100_000
	mostEntryBytes       = 4_000_000_000
	mostCheckpointAge    = 24 * time.Hour
	entriesOfACheckpoint = 25_000 // of fewer none is made, however long ago the last one was
)

// setHealth looks at the store, and at its log where it has one, and sets their status.
func setHealth(ctx context.Context, services *health.Server, db store.Monitor, now func() time.Time) {
	for part, well := range partsWell(ctx, db, now) {
		status := healthv1.HealthCheckResponse_NOT_SERVING
		if well {
			status = healthv1.HealthCheckResponse_SERVING
		}
		services.SetServingStatus(part, status)
	}
}

func partsWell(ctx context.Context, db store.Monitor, now func() time.Time) map[string]bool {
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	well := map[string]bool{healthOfStore: db.Ping(ctx) == nil}
	follows, is := db.(replicated)
	if !is {
		return well
	}
	status := follows.Status()
	entries, bytes, err := follows.Extent(ctx)
	well[healthOfLog] = err == nil && status.Trouble == nil && lag(status, now()) <= mostLag
	well[healthOfCheckpoints] = err == nil && !checkpointDue(entries, bytes, now().Sub(status.CheckpointAt))
	return well
}

// checkpointDue reports whether a checkpoint should have made entries of the log superfluous long ago.
func checkpointDue(entries, bytes int64, age time.Duration) bool {
	return entries > mostEntries || bytes > mostEntryBytes || age > mostCheckpointAge && entries > entriesOfACheckpoint
}
