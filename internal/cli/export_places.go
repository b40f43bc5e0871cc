package cli

import (
	"context"
	"slices"

	"google.golang.org/grpc"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

// places is a row for all channels and one for each category of the channel: its place by watch time among those with viewing.
func (e *exportChannelReport) places(ctx context.Context, from *grpc.ClientConn, categories []int32) (sheet, error) {
	names, err := categoryNames(ctx, tvstatsv1.NewCatalogClient(from), e.ClientID)
	if err != nil {
		return sheet{}, err
	}
	s := sheet{name: "places", columns: []string{
		"category_name", "category_id", "rank", "channels", "hidden_channels", "watch_seconds", "percent_of_category", "reach", "average_audience",
	}}
	for _, category := range append([]int32{0}, categories...) {
		filter := &tvstatsv1.ViewingFilter{Categories: []int32{category}}
		what := []any{names[category], int64(category)}
		if category == 0 {
			filter, what = nil, []any{"all channels", nil}
		}
		all, err := e.audience(ctx, tvstatsv1.NewAudienceClient(from), tvstatsv1.Dimension_DIMENSION_CHANNEL, filter)
		if err != nil {
			return sheet{}, err
		}
		s.rows = append(s.rows, append(what, e.place(all)...))
	}
	return s, nil
}

// place is what a row says of the channel among the others. Its rank is empty where it was not watched, or by too few accounts for
// this caller to see; the rank leaves out other channels that are hidden for that.
func (e *exportChannelReport) place(all *tvstatsv1.GetAudienceResponse) []any {
	channels := []any{int64(len(all.Rows)) + all.HiddenRows, all.HiddenRows}
	at := slices.IndexFunc(all.Rows, func(row *tvstatsv1.AudienceRow) bool { return row.ChannelId == e.ChannelID })
	if at < 0 {
		return slices.Concat([]any{nil}, channels, []any{nil, nil, nil, nil})
	}
	row, percent := all.Rows[at], 0.0
	if watched := all.GetTotal().GetWatchSeconds(); watched > 0 {
		percent = 100 * float64(row.WatchSeconds) / float64(watched)
	}
	return slices.Concat([]any{int64(at + 1)}, channels, []any{row.WatchSeconds, percent, row.Reach, row.AverageAudience})
}

// reportPage is how many categories are requested at once.
const reportPage = 1000

func categoryNames(ctx context.Context, from tvstatsv1.CatalogClient, client int32) (map[int32]string, error) {
	names := map[int32]string{}
	request := &tvstatsv1.ListCategoriesRequest{ClientId: client, PageSize: reportPage}
	for {
		page, err := from.ListCategories(ctx, request)
		if err != nil {
			return nil, err
		}
		for _, category := range page.Categories {
			names[category.CategoryId] = category.Name
		}
		if request.PageToken = page.NextPageToken; request.PageToken == "" {
			return names, nil
		}
	}
}
