package mongolog

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/x/mongo/driver"
	"go.mongodb.org/mongo-driver/x/mongo/driver/topology"

	"github.com/tvstats/tvstats/internal/store"
)

// fault says what failed, and why: because the caller's context ended, because the server cannot be reached, or else.
func fault(ctx context.Context, what string, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("%s: %w", what, ctx.Err())
	case unreachable(err):
		return fmt.Errorf("%w: %s: %w; see that MongoDB runs and can be reached", store.ErrUnavailable, what, err)
	default:
		return fmt.Errorf("%s: %w", what, err)
	}
}

// passing are the codes of errors of a server that stops, steps down, begins anew, or waited too long for its replicas.
var passing = []int{
	6,     // HostUnreachable
	7,     // HostNotFound
	43,    // CursorNotFound: the server was started anew
	64,    // WriteConcernFailed
	89,    // NetworkTimeout
	91,    // ShutdownInProgress
	133,   // FailedToSatisfyReadPreference
	134,   // ReadConcernMajorityNotAvailableYet, which the driver does not try again before 2.0
	189,   // PrimarySteppedDown
	262,   // ExceededTimeLimit
	9001,  // SocketException
	10107, // NotWritablePrimary
	11600, // InterruptedAtShutdown
	11602, // InterruptedDueToReplStateChange
	13435, // NotPrimaryNoSecondaryOk
	13436, // NotPrimaryOrSecondary
}

// unreachable tells whether the same call may work later, as nothing is wrong with it.
func unreachable(err error) bool {
	if mongo.IsNetworkError(err) || mongo.IsTimeout(err) || errors.Is(err, topology.ErrServerSelectionTimeout) {
		return true
	}
	if selection := (topology.ServerSelectionError{}); errors.As(err, &selection) {
		return true
	}
	if connection := (topology.ConnectionError{}); errors.As(err, &connection) {
		return true
	}
	if cleared := driver.RetryablePoolError(nil); errors.As(err, &cleared) { // it waited for a connection when others broke
		return true
	}
	told := mongo.ServerError(nil)
	return errors.As(err, &told) && (told.HasErrorLabel("RetryableWriteError") || slices.ContainsFunc(passing, told.HasErrorCode))
}
