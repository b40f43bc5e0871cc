package main

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

// events are so many valid ones, each of a session of its own.
func events(count int) *tvstatsv1.StreamEventsRequest {
	started := timestamppb.New(time.Now().Add(-time.Hour))
	request := &tvstatsv1.StreamEventsRequest{}
	for i := range count {
		request.Events = append(request.Events, &tvstatsv1.ViewEvent{
			ClientId: 1, AccountId: int64(i + 1), DeviceUid: "box", Device: "mag250", ChannelId: 1, StartedAt: started, At: started,
		})
	}
	return request
}

func validSorting() *tvstatsv1.CreateChannelSortingByPopularityRequest {
	return &tvstatsv1.CreateChannelSortingByPopularityRequest{
		ClientIds: []int32{1, 2}, DaysNumber: 30, Criterion: tvstatsv1.Criterion_CRITERION_WATCH_TIME,
	}
}

func validChannelSelection() *tvstatsv1.CreateChannelSelectionByPopularityRequest {
	return &tvstatsv1.CreateChannelSelectionByPopularityRequest{
		ClientId: 1, DaysNumber: 30, Criterion: tvstatsv1.Criterion_CRITERION_MEDIAN_WATCH_TIME,
	}
}

func validEpgSelection() *tvstatsv1.CreateEpgSelectionByPopularityRequest {
	return &tvstatsv1.CreateEpgSelectionByPopularityRequest{ClientId: 1, DaysNumber: 30}
}

// changed is a valid request with one change.
func changed[T any](request *T, change func(*T)) *T {
	change(request)
	return request
}

type (
	sortingRequest   = tvstatsv1.CreateChannelSortingByPopularityRequest
	selectionRequest = tvstatsv1.CreateChannelSelectionByPopularityRequest
	epgRequest       = tvstatsv1.CreateEpgSelectionByPopularityRequest
)

func instant(text string) *timestamppb.Timestamp {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		panic(err)
	}
	return timestamppb.New(t)
}

// wholeCatalog has one of everything, with every field set and lists in no order.
func wholeCatalog() *tvstatsv1.SyncRequest {
	return &tvstatsv1.SyncRequest{
		BatchId: 1, ClientId: 7,
		Client:     &tvstatsv1.Client{ClientId: 7, Name: "Operator", TimeZone: "Europe/Riga", CollectionEnabled: new(false)},
		Channels:   []*tvstatsv1.Channel{{ChannelId: 1, Name: "One", Number: 11, Categories: []int32{5, 2, 5}, Enabled: new(false)}},
		Tariffs:    []*tvstatsv1.Tariff{{TariffId: 3, Name: "Basic"}},
		Categories: []*tvstatsv1.Category{{CategoryId: 2, Name: "News"}},
		Accounts: []*tvstatsv1.Account{{
			AccountId: 1 << 40, Active: true, Tariffs: []int32{9, 3, 9},
			RegisteredAt: instant("2024-01-02T03:04:05.678Z"), ChangedAt: instant("2025-01-01T00:00:00Z"),
		}},
		Programmes: []*tvstatsv1.Programme{{
			ProgrammeId: 1 << 41, ChannelId: 1, Title: "Morning", Start: instant("2025-06-01T06:00:00Z"), End: instant("2025-06-01T09:00:00Z"),
		}},
		Payments: []*tvstatsv1.Payment{{
			PaymentId: 1, AccountId: 1 << 40, AmountMinor: -250, Currency: "EUR", PaidAt: instant("2025-06-01T06:00:00Z"),
		}},
	}
}
