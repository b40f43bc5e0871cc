package catalog

import (
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
	"github.com/tvstats/tvstats/internal/viewing"
)

// FuzzSync: each entity is either applied or rejected, and only what is valid is applied.
func FuzzSync(f *testing.F) {
	encoded, err := proto.Marshal(rpctest.WholeCatalog())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(encoded)
	all := func(int32) bool { return true }
	none := func(int64) (bool, error) { return false, nil }
	f.Fuzz(func(t *testing.T, encoded []byte) {
		request := &tvstatsv1.SyncRequest{}
		if err := proto.Unmarshal(encoded, request); err != nil {
			return
		}
		push := readPush(request, all, none, timeRules{now: viewing.At(time.Unix(1_700_000_000, 0)), oldest: viewing.At(time.Unix(946_684_800, 0))})
		b := &push.batch
		applied := len(b.Channels) + len(b.Tariffs) + len(b.Categories) + len(b.Accounts) + len(b.Programmes) + len(b.Payments) + len(b.GuideRanges)
		if b.Client != nil {
			applied++
		}
		if applied+len(push.rejected) > push.total || push.clientErr != nil && applied > 0 {
			t.Errorf("of %d entities %d are applied and %d rejected, %v", push.total, applied, len(push.rejected), push.clientErr)
		}
		for _, p := range b.Programmes {
			if p.ID <= 0 || !p.Deleted && p.End <= p.Start {
				t.Errorf("applied %+v", p)
			}
		}
		for _, r := range b.GuideRanges {
			if r.ChannelID <= 0 || r.Starting.To <= r.Starting.From {
				t.Errorf("applied %+v", r)
			}
		}
	})
}
