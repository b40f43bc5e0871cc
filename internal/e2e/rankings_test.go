package e2e

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
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
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/auth"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
)

// startWorld starts the service with a random world.
func startWorld(t *testing.T, seed uint64) (*testServer, *world, *rand.Rand) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 21))
	w := randomWorld(r, 1, time.Now())
	s := start(t)
	pushWorld(t, s.address, w)
	stream(t, s.address, w.events, 100)
	return s, w, r
}

// set sets a field of a request that all builders have.
func set[V any](request proto.Message, field string, value V) {
	message := request.ProtoReflect()
	encoded, err := json.Marshal(map[string]V{field: value})
	if err != nil {
		panic(err)
	}
	part := message.New().Interface()
	if err := protojson.Unmarshal(encoded, part); err != nil {
		panic(err)
	}
	proto.Merge(request, part)
}

// result is what a builder stored, without what differs from build to build.
func result(t *testing.T, s *testServer, request proto.Message) (id string, built proto.Message) {
	t.Helper()
	response, err := callBy(rpctest.Context(t), s, request)
	if err != nil {
		t.Fatal(err)
	}
	return withoutID(response)
}

// callBy calls the method of a request by its client.
func callBy(ctx context.Context, s *testServer, request proto.Message) (proto.Message, error) {
	switch r := request.(type) {
	case *tvstatsv1.CreateChannelSortingByPopularityRequest:
		return s.CreateChannelSortingByPopularity(ctx, r)
	case *tvstatsv1.CreateChannelSelectionByPopularityRequest:
		return s.CreateChannelSelectionByPopularity(ctx, r)
	default:
		return s.CreateEpgSelectionByPopularity(ctx, r.(*tvstatsv1.CreateEpgSelectionByPopularityRequest))
	}
}

// withoutID takes id and time out of what was built.
func withoutID(response proto.Message) (id string, built proto.Message) {
	if sortings, ok := response.(*tvstatsv1.CreateChannelSortingByPopularityResponse); ok {
		sorting := sortings.Sortings[0]
		id, sorting.SortingId, sorting.CreatedAt = sorting.SortingId, "", nil
		return id, sorting
	}
	selection := response.(interface{ GetSelection() *tvstatsv1.Selection }).GetSelection()
	id, selection.SelectionId, selection.CreatedAt = selection.SelectionId, "", nil
	return id, selection
}

// stored is how many results client 1 has.
func stored(t *testing.T, s *testServer) int {
	t.Helper()
	sortings, err := s.ListChannelSortings(rpctest.Context(t), &tvstatsv1.ListChannelSortingsRequest{ClientId: 1})
	if err != nil {
		t.Fatal(err)
	}
	selections, err := s.ListSelections(rpctest.Context(t), &tvstatsv1.ListSelectionsRequest{ClientId: 1})
	if err != nil {
		t.Fatal(err)
	}
	return len(sortings.Sortings) + len(selections.Selections)
}

// TestDryRun: a dry run, called or as a job, is what would be stored, and nothing is.
func TestDryRun(t *testing.T) {
	t.Parallel()
	const seed = 3
	s, w, r := startWorld(t, seed)
	for i := range 9 {
		request := randomQuery(r, w).request
		before := stored(t, s)
		dry := proto.Clone(request)
		set(dry, "dry_run", true)
		id, got := result(t, s, dry)
		job := watchJob(t, s, startJob(t, s, dry).JobId, untilEnd)
		jobID, byJob := "", proto.Message(nil)
		job.Result.ProtoReflect().Range(func(_ protoreflect.FieldDescriptor, v protoreflect.Value) bool {
			jobID, byJob = withoutID(v.Message().Interface())
			return false
		})
		if after := stored(t, s); after != before || id != "" || jobID != "" {
			t.Fatalf("seed %d, query %d: ids %q and %q, %d results became %d", seed, i, id, jobID, before, after)
		}
		_, want := result(t, s, request)
		if !proto.Equal(got, want) || !proto.Equal(byJob, want) {
			t.Fatalf("seed %d, query %d:\ngot    %v\nby job %v\nwant   %v", seed, i, got, byJob, want)
		}
	}
}

