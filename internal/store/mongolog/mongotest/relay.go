package mongotest

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net"
	"slices"
	"sync"
	"testing"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/x/bsonx/bsoncore"
	"go.mongodb.org/mongo-driver/x/mongo/driver/wiremessage"
)

// Relay stands between a driver and the server and passes messages on, but for the commands that choose has another fate
// for; it returns where it listens. choose is called from many goroutines, and not about commands by which a driver watches
// its server: these always say that all is well.
func Relay(tb testing.TB, choose func(command bson.Raw) Fate) (address string) {
	tb.Helper()
	listener, err := new(net.ListenConfig).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	r := &relay{server: serverAddress(tb), choose: choose}
	ctx, cancel := context.WithCancel(context.Background())
	tb.Cleanup(func() {
		cancel()
		_ = listener.Close() // nothing depends on it
		r.serving.Wait()
	})
	r.serving.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			r.serving.Go(func() { r.serve(ctx, client) })
		}
	})
	return listener.Addr().String()
}

type relay struct {
	server  string
	choose  func(command bson.Raw) Fate
	serving sync.WaitGroup
}

// serve passes on what comes on one connection until either end closes it.
func (r *relay) serve(ctx context.Context, client net.Conn) {
	defer client.Close() //nolint:errcheck // nothing depends on it
	server, err := new(net.Dialer).DialContext(ctx, "tcp", r.server)
	if err != nil {
		return
	}
	defer server.Close() //nolint:errcheck // nothing depends on it
	defer context.AfterFunc(ctx, func() { _ = client.Close() })()
	for r.exchange(client, server) == nil {
		continue
	}
}

// exchange reads one message and sends its response. On a connection a driver sends one command after the other.
func (r *relay) exchange(client, server net.Conn) error {
	request, err := readMessage(client)
	if err != nil {
		return err
	}
	fate := r.fateOf(request)
	if fate == nil {
		return pass(request, server, client)
	}
	answer := fate(func() bson.Raw {
		var done bytes.Buffer
		if err = pass(request, server, &done); err != nil {
			return nil
		}
		return bodyOf(done.Bytes())
	})
	if answer == nil || err != nil {
		return err
	}
	_, err = client.Write(answerTo(request, answer))
	return err
}

// watching are the commands by which a driver watches its server.
var watching = []string{"hello", "isMaster", "ismaster", "ping"}

func (r *relay) fateOf(request []byte) Fate {
	command := bodyOf(request)
	if command == nil || slices.Contains(watching, command.Index(0).Key()) {
		return nil
	}
	return r.choose(command)
}

// pass has the server respond. To one message of a driver that watches it there may be many responses.
func pass(request []byte, server io.ReadWriter, client io.Writer) error {
	if _, err := server.Write(request); err != nil {
		return err
	}
	for {
		answer, err := readMessage(server)
		if err != nil {
			return err
		}
		if _, err := client.Write(answer); err != nil || !wiremessage.IsMsgMoreToCome(answer) {
			return err
		}
	}
}

// readMessage reads a message, which begins with its length.
func readMessage(from io.Reader) ([]byte, error) {
	var length [4]byte
	if _, err := io.ReadFull(from, length[:]); err != nil {
		return nil, err
	}
	message := make([]byte, max(4, binary.LittleEndian.Uint32(length[:])))
	copy(message, length[:])
	_, err := io.ReadFull(from, message[4:])
	return message, err
}

// bodyOf is the command or the response that a message holds; nil where it is of another kind.
func bodyOf(message []byte) bson.Raw {
	_, _, _, opcode, rest, ok := wiremessage.ReadHeader(message)
	if !ok || opcode != wiremessage.OpMsg {
		return nil
	}
	_, rest, _ = wiremessage.ReadMsgFlags(rest)
	kind, rest, _ := wiremessage.ReadMsgSectionType(rest)
	if kind != wiremessage.SingleDocument {
		return nil
	}
	body, _, _ := wiremessage.ReadMsgSectionSingleDocument(rest)
	return bson.Raw(body)
}

func answerTo(request []byte, answer bson.Raw) []byte {
	_, id, _, _, _, _ := wiremessage.ReadHeader(request)
	at, message := wiremessage.AppendHeaderStart(nil, wiremessage.NextRequestID(), id, wiremessage.OpMsg)
	message = wiremessage.AppendMsgFlags(message, 0)
	message = wiremessage.AppendMsgSectionType(message, wiremessage.SingleDocument)
	message = append(message, answer...)
	return bsoncore.UpdateLength(message, at, int32(len(message)))
}
