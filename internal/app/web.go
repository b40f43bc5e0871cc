package app

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"syscall"
	"time"

	"google.golang.org/grpc"

	"github.com/tvstats/tvstats/internal/flags"
	"github.com/tvstats/tvstats/internal/web"
)

// DefaultWebListen is what --web-listen is where the flag was not given, which is an empty value.
const DefaultWebListen = "127.0.0.1:8080"

// Bounds of a request over HTTP. Those of its size and number are the same as for gRPC.
const (
	requestHeaderTimeout = 10 * time.Second
	requestBodyTimeout   = time.Minute
	webStreams           = 250 // at once on a connection of HTTP/2
)

// callAddresses are the addresses at which calls are served.
func (c *Config) callAddresses() []callAddress {
	callAddresses := []callAddress{{"--listen", c.Listen}}
	if c.WebListen != flags.Off {
		callAddresses = append(callAddresses, callAddress{"--web-listen", c.webAddress()})
	}
	return callAddresses
}

func (c *Config) webAddress() string {
	if c.WebListen == "" {
		return DefaultWebListen
	}
	return c.WebListen
}

// listenWeb listens for the console and HTTP callers; nil means that there is nothing to serve them on.
func (c *Config) listenWeb(ctx context.Context, log *slog.Logger) (net.Listener, error) {
	if c.WebListen == flags.Off {
		return nil, nil
	}
	listener, err := listen(ctx, "--web-listen", c.webAddress())
	if c.WebListen == "" && errors.Is(err, syscall.EADDRINUSE) {
		log.Warn("the console and calls over HTTP are not served: another program has their address; give --web-listen another one, or off",
			"web_listen", DefaultWebListen)
		return nil, nil
	}
	return listener, err
}

// servers are where each service is registered: a server for callers of gRPC, and one with the same interceptors for callers
// of HTTP, since a grpc.Server that has calls from elsewhere cannot be stopped gracefully.
type servers struct{ grpc, http *grpc.Server }

// RegisterService implements grpc.ServiceRegistrar.
func (s servers) RegisterService(description *grpc.ServiceDesc, service any) {
	s.grpc.RegisterService(description, service)
	s.http.RegisterService(description, service)
}

// GetServiceInfo implements reflection.ServiceInfoProvider.
func (s servers) GetServiceInfo() map[string]grpc.ServiceInfo { return s.grpc.GetServiceInfo() }

// stop stops both, the one for HTTP by a function that lets its requests in progress end.
func (s servers) stop(timeout time.Duration, log *slog.Logger, stopWeb func()) {
	var both sync.WaitGroup
	both.Go(func() {
		stopWeb()
		s.http.Stop() // waits for handlers
	})
	both.Go(func() { stopServer(s.grpc, timeout, log) })
	both.Wait()
}

// serveWeb serves the console and calls over HTTP until the returned function is called.
func serveWeb(listener net.Listener, cfg *Config, secured *tls.Config, api http.Handler, log *slog.Logger) (stop func()) {
	if listener == nil {
		return func() {}
	}
	handler := web.Protect(web.Split(api, web.Console()), web.Protection{
		Send: cfg.StreamSendTimeout, Receive: requestBodyTimeout,
		LocalNames: secured == nil && cfg.AuthFile == "" && !cfg.Insecure,
	})
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: requestHeaderTimeout,
		IdleTimeout:       cfg.ConnectionIdleTimeout,
		MaxHeaderBytes:    maxHeader,
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: webStreams},
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug), // callers that break off are normal
	}
	serve := func() error { return server.Serve(listener) }
	if secured != nil {
		server.TLSConfig = forBrowsers(secured)
		serve = func() error { return server.ServeTLS(listener, "", "") }
	}
	return keepServing(server, serve, "the console and calls over HTTP", cfg.DrainTimeout, log)
}

// forBrowsers is the configuration for those who may also speak HTTP/1.1.
func forBrowsers(secured *tls.Config) *tls.Config {
	return &tls.Config{
		MinVersion: secured.MinVersion,
		GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			current, err := secured.GetConfigForClient(hello)
			if err != nil {
				return nil, err
			}
			current = current.Clone()
			current.NextProtos = append(slices.Clone(current.NextProtos), "http/1.1")
			return current, nil
		},
	}
}
