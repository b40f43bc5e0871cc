package main

import (
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
)

// invalidRequest is a request that breaks rules, each named with its field.
type invalidRequest struct {
	violations []*errdetails.BadRequest_FieldViolation
}

// invalidArgument is a request that breaks one rule.
func invalidArgument(field, description string) error {
	return &invalidRequest{[]*errdetails.BadRequest_FieldViolation{{Field: field, Description: description}}}
}

// Error lists all violations.
func (r *invalidRequest) Error() string {
	texts := make([]string, len(r.violations))
	for i, v := range r.violations {
		texts[i] = v.Field + ": " + v.Description
	}
	return strings.Join(texts, "; ")
}

// exhausted is what a caller gets that takes too much: what it took, and when to come again.
type exhausted struct {
	what  string
	retry time.Duration // 0 = coming again does not help
}

// Error says what there was too much of.
func (e *exhausted) Error() string { return e.what }
