package cli

import (
	"testing"

	"google.golang.org/protobuf/proto"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

func TestResultOfAJobThatHasEnded(t *testing.T) {
	want := &tvstatsv1.SaveStatsResponse{Clients: 3}
	job := &tvstatsv1.Job{
		JobId: "1", State: tvstatsv1.JobState_JOB_STATE_SUCCEEDED,
		Result: &tvstatsv1.JobResult{Response: &tvstatsv1.JobResult_SaveStats{SaveStats: want}},
	}
	if got, err := resultOf(job); err != nil || !proto.Equal(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
	for state, why := range map[tvstatsv1.JobState]string{
		tvstatsv1.JobState_JOB_STATE_FAILED:    "job 1 failed: client 2: not found",
		tvstatsv1.JobState_JOB_STATE_CANCELLED: "job 1 cancelled",
	} {
		job := &tvstatsv1.Job{JobId: "1", State: state}
		if state == tvstatsv1.JobState_JOB_STATE_FAILED {
			job.Error = "client 2: not found"
		}
		if _, err := resultOf(job); err == nil || err.Error() != why {
			t.Errorf("%v: %v, want %s", state, err, why)
		}
	}
}
