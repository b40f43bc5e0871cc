package replica

import (
	"context"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/store/erasure"
	"github.com/tvstats/tvstats/internal/viewing"
)

// reportsAtOnce is how many reports make one operation at most, so that an entry stays far below what a document can hold.
const reportsAtOnce = 20_000

// AppendReports appends the reports to the log; see store.SessionWriter.
func (s *Store) AppendReports(ctx context.Context, reports []viewing.Report) error {
	for len(reports) > 0 {
		n := min(len(reports), reportsAtOnce)
		if _, err := s.submit(ctx, appendReports, encodeReports(reports[:n])); err != nil {
			return err
		}
		reports = reports[n:]
	}
	return ctx.Err()
}

// ApplyCatalog appends the batch to the log; see store.CatalogWriter.
func (s *Store) ApplyCatalog(ctx context.Context, batch catalog.Batch) error {
	_, err := applyCatalog.call(ctx, s, batch)
	return err
}

// EraseAccount removes an account from all replicas; see store.Eraser.
func (s *Store) EraseAccount(
	ctx context.Context, clientID int32, accountID int64, at viewing.Millis, kept store.Kept,
) (store.Erased, error) {
	return eraseAccount.call(ctx, s, erasing{
		ClientID: clientID, AccountID: accountID, At: at, Kept: kept, Key: erasure.NewKey(),
	})
}

// AddErasures remembers what another store does; see store.Erasures.
func (s *Store) AddErasures(ctx context.Context, erased *erasure.Set) error {
	all := erasures{Key: erased.Key(), Digests: map[int32][]erasure.Digest{}}
	for client, digest := range erased.All() {
		all.Digests[client] = append(all.Digests[client], digest)
	}
	_, err := addErasures.call(ctx, s, all)
	return err
}

// ExpireViewing removes a day from all replicas; see store.Eraser.
func (s *Store) ExpireViewing(ctx context.Context, clientID int32, day viewing.Day, kept store.Kept) error {
	_, err := expireViewing.call(ctx, s, expiring{ClientID: clientID, Day: day, Kept: kept})
	return err
}

// AddAnonymous adds what another store keeps of accounts that were erased; see store.Eraser.
func (s *Store) AddAnonymous(ctx context.Context, clientID int32, anonymous store.Anonymous) error {
	_, err := addAnonymous.call(ctx, s, anonymity{ClientID: clientID, Anonymous: anonymous})
	return err
}

// DeleteFigures removes figures; see store.FigureStore.
func (s *Store) DeleteFigures(ctx context.Context, kind store.FigureKind, clientID int32, starts []viewing.Millis) error {
	_, err := deleteFigures.call(ctx, s, figureKeys{Kind: kind, ClientID: clientID, Starts: starts})
	return err
}

// SaveResults appends results to the log; see store.ResultStore.
func (s *Store) SaveResults(ctx context.Context, results []store.Result) error {
	_, err := saveResults.call(ctx, s, results)
	return err
}

// DeleteResult removes one result; see store.ResultStore.
func (s *Store) DeleteResult(ctx context.Context, id string, kinds ...store.Kind) error {
	_, err := deleteResult.call(ctx, s, resultKey{ID: id, Kinds: kinds})
	return err
}

// SaveFigures appends figures to the log; see store.FigureStore.
func (s *Store) SaveFigures(ctx context.Context, figures []store.Figure) error {
	_, err := saveFigures.call(ctx, s, figures)
	return err
}

// CreateJob appends a job to the log; see store.JobStore.
func (s *Store) CreateJob(ctx context.Context, job store.Job) error {
	_, err := createJob.call(ctx, s, job)
	return err
}

// EndAttempt takes a lease back; see store.JobStore.
func (s *Store) EndAttempt(ctx context.Context, owner string, job store.Job) error {
	_, err := endAttempt.call(ctx, s, ending{Owner: owner, Job: job})
	return err
}

// CancelJob ends a job or requests its end; see store.JobStore.
func (s *Store) CancelJob(ctx context.Context, id string, now viewing.Millis) (store.Job, error) {
	return cancelJob.call(ctx, s, cancelling{ID: id, Now: now})
}

// DeleteJobs removes jobs that ended; see store.JobStore. Where there is none nothing is appended.
func (s *Store) DeleteJobs(ctx context.Context, endedBefore viewing.Millis) error {
	may, err := foretell(s, func(l Local) (bool, error) { return l.MayDeleteJobs(ctx, endedBefore) })
	if err != nil || !may {
		return err
	}
	_, err = deleteJobs.call(ctx, s, endedBefore)
	return err
}

// foretell asks the local store, which may be a moment behind the log: what it does not see now it sees at the next call.
func foretell[T any](s *Store, ask func(Local) (T, error)) (T, error) {
	s.replacing.RLock()
	defer s.replacing.RUnlock()
	return ask(s.local)
}
