package convert

import (
	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/catalog"
)

// Client is an operator of the catalog as a message.
func Client(c catalog.Client) *tvstatsv1.Client {
	return &tvstatsv1.Client{
		ClientId: c.ID, Name: c.Name, TimeZone: c.TimeZone, CollectionEnabled: &c.CollectionEnabled,
		Policy: Policy(c.Policy), PolicyRevision: c.PolicyRevision,
	}
}

// Channel is a channel of the catalog as a message.
func Channel(c catalog.Channel) *tvstatsv1.Channel {
	return &tvstatsv1.Channel{
		ChannelId: c.ID, Name: c.Name, Number: c.Number, Categories: c.Categories, Enabled: &c.Enabled,
	}
}

// Tariff is a tariff of the catalog as a message.
func Tariff(t catalog.Tariff) *tvstatsv1.Tariff {
	return &tvstatsv1.Tariff{TariffId: t.ID, Name: t.Name}
}

// Category is a channel category of the catalog as a message.
func Category(c catalog.Category) *tvstatsv1.Category {
	return &tvstatsv1.Category{CategoryId: c.ID, Name: c.Name}
}

// Account is an account's state as a message.
func Account(a catalog.Account) *tvstatsv1.Account {
	return &tvstatsv1.Account{
		AccountId: a.ID, Active: a.Active, Tariffs: a.Tariffs,
		RegisteredAt: Time(a.RegisteredAt), ChangedAt: Time(a.ChangedAt), Excluded: a.Excluded,
	}
}

// Programme is a programme of the guide as a message.
func Programme(p catalog.Programme) *tvstatsv1.Programme {
	return &tvstatsv1.Programme{
		ProgrammeId: p.ID, ChannelId: p.ChannelID, Title: p.Title, Start: Time(p.Start), End: Time(p.End),
	}
}
