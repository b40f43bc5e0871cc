package intercept

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/rpc/convert"
	"github.com/tvstats/tvstats/internal/rpc/fault"
	"github.com/tvstats/tvstats/internal/rpc/page"
	"github.com/tvstats/tvstats/internal/rpc/wire"
)

// The ranges of requests, as the comments in the proto promise them.
const (
	maxDays         = 3660
	maxClients      = 1000
	maxSelection    = 10_000
	maxFilter       = 10_000 // entries of one list
	MaxName         = 255    // characters
	MaxSyncEntities = 10_000

	// lastYear is that of the last timestamps: what follows from a time in it may have none.
	lastYear = 9999
)

// violations gathers what is wrong with a request.
type violations struct {
	rules   map[protoreflect.FullName]messageRules
	now     time.Time // of the service
	found   []*errdetails.BadRequest_FieldViolation
	missing error // a type of message has no rules, which is not the caller's fault
}

// validate checks a request, unary or of a stream, and reports everything that is wrong with it at once. What it lets
// pass, handlers need not check again.
func validate(req any, now time.Time) error {
	m, ok := req.(proto.Message)
	if !ok {
		return nil // view events, which wire has decoded: each is checked alone
	}
	if err := wire.Unreadable(m); err != nil {
		return err
	}
	v := &violations{rules: requestRules, now: now}
	v.message(m)
	return v.err()
}

func (v *violations) err() error {
	switch {
	case v.missing != nil:
		return v.missing
	case len(v.found) == 0:
		return nil
	default:
		return &fault.Invalid{Violations: v.found}
	}
}

func (v *violations) add(field, format string, args ...any) {
	v.found = append(v.found, &errdetails.BadRequest_FieldViolation{
		Field: field, Description: fmt.Sprintf(format, args...),
	})
}

func (v *violations) positive(field string, id int64) {
	if id <= 0 {
		v.add(field, "%d is not allowed; it must be positive", id)
	}
}

func (v *violations) between(field string, value, least, most int64) {
	if value < least || value > most {
		v.add(field, "%d is not allowed; it must be %d to %d", value, least, most)
	}
}

func (v *violations) notEmpty(field, id string) {
	if id == "" {
		v.add(field, "it is empty; an id that the service gave is required")
	}
}

// ids names only the first wrong one of a list, here and below: a status must stay small.
func (v *violations) ids(field string, ids []int32) {
	v.few(field, len(ids))
	if i := slices.IndexFunc(ids, func(id int32) bool { return id <= 0 }); i >= 0 {
		v.add(field, "%d, at index %d, is not allowed; each must be positive", ids[i], i)
	}
}

// few bounds what one filter can make a build look up.
func (v *violations) few(field string, entries int) {
	if entries > maxFilter {
		v.add(field, "%d entries are not allowed; at most %d are", entries, maxFilter)
	}
}

func (v *violations) ofClient(r convert.OfClient) { v.positive("client_id", int64(r.GetClientId())) }

func (v *violations) optionalClient(r convert.OfClient) {
	if id := r.GetClientId(); id < 0 {
		v.add("client_id", "%d is not allowed; it must be positive, or 0 for all", id)
	}
}

func (v *violations) clientIDs(ids []int32) {
	if len(ids) == 0 || len(ids) > maxClients {
		v.add("client_ids", "%d ids are not allowed; 1 to %d are", len(ids), maxClients)
		return
	}
	v.ids("client_ids", ids)
	sorted := slices.Sorted(slices.Values(ids))
	for i := range sorted[1:] {
		if sorted[i] == sorted[i+1] {
			v.add("client_ids", "%d stands there more than once; name each client once", sorted[i])
			return
		}
	}
}

func (v *violations) paging(r convert.Paging) {
	if size := r.GetPageSize(); size < 0 {
		v.add("page_size", "%d is not allowed; it must be 0 (the default) to %d", size, page.MaxSize)
	}
}

func (v *violations) scope(r convert.Scope) {
	v.between("days_number", int64(r.GetDaysNumber()), 1, maxDays)
	v.choice(r)
	v.between("reach_seconds", r.GetReachSeconds(), 0, maxReach)
	if accounts := r.GetMinAccounts(); accounts < 0 {
		v.add("min_accounts", "%d is not allowed; it must be 0 or more", accounts)
	}
	v.whatIf(r)
	if v.timestamp("as_of", r.GetAsOf()) && r.GetAsOf() != nil {
		v.windowStart(r.GetAsOf().AsTime(), r.GetDaysNumber())
		if r.GetAsOf().AsTime().Year() >= lastYear {
			v.add("as_of", "%s is not allowed; it must be before the year %d", r.GetAsOf().AsTime().Format(time.RFC3339), lastYear)
		}
	}
}

