// Package proto carries the compiled contract with its comments. Generated code leaves comments out; server reflection
// is served from here, so that `grpcurl describe` reads as a manual.
package proto

import _ "embed"

// Descriptors is a serialized google.protobuf.FileDescriptorSet of all files of tvstats.v1 and what they import.
// `make generate` writes it.
//
//go:embed tvstats.binpb
var Descriptors []byte
