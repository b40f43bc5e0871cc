package viewstats

import (
	"errors"
	"io"
	"sync"
	"time"

	"google.golang.org/grpc"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/ingest"
	"github.com/tvstats/tvstats/internal/rpc/intercept"
	"github.com/tvstats/tvstats/internal/rpc/wire"
	"github.com/tvstats/tvstats/internal/viewing"
)

type eventStream = grpc.BidiStreamingServer[tvstatsv1.StreamEventsRequest, tvstatsv1.StreamEventsResponse]

// batchesInFlight is how many batches of one stream may wait for their commit; a gateway that sends more waits.
const batchesInFlight = 16

// StreamEvents stores view events: one goroutine receives batches and queues their reports, this one acknowledges them
// in order. Where the stream must end, Recv says so; what was received by then is acknowledged first. Returning ends the
// receiver too.
func (v *Server) StreamEvents(stream eventStream) error {
	received := make(chan receivedBatch, batchesInFlight)
	var ended error
	go func() {
		defer close(received)
		ended = intercept.Recovered(func() error { return v.receive(stream, received) })
	}()
	for batch := range received {
		if err := v.respond(stream, batch); err != nil {
			return err
		}
	}
	return ended
}

// receivedBatch is a batch on its way to being durable.
type receivedBatch struct {
	id       uint64
	at       time.Time // of receipt
	reports  *[]viewing.Report
	rejected []ingest.Rejected
	outcome  <-chan error
}

// receive takes batches from the stream until it ends; nil means that the gateway has no more to send.
func (v *Server) receive(stream eventStream, received chan<- receivedBatch) error {
	message := &wire.EventBatch{Limit: v.MaxBatch}
	for {
		err := stream.RecvMsg(message)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		batch, err := v.take(stream, message)
		if err != nil {
			return err
		}
		select {
		case received <- batch:
		case <-stream.Context().Done():
			return stream.Context().Err()
		}
	}
}

// take queues what is valid of a message.
func (v *Server) take(stream eventStream, message *wire.EventBatch) (receivedBatch, error) {
	batch := receivedBatch{id: message.ID, at: v.Now(), reports: reportPool.get()}
	if err := message.Check(); err != nil {
		return batch, err
	}
	may := intercept.CallerOf(stream.Context()).Covers
	reports, rejected, err := v.Ingest.Admit(stream.Context(), message.Events, *batch.reports, may, viewing.At(batch.at))
	if err != nil {
		return batch, err
	}
	*batch.reports, batch.rejected = reports, rejected
	batch.outcome, err = v.Ingest.Submit(stream.Context(), reports)
	return batch, err
}

// respond waits until the batch is durable and sends the response.
func (v *Server) respond(stream eventStream, batch receivedBatch) error {
	if err := <-batch.outcome; err != nil {
		return err
	}
	accepted := len(*batch.reports)
	reportPool.put(batch.reports)
	response := &tvstatsv1.StreamEventsResponse{BatchId: batch.id, Accepted: uint32(accepted)}
	for _, r := range batch.rejected {
		response.Rejected = append(response.Rejected, &tvstatsv1.RejectedEvent{
			Index: uint32(r.Index), Reason: r.Reason, Message: r.Message,
		})
	}
	if err := stream.Send(response); err != nil {
		return err
	}
	v.Acknowledged(accepted, v.Now().Sub(batch.at))
	return nil
}

// reportPool holds the memory of batches that are durable, for later ones.
var reportPool = pool{}

type pool struct{ slices sync.Pool }

func (p *pool) get() *[]viewing.Report {
	if reports, ok := p.slices.Get().(*[]viewing.Report); ok {
		return reports
	}
	return new([]viewing.Report)
}

func (p *pool) put(reports *[]viewing.Report) {
	clear(*reports) // lets go of the messages that they point into
	*reports = (*reports)[:0]
	p.slices.Put(reports)
}
