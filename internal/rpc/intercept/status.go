package intercept

import (
	"context"
	"errors"
	"log/slog"
	"strings"

	rpccode "google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/auth"
	"github.com/tvstats/tvstats/internal/backup"
	"github.com/tvstats/tvstats/internal/ingest"
	"github.com/tvstats/tvstats/internal/jobs"
	"github.com/tvstats/tvstats/internal/ranking"
	"github.com/tvstats/tvstats/internal/rpc/fault"
	"github.com/tvstats/tvstats/internal/store"
)

// ErrorDomain and the reasons, tvstatsv1.ErrorReason, are what programs distinguish errors by (google.rpc.ErrorInfo).
const ErrorDomain = "tvstats"

// Reasons that are not those of one error, as they are written in responses.
var (
	ReasonInvalidField = fault.Reason(tvstatsv1.ErrorReason_ERROR_REASON_INVALID_FIELD)
	ReasonExhausted    = fault.Reason(tvstatsv1.ErrorReason_ERROR_REASON_RESOURCE_EXHAUSTED)
)

// statusRule says what callers receive for an error.
type statusRule struct {
	is     error
	code   codes.Code
	reason tvstatsv1.ErrorReason
	hint   string     // what to do
	hide   bool       // the error's own text is for the log only
	level  slog.Level // of that log line
}

// statusRules is the one table from errors of the domain to statuses; the first rule that fits counts. What is in no
// rule is our fault: INTERNAL.
var statusRules = []statusRule{
	{is: context.Canceled, code: codes.Canceled, reason: tvstatsv1.ErrorReason_ERROR_REASON_CANCELLED,
		hint: "the call was cancelled", hide: true, level: slog.LevelDebug},
	{is: context.DeadlineExceeded, code: codes.DeadlineExceeded, reason: tvstatsv1.ErrorReason_ERROR_REASON_DEADLINE_EXCEEDED,
		hint: "the call did not end before its deadline; allow it more time", hide: true, level: slog.LevelDebug},
	{is: errStreamIdle, code: codes.DeadlineExceeded, reason: tvstatsv1.ErrorReason_ERROR_REASON_STREAM_IDLE,
		hint: "open a new stream when there is something to send", level: slog.LevelDebug},
	{is: errStreamStalled, code: codes.DeadlineExceeded, reason: tvstatsv1.ErrorReason_ERROR_REASON_STREAM_STALLED,
		hint: "read the responses while you send", level: slog.LevelDebug},
	{is: ingest.ErrClosed, code: codes.Unavailable, reason: tvstatsv1.ErrorReason_ERROR_REASON_SHUTTING_DOWN,
		hint: "connect again and send again what got no response", level: slog.LevelDebug},
	{is: auth.ErrUnauthenticated, code: codes.Unauthenticated, reason: tvstatsv1.ErrorReason_ERROR_REASON_UNAUTHENTICATED,
		hint: `send a token that is in force as metadata "authorization: Bearer <token>"`, level: slog.LevelDebug},
	{is: auth.ErrDenied, code: codes.PermissionDenied, reason: tvstatsv1.ErrorReason_ERROR_REASON_PERMISSION_DENIED, level: slog.LevelDebug},
	{is: jobs.ErrQueueFull, code: codes.ResourceExhausted, reason: tvstatsv1.ErrorReason_ERROR_REASON_QUEUE_FULL,
		hint: "try again when some have ended, or let more wait with --job-queue", level: slog.LevelWarn},
	{is: store.ErrNotFound, code: codes.NotFound, reason: tvstatsv1.ErrorReason_ERROR_REASON_NOT_FOUND, level: slog.LevelDebug},
	{is: errUnknownMethod, code: codes.Unimplemented, reason: tvstatsv1.ErrorReason_ERROR_REASON_UNIMPLEMENTED,
		hint: "see the services of this version through reflection, or bring service and caller to one version", level: slog.LevelDebug},
	{is: backup.ErrUnsupported, code: codes.Unimplemented, reason: tvstatsv1.ErrorReason_ERROR_REASON_NO_BACKUP, level: slog.LevelDebug},
	{is: store.ErrDamaged, code: codes.DataLoss, reason: tvstatsv1.ErrorReason_ERROR_REASON_STORE_DAMAGED,
		hint: "a part of the store that this needs is damaged; /readyz and the log name it", hide: true, level: slog.LevelError},
	{is: store.ErrUnavailable, code: codes.Unavailable, reason: tvstatsv1.ErrorReason_ERROR_REASON_STORE_UNAVAILABLE,
		hint: "the store cannot serve now; try again later", hide: true, level: slog.LevelWarn},
}

