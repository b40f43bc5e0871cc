package intercept

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/plaintext"
	"github.com/tvstats/tvstats/internal/rpc/convert"
)

// names replaces control characters in the names that requests give to selections, those of jobs included, and counts them.
type names struct{ replaced func(characters int) }

func (n names) unary(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	command := req
	if job, ok := req.(*tvstatsv1.StartJobRequest); ok {
		_, command = convert.CommandOf(job)
	}
	if named, ok := command.(interface {
		proto.Message
		GetSelectionName() string
	}); ok {
		if clean, replaced := plaintext.WithoutControls(named.GetSelectionName()); replaced > 0 {
			message := named.ProtoReflect()
			message.Set(message.Descriptor().Fields().ByName("selection_name"), protoreflect.ValueOfString(clean))
			n.replaced(replaced)
		}
	}
	return handler(ctx, req)
}
