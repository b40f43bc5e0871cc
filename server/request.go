package main

import (
	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

type ofClient interface{ GetClientId() int32 }

type ofJob interface{ GetJobId() string }

type paging interface{ GetPageSize() int32 }

type clientList interface {
	ofClient
	paging
}

type scope interface {
	GetDaysNumber() int32
	GetDevices() []string
	GetTariffs() []int32
	GetMinWatchSeconds() int64
	GetAsOf() *timestamppb.Timestamp
}

type selection interface {
	ofClient
	scope
	GetSelectionSize() int32
	GetSelectionName() string
}

type dayRange interface {
	ofClient
	GetFromDay() string
	GetToDay() string
}

// dynamicsCommand is the request of a command.
type dynamicsCommand interface {
	GetClientIds() []int32
	GetAsOf() *timestamppb.Timestamp
}

// calendarRequest is a request that may ask for the client's calendar.
type calendarRequest interface {
	GetClientId() int32
	GetCalendar() tvstatsv1.Calendar
}
