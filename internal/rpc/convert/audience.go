package convert

import (
	"cmp"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/audience"
	"github.com/tvstats/tvstats/internal/ranking"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// What 0 means in questions about audiences, in seconds.
const (
	DefaultReach = ranking.DefaultReach
	DefaultGap   = 60
	DefaultStep  = 60
)

// ViewingFilter is which sessions count.
func ViewingFilter(f *tvstatsv1.ViewingFilter) audience.Filter {
	return audience.Filter{Choice: Choice(f), Channels: f.GetChannels(), Categories: f.GetCategories()}
}

// Seconds is a time of a request in seconds, where 0 means the default.
func Seconds(seconds, byDefault int64) viewing.Millis {
	return viewing.Millis(cmp.Or(seconds, byDefault)) * 1000
}

// AudienceRow is a row as a message.
func AudienceRow(r audience.Row) *tvstatsv1.AudienceRow {
	return &tvstatsv1.AudienceRow{
		ChannelId: r.ChannelID, CategoryId: r.CategoryID, TariffId: r.TariffID, Device: r.Device, Mode: tvstatsv1.ViewMode(r.Mode),
		PeriodStart: knownTime(r.PeriodStart), HourOfDay: int32(r.HourOfDay), DayOfWeek: int32(r.DayOfWeek),
		WatchSeconds: int64(r.Watch / 1000), WatchSecondsReported: int64(r.Reported / 1000), WatchSessions: r.Sessions,
		Accounts: r.Accounts, Reach: r.Reach, AverageAudience: r.AverageAudience, Share: r.Share, Rating: r.Rating,
	}
}

// ProgrammeRating is the audience of a programme as a message.
func ProgrammeRating(p audience.Programme) *tvstatsv1.ProgrammeRating {
	return &tvstatsv1.ProgrammeRating{
		ProgrammeId: p.ID, ChannelId: p.ChannelID, Title: p.Title, Start: Time(p.Start), End: Time(p.End),
		AverageAudience: p.AverageAudience, LiveAverageAudience: p.LiveAverageAudience, Rating: p.RatingPercent, Share: p.Share,
		Reach: p.Reach, Accounts: p.Accounts, WatchSeconds: int64(p.Watch / 1000), LiveSeconds: int64(p.Live / 1000),
		SameDaySeconds: int64(p.SameDay / 1000), SevenDaySeconds: int64(p.SevenDays / 1000),
		TwentyeightDaySeconds: int64(p.TwentyEightDays / 1000),
	}
}

// CurvePoint is a step of a curve as a message.
func CurvePoint(p audience.Point) *tvstatsv1.AudienceCurvePoint {
	return &tvstatsv1.AudienceCurvePoint{
		Start: Time(p.Start), AverageAudience: p.AverageAudience, MaxAudience: p.Accounts, Joined: p.Joined, Left: p.Left,
	}
}

// Flow is a flow as a message.
func Flow(f store.Flow) *tvstatsv1.AudienceFlow {
	return &tvstatsv1.AudienceFlow{FromChannelId: f.From, ToChannelId: f.To, Switches: f.Switches, Accounts: f.Accounts}
}
