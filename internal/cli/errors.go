package cli

import (
	"errors"
	"fmt"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// hint is what to do about an error of a call. An empty text fits every error of the code.
type hint struct {
	code codes.Code
	text string // part of the error
	do   string
}

// hints go from the special to the general; the first that fits counts.
var hints = []hint{
	{codes.Unavailable, "first record does not look like a TLS handshake", "the server does not use TLS: leave --tls-ca out"},
	{codes.Unavailable, "certificate signed by unknown authority", "--tls-ca must name the file with the certificate authority that signed the server's certificate"},
	{codes.Unavailable, "x509:", "the server's certificate does not fit: --server must name a host that stands in it"},
	{codes.Unavailable, "server preface", "what listens there does not speak plain gRPC: if it uses TLS, give --tls-ca; if it is --http-listen of the server, use the port of --listen"},
	{codes.Unavailable, "connection refused", "is a server running there? `tvstats serve` starts one, and --server says where it is"},
	{codes.Unavailable, "no such host", "--server must name a host that exists"},
	{codes.Unauthenticated, "", "give a valid token with --token or TVSTATS_TOKEN"},
	{codes.Unimplemented, "", "the server is older than this program: upgrade it"},
}

// Readable is the error of a call without gRPC's own words around it, and with what to do. Other errors it leaves alone.
func Readable(err error) error {
	var call interface {
		error
		GRPCStatus() *status.Status
	}
	if !errors.As(err, &call) {
		return err
	}
	s := call.GRPCStatus()
	message := s.Message()
	if inner, found := strings.CutPrefix(message, `connection error: desc = "transport: `); found {
		message = strings.TrimPrefix(strings.TrimSuffix(inner, `"`), "Error while dialing: ")
	}
	text := strings.Replace(err.Error(), call.Error(), fmt.Sprintf("%s (%s)", message, s.Code()), 1)
	for _, h := range hints {
		if h.code == s.Code() && strings.Contains(message, h.text) {
			return errors.New(text + "; " + h.do)
		}
	}
	return errors.New(text)
}
