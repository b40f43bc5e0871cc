// Package fault has the errors of calls that are the caller's: a request that breaks rules, and more than one caller may take.
package fault

import (
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

// Reason is how the reason is written in responses: its name without the prefix of the enum.
func Reason(reason tvstatsv1.ErrorReason) string {
	return strings.TrimPrefix(reason.String(), "ERROR_REASON_")
}

// Invalid is a request that breaks rules, each named with its field.
type Invalid struct {
	Violations []*errdetails.BadRequest_FieldViolation
}

// InvalidArgument is a request that breaks one rule.
func InvalidArgument(field, description string) error {
	return &Invalid{[]*errdetails.BadRequest_FieldViolation{{Field: field, Description: description}}}
}

// Error lists all violations.
func (r *Invalid) Error() string {
	texts := make([]string, len(r.Violations))
	for i, v := range r.Violations {
		texts[i] = v.Field + ": " + v.Description
	}
	return strings.Join(texts, "; ")
}

// Exhausted is the error of a caller over its limit: which limit, and when to try again.
type Exhausted struct {
	What  string
	Retry time.Duration // 0 = coming again does not help
}

// Error states what there was too much of.
func (e *Exhausted) Error() string { return e.What }
