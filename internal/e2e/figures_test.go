package e2e

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/app"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
	"github.com/tvstats/tvstats/internal/store/storetest"
)

// TestFiguresEqualBruteForce sends random viewing and requests random rankings of it: every field of every response, ids and
// created_at aside, equals what brute force says.
func TestFiguresEqualBruteForce(t *testing.T) {
	t.Parallel()
	address := startTestServer(t)
	for _, seed := range storetest.Seeds(6) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 1))
			w := randomWorld(r, int32(seed+1), time.Now())
			if seed%2 == 1 {
				w.policy = &tvstatsv1.MeasurementPolicy{MaxSessionSeconds: 3000, MinSessionSeconds: 60}
			}
			pushWorld(t, address, w)
			stream(t, address, w.events, 100)
			for i := range 25 {
				q := randomQuery(r, w)
				got, want := q.ask(t, address), q.expect(w)
				if !proto.Equal(got, want) {
					t.Fatalf("seed %d, query %d %+v:\ngot  %v\nwant %v", seed, i, q, protojson.Format(got), protojson.Format(want))
				}
			}
		})
	}
}

// TestConvergence sends the same viewing in many ways; the responses to the same requests are equal byte for byte.
func TestConvergence(t *testing.T) {
	t.Parallel()
	const seed, clientID = 42, 3
	r := rand.New(rand.NewPCG(seed, 2))
	w := randomWorld(r, clientID, time.Now())
	queries := make([]query, 20)
	for i := range queries {
		queries[i] = randomQuery(r, w)
	}
	want := make([]string, len(queries))
	for i, q := range queries {
		want[i] = canonical(t, q.expect(w))
	}
	doubled := slices.Concat(w.events, w.events)
	shuffled := slices.Clone(doubled)
	r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	for name, send := range map[string]func(t *testing.T) string{
		"in order": func(t *testing.T) string {
			address := startTestServer(t)
			pushWorld(t, address, w)
			stream(t, address, w.events, 1000)
			return address
		},
		"shuffled and doubled over several streams, the catalog last": func(t *testing.T) string {
			address := startTestServer(t)
			var streams errgroup.Group
			for part := range slices.Chunk(shuffled, len(shuffled)/4) {
				streams.Go(func() error { return sendEvents(t.Context(), address, part, 7) })
			}
			if err := streams.Wait(); err != nil {
				t.Fatal(err)
			}
			pushWorld(t, address, w)
			return address
		},
		"without intermediate reports": func(t *testing.T) string {
			address := startTestServer(t)
			pushWorld(t, address, w)
			stream(t, address, withoutIntermediate(r, w.events), 50)
			return address
		},
		"restarted in between, which folds what came before": func(t *testing.T) string {
			half := len(shuffled) / 2
			server := start(t)
			stream(t, server.address, shuffled[:half], 100)
			pushWorld(t, server.address, w)
			server = restart(t, server)
			stream(t, server.address, shuffled[half:], 100)
			return restart(t, server).address
		},
	} {
		t.Run(name, func(t *testing.T) { // not in parallel: r is shared
			address := send(t)
			for i, q := range queries {
				if got := canonical(t, q.ask(t, address)); got != want[i] {
					t.Fatalf("seed %d, query %d %+v:\ngot  %s\nwant %s", seed, i, q, got, want[i])
				}
			}
		})
	}
}

// restart stops the service in order and starts it on the same store.
func restart(t testing.TB, server *testServer) *testServer {
	t.Helper()
	if err := server.stop(); err != nil {
		t.Fatalf("serve: %v", err)
	}
	return startAt(t, server.now, func(cfg *app.Config) { cfg.DataDir = server.dir })
}

// withoutIntermediate leaves out random reports that are not the last of their session.
func withoutIntermediate(r *rand.Rand, events []*tvstatsv1.ViewEvent) []*tvstatsv1.ViewEvent {
	var kept []*tvstatsv1.ViewEvent
	for i, e := range events {
		last := i+1 == len(events) || !proto.Equal(events[i+1].StartedAt, e.StartedAt) || events[i+1].AccountId != e.AccountId
		if last || r.IntN(2) == 0 {
			kept = append(kept, e)
		}
	}
	return kept
}

