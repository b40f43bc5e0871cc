package app

import (
	"errors"
	"fmt"

	"google.golang.org/grpc/reflection"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	reflectionv1alpha "google.golang.org/grpc/reflection/grpc_reflection_v1alpha"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	contract "github.com/tvstats/tvstats/proto"
)

// registerReflection lets callers such as grpcurl discover the services, comments included: these are the manual.
func registerReflection(server reflection.GRPCServer) error {
	var compiled descriptorpb.FileDescriptorSet
	if err := proto.Unmarshal(contract.Descriptors, &compiled); err != nil {
		return fmt.Errorf("read the embedded contract: %w", err)
	}
	files, err := protodesc.NewFiles(&compiled)
	if err != nil {
		return fmt.Errorf("read the embedded contract: %w", err)
	}
	options := reflection.ServerOptions{Services: server, DescriptorResolver: documented{files}}
	reflectionv1.RegisterServerReflectionServer(server, reflection.NewServerV1(options))
	reflectionv1alpha.RegisterServerReflectionServer(server, reflection.NewServer(options))
	return nil
}

// documented finds the contract with its comments, and what else is linked in, health for example, without.
type documented struct{ contract *protoregistry.Files }

// FindFileByPath implements protodesc.Resolver.
func (d documented) FindFileByPath(path string) (protoreflect.FileDescriptor, error) {
	file, err := d.contract.FindFileByPath(path)
	if errors.Is(err, protoregistry.NotFound) {
		return protoregistry.GlobalFiles.FindFileByPath(path)
	}
	return file, err
}

// FindDescriptorByName implements protodesc.Resolver.
func (d documented) FindDescriptorByName(name protoreflect.FullName) (protoreflect.Descriptor, error) {
	found, err := d.contract.FindDescriptorByName(name)
	if errors.Is(err, protoregistry.NotFound) {
		return protoregistry.GlobalFiles.FindDescriptorByName(name)
	}
	return found, err
}
