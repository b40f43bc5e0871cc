package e2e

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/app"
	"github.com/tvstats/tvstats/internal/auth"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
)

// authority signs certificates.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	serial      int64
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{key: newKey(t)}
	a.certificate = &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, a.certificate, a.certificate, &a.key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.certificate, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	return a
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// sign makes a certificate for 127.0.0.1 that serves both ends, valid until then, and its key, as PEM.
func (a *authority) sign(t *testing.T, name string, until time.Time) (certificate, key []byte) {
	t.Helper()
	a.serial++
	private := newKey(t)
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(a.serial), Subject: pkix.Name{CommonName: name}, NotBefore: until.Add(-24 * time.Hour),
		NotAfter: until, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}, a.certificate, &private.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
}

func (a *authority) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.certificate.Raw})
}

// trusting is what a caller needs that trusts the authority.
func (a *authority) trusting() *tls.Config {
	config := &tls.Config{RootCAs: x509.NewCertPool()}
	config.RootCAs.AddCert(a.certificate)
	return config
}

// showing is the same for a caller that shows a certificate of the signer.
func (a *authority) showing(t *testing.T, signer *authority, name string, until time.Time) *tls.Config {
	t.Helper()
	certificate, err := tls.X509KeyPair(signer.sign(t, name, until))
	if err != nil {
		t.Fatal(err)
	}
	config := a.trusting()
	config.Certificates = []tls.Certificate{certificate}
	return config
}

func put(t *testing.T, dir, name string, content []byte) string {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// startTLS starts the service with a certificate of the authority; clients of the authority must show theirs.
func startTLS(t *testing.T, a, clients *authority) (s *testServer, dir string) {
	t.Helper()
	dir = t.TempDir()
	certificate, key := a.sign(t, "first", time.Now().Add(time.Hour))
	s = start(t, func(cfg *app.Config) {
		cfg.TLSCert, cfg.TLSKey = put(t, dir, "cert", certificate), put(t, dir, "key", key)
		if clients != nil {
			cfg.TLSClientCA = put(t, dir, "ca", clients.pem())
		}
	})
	return s, dir
}

// callOver makes a call over a connection of its own.
func callOver(t *testing.T, address string, transport credentials.TransportCredentials) error {
	t.Helper()
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(transport))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // nothing depends on it
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	_, err = tvstatsv1.NewCatalogClient(conn).ListClients(ctx, &tvstatsv1.ListClientsRequest{})
	return err
}

func TestTLSIsNotDowngraded(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	s, _ := startTLS(t, a, nil)
	for version, accepted := range map[uint16]bool{
		tls.VersionTLS10: false, tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true,
	} {
		config := a.trusting()
		config.MinVersion, config.MaxVersion = version, version
		err := callOver(t, s.address, credentials.NewTLS(config))
		if accepted && err != nil || !accepted && (status.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), "protocol version")) {
			t.Errorf("%s: got %v", tls.VersionName(version), err)
		}
	}
	if _, err := s.ListClients(rpctest.Context(t), &tvstatsv1.ListClientsRequest{}); status.Code(err) != codes.Unavailable {
		t.Errorf("without TLS: got %v", err)
	}
	if err := callOver(t, s.address, credentials.NewTLS(newAuthority(t).trusting())); err == nil {
		t.Error("the test's caller trusts any server")
	}
}

