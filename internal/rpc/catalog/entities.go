package catalog

import (
	"cmp"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/rpc/convert"
	"github.com/tvstats/tvstats/internal/rpc/intercept"
	"github.com/tvstats/tvstats/internal/viewing"
)

// maxProgramme is the longest programme; what is longer is a mistake in the guide, and would cost a lot to match.
const maxProgramme = 7 * 24 * time.Hour

// The functions below make entities of the catalog from pushed ones, or return the first rule that one breaks.

func clientOf(c *tvstatsv1.Client, clientID int32) (catalog.Client, error) {
	client := catalog.NewClient(clientID)
	client.Name = c.Name
	client.TimeZone = cmp.Or(c.TimeZone, client.TimeZone)
	if c.CollectionEnabled != nil {
		client.CollectionEnabled = *c.CollectionEnabled
	}
	var err error
	if c.ClientId != 0 && c.ClientId != clientID {
		err = fmt.Errorf("client_id is %d; it must be %d, that of the request, or left out", c.ClientId, clientID)
	}
	policy, wrong := convert.PolicyOf(c.Policy)
	client.Policy = policy
	return client, cmp.Or(err, text("name", c.Name), timeZone(client.TimeZone), wrong)
}

func channelOf(c *tvstatsv1.Channel) (catalog.Channel, error) {
	err := positive("channel_id", int64(c.ChannelId))
	if c.Deleted {
		return catalog.Channel{ID: c.ChannelId, Deleted: true}, err
	}
	var number error
	if c.Number < 0 {
		number = fmt.Errorf("number is %d; it must be 0 or more", c.Number)
	}
	channel := catalog.Channel{
		ID: c.ChannelId, Name: c.Name, Number: c.Number, Categories: viewing.Distinct(c.Categories),
		Enabled: c.Enabled == nil || *c.Enabled,
	}
	return channel, cmp.Or(err, text("name", c.Name), number, allPositive("categories", channel.Categories))
}

func tariffOf(t *tvstatsv1.Tariff) (catalog.Tariff, error) {
	err := positive("tariff_id", int64(t.TariffId))
	if t.Deleted {
		return catalog.Tariff{ID: t.TariffId, Deleted: true}, err
	}
	return catalog.Tariff{ID: t.TariffId, Name: t.Name}, cmp.Or(err, text("name", t.Name))
}

func categoryOf(c *tvstatsv1.Category) (catalog.Category, error) {
	err := positive("category_id", int64(c.CategoryId))
	if c.Deleted {
		return catalog.Category{ID: c.CategoryId, Deleted: true}, err
	}
	return catalog.Category{ID: c.CategoryId, Name: c.Name}, cmp.Or(err, text("name", c.Name))
}

func accountOf(a *tvstatsv1.Account, times timeRules) (catalog.Account, error) {
	err := cmp.Or(positive("account_id", a.AccountId), times.optional("changed_at", a.ChangedAt))
	account := catalog.Account{
		ID: a.AccountId, ChangedAt: convert.TimeOr(a.ChangedAt, times.now), Excluded: a.Excluded, Deleted: a.Deleted,
	}
	if a.Deleted {
		return account, err
	}
	account.Active = a.Active
	account.Tariffs = viewing.Distinct(a.Tariffs)
	account.RegisteredAt = convert.TimeOr(a.RegisteredAt, 0)
	return account, cmp.Or(err, allPositive("tariffs", account.Tariffs), times.optional("registered_at", a.RegisteredAt))
}

func programmeOf(p *tvstatsv1.Programme, times timeRules) (catalog.Programme, error) {
	err := positive("programme_id", p.ProgrammeId)
	if p.Deleted {
		return catalog.Programme{ID: p.ProgrammeId, Deleted: true}, err
	}
	programme := catalog.Programme{
		ID: p.ProgrammeId, ChannelID: p.ChannelId, Title: p.Title, Start: convert.TimeOr(p.Start, 0), End: convert.TimeOr(p.End, 0),
	}
	return programme, cmp.Or(err, positive("channel_id", int64(p.ChannelId)), text("title", p.Title),
		times.required("start", p.Start), times.required("end", p.End), duration(programme))
}

