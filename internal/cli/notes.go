package cli

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

// notes say of rankings that are right but hardly what was meant why they may be so.
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
	default:
		return nil
	}
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
