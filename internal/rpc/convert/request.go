package convert

import (
	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

type OfClient interface{ GetClientId() int32 }

type OfJob interface{ GetJobId() string }

type Paging interface{ GetPageSize() int32 }

type ClientList interface {
	OfClient
	Paging
}

type Scope interface {
	GetDaysNumber() int32
	GetDevices() []string
	GetTariffs() []int32
	GetMinWatchSeconds() int64
	GetAsOf() *timestamppb.Timestamp
}

type SelectionRequest interface {
	OfClient
	Scope
	GetSelectionSize() int32
	GetSelectionName() string
}

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

// CalendarRequest is a request that may ask for the client's calendar.
type CalendarRequest interface {
	GetClientId() int32
	GetCalendar() tvstatsv1.Calendar
}
