package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/auth"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
	"github.com/tvstats/tvstats/internal/viewing"
)

// TestNothingOfAnotherClient walks every unary method with a token of another client: a request that names the client is
// denied, an id of something of the client's does not exist, and a list of everything leaves the client out.
func TestNothingOfAnotherClient(t *testing.T) {
	t.Parallel()
	g := startGuarded(t)
	ids := populate(t, g)
	foreign := g.as(t, stranger)
	for service, info := range rpctest.Registered(t).GetServiceInfo() {
		for _, method := range info.Methods {
			if !strings.HasPrefix(service, "tvstats.") || method.IsClientStream {
				continue // streams have tests of their own
			}
			name := "/" + service + "/" + method.Name
			for _, request := range requestsAbout(t, service, method.Name, ids) {
				response := responseOf(t, service, method.Name)
				err := g.conn.Invoke(foreign, name, request, response)
				switch want := wantForeign(request); {
				case want == codes.OK && name == tvstatsv1.Catalog_ListClients_FullMethodName:
					if err != nil || strings.Contains(fmt.Sprint(response), "Tenant One") {
						t.Errorf("%s: got %v, %v", name, response, err)
					}
				case want == codes.OK && service == tvstatsv1.Operation_ServiceDesc.ServiceName: // of every client, and for operators only
					if status.Code(err) != codes.PermissionDenied {
						t.Errorf("%s: got %v, %v", name, response, err)
					}
				case want == codes.OK:
					t.Errorf("%s names neither a client nor an id: say here what a caller of another client gets", name)
				case status.Code(err) != want:
					t.Errorf("%s %v: got %v, want %v", name, request, err, want)
				}
			}
		}
	}
	for _, id := range ids { // nothing was deleted
		_, jobErr := g.GetJob(g.as(t, auth.Reader), &tvstatsv1.GetJobRequest{JobId: id})
		_, sortingErr := g.GetChannelSorting(g.as(t, auth.Reader), &tvstatsv1.GetChannelSortingRequest{SortingId: id})
		_, selectionErr := g.GetSelection(g.as(t, auth.Reader), &tvstatsv1.GetSelectionRequest{SelectionId: id})
		if jobErr != nil && sortingErr != nil && selectionErr != nil {
			t.Errorf("%s is gone: %v", id, sortingErr)
		}
	}
}

// populate gives client 1 something of everything, and returns ids by the fields that name them.
func populate(t *testing.T, g *guarded) map[protoreflect.Name]string {
	t.Helper()
	ctx := g.as(t, auth.Backend)
	_, err := oneRequest(g.Sync(ctx))(&tvstatsv1.SyncRequest{
		ClientId: 1, Client: &tvstatsv1.Client{Name: "Tenant One"},
		Channels: []*tvstatsv1.Channel{{ChannelId: 1}}, Accounts: []*tvstatsv1.Account{{AccountId: 1}},
	})
	if err != nil {
		t.Fatal(err)
	}
	sorting, err := g.CreateChannelSortingByPopularity(ctx, rpctest.Changed(rpctest.ValidSorting(), func(r *rpctest.SortingRequest) { r.ClientIds = []int32{1} }))
	if err != nil {
		t.Fatal(err)
	}
	selection, err := g.CreateChannelSelectionByPopularity(ctx, rpctest.ValidChannelSelection())
	if err != nil {
		t.Fatal(err)
	}
	job, err := g.StartJob(ctx, commandRequest(t, rpctest.ValidChannelSelection()))
	if err != nil {
		t.Fatal(err)
	}
	return map[protoreflect.Name]string{
		"job_id":     job.GetJob().GetJobId(),
		"sorting_id": sorting.GetSortings()[0].GetSortingId(), "selection_id": selection.GetSelection().GetSelectionId(),
	}
}

// requestsAbout are requests about client 1 in every way that the method allows: by the client, in a list, by id.
func requestsAbout(t *testing.T, service, method string, ids map[protoreflect.Name]string) []proto.Message {
	t.Helper()
	input := methodOf(t, service, method).Input()
	var requests []proto.Message
	if oneofs := input.Oneofs(); oneofs.Len() > 0 && !oneofs.Get(0).IsSynthetic() {
		for i := range oneofs.Get(0).Fields().Len() {
			field := oneofs.Get(0).Fields().Get(i)
			request := dynamicpb.NewMessage(input)
			request.Set(field, protoreflect.ValueOfMessage(about(field.Message(), ids)))
			requests = append(requests, request)
		}
		return requests
	}
	return append(requests, about(input, ids))
}

