package app

import (
	"context"

	"github.com/tvstats/tvstats/internal/rpc/operation"
	"github.com/tvstats/tvstats/internal/viewing"
)

// status is what operators see of the process; the same numbers are on /metrics.
func (s *service) status(ctx context.Context) (status operation.Status, err error) {
	schedule, err := s.cfg.schedule()
	if err != nil {
		return status, err
	}
	if status.Schedule, err = schedule.Upcoming(s.clock.Now()); err != nil {
		return status, err
	}
	if status.StoreBytes, err = s.db.Size(ctx); err != nil {
		return status, err
	}
	status.AcceptedReports = s.numbers.accepted.Load()
	status.PlayingDevices, status.SilentDevices = s.numbers.boxes.Devices(viewing.At(s.now()))
	if follows, is := s.db.(replicated); is {
		status.Replica, err = s.following(ctx, follows)
	}
	return status, err
}

func (s *service) following(ctx context.Context, follows replicated) (*operation.Replica, error) {
	copied, err := follows.CopySize(ctx)
	if err != nil {
		return nil, err
	}
	entries, bytes, err := follows.Extent(ctx)
	if err != nil {
		return nil, err
	}
	status := follows.Status()
	return &operation.Replica{
		Applied: status.Position, Behind: status.Behind, Lag: lag(status, s.now()), Entries: entries, Bytes: bytes, CopyBytes: copied,
		Checkpoint: status.Base, CheckpointAt: status.CheckpointAt,
	}, nil
}