func TestClientCertificates(t *testing.T) {
	t.Parallel()
	a, clients, foreign := newAuthority(t), newAuthority(t), newAuthority(t)
	s, _ := startTLS(t, a, clients)
	in, ago := time.Now().Add(time.Hour), time.Now().Add(-time.Hour)
	for name, c := range map[string]struct {
		config   *tls.Config
		accepted bool
	}{
		"none":                      {a.trusting(), false},
		"a good one":                {a.showing(t, clients, "gateway-7", in), true},
		"an expired one":            {a.showing(t, clients, "gateway-7", ago), false},
		"a foreign one":             {a.showing(t, foreign, "gateway-7", in), false},
		"one of the server's own":   {a.showing(t, a, "gateway-7", in), false},
		"one that is not valid yet": {a.showing(t, clients, "gateway-7", in.Add(48*time.Hour)), false},
	} {
		err := callOver(t, s.address, credentials.NewTLS(c.config))
		if c.accepted != (err == nil) || err != nil && status.Code(err) != codes.Unavailable {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	if calls := s.log.Find(t, "finished call"); len(calls) != 1 || calls[0]["caller"] != "cn:gateway-7" {
		t.Errorf("logged %v", calls)
	}
}

// TestTLSIsReadAgain: a new certificate and new authorities are in force for the next connection, a broken file is not.
func TestTLSIsReadAgain(t *testing.T) {
	t.Parallel()
	a, clients, later := newAuthority(t), newAuthority(t), newAuthority(t)
	s, dir := startTLS(t, a, clients)
	caller := a.showing(t, clients, "old", time.Now().Add(time.Hour))
	served := func() (name string) {
		config := caller.Clone()
		config.VerifyConnection = func(state tls.ConnectionState) error {
			name = state.PeerCertificates[0].Subject.CommonName
			return nil
		}
		if err := callOver(t, s.address, credentials.NewTLS(config)); err != nil {
			t.Error(err)
		}
		return name
	}
	second, key := a.sign(t, "second", time.Now().Add(time.Hour))
	for _, step := range []struct{ file, want string }{
		{"", "first"}, {"cert", "first"}, {"key", "second"}, {"broken", "second"},
	} {
		switch step.file {
		case "cert": // does not fit the key yet
			put(t, dir, "cert", second)
		case "key":
			put(t, dir, "key", key)
		case "broken":
			put(t, dir, "cert", []byte("no certificate"))
		}
		if got := served(); got != step.want {
			t.Errorf("after a change of %q: served %q, want %q", step.file, got, step.want)
		}
	}
	if got := len(s.log.Find(t, "a changed file cannot be used; what was read before stays in force")); got != 2 {
		t.Errorf("%d complaints, want 2", got)
	}
	put(t, dir, "cert", second)
	put(t, dir, "ca", later.pem())
	if err := callOver(t, s.address, credentials.NewTLS(caller)); status.Code(err) != codes.Unavailable {
		t.Errorf("a caller whose authority was taken out: got %v", err)
	}
}

func TestTLSWithTokens(t *testing.T) {
	t.Parallel()
	g := startGuarded(t)
	a := newAuthority(t)
	certificate, key := a.sign(t, "first", time.Now().Add(time.Hour))
	s := start(t, func(cfg *app.Config) {
		dir := t.TempDir()
		cfg.AuthFile, cfg.TLSCert, cfg.TLSKey = g.file, put(t, dir, "cert", certificate), put(t, dir, "key", key)
	})
	conn, err := grpc.NewClient(s.address, grpc.WithTransportCredentials(credentials.NewTLS(a.trusting())))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // nothing depends on it
	catalog := tvstatsv1.NewCatalogClient(conn)
	if _, err := catalog.ListClients(g.as(t, auth.Reader), &tvstatsv1.ListClientsRequest{}); err != nil {
		t.Error(err)
	}
	_, err = catalog.ListClients(rpctest.Context(t), &tvstatsv1.ListClientsRequest{})
	wantCode(t, "without a token", err, codes.Unauthenticated)
}

func TestInsecureIsWarnedOf(t *testing.T) {
	t.Parallel()
	s := start(t, func(cfg *app.Config) { cfg.Listen, cfg.Insecure = "0.0.0.0:0", true })
	if warned := s.log.Find(t, "serving insecurely, as --insecure says"); len(warned) != 1 || warned[0]["level"] != "WARN" {
		t.Errorf("logged %s", s.log)
	}
}

func TestTLSFilesThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	a, dir := newAuthority(t), t.TempDir()
	certificate, key := a.sign(t, "first", time.Now().Add(time.Hour))
	_, other := a.sign(t, "other", time.Now().Add(time.Hour))
	for _, c := range []struct {
		certificate, key, ca []byte
		want                 string
	}{
		{certificate, other, a.pem(), "--tls-cert and --tls-key"},
		{[]byte("x"), key, a.pem(), "--tls-cert and --tls-key"},
		{certificate, key, []byte("x"), "--tls-client-ca: it holds no certificate"},
		{certificate, key, nil, "--tls-client-ca: it holds no certificate"},
	} {
		cfg := app.DefaultConfig()
		cfg.DataDir = t.TempDir()
		cfg.TLSCert, cfg.TLSKey, cfg.TLSClientCA = put(t, dir, "cert", c.certificate), put(t, dir, "key", c.key), put(t, dir, "ca", c.ca)
		if err := app.Serve(rpctest.Context(t), cfg, cfg.Logger(&rpctest.Log{}), time.Now, func(app.Addresses) {}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
}
