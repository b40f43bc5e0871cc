package e2e

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/auth"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
)

// bruteSpot is a place of either kind.
type bruteSpot struct {
	channel      int32
	programme    int64
	score, share float64
}

// spots are all places of a ranking by brute force.
func (q query) spots(w *world) []bruteSpot {
	var spots []bruteSpot
	if request, ok := q.request.(*tvstatsv1.CreateEpgSelectionByPopularityRequest); ok {
		for _, p := range w.rankProgrammes(q.bruteQuery, request.Categories, request.Channels, math.MaxInt32) {
			spots = append(spots, bruteSpot{p.ChannelId, p.ProgrammeId, p.Score, p.TopAccountShare})
		}
		return spots
	}
	for _, c := range w.rankChannels(q.bruteQuery) {
		spots = append(spots, bruteSpot{c.ChannelId, 0, c.Score, c.TopAccountShare})
	}
	return spots
}

// on is what the session gave to the channel or programme.
func (b bruteSpot) on(w *world, s *bruteSession) (time.Duration, bool) {
	if b.programme == 0 {
		return time.Duration(s.seconds) * time.Second, s.ChannelId == b.channel
	}
	for _, p := range w.programmes {
		if p.ProgrammeId == b.programme {
			share := bruteShare(s, p)
			return share, share > 0
		}
	}
	return 0, false
}

func (q bruteQuery) viewed(w *world, b bruteSpot) (sessions int64, watch time.Duration, accounts map[int64]time.Duration) {
	accounts = map[int64]time.Duration{}
	for _, s := range w.passing(q) {
		if share, on := b.on(w, s); on {
			sessions++
			watch += share
			accounts[s.AccountId] += share
		}
	}
	return sessions, watch, accounts
}

// explain computes by brute force what ExplainRank must return for the place.
func (q query) explain(w *world, at int) *tvstatsv1.ExplainRankResponse {
	spots := q.spots(w)
	spot := spots[at]
	e := &tvstatsv1.ExplainRankResponse{
		Rank: int32(at + 1), Score: spot.score, TopAccountShare: spot.share, PolicyRevision: w.policyRevision(),
	}
	beside := func(i int) *tvstatsv1.NeighbouringPlace {
		if i < 0 || i >= len(spots) {
			return nil
		}
		return &tvstatsv1.NeighbouringPlace{
			Rank: int32(i + 1), ChannelId: spots[i].channel, ProgrammeId: spots[i].programme, Score: spots[i].score,
			Margin: math.Abs(spots[i].score - spot.score),
		}
	}
	e.Before, e.After = beside(at-1), beside(at+1)
	e.Filters = q.effects(w, spot)
	e.RankWithoutTopAccount = e.Rank
	if _, _, accounts := q.viewed(w, spot); len(accounts) > 0 {
		without := *w
		without.events = nil
		top := topOf(accounts)
		for _, event := range w.events {
			share, on := spot.on(w, &bruteSession{ViewEvent: event, seconds: math.MaxInt32})
			if event.AccountId != top || !on || share == 0 {
				without.events = append(without.events, event)
			}
		}
		e.RankWithoutTopAccount = rankIn(q.spots(&without), spot)
	}
	for days := range 7 {
		earlier := q
		earlier.from, earlier.to = q.from.AddDate(0, 0, days-6), q.to.AddDate(0, 0, days-6)
		day := &tvstatsv1.PlaceOnDay{WindowEnd: timestamppb.New(earlier.to)}
		for i, other := range earlier.spots(w) {
			if other.channel == spot.channel && other.programme == spot.programme {
				day.Rank, day.Score = int32(i+1), other.score
			}
		}
		e.Days = append(e.Days, day)
	}
	return e
}

func topOf(accounts map[int64]time.Duration) (top int64) {
	for account, watch := range accounts {
		if top == 0 || watch > accounts[top] || watch == accounts[top] && account < top {
			top = account
		}
	}
	return top
}

func rankIn(spots []bruteSpot, spot bruteSpot) int32 {
	return int32(1 + slices.IndexFunc(spots, func(other bruteSpot) bool {
		return other.channel == spot.channel && other.programme == spot.programme
	}))
}

