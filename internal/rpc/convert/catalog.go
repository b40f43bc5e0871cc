package convert

import (
	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/catalog"
)

func Client(c catalog.Client) *tvstatsv1.Client {
	return &tvstatsv1.Client{
		ClientId: c.ID, Name: c.Name, TimeZone: c.TimeZone, CollectionEnabled: &c.CollectionEnabled,
	}
}

func Channel(c catalog.Channel) *tvstatsv1.Channel {
	return &tvstatsv1.Channel{
		ChannelId: c.ID, Name: c.Name, Number: c.Number, Categories: c.Categories, Enabled: &c.Enabled,
	}
}

func Tariff(t catalog.Tariff) *tvstatsv1.Tariff {
	return &tvstatsv1.Tariff{TariffId: t.ID, Name: t.Name}
}

func Category(c catalog.Category) *tvstatsv1.Category {
	return &tvstatsv1.Category{CategoryId: c.ID, Name: c.Name}
}

func Account(a catalog.Account) *tvstatsv1.Account {
	return &tvstatsv1.Account{
		AccountId: a.ID, Active: a.Active, Tariffs: a.Tariffs,
		RegisteredAt: Time(a.RegisteredAt), ChangedAt: Time(a.ChangedAt), Excluded: a.Excluded,
	}
}

func Programme(p catalog.Programme) *tvstatsv1.Programme {
	return &tvstatsv1.Programme{
		ProgrammeId: p.ID, ChannelId: p.ChannelID, Title: p.Title, Start: Time(p.Start), End: Time(p.End),
	}
}
