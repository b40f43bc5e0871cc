package rpctest

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

// Events are so many valid ones, each of a session of its own.
func Events(count int) *tvstatsv1.StreamEventsRequest {
	started := timestamppb.New(time.Now().Add(-time.Hour))
	request := &tvstatsv1.StreamEventsRequest{}
	for i := range count {
		request.Events = append(request.Events, &tvstatsv1.ViewEvent{
			ClientId: 1, AccountId: int64(i + 1), DeviceUid: "box", Device: "mag250", ChannelId: 1, StartedAt: started, At: started,
		})
	}
	return request
}

// ValidSorting is a request that breaks no rule.
func ValidSorting() *tvstatsv1.CreateChannelSortingByPopularityRequest {
	return &tvstatsv1.CreateChannelSortingByPopularityRequest{
		ClientIds: []int32{1, 2}, DaysNumber: 30, Criterion: tvstatsv1.Criterion_CRITERION_WATCH_TIME,
	}
}

// ValidChannelSelection is a request that breaks no rule.
func ValidChannelSelection() *tvstatsv1.CreateChannelSelectionByPopularityRequest {
	return &tvstatsv1.CreateChannelSelectionByPopularityRequest{
		ClientId: 1, DaysNumber: 30, Criterion: tvstatsv1.Criterion_CRITERION_MEDIAN_WATCH_TIME,
	}
}

// ValidEpgSelection is a request that breaks no rule.
func ValidEpgSelection() *tvstatsv1.CreateEpgSelectionByPopularityRequest {
	return &tvstatsv1.CreateEpgSelectionByPopularityRequest{ClientId: 1, DaysNumber: 30}
}

// Changed is a valid request with one change.
func Changed[T any](request *T, change func(*T)) *T {
	change(request)
	return request
}

// Short names of the requests that build rankings.
type (
	// SortingRequest is a request for sortings.
	SortingRequest = tvstatsv1.CreateChannelSortingByPopularityRequest
	// SelectionRequest is a request for a selection of channels.
	SelectionRequest = tvstatsv1.CreateChannelSelectionByPopularityRequest
	// EpgRequest is a request for a selection of programmes.
	EpgRequest = tvstatsv1.CreateEpgSelectionByPopularityRequest
)

// Instant is a time written as in RFC 3339.
func Instant(text string) *timestamppb.Timestamp {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		panic(err)
	}
	return timestamppb.New(t)
}

// WholeCatalog has one of everything, with every field set and lists in no order.
func WholeCatalog() *tvstatsv1.SyncRequest {
	return &tvstatsv1.SyncRequest{
		BatchId: 1, ClientId: 7,
		Client: &tvstatsv1.Client{
			ClientId: 7, Name: "Operator", TimeZone: "Europe/Riga", CollectionEnabled: new(false), PolicyRevision: 1,
			Policy: &tvstatsv1.MeasurementPolicy{MaxSessionSeconds: 14_400, InactivitySeconds: 60, OneChannelPerDevice: true, MinSessionSeconds: 1},
		},
		Channels:   []*tvstatsv1.Channel{{ChannelId: 1, Name: "One", Number: 11, Categories: []int32{5, 2, 5}, Enabled: new(false)}},
		Tariffs:    []*tvstatsv1.Tariff{{TariffId: 3, Name: "Basic"}},
		Categories: []*tvstatsv1.Category{{CategoryId: 2, Name: "News"}},
		Accounts: []*tvstatsv1.Account{{
			AccountId: 1 << 40, Active: true, Tariffs: []int32{9, 3, 9},
			RegisteredAt: Instant("2024-01-02T03:04:05.678Z"), ChangedAt: Instant("2025-01-01T00:00:00Z"),
		}},
		Programmes: []*tvstatsv1.Programme{{
			ProgrammeId: 1 << 41, ChannelId: 1, Title: "Morning", Start: Instant("2025-06-01T06:00:00Z"), End: Instant("2025-06-01T09:00:00Z"),
		}},
		Payments: []*tvstatsv1.Payment{{
			PaymentId: 1, AccountId: 1 << 40, AmountMinor: -250, Currency: "EUR", PaidAt: Instant("2025-06-01T06:00:00Z"),
		}},
	}
}
