package cli

import (
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"
)

// TestCurveFlags: what cannot be asked for together, or would be cut, is refused by name.
func TestCurveFlags(t *testing.T) {
	t.Parallel()
	given := spanned{ClientID: 1, From: instant{timestamppb.New(time.Unix(0, 0))}}
	for _, c := range []struct {
		curve curve
		says  string // "" where nothing is wrong
	}{
		{curve{Channel: 1, Step: time.Minute, spanned: given}, ""},
		{curve{Channel: 1, Step: time.Minute, spanned: spanned{ClientID: 1}}, ""},
		{curve{Programme: 1, Step: 24 * time.Hour, spanned: spanned{ClientID: 1}}, ""},
		{curve{Programme: 1, Step: time.Minute, spanned: given}, "--from and --to are of --channel"},
		{curve{Step: time.Minute, spanned: given}, "give either --channel or --programme"},
		{curve{Channel: 1, Programme: 1, Step: time.Minute, spanned: given}, "give either --channel or --programme"},
		{curve{Channel: 1, Step: 1500 * time.Millisecond, spanned: given}, "--step is 1.5s; allowed are whole seconds, for example 2s"},
		{curve{Channel: 1, Step: 25 * time.Hour, spanned: given}, "--step"},
	} {
		c.curve.Connection = Connection{Server: "127.0.0.1:50051"}
		err := c.curve.Validate()
		if err == nil != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v: %v, want %q", &c.curve, err, c.says)
		}
	}
	if err := (&flow{Gap: 100 * time.Millisecond}).Validate(); err == nil || !strings.Contains(err.Error(), "--gap is 100ms; allowed are whole seconds, for example 1s") {
		t.Errorf("a gap of 100 ms: %v", err)
	}
}

// TestCurveFitsItsSteps: with the flags' defaults there are no more points than the service returns.
func TestCurveFitsItsSteps(t *testing.T) {
	t.Parallel()
	c := curve{Channel: 1, Step: time.Minute, spanned: spanned{ClientID: 1}, shownAs: shownAs{Connection: Connection{Server: "127.0.0.1:50051"}}}
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	if got := c.To.proto.AsTime().Sub(c.From.proto.AsTime()); got != 24*time.Hour {
		t.Errorf("without --from it is of %s, want a day", got)
	}
}

// TestCurveSaysWhatItIsOf: a programme has its own time, which is not that of flags.
func TestCurveSaysWhatItIsOf(t *testing.T) {
	t.Parallel()
	c := curve{Programme: 5, spanned: spanned{ClientID: 1}}
	for _, line := range c.asked() {
		if line[0] == "from" || line[0] == "to" {
			t.Errorf("the curve of a programme is said to be %v %v", line[0], line[1])
		}
	}
}
