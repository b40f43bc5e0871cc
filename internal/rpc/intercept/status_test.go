package intercept

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/tvstats/tvstats/internal/ingest"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
	"github.com/tvstats/tvstats/internal/store"
)

func TestCallError(t *testing.T) {
	tests := []struct {
		name    string
		err     error
		code    codes.Code
		reason  string
		message string
		logged  slog.Level
	}{
		{"not found", fmt.Errorf("client 7: %w", store.ErrNotFound), codes.NotFound, "NOT_FOUND", "client 7: not found", slog.LevelDebug},
		{"unavailable", fmt.Errorf("%w: no space left on /secret", store.ErrUnavailable), codes.Unavailable, "STORE_UNAVAILABLE",
			"the store cannot serve now; try again later", slog.LevelWarn},
		{"closed", errors.Join(nil, ingest.ErrClosed), codes.Unavailable, "SHUTTING_DOWN",
			"the service is shutting down; connect again and send again what got no response", slog.LevelDebug},
		{"idle", errStreamIdle, codes.DeadlineExceeded, "STREAM_IDLE",
			"nothing was received for too long; open a new stream when there is something to send", slog.LevelDebug},
		{"cancelled", fmt.Errorf("query: %w", context.Canceled), codes.Canceled, "CANCELLED", "the call was cancelled", slog.LevelDebug},
		{"deadline", fmt.Errorf("query: %w", context.DeadlineExceeded), codes.DeadlineExceeded, "DEADLINE_EXCEEDED",
			"the call did not end before its deadline; allow it more time", slog.LevelDebug},
		{"ended while the store was busy", fmt.Errorf("%w: %w", store.ErrUnavailable, context.Canceled), codes.Canceled, "CANCELLED",
			"the call was cancelled", slog.LevelDebug},
		{"unknown", errors.New("secret: index out of range"), codes.Internal, "INTERNAL", "the service failed; its log says why", slog.LevelError},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			log := &rpctest.Log{}
			logger := slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
			got := status.Convert(callError(t.Context(), logger, "/a/B", test.err))
			if got.Code() != test.code || got.Message() != test.message {
				t.Errorf("got %v %q, want %v %q", got.Code(), got.Message(), test.code, test.message)
			}
			checkDetails(t, got, &errdetails.ErrorInfo{Reason: test.reason, Domain: "tvstats"})
			entry := log.Find(t, "call failed")
			if len(entry) != 1 || entry[0]["level"] != test.logged.String() || !strings.Contains(fmt.Sprint(entry[0]["error"]), test.err.Error()) {
				t.Errorf("logged %v, want the error at %v", entry, test.logged)
			}
		})
	}
}

func TestCallErrorOfInvalidRequests(t *testing.T) {
	violations := &violations{}
	violations.between("days_number", 0, 1, 3660)
	violations.positive("client_id", -1)
	got := status.Convert(callError(t.Context(), slog.New(slog.DiscardHandler), "/a/B", violations.err()))
	want := "days_number: 0 is not allowed; it must be 1 to 3660; client_id: -1 is not allowed; it must be positive"
	if got.Code() != codes.InvalidArgument || got.Message() != want {
		t.Errorf("got %v %q, want %q", got.Code(), got.Message(), want)
	}
	checkDetails(t, got, &errdetails.ErrorInfo{Reason: "INVALID_FIELD", Domain: "tvstats"}, &errdetails.BadRequest{
		FieldViolations: violations.found,
	})
}

func TestCallErrorLeavesStatusesAndSuccess(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	tooLarge := callError(t.Context(), log, "/a/B", status.Error(codes.ResourceExhausted, "message larger than max"))
	if status.Convert(tooLarge).Message() != "message larger than max" {
		t.Errorf("got %v", tooLarge)
	}
	rpctest.WantStatus(t, tooLarge, codes.ResourceExhausted, "RESOURCE_EXHAUSTED")
	if again := callError(t.Context(), log, "/a/B", tooLarge); !errors.Is(again, tooLarge) {
		t.Errorf("got %v of %v", again, tooLarge)
	}
	if got := callError(t.Context(), log, "/a/B", nil); got != nil {
		t.Errorf("got %v", got)
	}
}

func checkDetails(t *testing.T, s *status.Status, want ...proto.Message) {
	t.Helper()
	equal := slices.EqualFunc(s.Details(), want, func(got any, want proto.Message) bool {
		message, ok := got.(proto.Message)
		return ok && proto.Equal(message, want)
	})
	if !equal {
		t.Errorf("got details %v, want %v", s.Details(), want)
	}
}
