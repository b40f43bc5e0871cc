package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
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
