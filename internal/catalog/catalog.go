// Package catalog holds what the middleware pushes about a client: its channels, tariffs, categories,
// accounts, programmes and payments.
package catalog

import (
	"slices"

	"github.com/tvstats/tvstats/internal/viewing"
)

// Client is an operator of the middleware; everything else belongs to one.
type Client struct {
	ID                int32
	Name              string
	TimeZone          string // IANA name, "UTC" by default
	CollectionEnabled bool   // false refuses the client's view events
	Policy            viewing.Policy
	PolicyRevision    int64 // how often Policy changed
}

// NewClient is what a client is from its first accepted event on, until the middleware says more.
func NewClient(id int32) Client {
	return Client{ID: id, TimeZone: "UTC", CollectionEnabled: true}
}

// Channel of a client. A deleted one stays known, so that its viewing can be left out of rankings.
type Channel struct {
	ID         int32
	Name       string
	Number     int32   // on the remote control
	Categories []int32 // ascending, no repeats
	Enabled    bool
	Deleted    bool
}

// Among reports whether the channel is in any of the categories and one of the channels; where there are none of these, all are.
func (c Channel) Among(categories, channels []int32) bool {
	return (len(channels) == 0 || slices.Contains(channels, c.ID)) &&
		(len(categories) == 0 || slices.ContainsFunc(c.Categories, func(id int32) bool { return slices.Contains(categories, id) }))
}

// Tariff is a subscription plan.
type Tariff struct {
	ID      int32
	Name    string
	Deleted bool
}

// Category groups channels.
type Category struct {
	ID      int32
	Name    string
	Deleted bool
}

// Account is one state of a subscriber, in force from ChangedAt on. All states are kept; of those whose ChangedAt is not
// later than now the one with the greatest is current.
type Account struct {
	ID           int64
	Active       bool
	Tariffs      []int32        // ascending, no repeats
	RegisteredAt viewing.Millis // 0 = not given: the ChangedAt of the account's earliest state
	ChangedAt    viewing.Millis
	Excluded     bool // a test box, staff: in the ledger as any other, but its viewing counts nowhere; of a deleted account, too
	Deleted      bool
}

// Programme is one entry of the guide (EPG), on air in [Start, End).
type Programme struct {
	ID         int64
	ChannelID  int32
	Title      string
	Start, End viewing.Millis
	Deleted    bool
}

// Payment of an account. Amounts are integers in the currency's minor unit, negative for a refund.
type Payment struct {
	ID          int64
	AccountID   int64
	AmountMinor int64
	Currency    string // ISO 4217
	PaidAt      viewing.Millis
	Deleted     bool
}

// GuideRange says that the push that it is part of names all programmes of a channel that start in a window: others that
// are stored there are deleted.
type GuideRange struct {
	ChannelID int32
	Starting  viewing.Window
}

// Batch is one valid push of the middleware for one client. Where an id stands twice the later entry is meant.
type Batch struct {
	ClientID   int32
	Client     *Client         // nil = not given; its Policy and PolicyRevision are not looked at
	Policy     *viewing.Policy // nil = stays as it is; another one than before raises the revision by one
	Channels   []Channel
	Tariffs    []Tariff
	Categories []Category
	Accounts   []Account
	Programmes []Programme
	Payments   []Payment

	GuideRanges []GuideRange
	Refused     []int64 // programmes that the push named but that were wrong; GuideRanges leave them as they are
}