// TestLate: a report for a day that was folded, and a guide that arrives or moves after the viewing, are in the next
// build.
func TestLate(t *testing.T) {
	t.Parallel()
	const seed = 5
	r := rand.New(rand.NewPCG(seed, 3))
	w := randomWorld(r, 1, time.Now())
	server := start(t)
	guide, late := w.programmes, w.events[:len(w.events)/3]
	w.programmes, w.events = nil, w.events[len(w.events)/3:]
	pushWorld(t, server.address, w)
	stream(t, server.address, w.events, 100)
	address := restart(t, server).address // which folds all days but the last two
	check := func(when string) {
		t.Helper()
		for range 5 {
			q := randomQuery(r, w)
			if got, want := canonical(t, q.ask(t, address)), canonical(t, q.expect(w)); got != want {
				t.Fatalf("seed %d, %s, %+v:\ngot  %s\nwant %s", seed, when, q, got, want)
			}
		}
	}
	check("before anything came late")
	stream(t, address, late, 100)
	w.events = append(w.events, late...)
	check("after late reports")
	w.programmes = guide
	pushWorld(t, address, w)
	check("after the guide arrived")
	for _, p := range w.programmes {
		p.Start, p.End = timestamppb.New(p.Start.AsTime().Add(time.Hour)), timestamppb.New(p.End.AsTime().Add(2*time.Hour))
	}
	pushWorld(t, address, w)
	check("after the guide moved")
}

// policyInForce is the one that was pushed, or that of clients without one.
func (w *world) policyInForce() *tvstatsv1.MeasurementPolicy {
	return cmp.Or(w.policy, &tvstatsv1.MeasurementPolicy{})
}

// policyRevision is 1 once a policy that is on was pushed.
func (w *world) policyRevision() int64 {
	if w.revision > 0 {
		return w.revision
	}
	if proto.Size(w.policy) == 0 {
		return 0
	}
	return 1
}

// pushWorld sends the world's catalog.
func pushWorld(t testing.TB, address string, w *world) {
	t.Helper()
	pushRequest(t, address, &tvstatsv1.SyncRequest{
		BatchId: 1, ClientId: w.clientID, Client: &tvstatsv1.Client{Name: "client", Policy: w.policy},
		Channels: w.channels, Accounts: w.accounts, Programmes: w.programmes,
	})
}

// pushRequest sends one request to the catalog, all of which must be applied.
func pushRequest(t testing.TB, address string, request *tvstatsv1.SyncRequest) {
	t.Helper()
	stream, err := tvstatsv1.NewCatalogClient(rpctest.Connect(t, address)).Sync(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Send(request); err != nil {
		t.Fatal(err)
	}
	response, err := stream.Recv()
	if err != nil {
		t.Fatal(err)
	}
	if len(response.GetRejected()) > 0 {
		t.Fatalf("rejected: %v", response.GetRejected())
	}
	if err := stream.CloseSend(); err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); !errors.Is(err, io.EOF) {
		t.Fatalf("the stream ended with %v", err)
	}
}

// stream sends events in batches and waits until all are acknowledged.
func stream(t testing.TB, address string, events []*tvstatsv1.ViewEvent, batch int) {
	t.Helper()
	if err := sendEvents(t.Context(), address, events, batch); err != nil {
		t.Fatal(err)
	}
}

// query is one request for a ranking, of any of the three kinds.
type query struct {
	bruteQuery
	request proto.Message
}

