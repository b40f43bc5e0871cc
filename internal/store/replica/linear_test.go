package replica_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/anishathalye/porcupine"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/store/replica"
	"github.com/tvstats/tvstats/internal/store/replica/memlog"
	"github.com/tvstats/tvstats/internal/store/storetest"
)

// What clients do to one stored result.
type action uint8

const (
	save action = iota
	remove
	ask
)

type input struct {
	action action
	id     string
}

// output is what a call returned.
type output struct {
	found   bool // by ask and remove
	unknown bool // the call failed: its effect may come at any time, or never
}

// present is a result as an object: it is there or not.
var present = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		byID := map[string][]porcupine.Operation{}
		for _, op := range history {
			id := op.Input.(input).id //nolint:forcetypeassert // nothing else is in a history
			byID[id] = append(byID[id], op)
		}
		return slices.Collect(maps.Values(byID))
	},
	Init: func() any { return false },
	Step: func(state, in, out any) (bool, any) {
		there, did, came := state.(bool), in.(input), out.(output) //nolint:forcetypeassert // nothing else is in a history
		switch did.action {
		case save:
			return true, true
		case remove:
			return came.unknown || came.found == there, false
		default:
			return came.found == there, there
		}
	},
}

// history gathers what clients did, by a clock that all share.
type history struct {
	clock atomic.Int64
	mu    sync.Mutex
	all   []porcupine.Operation
}

// do does one thing through the replica. What failed may have an effect later, but for a question, which has none.
func (h *history) do(ctx context.Context, s *replica.Store, who int, in input) error {
	call, out := h.clock.Add(1), output{}
	var err error
	switch in.action {
	case save:
		err = s.SaveResults(ctx, []store.Result{{ID: in.id, ClientID: client, Kind: store.ChannelSorting, Body: []byte("{}")}})
	case remove:
		err = s.DeleteResult(ctx, in.id, store.ChannelSorting)
	case ask:
		_, err = s.Result(ctx, in.id, store.ChannelSorting)
	}
	end := h.clock.Add(1)
	switch {
	case err == nil || errors.Is(err, store.ErrNotFound):
		out.found = err == nil
	case !errors.Is(err, store.ErrUnavailable):
		return err
	case in.action == ask:
		return nil
	default:
		out.unknown, end = true, math.MaxInt64
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all = append(h.all, porcupine.Operation{ClientId: who, Input: in, Call: call, Output: out, Return: end})
	return nil
}

func (h *history) linear() bool { return porcupine.CheckOperations(present, h.all) }

// TestLinearizable: what clients of three replicas see while calls fail, responses are lost, checkpoints are made and replicas start again
// could have happened one after the other, each thing between its call and its return.
func TestLinearizable(t *testing.T) {
	t.Parallel()
	for _, seed := range storetest.Seeds(6) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			server, h := memlog.NewServer("log"), &history{}
			server.SetFault(thrown(seed))
			var all sync.WaitGroup
			for who := range 3 {
				all.Go(func() { clientOf(t, server, h, who, rand.New(rand.NewPCG(seed, uint64(who)))) })
			}
			all.Wait()
			if !h.linear() {
				t.Errorf("seed %d: no order explains %d calls: %+v", seed, len(h.all), h.all)
			}
		})
	}
}

// thrown are faults by dice.
func thrown(seed uint64) func(string, bool) error {
	var mu sync.Mutex
	dice := rand.New(rand.NewPCG(seed, 1000))
	return func(string, bool) error {
		mu.Lock()
		defer mu.Unlock()
		if dice.IntN(12) == 0 {
			return errors.New("the dice say so")
		}
		return nil
	}
}

// clientOf does random things through one replica, two at a time, and closes it in between.
func clientOf(t *testing.T, server *memlog.Server, h *history, who int, r *rand.Rand) {
	t.Helper()
	dir := t.TempDir()
	for range 3 {
		s := open(t, server, dir)
		for range 15 {
			var two sync.WaitGroup
			for i := range 2 {
				in := input{action: action(r.IntN(3)), id: fmt.Sprint("result ", r.IntN(3))}
				two.Go(func() {
					if err := h.do(t.Context(), s, 2*who+i, in); err != nil {
						t.Errorf("%+v: %v", in, err)
					}
				})
			}
			two.Wait()
			if r.IntN(8) == 0 {
				_ = s.Checkpoint(t.Context()) // it may fail: what clients see is what counts
			}
		}
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
}

// lagging is a log whose newest entry is seen late, as if a server did not know what a majority has, and nothing fenced.
type lagging struct{ replica.Log }

func (l lagging) Look(ctx context.Context) (replica.View, error) {
	view, err := l.Log.Look(ctx)
	return laggingView{view}, err
}

func (l lagging) Fence(ctx context.Context) (replica.View, error) { return l.Look(ctx) }

type laggingView struct{ replica.View }

func (v laggingView) Read(ctx context.Context, from uint64) ([]replica.Entry, replica.Base, error) {
	entries, base, err := v.View.Read(ctx, from)
	return entries[:max(0, len(entries)-1)], base, err
}

// TestLinearizableNoticesWithoutFence: the checker sees it where a read misses what was acknowledged before.
func TestLinearizableNoticesWithoutFence(t *testing.T) {
	t.Parallel()
	server, h := memlog.NewServer("log"), &history{}
	a := replicas(t, server, 1)[0]
	b, err := replica.Open(context.WithoutCancel(t.Context()), lagging{server.Log()}, newDisk(t.TempDir()), fast)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close() //nolint:errcheck // the test has ended
	for i, s := range []*replica.Store{a, b} {
		if err := h.do(t.Context(), s, i, input{action: action(2 * i), id: "result"}); err != nil {
			t.Fatal(err)
		}
	}
	if h.linear() {
		t.Errorf("an order explains %+v", h.all)
	}
}
