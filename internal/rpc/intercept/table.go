package intercept

import (
	"fmt"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/rpc/convert"
)

// requestRules says, for every message that a caller may send, what it must be. A message of this API that is not in the table
// is refused, and a test fails. View events are not in it: internal/viewing has their rules, and refuses each alone.
var requestRules = tableOf(
	rules(func(v *violations, r *tvstatsv1.CreateChannelSortingByPopularityRequest) {
		v.clientIDs(r.ClientIds)
		v.scope(r)
		v.criterion(r.Criterion)
		if r.CompareTo != "" && len(r.ClientIds) != 1 {
			v.add("compare_to", "it is not allowed with %d client_ids; name exactly one", len(r.ClientIds))
		}
	}),
	rules(func(v *violations, r *tvstatsv1.CreateChannelSelectionByPopularityRequest) {
		v.selection(r)
		v.criterion(r.Criterion)
	}),
	rules(func(v *violations, r *tvstatsv1.CreateEpgSelectionByPopularityRequest) {
		v.selection(r)
		v.ids("categories", r.Categories)
		v.ids("channels", r.Channels)
		v.programmeCriterion(r.Criterion)
	}),
	rules(ofClientPage[*tvstatsv1.ListChannelSortingsRequest]),
	rules(func(v *violations, r *tvstatsv1.GetChannelSortingRequest) { v.notEmpty("sorting_id", r.SortingId) }),
	rules(func(v *violations, r *tvstatsv1.DeleteChannelSortingRequest) { v.notEmpty("sorting_id", r.SortingId) }),
	rules(func(v *violations, r *tvstatsv1.ListSelectionsRequest) {
		ofClientPage(v, r)
		v.kind(r.Kind)
	}),
	rules(func(v *violations, r *tvstatsv1.GetSelectionRequest) { v.notEmpty("selection_id", r.SelectionId) }),
	rules(func(v *violations, r *tvstatsv1.DeleteSelectionRequest) { v.notEmpty("selection_id", r.SelectionId) }),

	rules((*violations).explain),
	rules((*violations).sessions),

	rules(func(v *violations, r *tvstatsv1.GetAudienceRequest) {
		ofAudience(v, r)
		v.calendar(r.Calendar)
		v.shortSpan(r)
		v.dimensions(r.GroupBy)
		v.between("reach_seconds", r.ReachSeconds, 0, maxReach)
		v.metric(r.OrderBy, rowMetrics)
		v.paging(r)
	}),
	rules(func(v *violations, r *tvstatsv1.GetProgrammeRatingsRequest) {
		ofAudience(v, r)
		v.shortSpan(r)
		v.between("reach_seconds", r.ReachSeconds, 0, maxReach)
		v.metric(r.OrderBy, programmeMetrics)
		v.paging(r)
	}),
	rules(func(v *violations, r *tvstatsv1.GetAudienceCurveRequest) {
		ofAudience(v, r)
		v.curve(r)
	}),
	rules(func(v *violations, r *tvstatsv1.GetAudienceFlowRequest) {
		ofAudience(v, r)
		v.shortSpan(r)
		v.between("gap_seconds", r.GapSeconds, 0, maxStep)
		if r.ChannelId < 0 {
			v.add("channel_id", "%d is not allowed; it must be positive, or 0 for all", r.ChannelId)
		}
	}),

	rules(func(v *violations, r *tvstatsv1.SyncRequest) { v.entities(r) }), // each entity is refused alone
	rules(func(v *violations, r *tvstatsv1.ListClientsRequest) { v.paging(r) }),
	rules(ofClientPage[*tvstatsv1.ListChannelsRequest]),
	rules(ofClientPage[*tvstatsv1.ListTariffsRequest]),
	rules(ofClientPage[*tvstatsv1.ListCategoriesRequest]),
	rules(func(v *violations, r *tvstatsv1.ListProgrammesRequest) {
		ofClientPage(v, r)
		v.ids("channels", r.Channels)
		v.starting(r.StartFrom, r.StartTo)
	}),
	rules(ofAccount[*tvstatsv1.GetAccountRequest]),
	rules(ofAccount[*tvstatsv1.EraseAccountRequest]),

	rules(keptFigures[*tvstatsv1.CacheMaxOnlineRequest]),
	rules(keptFigures[*tvstatsv1.SaveStatsRequest]),
	rules(keptFigures[*tvstatsv1.CollectDailyStatsRequest]),
	rules(keptFigures[*tvstatsv1.CacheCustomersDynamicRequest]),
	rules(ofDays[*tvstatsv1.GetMaxOnlineRequest]),
	rules(func(v *violations, r *tvstatsv1.GetStatsRequest) {
		ofCalendar(v, r)
		v.asOf(r.AsOf)
	}),
	rules(ofDays[*tvstatsv1.ListDailyStatsRequest]),
	rules(func(v *violations, r *tvstatsv1.GetCustomersDynamicRequest) {
		ofCalendar(v, r)
		v.series(r)
	}),

	rules(func(v *violations, r *tvstatsv1.StartJobRequest) { v.command(r) }),
	rules(ofJob[*tvstatsv1.GetJobRequest]),
	rules(ofJob[*tvstatsv1.CancelJobRequest]),
	rules(ofJob[*tvstatsv1.WatchJobRequest]),
	rules(func(v *violations, r *tvstatsv1.ListJobsRequest) {
		v.optionalClient(r)
		v.paging(r)
	}),

	rules(func(*violations, *tvstatsv1.BackupRequest) {}), // they have no fields
	rules(func(*violations, *tvstatsv1.GetStatusRequest) {}),
)

