package replica_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/store/replica/memlog"
)

// TestLargeOperations: operations that no entry can hold travel beside it, from two replicas at once, and go with the entries when a
// checkpoint has what they did.
func TestLargeOperations(t *testing.T) {
	t.Parallel()
	const seed = 16
	r := rand.New(rand.NewPCG(seed, 0))
	server := memlog.NewServer("log")
	all := replicas(t, server, 2)
	var results []store.Result
	for i := range 2 {
		noise := make([]byte, 13<<20) // 13 MiB, compressed as well
		for j := range noise {
			noise[j] = byte(r.Uint32())
		}
		body := fmt.Appendf(nil, "%q", hex.EncodeToString(noise))
		results = append(results, store.Result{ID: fmt.Sprint(i), ClientID: client, Kind: store.ChannelSorting, CreatedAt: 1, Body: body})
	}
	var saving sync.WaitGroup
	for i, result := range results {
		saving.Go(func() {
			if err := all[i%2].SaveResults(t.Context(), []store.Result{result}); err != nil {
				t.Errorf("seed %d: %v", seed, err)
			}
		})
	}
	saving.Wait()
	for _, want := range results {
		for i, s := range all {
			got, err := s.Result(t.Context(), want.ID, want.Kind)
			if err != nil || !bytes.Equal(got.Body, want.Body) {
				t.Errorf("seed %d: replica %d has %d bytes of result %s, %v", seed, i, len(got.Body), want.ID, err)
			}
		}
	}
	parts := func() (large int) {
		names, err := server.Log().Parts(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return len(slices.DeleteFunc(names, func(name string) bool { return !strings.Contains(name, "-operation-") }))
	}
	if n := parts(); n < len(results) {
		t.Errorf("%d operations were stored beside their entries", n)
	}
	if err := all[0].Checkpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := parts(); n != 0 {
		t.Errorf("%d of them are left", n)
	}
}
