package operation

import (
	"context"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/jobs"
)

// Status is how a process keeps its data, and what its schedule will start.
type Status struct {
	StoreBytes int64 // on disk
	Schedule   []jobs.Upcoming
	Replica    *Replica // nil = the store is the embedded one

	AcceptedReports               int64 // since the process was started
	PlayingDevices, SilentDevices int   // boxhealth
}

// Replica is how a process follows the log that it has in common with others.
type Replica struct {
	Applied      uint64        // the last entry that was applied here; 0 = none
	Behind       int64         // entries that were read and not applied yet
	Lag          time.Duration // since everything seen was applied
	Entries      int64         // of the log, that no checkpoint has made superfluous
	Bytes        int64         // of these
	CopyBytes    int64         // of the copy here
	Checkpoint   uint64        // the last entry that is in the newest checkpoint; 0 = there is none
	CheckpointAt time.Time     // zero = none was seen
}

// GetStatus returns the status.
func (o *Server) GetStatus(ctx context.Context, _ *tvstatsv1.GetStatusRequest) (*tvstatsv1.GetStatusResponse, error) {
	status, err := o.Status(ctx)
	if err != nil {
		return nil, err
	}
	response := &tvstatsv1.GetStatusResponse{
		StoreKind: tvstatsv1.StoreKind_STORE_KIND_EMBEDDED, StoreBytes: status.StoreBytes, AcceptedReports: status.AcceptedReports,
		PlayingDevices: int64(status.PlayingDevices), SilentDevices: int64(status.SilentDevices),
	}
	for _, entry := range status.Schedule {
		response.Schedule = append(response.Schedule, &tvstatsv1.ScheduleEntry{
			Name: entry.Name, Cron: entry.Cron, NextAt: timestamppb.New(entry.At),
		})
	}
	if of := status.Replica; of != nil {
		response.StoreKind, response.Replica = tvstatsv1.StoreKind_STORE_KIND_MONGODB, of.message()
	}
	return response, nil
}

func (r *Replica) message() *tvstatsv1.ReplicaStatus {
	message := &tvstatsv1.ReplicaStatus{
		AppliedEntry: r.Applied, BehindEntries: r.Behind, LagSeconds: int64(r.Lag / time.Second), LogEntries: r.Entries, LogBytes: r.Bytes,
		CopyBytes: r.CopyBytes, CheckpointEntry: r.Checkpoint,
	}
	if !r.CheckpointAt.IsZero() {
		message.CheckpointAt = timestamppb.New(r.CheckpointAt)
	}
	return message
}
