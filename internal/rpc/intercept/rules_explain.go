package intercept

import (
	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/rpc/convert"
)

// maxDeviceUID is the longest device_uid, in bytes.
const maxDeviceUID = 64

// earlierPlaces is for how many days before as_of an explanation has places, too.
const earlierPlaces = 6

// explain has the rules of ExplainRank that can be checked without the result that it may name.
func (v *violations) explain(r *tvstatsv1.ExplainRankRequest) {
	field, request := convert.RequestOf(r, "request")
	if (r.ResultId == "") == (request == nil) {
		v.add("result_id", "set either it, to the id of a stored result, or one request of what would be built")
	}
	if (r.ChannelId == 0) == (r.ProgrammeId == 0) {
		v.add("channel_id", "set either it or programme_id")
	}
	if r.ChannelId < 0 {
		v.positive("channel_id", int64(r.ChannelId))
	}
	if r.ProgrammeId < 0 {
		v.positive("programme_id", r.ProgrammeId)
	}
	if request == nil {
		return
	}
	name := string(field.Name())
	v.within(name, request)
	if ranked, ok := request.(convert.Scope); ok && ranked.GetAsOf() != nil && ranked.GetAsOf().IsValid() {
		v.windowStart(ranked.GetAsOf().AsTime(), ranked.GetDaysNumber()+earlierPlaces)
	}
	if sorting, ok := request.(*tvstatsv1.CreateChannelSortingByPopularityRequest); ok && len(sorting.ClientIds) > 1 {
		v.add(name+".client_ids", "%d ids are not allowed; name exactly one", len(sorting.ClientIds))
	}
	if _, programmes := request.(*tvstatsv1.CreateEpgSelectionByPopularityRequest); programmes != (r.ProgrammeId != 0) {
		v.add(name, "a ranking of channels is explained by channel_id, one of programmes by programme_id")
	}
}

// sessions has the rules of ListSessions.
func (v *violations) sessions(r *tvstatsv1.ListSessionsRequest) {
	v.ofClient(r)
	v.paging(r)
	if r.AccountId < 0 {
		v.positive("account_id", r.AccountId)
	}
	if r.AccountId == 0 && r.DeviceUid == "" {
		v.add("account_id", "it is missing; set it, or device_uid, or both")
	}
	if len(r.DeviceUid) > maxDeviceUID {
		v.add("device_uid", "%d bytes are not allowed; at most %d are", len(r.DeviceUid), maxDeviceUID)
	}
	v.span(r)
}
