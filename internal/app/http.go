package app

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// maxProbes is how many connections there are for probes and metrics; more wait, so that they cannot take those of gRPC.
const maxProbes = 100

// pingTimeout bounds how long /readyz waits for the store; httpStopTimeout how long shutdown waits for a scrape.
const (
	pingTimeout     = 2 * time.Second
	httpStopTimeout = 5 * time.Second
)

// newHTTPHandler serves metrics and probes. ready returns why the service should get no calls, nil if it should.
func newHTTPHandler(registry *prometheus.Registry, ready func(context.Context) error) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{Registry: registry}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		respond(w, http.StatusOK, "alive")
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), pingTimeout)
		defer cancel()
		if err := ready(ctx); err != nil {
			respond(w, http.StatusServiceUnavailable, "not ready: "+err.Error())
			return
		}
		respond(w, http.StatusOK, "ready")
	})
	return mux
}

func respond(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(code)
	_, _ = w.Write([]byte(text + "\n")) // a caller that has gone does not matter
}

// serveHTTP serves until the returned function is called.
func serveHTTP(listener net.Listener, handler http.Handler, log *slog.Logger) (stop func()) {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	return keepServing(server, func() error { return server.Serve(listener) }, "metrics and probes", httpStopTimeout, log)
}

// keepServing serves until the returned function is called, which lets requests in progress end for as long as the timeout.
func keepServing(server *http.Server, serve func() error, what string, timeout time.Duration, log *slog.Logger) (stop func()) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := serve(); !errors.Is(err, http.ErrServerClosed) {
			log.Error(what+" are no longer served", "error", err)
		}
	}()
	return func() {
		ctx, cancel := context.WithTimeout(context.Background(), timeout)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			_ = server.Close() // those who are still there have had their time
		}
		<-ended
	}
}
