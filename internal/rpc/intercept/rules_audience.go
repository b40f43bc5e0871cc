package intercept

import (
	"cmp"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/rpc/convert"
	"github.com/tvstats/tvstats/internal/viewing"
)

// The bounds of questions about audiences, as the proto promises them.
const (
	maxSpan       = 366 * 24 * time.Hour // from `from` to `to`
	maxReach      = int64(maxSpan / time.Second)
	maxDimensions = 3
	maxStep       = 86_400 // seconds; of curves, and of gaps between sessions
)

// ofAudience are the rules that all requests of service Audience have.
func ofAudience[M convert.AudienceRequest](v *violations, r M) {
	v.ofClient(r)
	v.filter(r.GetFilter())
}

func (v *violations) filter(f *tvstatsv1.ViewingFilter) {
	if f == nil {
		return
	}
	inside := &violations{}
	inside.choice(f)
	inside.ids("channels", f.Channels)
	inside.ids("categories", f.Categories)
	v.under("filter", inside)
}

// span demands both ends and reports whether they are usable.
func (v *violations) span(r convert.Span) bool {
	usable := true
	for _, end := range []struct {
		field string
		at    *timestamppb.Timestamp
	}{{"from", r.GetFrom()}, {"to", r.GetTo()}} {
		if end.at == nil {
			v.add(end.field, "it is missing")
			usable = false
		}
		usable = v.timestamp(end.field, end.at) && usable
	}
	usable = usable && v.periodStart(r.GetFrom())
	if w := convert.SpanWindow(r); usable && w.To <= w.From {
		v.add("to", "it is not after from; it must be, by a millisecond at least")
		return false
	}
	return usable
}

// shortSpan also bounds how long it is.
func (v *violations) shortSpan(r convert.Span) bool {
	if !v.span(r) {
		return false
	}
	if r.GetTo().AsTime().Sub(r.GetFrom().AsTime()) > maxSpan {
		v.add("to", "it is more than 366 days after from; it must be at most that")
		return false
	}
	return true
}

var timeDimensions = []tvstatsv1.Dimension{
	tvstatsv1.Dimension_DIMENSION_HOUR, tvstatsv1.Dimension_DIMENSION_DAY, tvstatsv1.Dimension_DIMENSION_WEEK,
	tvstatsv1.Dimension_DIMENSION_MONTH, tvstatsv1.Dimension_DIMENSION_HOUR_OF_DAY, tvstatsv1.Dimension_DIMENSION_DAY_OF_WEEK,
}

func (v *violations) dimensions(dimensions []tvstatsv1.Dimension) {
	if len(dimensions) > maxDimensions {
		v.add("group_by", "%d dimensions are not allowed; at most %d are", len(dimensions), maxDimensions)
		return
	}
	var ofTime []tvstatsv1.Dimension
	for i, dimension := range dimensions {
		switch {
		case tvstatsv1.Dimension_name[int32(dimension)] == "" || dimension == tvstatsv1.Dimension_DIMENSION_UNSPECIFIED:
			v.add("group_by", "%v, at index %d, is not allowed; each must be one of DIMENSION_CHANNEL, _CATEGORY, _TARIFF, _DEVICE, "+
				"_MODE, _HOUR, _DAY, _WEEK, _MONTH, _HOUR_OF_DAY, _DAY_OF_WEEK", dimension, i)
		case slices.Contains(dimensions[:i], dimension):
			v.add("group_by", "%v stands there more than once; name each dimension once", dimension)
		case slices.Contains(timeDimensions, dimension):
			ofTime = append(ofTime, dimension)
		}
	}
	slices.Sort(ofTime)
	if len(ofTime) > 1 && !slices.Equal(ofTime, timeDimensions[4:]) {
		v.add("group_by", "%v are not allowed together; of time there may be one, or DIMENSION_HOUR_OF_DAY with DIMENSION_DAY_OF_WEEK", ofTime)
	}
}

// The metrics that rows and programmes have.
var (
	rowMetrics = []tvstatsv1.Metric{
		tvstatsv1.Metric_METRIC_WATCH_SECONDS, tvstatsv1.Metric_METRIC_WATCH_SECONDS_REPORTED, tvstatsv1.Metric_METRIC_WATCH_SESSIONS,
		tvstatsv1.Metric_METRIC_ACCOUNTS, tvstatsv1.Metric_METRIC_REACH, tvstatsv1.Metric_METRIC_AVERAGE_AUDIENCE,
		tvstatsv1.Metric_METRIC_SHARE, tvstatsv1.Metric_METRIC_RATING,
	}
	programmeMetrics = []tvstatsv1.Metric{
		tvstatsv1.Metric_METRIC_WATCH_SECONDS, tvstatsv1.Metric_METRIC_ACCOUNTS, tvstatsv1.Metric_METRIC_REACH,
		tvstatsv1.Metric_METRIC_AVERAGE_AUDIENCE, tvstatsv1.Metric_METRIC_SHARE, tvstatsv1.Metric_METRIC_RATING,
		tvstatsv1.Metric_METRIC_LIVE_AVERAGE_AUDIENCE, tvstatsv1.Metric_METRIC_LIVE_SECONDS, tvstatsv1.Metric_METRIC_SAME_DAY_SECONDS,
		tvstatsv1.Metric_METRIC_SEVEN_DAY_SECONDS, tvstatsv1.Metric_METRIC_TWENTYEIGHT_DAY_SECONDS,
	}
)

func (v *violations) metric(metric tvstatsv1.Metric, allowed []tvstatsv1.Metric) {
	if metric == tvstatsv1.Metric_METRIC_UNSPECIFIED || slices.Contains(allowed, metric) {
		return
	}
	v.add("order_by", "%v is not allowed; it must be unspecified, %s", metric, oneOf(allowed))
}

func (v *violations) curve(r *tvstatsv1.GetAudienceCurveRequest) {
	v.between("step_seconds", r.StepSeconds, 0, maxStep)
	if r.ChannelId < 0 {
		v.positive("channel_id", int64(r.ChannelId))
	}
	if r.ProgrammeId < 0 {
		v.positive("programme_id", r.ProgrammeId)
	}
	switch {
	case (r.ChannelId == 0) == (r.ProgrammeId == 0):
		v.add("channel_id", "set either it, with from and to, or programme_id")
	case r.ProgrammeId != 0 && (r.From != nil || r.To != nil):
		v.add("from", "it and to are not allowed with programme_id, which has times of its own")
	case r.ChannelId != 0 && v.shortSpan(r) && r.StepSeconds >= 0 && r.StepSeconds <= maxStep:
		v.steps(convert.SpanWindow(r), r.StepSeconds)
	}
}

// steps bounds how many points a curve has.
func (v *violations) steps(w viewing.Window, seconds int64) {
	step := time.Duration(cmp.Or(seconds, convert.DefaultStep)) * time.Second
	if points := (w.To.Sub(w.From) + step - 1) / step; points > maxPoints {
		v.add("step_seconds", "%d points are not allowed; at most %d are: ask for longer steps or less time", points, maxPoints)
	}
}

// CurveSteps is nil where a curve of the window may have steps of so many seconds.
func CurveSteps(w viewing.Window, seconds int64) error {
	v := &violations{}
	v.steps(w, seconds)
	return v.err()
}