func paymentOf(p *tvstatsv1.Payment, times timeRules) (catalog.Payment, error) {
	err := positive("payment_id", p.PaymentId)
	if p.Deleted {
		return catalog.Payment{ID: p.PaymentId, Deleted: true}, err
	}
	return catalog.Payment{
		ID: p.PaymentId, AccountID: p.AccountId, AmountMinor: p.AmountMinor, Currency: p.Currency, PaidAt: convert.TimeOr(p.PaidAt, 0),
	}, cmp.Or(err, positive("account_id", p.AccountId), currency(p.Currency), times.required("paid_at", p.PaidAt))
}

func guideRangeOf(r *tvstatsv1.GuideRange, times timeRules) (catalog.GuideRange, error) {
	starting := viewing.Window{From: convert.TimeOr(r.From, 0), To: convert.TimeOr(r.To, 0)}
	err := cmp.Or(positive("channel_id", int64(r.ChannelId)), times.required("from", r.From), times.required("to", r.To))
	if err == nil && starting.To <= starting.From {
		err = errors.New("to is not after from")
	}
	return catalog.GuideRange{ChannelID: r.ChannelId, Starting: starting}, err
}

func positive(field string, id int64) error {
	if id <= 0 {
		return fmt.Errorf("%s is %d; it must be positive", field, id)
	}
	return nil
}

func allPositive(field string, ids []int32) error {
	if len(ids) > viewing.MaxTariffs {
		return fmt.Errorf("%s has %d ids; it can have at most %d", field, len(ids), viewing.MaxTariffs)
	}
	for _, id := range ids {
		if id <= 0 {
			return fmt.Errorf("%s has %d; each must be positive", field, id)
		}
	}
	return nil
}

func text(field, value string) error {
	if characters := utf8.RuneCountInString(value); characters > intercept.MaxName {
		return fmt.Errorf("%s has %d characters; it must have at most %d", field, characters, intercept.MaxName)
	}
	return nil
}

// timeZone refuses "Local" too: it would mean the server's zone.
func timeZone(zone string) error {
	if _, err := time.LoadLocation(zone); err != nil || zone == "Local" {
		return fmt.Errorf("time_zone %.60q does not exist; it must be an IANA name such as \"Europe/Riga\"", zone)
	}
	return nil
}

func currency(code string) error {
	if len(code) != 3 || code[0] < 'A' || code[0] > 'Z' || code[1] < 'A' || code[1] > 'Z' || code[2] < 'A' || code[2] > 'Z' {
		return fmt.Errorf("currency is %.20q; it must be three capital letters (ISO 4217), for example \"EUR\"", code)
	}
	return nil
}

// timeRules are what the times of entities are held to.
type timeRules struct {
	now    viewing.Millis // of the service's clock
	oldest viewing.Millis // the floor of all times
}

func (r timeRules) optional(field string, t *timestamppb.Timestamp) error {
	switch {
	case t == nil:
		return nil
	case !t.IsValid():
		return fmt.Errorf("%s is no valid timestamp; it must lie in the years 1 to 9999", field)
	case viewing.At(t.AsTime()) < r.oldest:
		return fmt.Errorf("%s is %s, before %s, the oldest time that is accepted",
			field, t.AsTime().Format(time.RFC3339), r.oldest.Time().Format(time.RFC3339))
	}
	return nil
}

func (r timeRules) required(field string, t *timestamppb.Timestamp) error {
	if t == nil {
		return fmt.Errorf("%s is missing", field)
	}
	return r.optional(field, t)
}

func duration(p catalog.Programme) error {
	switch {
	case p.End <= p.Start:
		return errors.New("end is not after start")
	case p.End > p.Start.Add(maxProgramme):
		return fmt.Errorf("end is more than %s after start, the longest programme", maxProgramme)
	}
	return nil
}
