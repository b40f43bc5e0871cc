package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/flags"
)

// exportChannelReport is what an operator gives to the rights holder of a channel. Its days are UTC days; it holds no figures of other channels.
type exportChannelReport struct {
	Connection
	days
	ChannelID int32  `name:"channel-id" required:"" placeholder:"ID" help:"The channel."`
	Out       string `short:"o" required:"" type:"path" placeholder:"FILE" help:"Workbook to write; its name ends with .xlsx."`
}

// Validate reports every flag that cannot work. The command line calls it.
func (e *exportChannelReport) Validate() error {
	err := errors.Join(e.Connection.Validate(), e.days.Validate(), flags.Within("--channel-id", e.ChannelID, 1, 1<<31-1))
	if e.Out != "" && formatsOf[strings.ToLower(filepath.Ext(e.Out))] != "xlsx" {
		err = errors.Join(err, fmt.Errorf("--out=%s: a channel report has several sheets; let the name end with .xlsx", e.Out))
	}
	return err
}

// Run writes the report.
func (e *exportChannelReport) Run(ctx context.Context) error {
	connection, err := e.Dial()
	if err != nil {
		return err
	}
	defer connection.Close() //nolint:errcheck // nothing is under way any more
	sheets, err := e.sheets(ctx, connection)
	if err != nil {
		return err
	}
	return replaceFile("--out", e.Out, func(file io.Writer) error { return writeWorkbook(file, sheets) })
}

func (e *exportChannelReport) sheets(ctx context.Context, from *grpc.ClientConn) ([]sheet, error) {
	names, err := namesOf(ctx, from, e.ClientID)
	if err != nil {
		return nil, err
	}
	if _, known := names[e.ChannelID]; !known {
		return nil, fmt.Errorf("client %d has no channel %d in its catalog", e.ClientID, e.ChannelID)
	}
	audience := tvstatsv1.NewAudienceClient(from)
	byDay, err := e.audience(ctx, audience, tvstatsv1.Dimension_DIMENSION_DAY, &tvstatsv1.ViewingFilter{Channels: []int32{e.ChannelID}})
	if err != nil {
		return nil, err
	}
	programmes, err := e.programmes(ctx, audience)
	if err != nil {
		return nil, err
	}
	places, err := e.places(ctx, from, names[e.ChannelID].Categories)
	if err != nil {
		return nil, err
	}
	asked := append(e.asked(), [2]any{"calendar", "utc"}, [2]any{"channel_id", int64(e.ChannelID)}, [2]any{"channel_name", names[e.ChannelID].Name},
		[2]any{"hidden_programmes", programmes.HiddenRows})
	about := aboutSheet(asked, byDay.ProtoReflect(), time.Now())
	return []sheet{e.daysSheet(byDay.Rows).withNames(names), sheetOf("programmes", programmes.Programmes).withNames(names), places, about}, nil
}

// audience reads all rows by the dimension, those with the most viewing first unless they are days.
func (e *exportChannelReport) audience(
	ctx context.Context, from tvstatsv1.AudienceClient, by tvstatsv1.Dimension, filter *tvstatsv1.ViewingFilter,
) (*tvstatsv1.GetAudienceResponse, error) {
	request := &tvstatsv1.GetAudienceRequest{
		ClientId: e.ClientID, From: timestamppb.New(e.first), To: timestamppb.New(e.last.AddDate(0, 0, 1)),
		GroupBy: []tvstatsv1.Dimension{by}, Filter: filter,
	}
	if by != tvstatsv1.Dimension_DIMENSION_DAY {
		request.OrderBy = tvstatsv1.Metric_METRIC_WATCH_SECONDS
	}
	answer, _, err := pages(request, math.MaxInt32,
		func() (*tvstatsv1.GetAudienceResponse, error) { return from.GetAudience(ctx, request) },
		func(r *tvstatsv1.GetAudienceResponse) *[]*tvstatsv1.AudienceRow { return &r.Rows })
	return answer, err
}

// programmes reads those of the channel, in the order in which they were on air.
func (e *exportChannelReport) programmes(ctx context.Context, from tvstatsv1.AudienceClient) (*tvstatsv1.GetProgrammeRatingsResponse, error) {
	request := &tvstatsv1.GetProgrammeRatingsRequest{
		ClientId: e.ClientID, From: timestamppb.New(e.first), To: timestamppb.New(e.last.AddDate(0, 0, 1)),
		Filter: &tvstatsv1.ViewingFilter{Channels: []int32{e.ChannelID}},
	}
	answer, _, err := pages(request, math.MaxInt32,
		func() (*tvstatsv1.GetProgrammeRatingsResponse, error) { return from.GetProgrammeRatings(ctx, request) },
		func(r *tvstatsv1.GetProgrammeRatingsResponse) *[]*tvstatsv1.ProgrammeRating { return &r.Programmes })
	return answer, err
}

// daysSheet is a row a day. Days without viewing have none.
func (e *exportChannelReport) daysSheet(rows []*tvstatsv1.AudienceRow) sheet {
	s := sheet{name: "days", rows: make([][]any, len(rows))}
	s.addColumn("channel_id", func(int) any { return int64(e.ChannelID) })
	s.addColumn("day", func(row int) any { return day(rows[row].PeriodStart.AsTime().Format(time.DateOnly)) })
	for fields, i := (&tvstatsv1.AudienceRow{}).ProtoReflect().Descriptor().Fields(), 0; i < fields.Len(); i++ {
		if field := fields.Get(i); !slices.Contains(rowKeys, field.Name()) {
			s.addColumn(string(field.Name()), func(row int) any { return cell(rows[row].ProtoReflect(), field) })
		}
	}
	return s
}

// rowKeys are the fields of rows that say of what they are.
var rowKeys = []protoreflect.Name{
	"channel_id", "category_id", "tariff_id", "device", "mode", "period_start", "hour_of_day", "day_of_week",
}
