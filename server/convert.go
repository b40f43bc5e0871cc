package main

import (
	"fmt"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/ranking"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

func convertAll[T, P any](items []T, convert func(T) P) []P {
	converted := make([]P, len(items))
	for i, item := range items {
		converted[i] = convert(item)
	}
	return converted
}

func timeProto(t viewing.Millis) *timestamppb.Timestamp { return timestamppb.New(t.Time()) }

// knownTimeProto is a time that may not be known yet.
func knownTimeProto(t viewing.Millis) *timestamppb.Timestamp {
	if t == 0 {
		return nil
	}
	return timeProto(t)
}

// timeOr is an optional time of a request, or what its absence means.
func timeOr(t *timestamppb.Timestamp, absent viewing.Millis) viewing.Millis {
	if t == nil {
		return absent
	}
	return viewing.At(t.AsTime())
}

func scopeOf(req scope, activeOnly bool, now viewing.Millis) ranking.Scope {
	return ranking.Scope{
		Now: now, Days: int(req.GetDaysNumber()), AsOf: timeOr(req.GetAsOf(), now),
		Devices: req.GetDevices(), Tariffs: req.GetTariffs(),
		ActiveOnly: activeOnly, MinSeconds: req.GetMinWatchSeconds(),
	}
}

func sortingProto(s ranking.Sorting) *tvstatsv1.ChannelSorting {
	return &tvstatsv1.ChannelSorting{
		SortingId: s.ID, ClientId: s.ClientID, Criterion: tvstatsv1.Criterion(s.Criterion),
		WindowStart: timeProto(s.Window.From), WindowEnd: timeProto(s.Window.To), CreatedAt: timeProto(s.CreatedAt),
		Channels: convertAll(s.Channels, rankedChannelProto),
	}
}

func selectionProto(s ranking.Selection) *tvstatsv1.Selection {
	return &tvstatsv1.Selection{
		SelectionId: s.ID, ClientId: s.ClientID, Name: s.Name, Kind: kindProto(s.Kind),
		WindowStart: timeProto(s.Window.From), WindowEnd: timeProto(s.Window.To), CreatedAt: timeProto(s.CreatedAt),
		Channels:   convertAll(s.Channels, rankedChannelProto),
		Programmes: convertAll(s.Programmes, rankedProgrammeProto),
	}
}

func rankedChannelProto(c ranking.RankedChannel) *tvstatsv1.RankedChannel {
	return &tvstatsv1.RankedChannel{
		Rank: c.Rank, ChannelId: c.ChannelID, Score: c.Score,
		WatchSeconds: c.WatchSeconds, WatchSessions: c.WatchSessions,
		AverageWatchSeconds: c.AverageWatchSeconds, MedianWatchSeconds: c.MedianWatchSeconds,
		HasStatistics: c.HasStatistics,
	}
}

func rankedProgrammeProto(p ranking.RankedProgramme) *tvstatsv1.RankedProgramme {
	return &tvstatsv1.RankedProgramme{
		Rank: p.Rank, ProgrammeId: p.ProgrammeID, ChannelId: p.ChannelID, Title: p.Title, Score: p.Score,
		WatchSeconds: p.WatchSeconds, WatchSessions: p.WatchSessions, HasStatistics: p.HasStatistics,
	}
}

func kindProto(k store.Kind) tvstatsv1.SelectionKind {
	switch k {
	case store.ChannelSelection:
		return tvstatsv1.SelectionKind_SELECTION_KIND_CHANNELS
	case store.ProgrammeSelection:
		return tvstatsv1.SelectionKind_SELECTION_KIND_PROGRAMMES
	default:
		return tvstatsv1.SelectionKind_SELECTION_KIND_UNSPECIFIED
	}
}

// kindsOf are the kinds of results that a filter lets pass; nil is all.
func kindsOf(k tvstatsv1.SelectionKind) []store.Kind {
	switch k {
	case tvstatsv1.SelectionKind_SELECTION_KIND_CHANNELS:
		return []store.Kind{store.ChannelSelection}
	case tvstatsv1.SelectionKind_SELECTION_KIND_PROGRAMMES:
		return []store.Kind{store.ProgrammeSelection}
	default:
		return nil
	}
}

func clientProto(c catalog.Client) *tvstatsv1.Client {
	return &tvstatsv1.Client{
		ClientId: c.ID, Name: c.Name, TimeZone: c.TimeZone, CollectionEnabled: &c.CollectionEnabled,
		Policy: policyProto(c.Policy), PolicyRevision: c.PolicyRevision,
	}
}

func policyProto(p viewing.Policy) *tvstatsv1.MeasurementPolicy {
	return &tvstatsv1.MeasurementPolicy{
		MaxSessionSeconds: int64(p.MaxSessionSeconds), InactivitySeconds: int64(p.InactivitySeconds),
		OneChannelPerDevice: p.OneChannelPerDevice, MinSessionSeconds: int64(p.MinSessionSeconds),
	}
}

func channelProto(c catalog.Channel) *tvstatsv1.Channel {
	return &tvstatsv1.Channel{
		ChannelId: c.ID, Name: c.Name, Number: c.Number, Categories: c.Categories, Enabled: &c.Enabled,
	}
}

func tariffProto(t catalog.Tariff) *tvstatsv1.Tariff {
	return &tvstatsv1.Tariff{TariffId: t.ID, Name: t.Name}
}

func categoryProto(c catalog.Category) *tvstatsv1.Category {
	return &tvstatsv1.Category{CategoryId: c.ID, Name: c.Name}
}

func accountProto(a catalog.Account) *tvstatsv1.Account {
	return &tvstatsv1.Account{
		AccountId: a.ID, Active: a.Active, Tariffs: a.Tariffs,
		RegisteredAt: timeProto(a.RegisteredAt), ChangedAt: timeProto(a.ChangedAt), Excluded: a.Excluded,
	}
}

func programmeProto(p catalog.Programme) *tvstatsv1.Programme {
	return &tvstatsv1.Programme{
		ProgrammeId: p.ID, ChannelId: p.ChannelID, Title: p.Title, Start: timeProto(p.Start), End: timeProto(p.End),
	}
}

// jobProto is a job without its result.
func jobProto(j store.Job) *tvstatsv1.Job {
	return &tvstatsv1.Job{
		JobId: j.ID, Method: j.Method, ClientIds: j.ClientIDs, Schedule: j.Schedule, State: tvstatsv1.JobState(j.State),
		Progress: j.Progress, CreatedAt: timeProto(j.CreatedAt), StartedAt: knownTimeProto(j.StartedAt),
		FinishedAt: knownTimeProto(j.FinishedAt), Attempts: j.Attempts, Error: j.Error,
	}
}

// wholeJobProto is a job with its result, if it has one.
func wholeJobProto(j store.Job) (*tvstatsv1.Job, error) {
	job := jobProto(j)
	if j.State != store.JobSucceeded {
		return job, nil
	}
	job.Result = &tvstatsv1.JobResult{}
	if err := proto.Unmarshal(j.Result, job.Result); err != nil {
		return nil, fmt.Errorf("read the result of job %q: %w", j.ID, err)
	}
	return job, nil
}
