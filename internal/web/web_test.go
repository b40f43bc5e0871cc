package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
)

// largestBundle is what the console may weigh on its way to a browser, in bytes.
const largestBundle = 200 << 10

func ask(t *testing.T, path string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody)
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	recorder := httptest.NewRecorder()
	Console().ServeHTTP(recorder, request)
	return recorder
}

func TestConsoleIsServed(t *testing.T) {
	whole := 0
	for _, path := range []string{"/", "/console.js", "/console.css", "/icon.svg"} {
		plain, zipped := ask(t, path), ask(t, path, "Accept-Encoding", "br, gzip")
		whole += zipped.Body.Len()
		if plain.Code != http.StatusOK || plain.Header().Get("Content-Encoding") != "" || zipped.Header().Get("Content-Encoding") != "gzip" ||
			zipped.Header().Get("Content-Type") != plain.Header().Get("Content-Type") || zipped.Header().Get("Content-Length") != fmt.Sprint(zipped.Body.Len()) {
			t.Errorf("%s: got %d %v and %v", path, plain.Code, plain.Header(), zipped.Header())
		}
		again := ask(t, path, "Accept-Encoding", "gzip", "If-None-Match", zipped.Header().Get("Etag"))
		if again.Code != http.StatusNotModified {
			t.Errorf("%s: asked again for what it has the browser gets %d", path, again.Code)
		}
	}
	if whole > largestBundle {
		t.Errorf("the console weighs %d bytes, at most %d", whole, largestBundle)
	}
	index, err := os.ReadFile("dist/index.html")
	if err != nil {
		t.Fatal(err)
	}
	if page := string(index); strings.Contains(page, "<style") || strings.Contains(page, "style=") || strings.Contains(page, "://") ||
		strings.Count(page, "<script") != strings.Count(page, "></script>") {
		t.Errorf("the policy of its contents would refuse parts of the page: %s", page)
	}
}

// serve serves a handler within bounds, and sends on the channel how its handling ended.
func serve(t *testing.T, p Protection, handle func(http.ResponseWriter, *http.Request) error) (address string, ended <-chan error) {
	t.Helper()
	outcome := make(chan error, 1)
	server := httptest.NewServer(Protect(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { outcome <- handle(w, r) }), p))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String(), outcome
}

// dial connects and sends the beginning of a request.
func dial(t *testing.T, address, request string) net.Conn {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	return conn
}

const post = "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n\r\n"

func TestCallerThatDoesNotRead(t *testing.T) {
	t.Parallel()
	address, ended := serve(t, Protection{Receive: time.Minute, Send: 50 * time.Millisecond}, func(w http.ResponseWriter, _ *http.Request) error {
		for range 1 << 14 {
			if _, err := w.Write(make([]byte, 1<<14)); err != nil {
				return err
			}
		}
		return nil
	})
	dial(t, address, post+"whole")
	if err := <-ended; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestCallerThatDoesNotSendItsBody(t *testing.T) {
	t.Parallel()
	address, ended := serve(t, Protection{Receive: 50 * time.Millisecond, Send: time.Minute}, func(_ http.ResponseWriter, r *http.Request) error {
		_, err := io.ReadAll(r.Body)
		return err
	})
	dial(t, address, post+"par")
	if err := <-ended; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

// TestStreamOutlivesItsRequest: the bound of the body ends with it, and who breaks off later is noticed.
func TestStreamOutlivesItsRequest(t *testing.T) {
	t.Parallel()
	const receive = 50 * time.Millisecond
	waiting := make(chan struct{})
	address, ended := serve(t, Protection{Receive: receive, Send: time.Minute}, func(_ http.ResponseWriter, r *http.Request) error {
		if _, err := io.ReadAll(r.Body); err != nil {
			return err
		}
		select {
		case <-time.After(4 * receive):
		case <-r.Context().Done():
			return errors.New("it was ended by the bound of its request")
		}
		close(waiting)
		<-r.Context().Done()
		return r.Context().Err()
	})
	conn := dial(t, address, post+"whole")
	select {
	case <-waiting:
		if err := conn.Close(); err != nil {
			t.Fatal(err)
		}
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	case err := <-ended:
		t.Error(err)
	}
}
