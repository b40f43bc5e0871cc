package intercept

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"log/slog"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/rpc/fault"
)

// ofGRPC are the codes that gRPC itself ends calls with; what it sends has the name of the code as its reason.
var ofGRPC = []codes.Code{
	codes.Canceled, codes.Unknown, codes.DeadlineExceeded, codes.ResourceExhausted, codes.Unimplemented, codes.Internal,
	codes.Unavailable, codes.Unauthenticated,
}

// TestReasonsAreThoseOfTheContract: every reason that is sent is a value of ErrorReason, and every value is sent.
func TestReasonsAreThoseOfTheContract(t *testing.T) {
	t.Parallel()
	sent := map[string]bool{
		// rpc/catalog takes it from the enum.
		fault.Reason(tvstatsv1.ErrorReason_ERROR_REASON_INVALID_ENTITY): true,
	}
	for _, rule := range append(statusRules, internalRule) {
		sent[reasonOf(t, rule.status(context.Canceled))] = true
	}
	sent[reasonOf(t, invalidStatus(&fault.Invalid{}))] = true
	sent[reasonOf(t, exhaustedStatus(&fault.Exhausted{}))] = true
	for _, code := range ofGRPC {
		sent[reasonOf(t, callError(t.Context(), slog.New(slog.DiscardHandler), "/a/B", status.Error(code, "by gRPC")))] = true
	}
	for _, reason := range rejectionsOf(t, "../../viewing/event.go") {
		sent[reason] = true
	}
	for reason := range sent {
		if tvstatsv1.ErrorReason_value["ERROR_REASON_"+reason] == 0 {
			t.Errorf("%q is sent, but errors.proto does not have it", reason)
		}
	}
	for number := range tvstatsv1.ErrorReason_name {
		reason := tvstatsv1.ErrorReason(number)
		if got := fault.Reason(reason); number != 0 && !sent[got] {
			t.Errorf("%v is in errors.proto, but %q is never sent", reason, got)
		}
	}
}

func reasonOf(t *testing.T, err error) string {
	t.Helper()
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			return info.Reason
		}
	}
	t.Fatalf("%v has no reason", err)
	return ""
}

// rejectionsOf reads the values of the constants of the file whose names begin with Reason, so that a new one is not forgotten here.
func rejectionsOf(t *testing.T, file string) []string {
	t.Helper()
	source, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var reasons []string
	ast.Inspect(source, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if ok && strings.HasPrefix(spec.Names[0].Name, "Reason") {
			reason, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			reasons = append(reasons, reason)
		}
		return true
	})
	if len(reasons) == 0 {
		t.Fatalf("%s has no reasons", file)
	}
	return reasons
}