// TestWhatIf: a dry run under another policy is what it would be if that were the client's, says where each place is under the
// client's own, and changes nothing.
func TestWhatIf(t *testing.T) {
	t.Parallel()
	const seed = 8
	s, w, r := startWorld(t, seed)
	policy := &tvstatsv1.MeasurementPolicy{MaxSessionSeconds: 900, InactivitySeconds: 60, OneChannelPerDevice: true, MinSessionSeconds: 30}
	var requests, answers []proto.Message
	for range 9 {
		request := randomQuery(r, w).request
		set(request, "dry_run", true)
		_, own := result(t, s, request)
		dry := proto.Clone(request)
		message := dry.ProtoReflect()
		message.Set(message.Descriptor().Fields().ByName("policy"), protoreflect.ValueOfMessage(policy.ProtoReflect()))
		_, got := result(t, s, dry)
		for item, previous := range previousOf(got) {
			if previous != ranksOf(own)[item] {
				t.Fatalf("seed %d: %d came from %d, not from %d", seed, item, previous, ranksOf(own)[item])
			}
		}
		if _, again := result(t, s, request); !proto.Equal(again, own) {
			t.Fatalf("seed %d: it became %v, was %v", seed, again, own)
		}
		requests, answers = append(requests, request), append(answers, got)
	}
	w.policy = policy
	pushWorld(t, s.address, w)
	for i, request := range requests {
		_, want := result(t, s, request)
		if got := answers[i]; plain(got) != plain(want) {
			t.Fatalf("seed %d, query %d:\ngot  %s\nwant %s", seed, i, plain(got), plain(want))
		}
	}
	wet := &rpctest.SortingRequest{ClientIds: []int32{1}, DaysNumber: 1, Criterion: tvstatsv1.Criterion_CRITERION_REACH, Policy: policy}
	_, err := s.CreateChannelSortingByPopularity(rpctest.Context(t), wet)
	wantField(t, err, "policy")
	wet.DryRun, wet.Policy = true, &tvstatsv1.MeasurementPolicy{MaxSessionSeconds: -1}
	_, err = s.CreateChannelSortingByPopularity(rpctest.Context(t), wet)
	wantField(t, err, "policy")
}

// plain is what was built without what it was compared with and the revision of the policy.
func plain(built proto.Message) string {
	built = proto.Clone(built)
	switch b := built.(type) {
	case *tvstatsv1.ChannelSorting:
		b.PolicyRevision = 0
	case *tvstatsv1.Selection:
		b.PolicyRevision = 0
		for _, p := range b.Programmes {
			p.PreviousRank = 0
		}
	}
	for _, c := range built.(interface {
		GetChannels() []*tvstatsv1.RankedChannel
	}).GetChannels() {
		c.PreviousRank = 0
	}
	return protojson.Format(built)
}

// ranksOf are the places of what was built.
func ranksOf(built proto.Message) map[int64]int32 {
	ranks := map[int64]int32{}
	for _, c := range built.(interface {
		GetChannels() []*tvstatsv1.RankedChannel
	}).GetChannels() {
		ranks[int64(c.ChannelId)] = c.Rank
	}
	if selection, ok := built.(*tvstatsv1.Selection); ok {
		for _, p := range selection.Programmes {
			ranks[p.ProgrammeId] = p.Rank
		}
	}
	return ranks
}

