package page

import (
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
	"github.com/tvstats/tvstats/internal/store"
)

func TestPageTokenGoesWithItsQueryOnly(t *testing.T) {
	first := &tvstatsv1.ListSelectionsRequest{ClientId: 1, PageSize: 2, Kind: tvstatsv1.SelectionKind_SELECTION_KIND_CHANNELS}
	key := store.ResultKey{CreatedAt: 1_700_000_000_123, ID: "0b1e"}
	token := tokenFor(first, key)

	next := &tvstatsv1.ListSelectionsRequest{
		ClientId: 1, PageSize: 500, PageToken: token, Kind: tvstatsv1.SelectionKind_SELECTION_KIND_CHANNELS,
	}
	if got, err := After[store.ResultKey](next); err != nil || *got != key {
		t.Fatalf("got %v, %v, want %v", got, err, key)
	}
	foreign := map[string]Request{
		"client": &tvstatsv1.ListSelectionsRequest{ClientId: 2, PageToken: token, Kind: tvstatsv1.SelectionKind_SELECTION_KIND_CHANNELS},
		"filter": &tvstatsv1.ListSelectionsRequest{ClientId: 1, PageToken: token},
		"method": &tvstatsv1.ListChannelSortingsRequest{ClientId: 1, PageToken: token},
	}
	for name, request := range foreign {
		if got, err := After[store.ResultKey](request); err == nil {
			t.Errorf("another %s: got %v", name, got)
		}
	}
}

func TestPageTokenAlteredAnywhere(t *testing.T) {
	request := &tvstatsv1.ListTariffsRequest{ClientId: 1}
	token := tokenFor(request, int32(17))
	for i := range token {
		for _, c := range "A_\n" {
			request.PageToken = token[:i] + string(c) + token[i+1:]
			if got, err := After[int32](request); err == nil && request.PageToken != token {
				t.Errorf("%q: got %v", request.PageToken, *got)
			}
		}
	}
	for _, broken := range []string{"x", token[1:], token[:len(token)-1], token + "A", token + "\n", strings.Repeat("A", 1<<16)} {
		request.PageToken = broken
		_, err := After[int32](request)
		rpctest.CheckViolations(t, err, []string{"page_token: "})
	}
}

func TestPageAfterNoToken(t *testing.T) {
	if got, err := After[int32](&tvstatsv1.ListTariffsRequest{ClientId: 1}); got != nil || err != nil {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestPageOfLargeItemsEndsEarly(t *testing.T) {
	request := &tvstatsv1.ListTariffsRequest{ClientId: 1}
	name := strings.Repeat("x", MaxBytes/2-100)
	tariff := func(id int32) *tvstatsv1.Tariff { return &tvstatsv1.Tariff{TariffId: id, Name: name} }
	page, next := Of(request, 10, []int32{1, 2, 3}, tariff, func(id int32) int32 { return id })
	if len(page) != 2 {
		t.Fatalf("got %d items", len(page))
	}
	request.PageToken = next
	if after, err := After[int32](request); err != nil || *after != 2 {
		t.Errorf("got %v, %v, want to go on after 2", after, err)
	}
	name = strings.Repeat("x", 2*MaxBytes)
	if page, _ := Of(request, 10, []int32{1, 2}, tariff, func(id int32) int32 { return id }); len(page) != 1 {
		t.Errorf("got %d items of more than a page each", len(page))
	}
}

// FuzzPageToken: no token but one that the service made for the query is taken.
func FuzzPageToken(f *testing.F) {
	request := func(token string) *tvstatsv1.ListProgrammesRequest {
		return &tvstatsv1.ListProgrammesRequest{
			ClientId: 1, Channels: []int32{3, 4}, StartTo: timestamppb.New(time.UnixMilli(1_700_000_000_000)), PageToken: token,
		}
	}
	f.Add(tokenFor(request(""), store.ResultKey{CreatedAt: 1, ID: "0b1e"}))
	f.Add("")
	f.Add("AAAAAAAAAAAAAAAAbnVsbA")
	f.Fuzz(func(t *testing.T, token string) {
		key, err := After[store.ResultKey](request(token))
		switch {
		case token == "":
			if key != nil || err != nil {
				t.Errorf("no token: got %v, %v", key, err)
			}
		case err != nil:
			rpctest.CheckViolations(t, err, []string{"page_token: "})
		default:
			if again := tokenFor(request(""), *key); again != token {
				t.Errorf("%q was taken for %v, whose token is %q", token, *key, again)
			}
		}
	})
}
