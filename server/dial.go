package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

// quickReconnect keeps a connection from waiting longer than a sender does: by default it would not even try for up to
// two minutes.
var quickReconnect = grpc.WithConnectParams(grpc.ConnectParams{
	Backoff:           backoff.Config{BaseDelay: 50 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: time.Second},
	MinConnectTimeout: 5 * time.Second,
})

// dial connects to a server when the first call is made.
func dial(address string) (*grpc.ClientConn, error) {
	return grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()), quickReconnect)
}

// readable is the error of a call without gRPC's own words around it, and with what to do where no server answers.
func readable(err error) error {
	var call interface {
		error
		GRPCStatus() *status.Status
	}
	if !errors.As(err, &call) {
		return err
	}
	s := call.GRPCStatus()
	text := strings.Replace(err.Error(), call.Error(), fmt.Sprintf("%s (%s)", s.Message(), s.Code()), 1)
	if s.Code() == codes.Unavailable {
		text += "; is a server running there?"
	}
	return errors.New(text)
}
