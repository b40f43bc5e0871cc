package main

import (
	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/audience"
	"github.com/tvstats/tvstats/internal/store"
)

func rowProto(r audience.Row) *tvstatsv1.AudienceRow {
	return &tvstatsv1.AudienceRow{
		ChannelId: r.ChannelID, CategoryId: r.CategoryID, TariffId: r.TariffID, Device: r.Device, Mode: tvstatsv1.ViewMode(r.Mode),
		PeriodStart: knownTimeProto(r.PeriodStart), HourOfDay: int32(r.HourOfDay), DayOfWeek: int32(r.DayOfWeek),
		WatchSeconds: int64(r.Watch / 1000), WatchSecondsReported: int64(r.Reported / 1000), WatchSessions: r.Sessions,
		Accounts: r.Accounts, Reach: r.Reach, AverageAudience: r.AverageAudience, Share: r.Share, Rating: r.Rating,
	}
}

func ratingProto(p audience.Programme) *tvstatsv1.ProgrammeRating {
	return &tvstatsv1.ProgrammeRating{
		ProgrammeId: p.ID, ChannelId: p.ChannelID, Title: p.Title, Start: timeProto(p.Start), End: timeProto(p.End),
		AverageAudience: p.AverageAudience, LiveAverageAudience: p.LiveAverageAudience, Rating: p.RatingPercent, Share: p.Share,
		Reach: p.Reach, Accounts: p.Accounts, WatchSeconds: int64(p.Watch / 1000), LiveSeconds: int64(p.Live / 1000),
		SameDaySeconds: int64(p.SameDay / 1000), SevenDaySeconds: int64(p.SevenDays / 1000),
		TwentyeightDaySeconds: int64(p.TwentyEightDays / 1000),
	}
}

func curvePointProto(p audience.Point) *tvstatsv1.AudienceCurvePoint {
	return &tvstatsv1.AudienceCurvePoint{
		Start: timeProto(p.Start), AverageAudience: p.AverageAudience, MaxAudience: p.Accounts, Joined: p.Joined, Left: p.Left,
	}
}

func flowProto(f store.Flow) *tvstatsv1.AudienceFlow {
	return &tvstatsv1.AudienceFlow{FromChannelId: f.From, ToChannelId: f.To, Switches: f.Switches, Accounts: f.Accounts}
}