var internalRule = statusRule{
	code: codes.Internal, reason: tvstatsv1.ErrorReason_ERROR_REASON_INTERNAL,
	hint: "the service failed; its log says why", hide: true, level: slog.LevelError,
}

// callError is the status of a call that ended with err, nil if it did well. Details that callers must not see go to
// the log.
func callError(ctx context.Context, log *slog.Logger, method string, err error) error {
	if err == nil {
		return nil
	}
	if invalid := invalidIn(err); invalid != nil {
		return invalidStatus(invalid)
	}
	if greedy := (*fault.Exhausted)(nil); errors.As(err, &greedy) {
		return exhaustedStatus(greedy)
	}
	if s, ok := status.FromError(err); ok {
		return explained(s) // by gRPC itself, for example that a compressed message is a bomb
	}
	rule := ruleFor(err)
	log.Log(ctx, rule.level, "call failed", "method", method, "code", rule.code.String(), "error", err)
	return rule.status(err)
}

// explained gives a status that gRPC made the reason that programs look for: the code's own name, since no more is known.
func explained(s *status.Status) error {
	if len(s.Details()) > 0 {
		return s.Err()
	}
	return withDetails(s.Code(), s.Message(), &errdetails.ErrorInfo{Reason: rpccode.Code(s.Code()).String(), Domain: ErrorDomain})
}

func ruleFor(err error) statusRule {
	for _, rule := range statusRules {
		if errors.Is(err, rule.is) {
			return rule
		}
	}
	return internalRule
}

// invalidIn is what was wrong with a request, be it its form or what it asks of a ranking; nil where that was not it.
func invalidIn(err error) *fault.Invalid {
	if mistake, ok := errors.AsType[*ranking.Mistake](err); ok {
		err = fault.InvalidArgument(mistake.Field, mistake.Reason)
	}
	invalid, _ := errors.AsType[*fault.Invalid](err)
	return invalid
}

// Explain is what callers may read of an error.
func Explain(err error) string {
	if invalid := invalidIn(err); invalid != nil {
		return invalid.Error()
	}
	return ruleFor(err).message(err)
}

// LevelOf is the level at which an error is logged.
func LevelOf(err error) slog.Level { return ruleFor(err).level }

func (r statusRule) status(err error) error {
	return withDetails(r.code, r.message(err), &errdetails.ErrorInfo{Reason: fault.Reason(r.reason), Domain: ErrorDomain})
}

// message is what callers may read of the error.
func (r statusRule) message(err error) string {
	if r.hide {
		return r.hint
	}
	return strings.Trim(err.Error()+"; "+r.hint, "; ")
}

func invalidStatus(r *fault.Invalid) error {
	return withDetails(codes.InvalidArgument, r.Error(),
		&errdetails.ErrorInfo{Reason: ReasonInvalidField, Domain: ErrorDomain},
		&errdetails.BadRequest{FieldViolations: r.Violations})
}

func exhaustedStatus(e *fault.Exhausted) error {
	details := []protoadapt.MessageV1{&errdetails.ErrorInfo{Reason: ReasonExhausted, Domain: ErrorDomain}}
	if e.Retry > 0 {
		details = append(details, &errdetails.RetryInfo{RetryDelay: durationpb.New(e.Retry)})
	}
	return withDetails(codes.ResourceExhausted, e.Error(), details...)
}

// maxMessage is how much a status says, in bytes. It travels in headers, which peers bound, and may name what a caller sent.
const maxMessage = 1000

func withDetails(code codes.Code, message string, details ...protoadapt.MessageV1) error {
	if len(message) > maxMessage {
		message = strings.ToValidUTF8(message[:maxMessage], "") + "…"
	}
	plain := status.New(code, message)
	detailed, err := plain.WithDetails(details...)
	if err != nil {
		return plain.Err() // details that cannot be encoded must not hide the status
	}
	return detailed.Err()
}