// randomQuery draws a request and, in other words, what it means.
func randomQuery(r *rand.Rand, w *world) query {
	days := int32(1 + r.IntN(w.days+1))
	asOf := w.start.Add(time.Duration(r.Int64N(int64(w.days+1)*86_400_000)) * time.Millisecond)
	q := bruteQuery{
		from: asOf.Add(-time.Duration(days) * 24 * time.Hour), to: asOf, activeOnly: r.IntN(3) == 0,
		minSeconds: []int64{0, 0, 1, 300}[r.IntN(4)],
	}
	if r.IntN(3) == 0 {
		q.devices = []string{"mag250", "nothing_like_it", "web"}[r.IntN(3):]
	}
	if r.IntN(3) == 0 {
		q.tariffs = append(randomIDs(r, 2, 6), 9)
	}
	if r.IntN(3) == 0 {
		q.modes = []tvstatsv1.ViewMode{0, tvstatsv1.ViewMode_VIEW_MODE_CATCHUP, tvstatsv1.ViewMode_VIEW_MODE_LIVE}[r.IntN(3):]
	}
	q.criterion, q.reach, q.minAccounts = tvstatsv1.Criterion(1+r.IntN(len(tvstatsv1.Criterion_name)-1)), []int64{0, 1, 600, 9000}[r.IntN(4)], r.Int64N(6)
	size := int32(r.IntN(40))
	switch r.IntN(3) {
	case 0:
		return query{q, &tvstatsv1.CreateChannelSortingByPopularityRequest{
			ClientIds: []int32{w.clientID}, DaysNumber: days, Criterion: q.criterion, Devices: q.devices, Tariffs: q.tariffs,
			AccountsActive: q.activeOnly, MinWatchSeconds: q.minSeconds, AsOf: timestamppb.New(asOf), Modes: q.modes,
			ReachSeconds: q.reach, MinAccounts: q.minAccounts,
		}}
	case 1:
		return query{q, &tvstatsv1.CreateChannelSelectionByPopularityRequest{
			ClientId: w.clientID, DaysNumber: days, Criterion: q.criterion, Devices: q.devices, Tariffs: q.tariffs,
			AccountsActive: q.activeOnly, MinWatchSeconds: q.minSeconds, AsOf: timestamppb.New(asOf), SelectionSize: size, Modes: q.modes,
			ReachSeconds: q.reach, MinAccounts: q.minAccounts,
		}}
	default:
		q.activeOnly = false // this method has no such parameter
		q.criterion = []tvstatsv1.Criterion{0, 1, 2, 5, 6}[r.IntN(5)]
		request := &tvstatsv1.CreateEpgSelectionByPopularityRequest{
			ClientId: w.clientID, DaysNumber: days, Devices: q.devices, Tariffs: q.tariffs,
			MinWatchSeconds: q.minSeconds, AsOf: timestamppb.New(asOf), SelectionSize: size, SelectionName: "mine", Criterion: q.criterion,
			Modes: q.modes, ReachSeconds: q.reach, MinAccounts: q.minAccounts,
		}
		if r.IntN(2) == 0 {
			request.Categories = append(randomIDs(r, 2, 4), 2)
		}
		if r.IntN(2) == 0 {
			request.Channels = append(randomIDs(r, 6, 13), 1)
		}
		return query{q, request}
	}
}

// ask calls the method and returns the sorting or selection without what differs from build to build.
func (q query) ask(t testing.TB, address string) proto.Message {
	t.Helper()
	client := tvstatsv1.NewViewStatsClient(rpctest.Connect(t, address))
	var selection *tvstatsv1.Selection
	var err error
	switch request := q.request.(type) {
	case *tvstatsv1.CreateChannelSortingByPopularityRequest:
		response, err := client.CreateChannelSortingByPopularity(t.Context(), request)
		if err != nil {
			t.Fatal(err)
		}
		sorting := response.GetSortings()[0]
		sorting.SortingId, sorting.CreatedAt = "", nil
		return sorting
	case *tvstatsv1.CreateChannelSelectionByPopularityRequest:
		var response *tvstatsv1.CreateChannelSelectionByPopularityResponse
		response, err = client.CreateChannelSelectionByPopularity(t.Context(), request)
		selection = response.GetSelection()
	case *tvstatsv1.CreateEpgSelectionByPopularityRequest:
		var response *tvstatsv1.CreateEpgSelectionByPopularityResponse
		response, err = client.CreateEpgSelectionByPopularity(t.Context(), request)
		selection = response.GetSelection()
	}
	if err != nil {
		t.Fatal(err)
	}
	selection.SelectionId, selection.CreatedAt = "", nil
	return selection
}

