package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/flags"
)

// days says which days to export.
type days struct {
	ClientID int32  `default:"1" help:"Operator."`
	From     string `help:"First day, 2026-03-01, yesterday or -7d; by default 30 days before --to."`
	To       string `help:"Last day, included, 2026-03-31; by default yesterday, in UTC."`

	first, last time.Time
}

// Validate reports every flag that cannot work, and fills in those that were not given.
func (d *days) Validate() (err error) {
	yesterday := time.Now().UTC().AddDate(0, 0, -1)
	if d.last, err = dayOr("--to", d.To, yesterday); err != nil {
		return err
	}
	if d.first, err = dayOr("--from", d.From, d.last.AddDate(0, 0, -29)); err != nil {
		return err
	}
	return flags.Within("--client-id", d.ClientID, 1, 1<<31-1)
}

// asked is what the About sheet says of it.
func (d *days) asked() [][2]any {
	return [][2]any{
		{"client_id", int64(d.ClientID)}, {"from_day", day(d.first.Format(time.DateOnly))}, {"to_day", day(d.last.Format(time.DateOnly))},
	}
}

func dayOr(flag, text string, absent time.Time) (time.Time, error) {
	if text == "" {
		return absent.Truncate(24 * time.Hour), nil
	}
	t, err := timeAt(text, time.Now())
	if err != nil {
		return t, fmt.Errorf("%s: %w", flag, err)
	}
	return t.UTC().Truncate(24 * time.Hour), nil
}

type exportDailyStats struct {
	exported
	days
}

// Validate reports every flag that cannot work. The command line calls it.
func (e *exportDailyStats) Validate() error {
	return errors.Join(e.exported.Validate(), e.days.Validate())
}

// Run writes the records of days.
func (e *exportDailyStats) Run(ctx context.Context) error {
	return e.run(ctx, func(ctx context.Context, from *grpc.ClientConn) (contents, error) {
		answer, err := tvstatsv1.NewSubscriberDynamicsClient(from).ListDailyStats(ctx, &tvstatsv1.ListDailyStatsRequest{
			ClientId: e.ClientID, FromDay: e.first.Format(time.DateOnly), ToDay: e.last.Format(time.DateOnly),
		})
		if err != nil {
			return contents{}, err
		}
		return contents{answer, e.asked(), sheetOf("daily stats", answer.Days)}, nil
	})
}

type exportDynamics struct {
	exported
	days
	Granularity string `enum:"hour,day,month" default:"day" help:"How long the periods are: ${enum}."`
}

// granularities are the periods by the names that --granularity has for them.
var granularities = map[string]tvstatsv1.Granularity{
	"hour":  tvstatsv1.Granularity_GRANULARITY_HOUR,
	"day":   tvstatsv1.Granularity_GRANULARITY_DAY,
	"month": tvstatsv1.Granularity_GRANULARITY_MONTH,
}

// Validate reports every flag that cannot work. The command line calls it.
func (e *exportDynamics) Validate() error {
	return errors.Join(e.exported.Validate(), e.days.Validate())
}

// Run writes the series of a chart.
func (e *exportDynamics) Run(ctx context.Context) error {
	return e.run(ctx, func(ctx context.Context, from *grpc.ClientConn) (contents, error) {
		answer, err := tvstatsv1.NewSubscriberDynamicsClient(from).GetCustomersDynamic(ctx, &tvstatsv1.GetCustomersDynamicRequest{
			ClientId: e.ClientID, From: timestamppb.New(e.first), To: timestamppb.New(e.last.AddDate(0, 0, 1)),
			Granularity: granularities[e.Granularity],
		})
		if err != nil {
			return contents{}, err
		}
		return contents{answer, append(e.asked(), [2]any{"granularity", e.Granularity}), sheetOf("dynamics", answer.Points)}, nil
	})
}