// messageRules are those of one type of message.
type messageRules struct {
	of    protoreflect.FullName
	check func(*violations, proto.Message)
}

// rules are those of messages of type M.
func rules[M proto.Message](check func(*violations, M)) messageRules {
	var message M
	return messageRules{
		of:    message.ProtoReflect().Descriptor().FullName(),
		check: func(v *violations, m proto.Message) { check(v, m.(M)) }, //nolint:forcetypeassert // it was found by its name
	}
}

func tableOf(all ...messageRules) map[protoreflect.FullName]messageRules {
	table := make(map[protoreflect.FullName]messageRules, len(all))
	for _, r := range all {
		table[r.of] = r
	}
	return table
}

// apiPackage is where the messages are that must have rules. Others, of health and reflection, are those of gRPC.
const apiPackage = "tvstats.v1"

// message applies the rules of the message's type.
func (v *violations) message(m proto.Message) {
	descriptor := m.ProtoReflect().Descriptor()
	if descriptor.ParentFile().Package() != apiPackage {
		return
	}
	r, found := v.rules[descriptor.FullName()]
	if !found {
		v.missing = fmt.Errorf("%s has no rules and is refused", descriptor.FullName())
		return
	}
	r.check(v, m)
}

// The rules below are those of several types.

func ofClientPage[M convert.ClientList](v *violations, r M) {
	v.ofClient(r)
	v.paging(r)
}

func ofAccount[M interface {
	convert.OfClient
	GetAccountId() int64
}](v *violations, r M) {
	v.ofClient(r)
	v.positive("account_id", r.GetAccountId())
}

func ofJob[M convert.OfJob](v *violations, r M) { v.notEmpty("job_id", r.GetJobId()) }

// keptFigures are the rules of commands of SubscriberDynamics; no client means all.
func keptFigures[M convert.DynamicsRequest](v *violations, r M) {
	if len(r.GetClientIds()) > 0 {
		v.clientIDs(r.GetClientIds())
	}
	v.asOf(r.GetAsOf())
}

func ofCalendar[M convert.CalendarRequest](v *violations, r M) {
	v.calendar(r.GetCalendar())
	v.ofClient(r)
}

func ofDays[M interface {
	convert.CalendarRequest
	convert.DayRange
}](v *violations, r M) {
	ofCalendar(v, r)
	v.days(r)
}
