// Package auth holds who may call and what each may do: roles, the clients that a token covers, and the file that lists
// the tokens. It knows no transport.
package auth

import (
	"errors"
	"slices"
)

// What a call fails with that is not admitted.
var (
	// ErrUnauthenticated: it carries no token that is in force.
	ErrUnauthenticated = errors.New("no valid token")
	// ErrDenied: its token does not allow this.
	ErrDenied = errors.New("permission denied")
)

// Role is what a token is for.
type Role string

// The roles.
const (
	Gateway  Role = "gateway"  // streams view events, and nothing else
	Backend  Role = "backend"  // everything that concerns its clients
	Operator Role = "operator" // everything, of every client
	Reader   Role = "reader"   // reads what concerns its clients
	Support  Role = "support"  // reads what concerns its clients, and single view sessions of theirs
)

// Roles lists all of them.
var Roles = []Role{Gateway, Backend, Operator, Reader, Support}

// Principal is who calls.
type Principal struct {
	Name    string // for people and the log; unique within a file
	Role    Role
	Clients []int32 // that it may act for, ascending; an operator has none, because it may for all
}

// Covers reports whether the principal may act for the client. Nobody, a nil Principal, may for none.
func (p *Principal) Covers(client int32) bool {
	return p.CoversAll() || p != nil && slices.Contains(p.Clients, client)
}

// CoversAll reports whether the principal may act for every client, those included that do not exist yet.
func (p *Principal) CoversAll() bool { return p != nil && p.Role == Operator }
