package audience

import (
	"cmp"
	"strings"
)

// Metric is what rows and programmes can be put in order by. The numbers are the contract's: never renumber.
type Metric uint8

// The metrics; 0 is none.
const (
	WatchSeconds         Metric = 1
	WatchSecondsReported Metric = 2
	WatchSessions        Metric = 3
	Accounts             Metric = 4
	Reach                Metric = 5
	AverageAudience      Metric = 6
	Share                Metric = 7
	RatingPercent        Metric = 8
	LiveAverageAudience  Metric = 9
	LiveSeconds          Metric = 10
	SameDaySeconds       Metric = 11
	SevenDaySeconds      Metric = 12
	TwentyEightSeconds   Metric = 13
)

// value is the row's figure that the metric is of; 0 where rows have none.
func (r *Row) value(by Metric) float64 {
	switch by {
	case WatchSeconds:
		return float64(r.Watch / 1000)
	case WatchSecondsReported:
		return float64(r.Reported / 1000)
	case WatchSessions:
		return float64(r.Sessions)
	case Accounts:
		return float64(r.Accounts)
	case Reach:
		return float64(r.Reach)
	case AverageAudience:
		return r.AverageAudience
	case Share:
		return r.Share
	case RatingPercent:
		return r.Rating
	default:
		return 0
	}
}

// RowKey is a row's place in an order.
type RowKey struct {
	Value float64 // of the metric
	Keys
}

// Key is the row's place where rows are in order by the metric.
func (r *Row) Key(by Metric) RowKey { return RowKey{r.value(by), r.Keys} }

// InOrder compares places: the greater value first, then by keys in the order of the dimensions.
func InOrder(dimensions []Dimension) func(a, b RowKey) int {
	return func(a, b RowKey) int {
		order := cmp.Compare(b.Value, a.Value)
		for _, d := range dimensions {
			if order != 0 {
				break
			}
			order = a.compare(b.Keys, d)
		}
		return order
	}
}

func (k Keys) compare(other Keys, by Dimension) int {
	switch by {
	case ByChannel:
		return cmp.Compare(k.ChannelID, other.ChannelID)
	case ByCategory:
		return cmp.Compare(k.CategoryID, other.CategoryID)
	case ByTariff:
		return cmp.Compare(k.TariffID, other.TariffID)
	case ByDevice:
		return strings.Compare(k.Device, other.Device)
	case ByMode:
		return cmp.Compare(k.Mode, other.Mode)
	case ByHourOfDay:
		return cmp.Compare(k.HourOfDay, other.HourOfDay)
	case ByDayOfWeek:
		return cmp.Compare(k.DayOfWeek, other.DayOfWeek)
	default:
		return cmp.Compare(k.PeriodStart, other.PeriodStart)
	}
}
