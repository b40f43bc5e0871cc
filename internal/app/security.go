package app

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/tvstats/tvstats/internal/flags"
	"github.com/tvstats/tvstats/internal/reload"
)

// securityConfig sets who can reach the service and who may call it.
type securityConfig struct {
	AuthFile    string `group:"Security" name:"auth-file" placeholder:"FILE" help:"The tokens that callers need, made with 'tvstats token'. Without it nobody needs one. This file and those below are read again when they change."`
	TLSCert     string `group:"Security" name:"tls-cert" placeholder:"FILE" help:"The service's certificate, PEM, with those between it and its authority; makes gRPC and --web-listen speak TLS, 1.2 or later."`
	TLSKey      string `group:"Security" name:"tls-key" placeholder:"FILE" help:"The key of --tls-cert, PEM."`
	TLSClientCA string `group:"Security" name:"tls-client-ca" placeholder:"FILE" help:"Authorities, PEM: callers must show a certificate that one of them has signed."`
	Insecure    bool   `group:"Security" help:"Serve although others could listen in, or call without being known: see the error without it."`
}

// check refuses what cannot work, and what is not safe unless that is said to be meant.
func (c *securityConfig) check(callAddresses []callAddress) error {
	switch {
	case (c.TLSCert == "") != (c.TLSKey == ""):
		return errors.New("--tls-cert and --tls-key go together: give both, or neither")
	case c.TLSClientCA != "" && c.TLSCert == "":
		return errors.New("--tls-client-ca needs --tls-cert and --tls-key: certificates are shown within TLS only")
	case !c.Insecure:
		return c.exposed(callAddresses)
	}
	return nil
}

// callAddress is an address at which calls are served, and the flag that named it.
type callAddress struct{ flag, address string }

// exposed says what is not safe about serving at the callAddresses.
func (c *securityConfig) exposed(callAddresses []callAddress) error {
	for _, d := range callAddresses {
		if c.TLSCert == "" && !loopback(d.address) {
			return fmt.Errorf("%s=%s can be reached from elsewhere, and there is no TLS: give --tls-cert and --tls-key, "+
				"listen on 127.0.0.1, or say --insecure if this is meant", d.flag, d.address)
		}
	}
	if c.TLSCert != "" && c.AuthFile == "" && c.TLSClientCA == "" {
		return errors.New("with --tls-cert alone anyone may call everything: give --auth-file or --tls-client-ca, " +
			"or say --insecure if this is meant")
	}
	return nil
}

// loopback reports whether only this machine can reach the address. A name other than localhost may stand for anything.
func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// warn logs what --insecure allows, and who can read the metrics.
func (c *Config) warn(log *slog.Logger) {
	if err := c.exposed(c.callAddresses()); err != nil {
		log.Warn("serving insecurely, as --insecure says", "risk", err)
	}
	if c.HTTPListen != flags.Off && !loopback(c.HTTPListen) {
		log.Warn("metrics and probes are served without TLS to everyone who reaches them", "http_listen", c.HTTPListen)
	}
}

// tls is how connections are secured: as the files say that are there when a connection begins. nil means not at all.
func (c *securityConfig) tls(log *slog.Logger) (*tls.Config, error) {
	if c.TLSCert == "" {
		return nil, nil
	}
	files := []string{c.TLSCert, c.TLSKey}
	if c.TLSClientCA != "" {
		files = append(files, c.TLSClientCA)
	}
	current, err := reload.New(log, parseTLS, files...)
	if err != nil {
		return nil, fmt.Errorf("TLS: %w", err)
	}
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return current.Get(), nil },
	}, nil
}

// transport is the same for gRPC.
func transport(secured *tls.Config) credentials.TransportCredentials {
	if secured == nil {
		return insecure.NewCredentials()
	}
	return credentials.NewTLS(secured)
}

// parseTLS makes a configuration of a certificate, its key and, where there is a third file, the authorities of callers.
func parseTLS(contents [][]byte) (*tls.Config, error) {
	certificate, err := tls.X509KeyPair(contents[0], contents[1])
	if err != nil {
		return nil, fmt.Errorf("--tls-cert and --tls-key: %w", err)
	}
	config := &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: []string{"h2"}, Certificates: []tls.Certificate{certificate},
	}
	if len(contents) > 2 {
		config.ClientCAs, config.ClientAuth = x509.NewCertPool(), tls.RequireAndVerifyClientCert
		if !config.ClientCAs.AppendCertsFromPEM(contents[2]) {
			return nil, errors.New("--tls-client-ca: it holds no certificate in PEM form")
		}
	}
	return config, nil
}
