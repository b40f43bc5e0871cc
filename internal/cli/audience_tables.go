package cli

import (
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/plaintext"
)

// enumValue is the value that people call by the name; 0 where there is none.
func enumValue[E ~int32](values map[string]int32, prefix, name string) E {
	return E(values[prefix+strings.ToUpper(name)])
}

func setField(message proto.Message, field protoreflect.FieldDescriptor, value any) {
	message.ProtoReflect().Set(field, protoreflect.ValueOf(value))
}

// widestBar is how long the bar of the greatest value is.
const widestBar = 24

// bars draws values as bars, the greatest of them as the widest.
type bars float64

func barsOf[T any](all []T, value func(T) float64) bars {
	var greatest float64
	for _, one := range all {
		greatest = max(greatest, value(one))
	}
	return bars(greatest)
}

// eighths of a block.
var eighths = []string{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"}

func (b bars) draw(value float64) string {
	if b == 0 || value <= 0 {
		return ""
	}
	parts := max(1, int(math.Round(value/float64(b)*widestBar*8)))
	return strings.Repeat("█", parts/8) + eighths[parts%8]
}

// printRow writes a row of a table, without the blanks in front of a bar that is not there.
func printRow(table io.Writer, row string, cells ...any) {
	fmt.Fprintln(table, strings.TrimRight(fmt.Sprintf(row, cells...), "\t"))
}

// share is a percentage.
func share(percent float64) string { return fmt.Sprintf("%.1f %%", percent) }

// shownTime is a time for people.
func shownTime(t *timestamppb.Timestamp) string { return t.AsTime().Format("2006-01-02 15:04") }

// trustworthy is what responses state about their own completeness.
type trustworthy interface {
	GetCoverage() tvstatsv1.Coverage
	GetDataFrom() *timestamppb.Timestamp
	GetCutSeconds() int64
	GetPolicyRevision() int64
}

// printTrust says what a wrong decision could follow from, below a table.
func printTrust(out io.Writer, answer trustworthy, more bool) {
	if more {
		fmt.Fprintln(out, "There are more rows; --rows shows them.")
	}
	switch answer.GetCoverage() {
	case tvstatsv1.Coverage_COVERAGE_PROVISIONAL:
		fmt.Fprintln(out, "Provisional: viewing of this time may still arrive.")
	case tvstatsv1.Coverage_COVERAGE_EXPIRED:
		fmt.Fprintf(out, "Some viewing of this time is gone; nothing is missing from %s on.\n", answer.GetDataFrom().AsTime().Format(time.RFC3339))
	default: // complete
	}
	if cut := answer.GetCutSeconds(); cut > 0 {
		fmt.Fprintf(out, "The measurement policy, revision %d, cut %s h:mm.\n", answer.GetPolicyRevision(), hours(cut))
	}
	if few, ok := answer.(interface{ GetHiddenRows() int64 }); ok && few.GetHiddenRows() > 0 {
		fmt.Fprintf(out, "%s rows with too few accounts are hidden.\n", Count(few.GetHiddenRows()))
	}
}

var weekdays = []string{"", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}

// keyColumn is what a table shows of a row for a dimension.
func keyColumn(d tvstatsv1.Dimension, r *tvstatsv1.AudienceRow, known Names) string {
	switch d {
	case tvstatsv1.Dimension_DIMENSION_CHANNEL:
		return channelName(r.ChannelId, known)
	case tvstatsv1.Dimension_DIMENSION_CATEGORY:
		return id(int64(r.CategoryId))
	case tvstatsv1.Dimension_DIMENSION_TARIFF:
		return id(int64(r.TariffId))
	case tvstatsv1.Dimension_DIMENSION_DEVICE:
		return plaintext.ForTerminal(r.Device)
	case tvstatsv1.Dimension_DIMENSION_MODE:
		return enumName(r.Mode.Descriptor(), r.Mode.Number())
	case tvstatsv1.Dimension_DIMENSION_HOUR_OF_DAY:
		return fmt.Sprintf("%02d", r.HourOfDay)
	case tvstatsv1.Dimension_DIMENSION_DAY_OF_WEEK:
		return weekdays[r.DayOfWeek]
	default:
		return shownTime(r.PeriodStart)
	}
}

// channelName is a channel's name, or its id where the catalog has none.
func channelName(channel int32, known Names) string {
	if name := known[channel].Name; name != "" {
		return plaintext.ForTerminal(name)
	}
	return id(int64(channel))
}

func printAudience(out io.Writer, q *tvstatsv1.GetAudienceRequest, a *tvstatsv1.GetAudienceResponse, known Names, more bool) error {
	table := newTable(out)
	line := func(keys []string, watched, sessions, accounts, reach, average, share, rating, bar string) {
		printRow(table, "%s\t%12s\t%8s\t%8s\t%8s\t%9s\t%8s\t%8s\t%s", strings.Join(keys, "\t"),
			watched, sessions, accounts, reach, average, share, rating, bar)
	}
	figures := func(keys []string, r *tvstatsv1.AudienceRow, bar string) {
		line(keys, hours(r.WatchSeconds), Count(r.WatchSessions), Count(r.Accounts), Count(r.Reach), fmt.Sprintf("%.3f", r.AverageAudience),
			share(r.Share), share(r.Rating), bar)
	}
	keys := make([]string, len(q.GroupBy))
	for i, d := range q.GroupBy {
		keys[i] = enumName(d.Descriptor(), d.Number())
	}
	line(keys, "watched h:mm", "sessions", "accounts", "reach", "average", "share", "rating", "")
	drawn := barsOf(a.Rows, func(r *tvstatsv1.AudienceRow) float64 { return r.AverageAudience })
	for _, row := range a.Rows {
		for i, d := range q.GroupBy {
			keys[i] = keyColumn(d, row, known)
		}
		figures(keys, row, drawn.draw(row.AverageAudience))
	}
	if a.Total != nil {
		clear(keys)
		keys[0] = "total"
		figures(keys, a.Total, "")
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(out, "Universe: %s accounts.\n", Count(a.Universe))
	printTrust(out, a, more)
	return nil
}

func printRatings(out io.Writer, a *tvstatsv1.GetProgrammeRatingsResponse, known Names, more bool) error {
	const row = "%s\t%s\t%s\t%9s\t%8s\t%8s\t%8s\t%8s\t%10s\t%10s\t%s"
	table := newTable(out)
	printRow(table, row, "start", "channel", "programme", "average", "rating", "share", "accounts", "reach", "live h:mm", "7 days h:mm", "")
	drawn := barsOf(a.Programmes, func(p *tvstatsv1.ProgrammeRating) float64 { return p.AverageAudience })
	for _, p := range a.Programmes {
		printRow(table, row, shownTime(p.Start), channelName(p.ChannelId, known), plaintext.ForTerminal(p.Title),
			fmt.Sprintf("%.3f", p.AverageAudience), share(p.Rating), share(p.Share), Count(p.Accounts), Count(p.Reach),
			hours(p.LiveSeconds), hours(p.SevenDaySeconds), drawn.draw(p.AverageAudience))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(out, "Universe: %s accounts.\n", Count(a.Universe))
	printTrust(out, a, more)
	return nil
}

func printCurve(out io.Writer, a *tvstatsv1.GetAudienceCurveResponse) error {
	const row = "%s\t%9s\t%8s\t%8s\t%8s\t%s"
	table := newTable(out)
	printRow(table, row, "start", "average", "most", "joined", "left", "")
	drawn := barsOf(a.Points, func(p *tvstatsv1.AudienceCurvePoint) float64 { return p.AverageAudience })
	for _, p := range a.Points {
		printRow(table, row, p.Start.AsTime().Format(time.DateTime), fmt.Sprintf("%.3f", p.AverageAudience), Count(p.MaxAudience),
			Count(p.Joined), Count(p.Left), drawn.draw(p.AverageAudience))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	printTrust(out, a, false)
	return nil
}

func printFlows(out io.Writer, a *tvstatsv1.GetAudienceFlowResponse, known Names, more bool) error {
	const row = "%s\t%s\t%8s\t%8s\t%s"
	name := func(channel int32) string {
		if channel == 0 {
			return "(not watching)"
		}
		return channelName(channel, known)
	}
	table := newTable(out)
	printRow(table, row, "from", "to", "switches", "accounts", "")
	drawn := barsOf(a.Flows, func(f *tvstatsv1.AudienceFlow) float64 { return float64(f.Switches) })
	for _, f := range a.Flows {
		printRow(table, row, name(f.FromChannelId), name(f.ToChannelId), Count(f.Switches), Count(f.Accounts), drawn.draw(float64(f.Switches)))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	printTrust(out, a, more)
	return nil
}
