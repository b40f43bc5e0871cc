package web

import (
	"errors"
	"io"
	"net/http"
	"time"
)

// bound gives the request's body until receive has passed, and each part of the response until send has. Timeouts of the
// http.Server do not do: they count from the request's beginning, and a stream may last for days.
func bound(w http.ResponseWriter, r *http.Request, receive, send time.Duration) http.ResponseWriter {
	connection := http.NewResponseController(w)
	_ = connection.SetWriteDeadline(time.Time{}) // the one of the response before; where there are no deadlines, there was none
	if r.Body != http.NoBody {
		_ = connection.SetReadDeadline(time.Now().Add(receive))
		r.Body = &boundBody{r.Body, connection}
	}
	return &boundWriter{w, connection, send}
}

// boundBody lifts the deadline when all of the body has come: what comes then is only that the caller breaks off.
type boundBody struct {
	io.ReadCloser
	connection *http.ResponseController
}

// Read reads the next part.
func (b *boundBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) {
		_ = b.connection.SetReadDeadline(time.Time{}) // the connection has gone otherwise
	}
	return n, err
}

type boundWriter struct {
	http.ResponseWriter
	connection *http.ResponseController
	send       time.Duration
}

// Unwrap is for http.ResponseController.
func (b *boundWriter) Unwrap() http.ResponseWriter { return b.ResponseWriter }

// WriteHeader begins the response.
func (b *boundWriter) WriteHeader(code int) {
	b.wait()
	b.ResponseWriter.WriteHeader(code)
}

// Write sends a part.
func (b *boundWriter) Write(p []byte) (int, error) {
	b.wait()
	return b.ResponseWriter.Write(p)
}

// Flush sends what is held back.
func (b *boundWriter) Flush() {
	b.wait()
	_ = b.connection.Flush() // the next write says what is wrong
}

func (b *boundWriter) wait() {
	_ = b.connection.SetWriteDeadline(time.Now().Add(b.send)) // the next write says what is wrong
}
