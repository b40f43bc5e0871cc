package intercept

import (
	"context"
	"slices"

	"google.golang.org/grpc"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/auth"
)

// Visible is how many distinct accounts must be behind what the caller receives: minCell for readers, else 0.
func Visible(ctx context.Context, minCell int64) int64 {
	if p := CallerOf(ctx).Principal(); p != nil && p.Role == auth.Reader {
		return minCell
	}
	return 0
}

// smallCells takes what a reader may not see out of responses that hold results which were stored for everybody: sortings,
// selections, and what jobs came to. What is computed for the caller has it left out before it is cut into pages.
type smallCells struct{ minCell int64 }

func (s smallCells) link() Link {
	return Link{
		func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			response, err := handler(ctx, req)
			hideSmall(response, Visible(ctx, s.minCell))
			return response, err
		},
		func(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
			return handler(srv, smallCellStream{stream, s.minCell})
		},
	}
}

// smallCellStream hides small cells in what it sends.
type smallCellStream struct {
	grpc.ServerStream
	minCell int64
}

// SendMsg sends what the caller may see of the message.
func (s smallCellStream) SendMsg(m any) error {
	hideSmall(m, Visible(s.Context(), s.minCell))
	return s.ServerStream.SendMsg(m)
}

// hideSmall leaves out of a response what has fewer accounts than least, and counts it.
func hideSmall(response any, least int64) {
	if least == 0 {
		return
	}
	switch r := response.(type) {
	case interface {
		GetSortings() []*tvstatsv1.ChannelSorting
	}:
		hideInSortings(r.GetSortings(), least)
	case interface {
		GetSorting() *tvstatsv1.ChannelSorting
	}:
		hideInSortings([]*tvstatsv1.ChannelSorting{r.GetSorting()}, least)
	case interface {
		GetSelections() []*tvstatsv1.Selection
	}:
		hideInSelections(r.GetSelections(), least)
	case interface{ GetSelection() *tvstatsv1.Selection }:
		hideInSelections([]*tvstatsv1.Selection{r.GetSelection()}, least)
	case interface{ GetJob() *tvstatsv1.Job }:
		hideInJob(r.GetJob().GetResult(), least)
	}
}

func hideInSortings(sortings []*tvstatsv1.ChannelSorting, least int64) {
	for _, s := range sortings {
		if s != nil {
			s.Channels = keepLarge(s.Channels, least, &s.HiddenRows)
		}
	}
}

func hideInSelections(selections []*tvstatsv1.Selection, least int64) {
	for _, s := range selections {
		if s != nil {
			s.Channels = keepLarge(s.Channels, least, &s.HiddenRows)
			s.Programmes = keepLarge(s.Programmes, least, &s.HiddenRows)
		}
	}
}

func hideInJob(result *tvstatsv1.JobResult, least int64) {
	switch r := result.GetResponse().(type) {
	case *tvstatsv1.JobResult_CreateChannelSortingByPopularity:
		hideSmall(r.CreateChannelSortingByPopularity, least)
	case *tvstatsv1.JobResult_CreateChannelSelectionByPopularity:
		hideSmall(r.CreateChannelSelectionByPopularity, least)
	case *tvstatsv1.JobResult_CreateEpgSelectionByPopularity:
		hideSmall(r.CreateEpgSelectionByPopularity, least)
	case *tvstatsv1.JobResult_GetAudience:
		rows := r.GetAudience
		rows.Rows = keepLarge(rows.Rows, least, &rows.HiddenRows)
		if rows.Total.GetAccounts() < least {
			rows.Total = nil
		}
	case *tvstatsv1.JobResult_GetProgrammeRatings:
		r.GetProgrammeRatings.Programmes = keepLarge(r.GetProgrammeRatings.Programmes, least, &r.GetProgrammeRatings.HiddenRows)
	}
}

// keepLarge leaves out what has fewer accounts than least, and adds how many that were to hidden.
func keepLarge[T interface{ GetAccounts() int64 }](all []T, least int64, hidden *int64) []T {
	rest, few := Shown(all, least, T.GetAccounts)
	*hidden += few
	return rest
}

// Shown leaves out what has fewer accounts than least, and returns how many that were.
func Shown[T any](all []T, least int64, accounts func(T) int64) (rest []T, hidden int64) {
	rest = slices.DeleteFunc(all, func(one T) bool { return accounts(one) < least })
	return rest, int64(len(all) - len(rest))
}
