package intercept

import (
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/tvstats/tvstats/internal/rpc/rpctest"
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

// FuzzRequests: whatever a request holds, checking it does not panic, and a wrong one is refused with a small status.
func FuzzRequests(f *testing.F) {
	types := requestTypes(f)
	for i, request := range []proto.Message{rpctest.ValidSorting(), rpctest.ValidChannelSelection(), rpctest.ValidEpgSelection(), rpctest.WholeCatalog()} {
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
		ClientsOf(request)
		forAll(request)
		if err := validate(request, time.Now()); err != nil && len(err.Error()) > 16<<10 {
			t.Errorf("%T is refused with %d bytes", request, len(err.Error()))
		}
	})
}
