package replica

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/store/erasure"
	"github.com/tvstats/tvstats/internal/viewing"
)

// methods are what operations name. They are in logs: never rename one.
var methods = map[string]func(ctx context.Context, to Local, arguments []byte) (any, error){}

// method is a change of the store whose arguments A travel in the log, and which returns R where it is applied.
type method[A, R any] struct{ name string }

// define adds a method. Arguments travel in gob's encoding, which holds every exported field, so that none can be forgotten, and
// bytes as they are. A change of their types that an older program would misread needs a new Format.
func define[A, R any](name string, apply func(ctx context.Context, to Local, arguments A) (R, error)) method[A, R] {
	methods[name] = func(ctx context.Context, to Local, encoded []byte) (any, error) {
		var arguments A
		if err := gob.NewDecoder(bytes.NewReader(encoded)).Decode(&arguments); err != nil {
			return nil, fmt.Errorf("%w: %s: %w", errUnreadable, name, err)
		}
		return apply(ctx, to, arguments)
	}
	return method[A, R]{name: name}
}

// call has every replica apply the method and returns what it returned here.
func (m method[A, R]) call(ctx context.Context, s *Store, arguments A) (R, error) {
	var none R
	var encoded bytes.Buffer
	if err := gob.NewEncoder(&encoded).Encode(arguments); err != nil {
		return none, fmt.Errorf("encode %s for the log: %w", m.name, err)
	}
	result, err := s.submit(ctx, m.name, encoded.Bytes())
	if err != nil {
		return none, err
	}
	returned, _ := result.(R)
	return returned, nil
}

// nothing is what methods return that return an error only.
type nothing = struct{}

// The arguments of methods that have several.
type (
	erasing struct {
		ClientID  int32
		AccountID int64
		At        viewing.Millis
		Kept      store.Kept
		Key       []byte // of the digests, for a store that has none yet
	}
	expiring struct {
		ClientID int32
		Day      viewing.Day
		Kept     store.Kept
	}
	anonymity struct {
		ClientID  int32
		Anonymous store.Anonymous
	}
	figureKeys struct {
		Kind     store.FigureKind
		ClientID int32
		Starts   []viewing.Millis
	}
	erasures struct {
		Key     []byte
		Digests map[int32][]erasure.Digest
	}
	resultKey struct {
		ID    string
		Kinds []store.Kind
	}
	leasing struct {
		Now   viewing.Millis
		Lease store.Lease
	}
	taking struct {
		Now   viewing.Millis
		Lease store.Lease
		Over  []store.Held // leases that have run out
	}
	renewing struct {
		ID       string
		Lease    store.Lease
		Progress float64
	}
	ending struct {
		Owner string
		Job   store.Job
	}
	cancelling struct {
		ID  string
		Now viewing.Millis
	}
)

const appendReports = "AppendReports"

func init() {
	methods[appendReports] = func(ctx context.Context, to Local, encoded []byte) (any, error) {
		reports, err := decodeReports(encoded)
		if err != nil {
			return nil, err
		}
		return nothing{}, to.AppendReports(ctx, reports)
	}
}

// Every method of store.Store that changes it, but for AppendReports, whose arguments have an encoding of their own.
var (
	applyCatalog = define("ApplyCatalog", func(ctx context.Context, to Local, batch catalog.Batch) (nothing, error) {
		return nothing{}, to.ApplyCatalog(ctx, batch)
	})
	eraseAccount = define("EraseAccount", func(ctx context.Context, to Local, e erasing) (store.Erased, error) {
		return to.EraseAccount(erasure.WithKey(ctx, e.Key), e.ClientID, e.AccountID, e.At, e.Kept)
	})
	addErasures = define("AddErasures", func(ctx context.Context, to Local, e erasures) (nothing, error) {
		set := erasure.NewSet(e.Key)
		for client, digests := range e.Digests {
			for _, digest := range digests {
				set.Add(client, digest)
			}
		}
		return nothing{}, to.AddErasures(ctx, set)
	})
	expireViewing = define("ExpireViewing", func(ctx context.Context, to Local, e expiring) (nothing, error) {
		return nothing{}, to.ExpireViewing(ctx, e.ClientID, e.Day, e.Kept)
	})
	addAnonymous = define("AddAnonymous", func(ctx context.Context, to Local, a anonymity) (nothing, error) {
		return nothing{}, to.AddAnonymous(ctx, a.ClientID, a.Anonymous)
	})
	deleteFigures = define("DeleteFigures", func(ctx context.Context, to Local, f figureKeys) (nothing, error) {
		return nothing{}, to.DeleteFigures(ctx, f.Kind, f.ClientID, f.Starts)
	})
	saveResults = define("SaveResults", func(ctx context.Context, to Local, results []store.Result) (nothing, error) {
		return nothing{}, to.SaveResults(ctx, results)
	})
	deleteResult = define("DeleteResult", func(ctx context.Context, to Local, r resultKey) (nothing, error) {
		return nothing{}, to.DeleteResult(ctx, r.ID, r.Kinds...)
	})
	saveFigures = define("SaveFigures", func(ctx context.Context, to Local, figures []store.Figure) (nothing, error) {
		return nothing{}, to.SaveFigures(ctx, figures)
	})
	createJob = define("CreateJob", func(ctx context.Context, to Local, job store.Job) (nothing, error) {
		return nothing{}, to.CreateJob(ctx, job)
	})
	takeLease = define("TakeLease", func(ctx context.Context, to Local, t taking) (store.Job, error) {
		return to.TakeLease(ctx, t.Now, t.Lease, t.Over)
	})
	// Logs of before hold it.
	leaseJob = define("LeaseJob", func(ctx context.Context, to Local, l leasing) (store.Job, error) {
		return to.LeaseJob(ctx, l.Now, l.Lease)
	})
	renewLease = define("RenewLease", func(ctx context.Context, to Local, r renewing) (bool, error) {
		return to.RenewLease(ctx, r.ID, r.Lease, r.Progress)
	})
	endAttempt = define("EndAttempt", func(ctx context.Context, to Local, e ending) (nothing, error) {
		return nothing{}, to.EndAttempt(ctx, e.Owner, e.Job)
	})
	cancelJob = define("CancelJob", func(ctx context.Context, to Local, c cancelling) (store.Job, error) {
		return to.CancelJob(ctx, c.ID, c.Now)
	})
	deleteJobs = define("DeleteJobs", func(ctx context.Context, to Local, endedBefore viewing.Millis) (nothing, error) {
		return nothing{}, to.DeleteJobs(ctx, endedBefore)
	})
)

// onlySucceeds are the methods that return nothing where they are applied, and never an error of the domain.
var onlySucceeds = map[string]bool{
	appendReports: true, applyCatalog.name: true, saveResults.name: true, saveFigures.name: true, createJob.name: true, deleteJobs.name: true,
	addAnonymous.name: true, deleteFigures.name: true,
}

// ofTheDomain reports whether an error is a result, the same on every replica, and not a failure of this machine.
func ofTheDomain(err error) bool {
	return errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrLeaseLost) || errors.Is(err, store.ErrMoved) || errors.Is(err, erasure.ErrOtherKey)
}
