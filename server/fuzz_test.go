package main

import (
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/viewing"
)

// requestTypes are the requests of all methods, in an order that does not change.
func requestTypes(tb testing.TB) []protoreflect.MessageType {
	tb.Helper()
	var types []protoreflect.MessageType
	protoregistry.GlobalFiles.RangeFilesByPackage("tvstats.v1", func(file protoreflect.FileDescriptor) bool {
		for i := range file.Services().Len() {
			for j := range file.Services().Get(i).Methods().Len() {
				input := file.Services().Get(i).Methods().Get(j).Input().FullName()
				found, err := protoregistry.GlobalTypes.FindMessageByName(input)
				if err != nil {
					tb.Fatal(err)
				}
				types = append(types, found)
			}
		}
		return true
	})
	return types
}

// FuzzRequests: whatever a request holds, looking at it breaks nothing, and a wrong one is told in a status that is small.
func FuzzRequests(f *testing.F) {
	types := requestTypes(f)
	for i, request := range []proto.Message{validSorting(), validChannelSelection(), validEpgSelection(), wholeCatalog()} {
		encoded, err := proto.Marshal(request)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(byte(i), encoded)
	}
	f.Fuzz(func(t *testing.T, method byte, encoded []byte) {
		request := types[int(method)%len(types)].New().Interface()
		if err := proto.Unmarshal(encoded, request); err != nil {
			return // gRPC refuses it
		}
		clientsOf(request)
		forAll(request)
		if err := validate(request); err != nil && len(err.Error()) > 16<<10 {
			t.Errorf("%T is refused with %d bytes", request, len(err.Error()))
		}
	})
}

// FuzzSync: each entity is either applied or rejected, and only what is valid is applied.
func FuzzSync(f *testing.F) {
	encoded, err := proto.Marshal(wholeCatalog())
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
