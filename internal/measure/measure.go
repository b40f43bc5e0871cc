// Package measure says what can be computed of sessions, as data: measures, dimensions, filters, and the queries that are
// made of them. How a store computes them is its own; what they mean stands here.
package measure

// Measure is a figure of a set of sessions. All are exact. Values are whole numbers: counts, milliseconds, or an instant.
type Measure uint8

// The measures.
const (
	Watch      Measure = iota + 1 // time of the sessions that counts by the filter's policy
	Sessions                      // their number
	Median                        // median time of a session, the mean of the middle two where their number is even
	Accounts                      // distinct accounts of them
	Reach                         // distinct accounts with a session that was on for Query.Reach without a break
	Greatest                      // time of the sessions of the account that has the most of it
	TopAccount                    // that account's id; of several with as much the smallest
	End                           // the latest instant until which one of the sessions was on as it was reported, cut to seconds after its start
	Cut                           // time of the sessions that does not count; Watch and Cut together are what devices reported
)

var names = map[Measure]string{
	Watch: "watch", Sessions: "sessions", Median: "median", Accounts: "accounts", Reach: "reach", Greatest: "greatest",
	TopAccount: "top_account", End: "latest_end", Cut: "cut",
}

// String is the measure's name, empty for one that does not exist.
func (m Measure) String() string { return names[m] }

// All are the measures, ascending.
func All() []Measure {
	all := make([]Measure, 0, len(names))
	for m := Watch; m.String() != ""; m++ {
		all = append(all, m)
	}
	return all
}

// Dimension is something that sessions are grouped by; Cell holds its value.
type Dimension uint8

// The dimensions.
const (
	Channel  Dimension = iota + 1 // Cell.ChannelID
	Category                      // Cell.CategoryID: a session is in each category of its channel, in 0 if that has none
	Tariff                        // Cell.TariffID: a session is in each tariff that it carries, in 0 if it carries none
	Device                        // Cell.Device
	Mode                          // Cell.Mode
	Period                        // Cell.Period, of Query.Slices
)

var dimensionNames = map[Dimension]string{
	Channel: "channel", Category: "category", Tariff: "tariff", Device: "device", Mode: "mode", Period: "period",
}

// String is the dimension's name.
func (d Dimension) String() string { return dimensionNames[d] }
