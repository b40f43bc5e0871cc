package convert

import (
	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/viewing"
)

// OfClient is a request about one client.
type OfClient interface{ GetClientId() int32 }

// OfJob is a request about one job.
type OfJob interface{ GetJobId() string }

// Paging is a request for a page of a list.
type Paging interface{ GetPageSize() int32 }

// ClientList is a request for a page of a list of one client.
type ClientList interface {
	OfClient
	Paging
}

// SelectionRequest is a request for a selection.
type SelectionRequest interface {
	OfClient
	Scope
	GetSelectionSize() int32
	GetSelectionName() string
}

// DayRange is a request for figures of days, both included.
type DayRange interface {
	OfClient
	GetFromDay() string
	GetToDay() string
}

// DynamicsRequest is the request of a command.
type DynamicsRequest interface {
	GetClientIds() []int32
	GetAsOf() *timestamppb.Timestamp
}

// CalendarRequest is a request that may set the client's calendar.
type CalendarRequest interface {
	GetClientId() int32
	GetCalendar() tvstatsv1.Calendar
}

// Span is a request for [from, to).
type Span interface {
	GetFrom() *timestamppb.Timestamp
	GetTo() *timestamppb.Timestamp
}

// SpanWindow is the span, cut to milliseconds. What is absent counts as 1970.
func SpanWindow(r Span) viewing.Window {
	return viewing.Window{From: viewing.At(r.GetFrom().AsTime()), To: viewing.At(r.GetTo().AsTime())}
}

// AudienceRequest is a request of service Audience.
type AudienceRequest interface {
	OfClient
	GetFilter() *tvstatsv1.ViewingFilter
}
