package convert

import (
	"cmp"

	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/viewing"
)

// Choosing is what says which sessions count, in rankings and audiences alike.
type Choosing interface {
	GetDevices() []string
	GetTariffs() []int32
	GetModes() []tvstatsv1.ViewMode
	GetMinWatchSeconds() int64
}

// Scope is a request that says which viewing counts in a ranking.
type Scope interface {
	Choosing
	GetDaysNumber() int32
	GetAsOf() *timestamppb.Timestamp
	GetCriterion() tvstatsv1.Criterion
	GetReachSeconds() int64
	GetMinAccounts() int64
	GetDryRun() bool
	GetCompareTo() string
	GetPolicy() *tvstatsv1.MeasurementPolicy
}

// Choice is which sessions count.
func Choice(r Choosing) viewing.Choice {
	active, has := r.(interface{ GetAccountsActive() bool }) // selections of programmes have none
	return viewing.Choice{
		Devices: r.GetDevices(), Tariffs: r.GetTariffs(), Modes: modesOf(r.GetModes()),
		ActiveOnly: has && active.GetAccountsActive(), MinSeconds: r.GetMinWatchSeconds(),
	}
}

// modesOf are the modes; one that is not specified is live.
func modesOf(modes []tvstatsv1.ViewMode) []viewing.Mode {
	return All(modes, func(m tvstatsv1.ViewMode) viewing.Mode { return cmp.Or(viewing.Mode(m), viewing.Live) })
}