// effects puts one part of the query after the other in force.
func (q query) effects(w *world, spot bruteSpot) []*tvstatsv1.FilterEffect {
	part := bruteQuery{from: q.from, to: q.to}
	reported := *w
	reported.policy = nil
	sessions, watch, _ := part.viewed(&reported, spot)
	var effects []*tvstatsv1.FilterEffect
	counted := *w
	counted.policy = &tvstatsv1.MeasurementPolicy{MaxSessionSeconds: w.policy.GetMaxSessionSeconds()} // the least length is a filter
	add := func(field string, is bool) {
		if !is {
			return
		}
		leftSessions, left, _ := part.viewed(&counted, spot)
		effects = append(effects, &tvstatsv1.FilterEffect{Filter: field, Sessions: sessions - leftSessions, Seconds: int64((watch - left) / time.Second)})
		sessions, watch = leftSessions, left
	}
	add("policy", w.policyRevision() > 0)
	add("excluded", true) // nobody is
	part.devices = q.devices
	add("devices", len(q.devices) > 0)
	part.tariffs = q.tariffs
	add("tariffs", len(q.tariffs) > 0)
	part.modes = q.modes
	add("modes", len(q.modes) > 0)
	part.activeOnly = q.activeOnly
	add("accounts_active", q.activeOnly)
	part.minSeconds = cmp.Or(q.minSeconds, w.policy.GetMinSessionSeconds())
	add("min_watch_seconds", part.minSeconds > 0)
	return effects
}

// explainRequest asks about a place by the request of its ranking.
func (q query) explainRequest(spot bruteSpot) *tvstatsv1.ExplainRankRequest {
	e := &tvstatsv1.ExplainRankRequest{ChannelId: spot.channel, ProgrammeId: spot.programme}
	switch r := q.request.(type) {
	case *tvstatsv1.CreateChannelSortingByPopularityRequest:
		e.Request = &tvstatsv1.ExplainRankRequest_CreateChannelSortingByPopularity{CreateChannelSortingByPopularity: r}
	case *tvstatsv1.CreateChannelSelectionByPopularityRequest:
		e.Request = &tvstatsv1.ExplainRankRequest_CreateChannelSelectionByPopularity{CreateChannelSelectionByPopularity: r}
	case *tvstatsv1.CreateEpgSelectionByPopularityRequest:
		e.Request = &tvstatsv1.ExplainRankRequest_CreateEpgSelectionByPopularity{CreateEpgSelectionByPopularity: r}
		e.ChannelId = 0
	}
	return e
}

// TestExplainRank compares explanations of random places, by request and by stored result, with brute force.
func TestExplainRank(t *testing.T) {
	t.Parallel()
	const seed = 6
	s, w, r := startWorld(t, seed)
	explain := func(i int, q query, request *tvstatsv1.ExplainRankRequest, want *tvstatsv1.ExplainRankResponse) {
		t.Helper()
		got, err := s.ExplainRank(rpctest.Context(t), request)
		if err != nil {
			t.Fatalf("seed %d, query %d: %v", seed, i, err)
		}
		if !proto.Equal(got, want) {
			t.Fatalf("seed %d, query %d %+v of %v:\ngot  %v\nwant %v", seed, i, q, request, protojson.Format(got), protojson.Format(want))
		}
	}
	for i := range 24 {
		if i == 12 {
			w.policy = &tvstatsv1.MeasurementPolicy{MaxSessionSeconds: 3000, MinSessionSeconds: 60}
			pushWorld(t, s.address, w)
		}
		q := randomQuery(r, w)
		spots := q.spots(w)
		if len(spots) == 0 {
			continue
		}
		at := min(r.IntN(len(spots)), r.IntN(len(spots)), r.IntN(len(spots)))
		request, want := q.explainRequest(spots[at]), q.explain(w, at)
		explain(i, q, request, want)
		id, _ := result(t, s, q.request)
		explain(i, q, &tvstatsv1.ExplainRankRequest{ResultId: id, ChannelId: request.ChannelId, ProgrammeId: request.ProgrammeId}, want)
	}
}

