package e2e

import (
	"testing"

	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/tvstats/tvstats/internal/rpc/rpctest"
)

// TestReflectionCarriesTheManual: what a caller reads of a message through reflection has its comments.
func TestReflectionCarriesTheManual(t *testing.T) {
	t.Parallel()
	s := start(t)
	stream, err := reflectionv1.NewServerReflectionClient(s.conn).ServerReflectionInfo(rpctest.Context(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, symbol := range []string{"tvstats.v1.ViewEvent", "tvstats.v1.Catalog.Sync", "tvstats.v1.ErrorReason"} {
		request := &reflectionv1.ServerReflectionRequest{
			MessageRequest: &reflectionv1.ServerReflectionRequest_FileContainingSymbol{FileContainingSymbol: symbol},
		}
		if err := stream.Send(request); err != nil {
			t.Fatal(err)
		}
		response, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		files := response.GetFileDescriptorResponse().GetFileDescriptorProto()
		if len(files) == 0 {
			t.Fatalf("%s: %v", symbol, response)
		}
		var file descriptorpb.FileDescriptorProto
		if err := proto.Unmarshal(files[0], &file); err != nil {
			t.Fatal(err)
		}
		comments := 0
		for _, location := range file.GetSourceCodeInfo().GetLocation() {
			if location.GetLeadingComments() != "" {
				comments++
			}
		}
		if types := len(file.GetMessageType()) + len(file.GetEnumType()); comments < types || comments == 0 {
			t.Errorf("%s: %s has %d messages and enums and %d comments", symbol, file.GetName(), types, comments)
		}
	}
}
