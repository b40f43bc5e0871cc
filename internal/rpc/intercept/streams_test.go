package intercept

import (
	"context"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
)

// decoderPanic is what a defect in decoding would do, in the goroutine that receives.
type decoderPanic struct{ grpc.ServerStream }

func (decoderPanic) RecvMsg(any) error { panic("decoder") }

func (decoderPanic) Context() context.Context { return context.Background() }

func TestPanicsWhileReceivingEndOnlyTheirCall(t *testing.T) {
	handle := func(_ any, stream grpc.ServerStream) error { return stream.RecvMsg(nil) }
	err := endStreams(nil, time.Minute, time.Minute)(nil, decoderPanic{}, &grpc.StreamServerInfo{IsClientStream: true}, handle)
	if err == nil || ruleFor(err).code != codes.Internal || !strings.Contains(err.Error(), "decoder") {
		t.Errorf("got %v", err)
	}
}
