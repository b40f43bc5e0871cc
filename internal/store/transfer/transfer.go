// Package transfer moves what one store holds into another, whatever their engines are, and compares them afterwards.
//
// Whatever is moved may be moved again: an interrupted transfer is simply repeated. Jobs stay where they are, and figures
// that were computed ahead of time are computed anew in the other store, but for those whose viewing is gone.
package transfer

import (
	"context"
	"fmt"
	"slices"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// batchSize is how much is written at once.
const batchSize = 5000

// always holds every instant that a report or programme can tell.
var always = viewing.Window{From: -62_135_596_800_000, To: 253_402_300_800_000}

// Transfer is one store on its way into another.
type Transfer struct {
	From, To store.Store
	Moved    func(count int) // is told of every batch that the other store holds
}

// Run moves everything and then compares. A difference is an error that says where.
func (t *Transfer) Run(ctx context.Context) error {
	if err := t.moveErasures(ctx); err != nil {
		return fmt.Errorf("erased accounts: %w", err)
	}
	clients, err := t.From.Clients(ctx)
	if err != nil {
		return err
	}
	for _, client := range clients {
		if err := t.move(ctx, client); err != nil {
			return fmt.Errorf("client %d: %w", client.ID, err)
		}
	}
	for _, client := range clients {
		if err := t.compare(ctx, client); err != nil {
			return fmt.Errorf("client %d: %w", client.ID, err)
		}
	}
	return nil
}

// moveErasures comes first: who was erased stays away in the other store, too.
func (t *Transfer) moveErasures(ctx context.Context) error {
	erased, err := t.From.Erasures(ctx)
	if err != nil {
		return err
	}
	return t.To.AddErasures(ctx, erased)
}

func (t *Transfer) move(ctx context.Context, client catalog.Client) error {
	for _, move := range []func(context.Context, catalog.Client) error{
		t.moveLineup, t.moveGuide, t.moveAccounts, t.movePayments, t.moveSessions, t.moveAnonymous, t.moveResults,
	} {
		if err := move(ctx, client); err != nil {
			return err
		}
	}
	return nil
}

// moveLineup moves the client itself and what it has few of.
func (t *Transfer) moveLineup(ctx context.Context, client catalog.Client) error {
	batch, err := lineup(ctx, t.From, client)
	if err != nil {
		return err
	}
	return t.apply(ctx, batch, 1+len(batch.Channels)+len(batch.Tariffs)+len(batch.Categories))
}

func lineup(ctx context.Context, from store.CatalogReader, client catalog.Client) (batch catalog.Batch, err error) {
	batch = catalog.Batch{ClientID: client.ID, Client: &client}
	if client.PolicyRevision > 0 {
		batch.Policy, batch.PolicyRevision = &client.Policy, client.PolicyRevision
	}
	if batch.Channels, err = from.Channels(ctx, client.ID); err != nil {
		return batch, err
	}
	if batch.Tariffs, err = from.Tariffs(ctx, client.ID); err != nil {
		return batch, err
	}
	batch.Categories, err = from.Categories(ctx, client.ID)
	return batch, err
}

func (t *Transfer) apply(ctx context.Context, batch catalog.Batch, count int) error {
	if err := t.To.ApplyCatalog(ctx, batch); err != nil {
		return err
	}
	t.Moved(count)
	return nil
}

func (t *Transfer) moveGuide(ctx context.Context, client catalog.Client) error {
	return eachProgrammes(ctx, t.From, client.ID, func(page []catalog.Programme) error {
		return t.apply(ctx, catalog.Batch{ClientID: client.ID, Programmes: page}, len(page))
	})
}

func eachProgrammes(ctx context.Context, from store.CatalogReader, clientID int32, use func([]catalog.Programme) error) error {
	query := store.ProgrammeQuery{ClientID: clientID, Starting: always, Limit: batchSize}
	for {
		page, err := from.Programmes(ctx, query)
		if err != nil || len(page) == 0 {
			return err
		}
		if err := use(page); err != nil {
			return err
		}
		query.After = &page[len(page)-1]
	}
}

func (t *Transfer) moveAccounts(ctx context.Context, client catalog.Client) error {
	return inBatches(func(use func(catalog.Account) error) error {
		return t.From.EachAccountState(ctx, client.ID, use)
	}, func(states []catalog.Account) error {
		return t.apply(ctx, catalog.Batch{ClientID: client.ID, Accounts: states}, len(states))
	})
}

func (t *Transfer) movePayments(ctx context.Context, client catalog.Client) error {
	return inBatches(func(use func(catalog.Payment) error) error {
		return t.From.EachPayment(ctx, client.ID, use)
	}, func(payments []catalog.Payment) error {
		return t.apply(ctx, catalog.Batch{ClientID: client.ID, Payments: payments}, len(payments))
	})
}

func (t *Transfer) moveSessions(ctx context.Context, client catalog.Client) error {
	return inBatches(func(use func(viewing.Report) error) error {
		return t.From.EachSession(ctx, client.ID, use)
	}, func(sessions []viewing.Report) error {
		if err := t.To.AppendReports(ctx, sessions); err != nil {
			return err
		}
		t.Moved(len(sessions))
		return nil
	})
}

// moveAnonymous moves what stays of erased accounts, and what was kept of viewing that is gone.
func (t *Transfer) moveAnonymous(ctx context.Context, client catalog.Client) error {
	anonymous, err := t.From.Anonymous(ctx, client.ID)
	if err != nil {
		return err
	}
	return t.To.AddAnonymous(ctx, client.ID, anonymous)
}

func (t *Transfer) moveResults(ctx context.Context, client catalog.Client) error {
	return eachResults(ctx, t.From, client.ID, func(page []store.Result) error {
		if err := t.To.SaveResults(ctx, page); err != nil {
			return err
		}
		t.Moved(len(page))
		return nil
	})
}

func eachResults(ctx context.Context, from store.ResultStore, clientID int32, use func([]store.Result) error) error {
	query := store.ResultQuery{
		ClientID: clientID, Kinds: []store.Kind{store.ChannelSorting, store.ChannelSelection, store.ProgrammeSelection}, Limit: 100,
	}
	for {
		page, err := from.Results(ctx, query)
		if err != nil || len(page) == 0 {
			return err
		}
		if err := use(page); err != nil {
			return err
		}
		last := page[len(page)-1]
		query.After = &store.ResultKey{CreatedAt: last.CreatedAt, ID: last.ID}
	}
}

// inBatches gathers what each calls its argument for, and hands it on in batches.
func inBatches[T any](each func(func(T) error) error, use func([]T) error) error {
	var batch []T
	err := each(func(one T) error {
		if batch = append(batch, one); len(batch) < batchSize {
			return nil
		}
		full := slices.Clone(batch)
		batch = batch[:0]
		return use(full)
	})
	if err != nil || len(batch) == 0 {
		return err
	}
	return use(batch)
}