// windowStart keeps the window within what a timestamp can say.
func (v *violations) windowStart(asOf time.Time, days int32) {
	if asOf.AddDate(0, 0, -int(days)).Year() < 1 {
		v.add("as_of", "%s is not allowed; the window must not begin before the year 1", asOf.Format(time.RFC3339))
	}
}

func (v *violations) selection(r convert.SelectionRequest) {
	v.ofClient(r)
	v.scope(r)
	if size := int64(r.GetSelectionSize()); size != 0 {
		v.between("selection_size", size, 1, maxSelection)
	}
	if characters := utf8.RuneCountInString(r.GetSelectionName()); characters > MaxName {
		v.add("selection_name", "%d characters are not allowed; at most %d are", characters, MaxName)
	}
}

func (v *violations) criterion(c tvstatsv1.Criterion) {
	if _, known := tvstatsv1.Criterion_name[int32(c)]; !known || c == tvstatsv1.Criterion_CRITERION_UNSPECIFIED {
		values := c.Descriptor().Values()
		all := make([]tvstatsv1.Criterion, values.Len()-1)
		for i := range all {
			all[i] = tvstatsv1.Criterion(values.Get(i + 1).Number())
		}
		v.add("criterion", "%v is not allowed; it must be %s", c, oneOf(all))
	}
}

// whatIf checks the policy of a dry run, where there is one.
func (v *violations) whatIf(r convert.Scope) {
	if r.GetPolicy() != nil && !r.GetDryRun() {
		v.add("policy", "it is allowed with dry_run only; Catalog.Sync sets the client's own")
	}
	if _, err := convert.PolicyOf(r.GetPolicy()); err != nil {
		v.add("policy", "%v", err)
	}
}

// programmeCriteria are what programmes can be ranked by.
var programmeCriteria = []tvstatsv1.Criterion{
	tvstatsv1.Criterion_CRITERION_UNSPECIFIED, tvstatsv1.Criterion_CRITERION_WATCH_TIME, tvstatsv1.Criterion_CRITERION_WATCH_SESSIONS,
	tvstatsv1.Criterion_CRITERION_REACH, tvstatsv1.Criterion_CRITERION_AVERAGE_AUDIENCE,
}

func (v *violations) programmeCriterion(c tvstatsv1.Criterion) {
	if !slices.Contains(programmeCriteria, c) {
		v.add("criterion", "%v is not allowed; programmes are ranked by %s; unspecified means the first", c, oneOf(programmeCriteria[1:]))
	}
}

// oneOf names at least two values that are allowed.
func oneOf[E fmt.Stringer](allowed []E) string {
	names := make([]string, len(allowed))
	for i, one := range allowed {
		names[i] = one.String()
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

func (v *violations) kind(k tvstatsv1.SelectionKind) {
	if _, known := tvstatsv1.SelectionKind_name[int32(k)]; !known {
		v.add("kind", "%v is not allowed; it must be SELECTION_KIND_CHANNELS, SELECTION_KIND_PROGRAMMES or unspecified "+
			"for both", k)
	}
}

// timestamp reports whether an optional time is usable.
func (v *violations) timestamp(field string, t *timestamppb.Timestamp) bool {
	if t == nil || t.IsValid() {
		return true
	}
	v.add(field, "it is no valid timestamp; it must lie in the years 1 to 9999, with 0 to 999999999 nanos")
	return false
}

func (v *violations) starting(from, to *timestamppb.Timestamp) {
	valid := v.timestamp("start_from", from)
	valid = v.timestamp("start_to", to) && valid
	if valid && from != nil && to != nil && to.AsTime().Before(from.AsTime()) {
		v.add("start_to", "it is before start_from; it must be later or equal")
	}
}

func (v *violations) entities(r *tvstatsv1.SyncRequest) {
	count := len(r.Channels) + len(r.Tariffs) + len(r.Categories) + len(r.Accounts) + len(r.Programmes) + len(r.Payments) +
		len(r.GuideRanges)
	if r.Client != nil {
		count++
	}
	if count > MaxSyncEntities {
		v.add("entities", "a request of %d entities is not allowed; at most %d are, send them in several", count, MaxSyncEntities)
	}
}

// command adds what is wrong with a job's request, under the name of the field that holds it.
func (v *violations) command(r *tvstatsv1.StartJobRequest) {
	field, command := convert.CommandOf(r)
	if command == nil {
		v.add("command", "it is missing; set one field, with the request of the method to run")
		return
	}
	v.within(string(field.Name()), command)
}

// within adds what is wrong with the request of another method that a field holds.
func (v *violations) within(field string, request proto.Message) {
	inner := &violations{rules: v.rules, now: v.now}
	inner.message(request)
	v.missing = inner.missing
	v.under(field, inner)
}

// under adds what was found in the message that a field holds.
func (v *violations) under(field string, inner *violations) {
	for _, violation := range inner.found {
		v.add(field+"."+violation.Field, "%s", violation.Description)
	}
}
