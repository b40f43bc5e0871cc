// Package dynamics computes how an operator's subscribers come and go, pay and watch: greatest numbers online, the figures of a
// dashboard, records of days, series for charts.
//
// Every figure is computed in one place, from the roles of internal/store. The commands keep what they computed together
// with a stamp that says what it was computed from; the reads use what is kept where its stamp is still that of the data, and
// compute the rest on the spot. So commands and reads can never disagree, and figures whose data comes late are computed anew. Ledger,
// payments and viewing are kept apart, and each is recomputed on its own. Of time without data nothing is kept, so that work and space follow
// the data.
//
// Before viewing is removed, what it came to is kept (removal.go), and from then on is what is returned (gone.go).
package dynamics

import (
	"context"
	"sync"
	"time"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// Source is what dynamics need of the store.
type Source interface {
	store.ChangeVersions
	store.FigureStore
	store.OnlineFinder
	store.Aggregator
	store.ViewerCounter
	store.LedgerReader
	store.PaymentReader
	store.Eraser
	Clients(ctx context.Context) ([]catalog.Client, error)
	Client(ctx context.Context, clientID int32) (catalog.Client, error)
}

// Dynamics computes figures, keeps them and reads them. It serves any number of goroutines.
type Dynamics struct {
	source        Source
	onlineTimeout time.Duration
	longest       time.Duration
	removing      *sync.Mutex    // one removal at a time
	now           viewing.Millis // the time of the question: it decides which accounts are excluded
	read          *clock         // versions of one client that were read once, for several figures; nil = each reads its own
	known         viewing.Millis // up to when states of accounts count: now, or a later instant that figures are of
}

// At returns what computes figures at the time of a question.
func (d *Dynamics) At(now viewing.Millis) *Dynamics {
	at := *d
	at.now, at.known, at.read = now, now, nil
	return &at
}

// asOf is what computes figures of an instant: of one that is still to come, with the states that will have come by then.
func (d *Dynamics) asOf(instant viewing.Millis) *Dynamics {
	at := *d
	at.known, at.read = max(d.now, instant-1), nil
	return &at
}

// New computes from source, with At. A device counts as online until its last report is as old as onlineTimeout; no session is
// longer than longest.
func New(source Source, onlineTimeout, longest time.Duration) *Dynamics {
	return &Dynamics{source: source, onlineTimeout: onlineTimeout, longest: longest, removing: &sync.Mutex{}}
}

// Command says for whom and as of when to compute figures ahead of time.
type Command struct {
	ClientIDs []int32 // none = all
	AsOf      viewing.Millis
}

// Progress receives what share of its work a command has done, 0 to 1, never less than before.
type Progress func(done float64)

// part is the progress of part number i of n equal ones.
func (p Progress) part(i, n int) Progress {
	return func(done float64) { p((float64(i) + done) / float64(n)) }
}

// Done is what a command did.
type Done struct {
	Clients  int // that were looked at, those that failed included
	Computed int // figures
	Fresh    int // figures that were right and left alone
	Healed   []ClientDay
	Failed   []Failure
}

// Failure is what a client failed with.
type Failure struct {
	ClientID int32
	Err      error
}

// ClientDay is a day of a client.
type ClientDay struct {
	ClientID int32
	Day      viewing.Day
}

// forEach runs do for each client of the command and adds up. An unknown client is store.ErrNotFound, before anything is done.
// Where a client fails the other ones are done all the same; where all do, the first one's error is the command's.
func (d *Dynamics) forEach(
	ctx context.Context, c Command, progress Progress, do func(clientID int32, progress Progress) (Done, error),
) (Done, error) {
	clientIDs, err := d.clients(ctx, c.ClientIDs)
	if err != nil {
		return Done{}, err
	}
	total := Done{Clients: len(clientIDs)}
	for i, clientID := range clientIDs {
		done, err := do(clientID, progress.part(i, len(clientIDs)))
		if ctx.Err() != nil {
			return total, err
		}
		if err != nil {
			total.Failed = append(total.Failed, Failure{ClientID: clientID, Err: err})
			continue
		}
		total.Computed += done.Computed
		total.Fresh += done.Fresh
		total.Healed = append(total.Healed, done.Healed...)
	}
	if len(total.Failed) > 0 && len(total.Failed) == len(clientIDs) {
		return total, total.Failed[0].Err
	}
	progress(1)
	return total, nil
}

func (d *Dynamics) clients(ctx context.Context, chosen []int32) ([]int32, error) {
	for _, id := range chosen {
		if _, err := d.source.Client(ctx, id); err != nil {
			return nil, err
		}
	}
	if len(chosen) > 0 {
		return chosen, nil
	}
	clients, err := d.source.Clients(ctx)
	all := make([]int32, len(clients))
	for i, client := range clients {
		all[i] = client.ID
	}
	return all, err
}
