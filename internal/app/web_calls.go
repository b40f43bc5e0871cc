package app

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"slices"
	"strings"

	connectrpc "connectrpc.com/connect"
	"connectrpc.com/vanguard"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	grpcpeer "google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/tap"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/tvstats/tvstats/internal/flags"
	"github.com/tvstats/tvstats/internal/rpc/intercept"
	"github.com/tvstats/tvstats/internal/rpc/wire"
)

// calls serves calls over HTTP, in the Connect protocol or in gRPC-Web, by handing them on to a gRPC server. Whatever is
// registered there can be called, but for methods to which the caller streams: browsers cannot.
type calls struct {
	methods map[string]grpc.MethodInfo // by path
	reject  tap.ServerInHandle
	forward http.Handler
	errors  *connectrpc.ErrorWriter
}

func newCalls(server *grpc.Server, reject tap.ServerInHandle, maxMessage flags.ByteSize) (*calls, error) {
	c := &calls{methods: map[string]grpc.MethodInfo{}, reject: reject, errors: connectrpc.NewErrorWriter()}
	var services []*vanguard.Service
	for name, info := range server.GetServiceInfo() {
		services = append(services, vanguard.NewService(name, server))
		for _, method := range info.Methods {
			c.methods["/"+name+"/"+method.Name] = method
		}
	}
	transcoder, err := vanguard.NewTranscoder(services,
		vanguard.WithCodec(func(vanguard.TypeResolver) vanguard.Codec { return newJSON() }),
		vanguard.WithCompression(vanguard.CompressionGzip, newCompressor, func() connectrpc.Decompressor {
			return &boundedGzip{most: 2 * int64(maxMessage)} // the transcoder bounds only what comes
		}),
		vanguard.WithDefaultServiceOptions(
			vanguard.WithTargetProtocols(vanguard.ProtocolGRPC),
			vanguard.WithTargetCodecs(vanguard.CodecProto),
			vanguard.WithNoTargetCompression(),                       // of an empty message it makes what gRPC cannot read
			vanguard.WithMaxMessageBufferBytes(2*uint32(maxMessage)), // as for gRPC: codec reports what is too large, up to twice the limit
		))
	if err != nil {
		return nil, fmt.Errorf("calls over HTTP: %w", err)
	}
	c.forward = transcoder
	return c, nil
}

// ServeHTTP serves a call. Like gRPC it reads nothing of a call without a valid token.
func (c *calls) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !speaks(r) {
		http.Error(w, "the Content-Type must be application/json or application/proto; of server streams application/connect+json, "+
			"application/connect+proto or that of gRPC-Web", http.StatusUnsupportedMediaType)
		return
	}
	method, known := c.methods[r.URL.Path]
	switch {
	case !known:
		c.refuse(w, r, connectError(intercept.NoSuchMethod(r.URL.Path)))
		return
	case method.IsClientStream:
		c.refuse(w, r, connectrpc.NewError(connectrpc.CodeUnimplemented, errors.New("the method takes a stream, which is done over gRPC, at the address of --listen")))
		return
	}
	if _, err := c.reject(incoming(r), &tap.Info{FullMethodName: r.URL.Path}); err != nil {
		c.refuse(w, r, connectError(err))
		return
	}
	c.forward.ServeHTTP(w, r)
}

func (c *calls) refuse(w http.ResponseWriter, r *http.Request, err error) {
	_ = c.errors.Write(w, r, err) // a caller that has gone does not matter
}

// speaks reports whether the request is in a protocol that is served here, and makes plain JSON and protobuf a request of
// Connect: that has a header besides, which callers may leave out and the transcoder needs.
func speaks(r *http.Request) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case err != nil:
		return false
	case kind == "application/json" || kind == "application/proto":
		r.Header.Set("Connect-Protocol-Version", "1")
		if r.ContentLength == 0 && kind == "application/json" { // as of protobuf: a request in which nothing is set
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader("{}")), 2
		}
		return true
	}
	return slices.Contains([]string{
		"application/connect+json", "application/connect+proto",
		"application/grpc-web", "application/grpc-web+proto", "application/grpc-web+json",
	}, kind)
}

// incoming is the context that a call has when gRPC knows no more of it than its headers.
func incoming(r *http.Request) context.Context {
	headers := metadata.MD{}
	for name, values := range r.Header {
		headers[strings.ToLower(name)] = values
	}
	from := &grpcpeer.Peer{Addr: remoteAddress(r.RemoteAddr)}
	return metadata.NewIncomingContext(grpcpeer.NewContext(r.Context(), from), headers)
}

type remoteAddress string

var _ net.Addr = remoteAddress("")

// Network implements net.Addr.
func (remoteAddress) Network() string { return "tcp" }

// String is the address with its port.
func (a remoteAddress) String() string { return string(a) }

// connectError is the same error in the words of Connect, details included.
func connectError(err error) error {
	failure := status.Convert(err)
	same := connectrpc.NewError(connectrpc.Code(failure.Code()), errors.New(failure.Message()))
	for _, detail := range failure.Proto().GetDetails() {
		if packed, err := connectrpc.NewErrorDetail(detail); err == nil { // an Any is taken as it is
			same.AddDetail(packed)
		}
	}
	return same
}

// jsonCodec is protobuf's JSON. Unlike the codec for gRPC's messages it refuses fields that there are not: who writes JSON
// by hand mistypes one, and would get another result than intended. Fields that are 0 or empty are written.
type jsonCodec struct{ vanguard.JSONCodec }

func newJSON() *jsonCodec {
	return &jsonCodec{vanguard.JSONCodec{MarshalOptions: protojson.MarshalOptions{EmitDefaultValues: true}}}
}

// Unmarshal fails for no message, as codec does not: one that cannot be read is refused further in, with details.
func (c *jsonCodec) Unmarshal(data []byte, message proto.Message) error {
	if err := c.JSONCodec.Unmarshal(data, message); err != nil {
		wire.MarkUnreadable(message, wire.MalformedField, err.Error())
	}
	return nil
}

func newCompressor() connectrpc.Compressor { return gzip.NewWriter(nil) }

// boundedGzip ends a message that is a bomb: small while it is compressed, and larger than a message may be when it is not.
type boundedGzip struct {
	gzip.Reader
	most, left int64
}

// Reset begins a message.
func (b *boundedGzip) Reset(source io.Reader) error {
	b.left = b.most
	return b.Reader.Reset(source)
}

// Read reads the next part of it.
func (b *boundedGzip) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, connectrpc.NewError(connectrpc.CodeResourceExhausted,
			fmt.Errorf("a message of more than %d bytes when it is not compressed", b.most))
	}
	return n, err
}