// previousOf are the places before, as what was built says them.
func previousOf(built proto.Message) map[int64]int32 {
	ranks := map[int64]int32{}
	for _, c := range built.(interface {
		GetChannels() []*tvstatsv1.RankedChannel
	}).GetChannels() {
		ranks[int64(c.ChannelId)] = c.PreviousRank
	}
	if selection, ok := built.(*tvstatsv1.Selection); ok {
		for _, p := range selection.Programmes {
			ranks[p.ProgrammeId] = p.PreviousRank
		}
	}
	return ranks
}

// TestCompareTo compares results with earlier ones of other questions, and is refused what cannot be compared.
func TestCompareTo(t *testing.T) {
	t.Parallel()
	const seed = 4
	s, w, r := startWorld(t, seed)
	earlier := map[string]string{} // by kind of request
	for i := range 12 {
		request := randomQuery(r, w).request
		id, before := result(t, s, request)
		earlier[fmt.Sprintf("%T", request)] = id
		later := proto.Clone(request)
		set(later, "min_watch_seconds", 700)
		_, want := result(t, s, later)
		set(later, "compare_to", id)
		_, got := result(t, s, later)
		for item, rank := range ranksOf(want) {
			if previous := previousOf(got)[item]; previous != ranksOf(before)[item] || ranksOf(got)[item] != rank {
				t.Fatalf("seed %d, query %d: %d came from %d, not from %d", seed, i, item, previous, ranksOf(before)[item])
			}
		}
	}
	pushRequest(t, s.address, &tvstatsv1.SyncRequest{ClientId: 2, Client: &tvstatsv1.Client{Name: "other"}})
	sorting := func(compareTo string, clients ...int32) error {
		_, err := s.CreateChannelSortingByPopularity(rpctest.Context(t), &rpctest.SortingRequest{
			ClientIds: clients, DaysNumber: 1, Criterion: tvstatsv1.Criterion_CRITERION_REACH, CompareTo: compareTo,
		})
		return err
	}
	rpctest.WantStatus(t, sorting("no such id", 1), codes.NotFound, "NOT_FOUND")
	rpctest.WantStatus(t, sorting(earlier["*tvstatsv1.CreateChannelSortingByPopularityRequest"], 2), codes.NotFound, "NOT_FOUND")
	wantField(t, sorting(earlier["*tvstatsv1.CreateChannelSelectionByPopularityRequest"], 1), "compare_to")
	wantField(t, sorting(earlier["*tvstatsv1.CreateChannelSortingByPopularityRequest"], 1, 2), "compare_to")
	if err := sorting(earlier["*tvstatsv1.CreateChannelSortingByPopularityRequest"], 1); err != nil {
		t.Error(err)
	}
}

// TestRankingOfErasedViewing: a ranking says what of its viewing is gone.
func TestRankingOfErasedViewing(t *testing.T) {
	t.Parallel()
	s, w, r := startWorld(t, 5)
	if _, err := s.EraseAccount(rpctest.Context(t), &tvstatsv1.EraseAccountRequest{ClientId: 1, AccountId: 3}); err != nil {
		t.Fatal(err)
	}
	latest := time.Time{}
	for _, session := range w.sessions() {
		if session.AccountId == 3 && session.StartedAt.AsTime().After(latest) {
			latest = session.StartedAt.AsTime()
		}
	}
	request := randomQuery(r, w).request
	set(request, "as_of", w.start.Add(time.Duration(w.days)*24*time.Hour))
	set(request, "days_number", w.days)
	_, built := result(t, s, request)
	covered := built.(interface {
		GetCoverage() tvstatsv1.Coverage
		GetDataFrom() *timestamppb.Timestamp
	})
	if covered.GetCoverage() != tvstatsv1.Coverage_COVERAGE_EXPIRED || !covered.GetDataFrom().AsTime().After(latest) ||
		covered.GetDataFrom().AsTime().Sub(latest) > time.Hour {
		t.Errorf("got %v from %v, the last session began at %v", covered.GetCoverage(), covered.GetDataFrom().AsTime(), latest)
	}
}

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

// explain says by brute force what ExplainRank must answer of the place.
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