// TestExplainRankRefuses what has no explanation.
func TestExplainRankRefuses(t *testing.T) {
	t.Parallel()
	g := startGuarded(t)
	ctx := g.as(t, auth.Backend)
	if _, err := oneRequest(g.Sync(ctx))(&tvstatsv1.SyncRequest{ClientId: 1, Channels: []*tvstatsv1.Channel{{ChannelId: 1, Name: "One"}}}); err != nil {
		t.Fatal(err)
	}
	sorting := &rpctest.SortingRequest{ClientIds: []int32{1}, DaysNumber: 1, Criterion: tvstatsv1.Criterion_CRITERION_WATCH_TIME}
	built, err := g.CreateChannelSortingByPopularity(ctx, sorting)
	if err != nil {
		t.Fatal(err)
	}
	id := built.Sortings[0].SortingId
	asked := func(ctx context.Context, request *tvstatsv1.ExplainRankRequest) error {
		_, err := g.ExplainRank(ctx, request)
		return err
	}
	if err := asked(g.as(t, auth.Reader), &tvstatsv1.ExplainRankRequest{ResultId: id, ChannelId: 1}); err != nil {
		t.Error(err)
	}
	rpctest.WantStatus(t, asked(ctx, &tvstatsv1.ExplainRankRequest{ResultId: id, ChannelId: 2}), codes.NotFound, "NOT_FOUND")
	rpctest.WantStatus(t, asked(ctx, &tvstatsv1.ExplainRankRequest{ResultId: "none", ChannelId: 1}), codes.NotFound, "NOT_FOUND")
	rpctest.WantStatus(t, asked(g.as(t, stranger), &tvstatsv1.ExplainRankRequest{ResultId: id, ChannelId: 1}), codes.NotFound, "NOT_FOUND")
	wantField(t, asked(ctx, &tvstatsv1.ExplainRankRequest{ResultId: id, ProgrammeId: 1}), "channel_id")
	wantField(t, asked(ctx, &tvstatsv1.ExplainRankRequest{ResultId: id}), "channel_id")
	wantField(t, asked(ctx, &tvstatsv1.ExplainRankRequest{ChannelId: 1}), "result_id")
	rpctest.WantStatus(t, asked(g.as(t, stranger), query{request: sorting}.explainRequest(bruteSpot{channel: 1})), codes.PermissionDenied, "PERMISSION_DENIED")
}

// TestListSessions: a page at a time, by support and operators only, and the log says who looked at whom.
func TestListSessions(t *testing.T) {
	t.Parallel()
	g := startGuarded(t)
	r := rand.New(rand.NewPCG(7, 21))
	w := randomWorld(r, 1, time.Now())
	send, err := g.StreamEvents(g.as(t, auth.Gateway))
	if err != nil {
		t.Fatal(err)
	}
	if err := send.Send(&tvstatsv1.StreamEventsRequest{Events: w.events}); err != nil {
		t.Fatal(err)
	}
	if response, err := send.Recv(); err != nil || len(response.Rejected) > 0 {
		t.Fatalf("%v, %v", response, err)
	}
	request := &tvstatsv1.ListSessionsRequest{
		ClientId: 1, AccountId: 5, From: timestamppb.New(w.start), To: timestamppb.New(w.start.Add(72 * time.Hour)), PageSize: 2,
	}
	for role, code := range map[auth.Role]codes.Code{
		auth.Support: codes.OK, auth.Operator: codes.OK, auth.Reader: codes.PermissionDenied, auth.Backend: codes.PermissionDenied,
		auth.Gateway: codes.PermissionDenied, stranger: codes.PermissionDenied,
	} {
		_, err := g.ListSessions(g.as(t, role), request)
		wantCode(t, string(role), err, code)
	}
	want := 0
	for _, session := range w.sessions() {
		if started := session.StartedAt.AsTime(); session.AccountId == 5 && started.Before(request.To.AsTime()) {
			want++
		}
	}
	var all []*tvstatsv1.ViewSession
	for {
		page, err := g.ListSessions(g.as(t, auth.Support), request)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page.Sessions...)
		if request.PageToken = page.NextPageToken; request.PageToken == "" {
			break
		}
	}
	if len(all) != want || !slices.IsSortedFunc(all, func(a, b *tvstatsv1.ViewSession) int { return a.StartedAt.AsTime().Compare(b.StartedAt.AsTime()) }) {
		t.Errorf("got %d sessions, want %d in order: %v", len(all), want, all)
	}
	for _, session := range all {
		if session.AccountId != 5 || session.CountedSeconds != session.WatchedSeconds || len(session.Tariffs) == 0 {
			t.Errorf("got %v", session)
		}
	}
	_, err = g.ListSessions(g.as(t, auth.Support), &tvstatsv1.ListSessionsRequest{ClientId: 77, AccountId: 5, From: request.From, To: request.To})
	rpctest.WantStatus(t, err, codes.PermissionDenied, "PERMISSION_DENIED")
	if log := g.log.String(); !strings.Contains(log, `"caller":"support"`) || !strings.Contains(log, `"account":5`) {
		t.Error("the log does not say who looked at whom")
	}
}

// wantField wants the error of a request of which one field is wrong.
func wantField(t *testing.T, err error, field string) {
	t.Helper()
	rpctest.WantStatus(t, err, codes.InvalidArgument, "INVALID_FIELD")
	if !strings.HasPrefix(status.Convert(err).Message(), field+": ") {
		t.Errorf("got %v, want one of %s", err, field)
	}
}