// checkRankings compares random rankings by each of the servers with brute force.
func checkRankings(t *testing.T, w *world, seed uint64, addresses ...string) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 16))
	for i := range 10 {
		q := randomQuery(r, w)
		want := canonical(t, q.expect(w))
		for _, address := range addresses {
			if got := canonical(t, q.ask(t, address)); got != want {
				t.Fatalf("seed %d, query %d %+v by %s:\ngot  %s\nwant %s", seed, i, q, address, got, want)
			}
		}
	}
}

// expect computes the response by brute force.
func (q query) expect(w *world) proto.Message {
	from, to := timestamppb.New(q.from), timestamppb.New(q.to)
	sized := func(size int32) int {
		if size == 0 {
			return 17
		}
		return int(size)
	}
	coverage, until := tvstatsv1.Coverage_COVERAGE_COMPLETE, (*timestamppb.Timestamp)(nil)
	if end := q.to.Add(24 * time.Hour); end.After(time.Now()) {
		coverage, until = tvstatsv1.Coverage_COVERAGE_PROVISIONAL, timestamppb.New(end)
	}
	switch request := q.request.(type) {
	case *tvstatsv1.CreateChannelSortingByPopularityRequest:
		return &tvstatsv1.ChannelSorting{
			ClientId: w.clientID, Criterion: request.Criterion, WindowStart: from, WindowEnd: to,
			Channels: w.rankChannels(q.bruteQuery), Coverage: coverage, ProvisionalUntil: until, SilentDevices: w.silent(q.bruteQuery),
			Policy: w.policyInForce(), PolicyRevision: w.policyRevision(), CutSeconds: w.cut(q.bruteQuery),
		}
	case *tvstatsv1.CreateChannelSelectionByPopularityRequest:
		channels := w.rankChannels(q.bruteQuery)
		size := sized(request.SelectionSize)
		return &tvstatsv1.Selection{
			ClientId: w.clientID, Name: fmt.Sprintf("%d (%d)", request.DaysNumber, size), Criterion: request.Criterion,
			Kind: tvstatsv1.SelectionKind_SELECTION_KIND_CHANNELS, WindowStart: from, WindowEnd: to,
			Channels: channels[:min(size, len(channels))], Coverage: coverage, ProvisionalUntil: until, SilentDevices: w.silent(q.bruteQuery),
			Policy: w.policyInForce(), PolicyRevision: w.policyRevision(), CutSeconds: w.cut(q.bruteQuery),
		}
	case *tvstatsv1.CreateEpgSelectionByPopularityRequest:
		return &tvstatsv1.Selection{
			ClientId: w.clientID, Name: "mine", Kind: tvstatsv1.SelectionKind_SELECTION_KIND_PROGRAMMES,
			WindowStart: from, WindowEnd: to, Criterion: max(request.Criterion, tvstatsv1.Criterion_CRITERION_WATCH_TIME),
			Programmes: w.rankProgrammes(q.bruteQuery, request.Categories, request.Channels, sized(request.SelectionSize)),
			Coverage:   coverage, ProvisionalUntil: until, SilentDevices: w.silent(q.bruteQuery),
			Policy: w.policyInForce(), PolicyRevision: w.policyRevision(), CutSeconds: w.cut(q.bruteQuery),
		}
	}
	return nil
}

func canonical(t testing.TB, m proto.Message) string {
	t.Helper()
	encoded, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return string(encoded)
}

// sendEvents sends events over a stream of its own and returns when the last batch is acknowledged whole.
func sendEvents(ctx context.Context, address string, events []*tvstatsv1.ViewEvent, batch int) error {
	return withStream(ctx, address, func(stream eventSender) error {
		for part := range slices.Chunk(events, batch) {
			if err := stream.Send(&tvstatsv1.StreamEventsRequest{Events: part}); err != nil {
				return err
			}
			response, err := stream.Recv()
			if err != nil {
				return err
			}
			if int(response.GetAccepted()) != len(part) {
				return fmt.Errorf("accepted %d of %d: %v", response.GetAccepted(), len(part), response.GetRejected())
			}
		}
		return nil
	})
}
