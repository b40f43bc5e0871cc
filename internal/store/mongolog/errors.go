package mongolog

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/x/mongo/driver"
	"go.mongodb.org/mongo-driver/x/mongo/driver/auth"
	"go.mongodb.org/mongo-driver/x/mongo/driver/topology"

	"github.com/tvstats/tvstats/internal/store"
)

// fault says what failed, and why: because the caller's context ended, because the server refuses the user, because it
// cannot be reached, or else. What the driver says of an unreachable server is kept as text only: contexts of its own end in
// it, which are not the caller's.
func (l *Log) fault(ctx context.Context, what string, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("%s: %w", what, ctx.Err())
	}
	if why := l.options.refusal(err); why != "" {
		return &refusedUser{what: what, why: why, err: err}
	}
	if unreachable(err) && !errors.Is(err, store.ErrUnavailable) {
		return fmt.Errorf("%w: %s: %s; see that MongoDB runs and can be reached", store.ErrUnavailable, what, err.Error())
	}
	return fmt.Errorf("%s: %w", what, err)
}

// refusedUser is what waiting does not help with: the server knows no such user, or the user may not do it.
type refusedUser struct {
	what, why string
	err       error
}

// Error states what to do.
func (r *refusedUser) Error() string {
	return fmt.Sprintf("%s: MongoDB refused: %s (%v)", r.what, r.why, r.err)
}

// Unwrap returns what the driver said.
func (r *refusedUser) Unwrap() error { return r.err }

// unauthorized is the code of an error of a user who may not do it, or of an anonymous one where a user is required.
const unauthorized = 13

// withoutMechanism are the codes of errors of a server that does not know the mechanism, or none at all.
var withoutMechanism = []int32{
	2,   // BadValue, before 4.0
	59,  // CommandNotFound
	334, // MechanismUnavailable
}

// refusal says which setting is wrong where the server refuses the user, and "" where the error is another.
func (o Options) refusal(err error) string {
	refused := mongo.ServerError(nil)
	if handshake := (*auth.Error)(nil); errors.As(err, &handshake) {
		answer := driver.Error{}
		if !errors.As(err, &answer) || answer.Code == 0 || slices.Contains(passing, int(answer.Code)) {
			return "" // the connection broke, or the server is about to stop
		}
		if slices.Contains(withoutMechanism, answer.Code) {
			return o.setting("MONGODB_AUTH_METHOD", "authMechanism") + " names a way of authentication that it does not offer this user"
		}
		return o.setting("MONGODB_USERNAME or MONGODB_PASSWORD", "user or password") +
			" is wrong, or the user is kept in another database than " + o.kept() + ", which MONGODB_URI can name as authSource"
	}
	switch {
	case !errors.As(err, &refused) || !refused.HasErrorCode(unauthorized):
		return ""
	case o.anonymous():
		return "it asks for a user: set MONGODB_USERNAME and MONGODB_PASSWORD, or name both in MONGODB_URI"
	}
	return fmt.Sprintf(`the user needs the role readWrite: in the database in which the user is kept, db.grantRolesToUser("…", [{role: "readWrite", db: %q}])`, o.Database)
}

// setting names what is set: one by one, or in the URI.
func (o Options) setting(variable, inURI string) string {
	if o.URI == "" {
		return variable
	}
	return "the " + inURI + " in MONGODB_URI"
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

// unreachable reports whether the same call may work later, as nothing is wrong with it.
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
	refused := mongo.ServerError(nil)
	return errors.As(err, &refused) && (refused.HasErrorLabel("RetryableWriteError") || slices.ContainsFunc(passing, refused.HasErrorCode))
}
