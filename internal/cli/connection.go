package cli

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/tvstats/tvstats/internal/flags"
	"github.com/tvstats/tvstats/sender"
)

// Connection is how a command reaches a running server. Each flag is an environment variable too: --token is TVSTATS_TOKEN,
// which keeps the token out of lists of processes.
type Connection struct {
	Server string `group:"Connection" default:"127.0.0.1:50051" help:"Address of the server, host:port."`
	Token  string `group:"Connection" help:"Token for the server, where it wants one; it is sent in the clear where --tls-ca is not set."`
	TLSCA  string `group:"Connection" name:"tls-ca" placeholder:"FILE" help:"Use TLS and trust what the certificates in this PEM file have signed; \"system\" trusts those of the operating system."`

	TLSClientCert string `group:"Connection" name:"tls-client-cert" placeholder:"FILE" help:"Certificate to show to a server that asks for one, in PEM form; with --tls-client-key."`
	TLSClientKey  string `group:"Connection" name:"tls-client-key" placeholder:"FILE" help:"Its key, in PEM form."`
}

// Validate reports every flag that cannot work.
func (c *Connection) Validate() error {
	var pair error
	if (c.TLSClientCert == "") != (c.TLSClientKey == "") || c.TLSClientCert != "" && c.TLSCA == "" {
		pair = errors.New("--tls-client-cert and --tls-client-key go together, and with --tls-ca")
	}
	return errors.Join(flags.Address("--server", c.Server), pair)
}

// Dial makes a connection; it connects when the first call is made.
func (c *Connection) Dial() (*grpc.ClientConn, error) {
	transport, err := c.transport()
	if err != nil {
		return nil, err
	}
	options := append(sender.DialOptions(), grpc.WithTransportCredentials(transport))
	if c.Token != "" {
		options = append(options, grpc.WithPerRPCCredentials(bearer(c.Token)))
	}
	connection, err := grpc.NewClient(c.Server, options...)
	if err != nil {
		return nil, fmt.Errorf("--server: %w", err)
	}
	return connection, nil
}

func (c *Connection) transport() (credentials.TransportCredentials, error) {
	if c.TLSCA == "" {
		return insecure.NewCredentials(), nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.TLSCA != "system" {
		trusted, err := certificates(c.TLSCA)
		if err != nil {
			return nil, fmt.Errorf("--tls-ca: %w", err)
		}
		config.RootCAs = trusted
	}
	if c.TLSClientCert != "" {
		pair, err := tls.LoadX509KeyPair(c.TLSClientCert, c.TLSClientKey)
		if err != nil {
			return nil, fmt.Errorf("--tls-client-cert: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return credentials.NewTLS(config), nil
}

// certificates are those in a PEM file.
func certificates(file string) (*x509.CertPool, error) {
	text, err := os.ReadFile(file) //nolint:gosec // to read the file that the user names is what this is for
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s holds no certificate in PEM form", file)
	}
	return pool, nil
}

// bearer is a token as calls carry it.
type bearer string

// GetRequestMetadata adds the token to a call.
func (b bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + string(b)}, nil
}

// RequireTransportSecurity leaves it to whoever runs the server whether tokens may come without TLS.
func (bearer) RequireTransportSecurity() bool { return false }