func about(input protoreflect.MessageDescriptor, ids map[protoreflect.Name]string) *dynamicpb.Message {
	request := dynamicpb.NewMessage(input)
	for i := range input.Fields().Len() {
		field := input.Fields().Get(i)
		switch id, isID := ids[field.Name()]; {
		case isID:
			request.Set(field, protoreflect.ValueOfString(id))
		case field.Name() == "client_id":
			request.Set(field, protoreflect.ValueOfInt32(1))
		case field.Name() == "client_ids":
			list := request.NewField(field)
			list.List().Append(protoreflect.ValueOfInt32(1))
			request.Set(field, list)
		}
	}
	return request
}

// wantForeign is what a caller of another client gets for the request; OK where it names nothing.
func wantForeign(request proto.Message) codes.Code {
	want := codes.OK
	request.ProtoReflect().Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch {
		case strings.HasPrefix(string(field.Name()), "client_id"):
			want = codes.PermissionDenied
		case field.Message() != nil:
			want = wantForeign(value.Message().Interface())
		case want == codes.OK:
			want = codes.NotFound
		}
		return true
	})
	return want
}

func methodOf(t *testing.T, service, method string) protoreflect.MethodDescriptor {
	t.Helper()
	found, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(service + "." + method))
	if err != nil {
		t.Fatal(err)
	}
	return found.(protoreflect.MethodDescriptor)
}

func responseOf(t *testing.T, service, method string) proto.Message {
	t.Helper()
	return dynamicpb.NewMessage(methodOf(t, service, method).Output())
}

// TestForeignIDsLookUnknown: nothing shows whether an id exists at another client.
func TestForeignIDsLookUnknown(t *testing.T) {
	t.Parallel()
	g := startGuarded(t)
	id := populate(t, g)["sorting_id"]
	get := func(ctx context.Context, id string) *status.Status {
		_, err := g.GetChannelSorting(ctx, &tvstatsv1.GetChannelSortingRequest{SortingId: id})
		return status.Convert(err)
	}
	foreign, unknown := get(g.as(t, stranger), id), get(g.as(t, auth.Backend), "no-"+id)
	if got := strings.ReplaceAll(unknown.Message(), "no-"+id, id); foreign.Code() != codes.NotFound || foreign.Message() != got {
		t.Errorf("a foreign one fails with %v, one that does not exist with %v", foreign, unknown)
	}
}

// TestStreamsOfSeveralClients: what the token does not cover is rejected alone, and nothing of it is stored.
func TestStreamsOfSeveralClients(t *testing.T) {
	t.Parallel()
	g := startGuarded(t)
	batch := rpctest.Events(3)
	batch.Events[1].ClientId = 2
	response, err := oneRequest(g.StreamEvents(g.as(t, auth.Gateway)))(batch)
	if err != nil || response.GetAccepted() != 2 || len(response.GetRejected()) != 1 {
		t.Fatalf("got %v, %v", response, err)
	}
	if r := response.GetRejected()[0]; r.GetIndex() != 1 || r.GetReason() != viewing.ReasonPermissionDenied {
		t.Errorf("got %v", r)
	}
	synced, err := oneRequest(g.Sync(g.as(t, auth.Backend)))(&tvstatsv1.SyncRequest{
		ClientId: 2, Tariffs: []*tvstatsv1.Tariff{{TariffId: 1}},
	})
	if err != nil || synced.GetApplied() != 0 || len(synced.GetRejected()) != 1 || synced.GetRejected()[0].GetReason() != viewing.ReasonPermissionDenied {
		t.Errorf("got %v, %v", synced, err)
	}
	clients, err := g.ListClients(g.as(t, auth.Operator), &tvstatsv1.ListClientsRequest{})
	wantAll(t, err, clients.GetClients(), []*tvstatsv1.Client{
		{ClientId: 1, TimeZone: "UTC", CollectionEnabled: new(true), Policy: &tvstatsv1.MeasurementPolicy{}},
	})
}

// TestAllClientsAreThoseOfTheToken: what is for all clients is for those that the token covers and that exist.
func TestAllClientsAreThoseOfTheToken(t *testing.T) {
	t.Parallel()
	g := startGuarded(t)
	snapshots := func(role auth.Role) (int32, error) {
		saved, err := g.SaveStats(g.as(t, role), &tvstatsv1.SaveStatsRequest{})
		return saved.GetClients(), err
	}
	_, err := snapshots(auth.Backend)
	rpctest.WantStatus(t, err, codes.NotFound, "NOT_FOUND")
	for client := range int32(3) {
		if _, err := oneRequest(g.Sync(g.as(t, auth.Operator)))(&tvstatsv1.SyncRequest{ClientId: client + 1}); err != nil {
			t.Fatal(err)
		}
	}
	for role, want := range map[auth.Role]int32{auth.Backend: 1, stranger: 1, auth.Operator: 3} {
		if got, err := snapshots(role); err != nil || got != want {
			t.Errorf("%s: %d clients, %v, want %d", role, got, err, want)
		}
	}
}
