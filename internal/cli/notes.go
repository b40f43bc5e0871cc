package cli

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

// notes say of results that are right but hardly what was meant why they may be so.
func notes(response proto.Message) []string {
	switch r := response.(type) {
	case *tvstatsv1.CreateChannelSortingByPopularityResponse:
		var all []string
		for _, s := range r.Sortings {
			all = append(all, noteOf(s.ClientId, "channels", s.Channels)...)
		}
		return all
	case *tvstatsv1.CreateChannelSelectionByPopularityResponse:
		return noteOf(r.Selection.ClientId, "channels", r.Selection.Channels)
	case *tvstatsv1.CreateEpgSelectionByPopularityResponse:
		return noteOf(r.Selection.ClientId, "programmes", r.Selection.Programmes)
	case *tvstatsv1.GetAudienceResponse:
		return noteOfNone("viewing counts", len(r.Rows), r.HiddenRows)
	case *tvstatsv1.GetProgrammeRatingsResponse:
		return noteOfNone("programme of the guide starts then", len(r.Programmes), r.HiddenRows)
	case *tvstatsv1.GetAudienceFlowResponse:
		return noteOfNone("viewing counts", len(r.Flows), r.HiddenRows)
	default:
		return nil
	}
}

// noteOfNone is about a response without rows, where none are hidden either.
func noteOfNone(what string, rows int, hidden int64) []string {
	if rows > 0 || hidden > 0 {
		return nil
	}
	return []string{"no " + what + "; check --client-id, --from, --to and the filters"}
}

func noteOf[R interface{ GetHasStatistics() bool }](clientID int32, what string, ranked []R) []string {
	for _, r := range ranked {
		if r.GetHasStatistics() {
			return nil
		}
	}
	if len(ranked) == 0 {
		return []string{fmt.Sprintf(
			"there are no %s to rank: nothing in the catalog of client %d passes; push it with Catalog.Sync, or check the flags", what, clientID)}
	}
	return []string{fmt.Sprintf(
		"no viewing of client %d counts, so that the %s only fill up; check --days_number, --as_of and the filters", clientID, what)}
}
