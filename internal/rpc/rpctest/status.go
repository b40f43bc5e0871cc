package rpctest

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/tvstats/tvstats/internal/rpc/fault"
)

// WantStatus checks code and reason of a failed call.
func WantStatus(t *testing.T, err error, code codes.Code, reason string) {
	t.Helper()
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok && status.Code(err) == code && info.GetReason() == reason {
			return
		}
	}
	t.Errorf("got %v with %v, want %v %s", err, status.Convert(err).Details(), code, reason)
}

// CheckViolations checks which rules a request broke: how each "field: description" begins.
func CheckViolations(t *testing.T, err error, want []string) {
	t.Helper()
	var got []string
	if invalid := (*fault.Invalid)(nil); errors.As(err, &invalid) {
		for _, v := range invalid.Violations {
			got = append(got, v.Field+": "+v.Description)
		}
	}
	if !slices.EqualFunc(got, want, strings.HasPrefix) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
