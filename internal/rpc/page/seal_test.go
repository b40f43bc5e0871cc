package page

import (
	"bytes"
	"context"
	"crypto/sha256"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
	"github.com/tvstats/tvstats/internal/store"
)

// seals are those of a service whose key begins with the byte.
func seals(first byte) Seal {
	key := make([]byte, sha256.Size)
	key[0] = first
	return Seal{Secret: func(context.Context) ([]byte, error) { return key, nil }}
}

// sealed is the token that a caller gets for the key.
func sealed[K any](tb testing.TB, p Seal, req Request, key K) string {
	tb.Helper()
	list := &tvstatsv1.ListTariffsResponse{NextPageToken: tokenFor(key)}
	if err := p.close(tb.Context(), queryOf(req), list.ProtoReflect()); err != nil {
		tb.Fatal(err)
	}
	return list.NextPageToken
}

// opened reads the token of the request, which stays as it is.
func opened[K any](tb testing.TB, p Seal, req Request) (*K, error) {
	tb.Helper()
	req = proto.Clone(req).(Request)
	if req.GetPageToken() != "" {
		if err := p.open(tb.Context(), queryOf(req), req); err != nil {
			return nil, err
		}
	}
	return After[K](req)
}

func TestPageTokenGoesWithItsQueryOnly(t *testing.T) {
	t.Parallel()
	p := seals(1)
	first := &tvstatsv1.ListSelectionsRequest{ClientId: 1, PageSize: 2, Kind: tvstatsv1.SelectionKind_SELECTION_KIND_CHANNELS}
	key := store.ResultKey{CreatedAt: 1_700_000_000_123, ID: "0b1e"}
	token := sealed(t, p, first, key)

	next := &tvstatsv1.ListSelectionsRequest{
		ClientId: 1, PageSize: 500, PageToken: token, Kind: tvstatsv1.SelectionKind_SELECTION_KIND_CHANNELS,
	}
	if got, err := opened[store.ResultKey](t, p, next); err != nil || *got != key {
		t.Fatalf("got %v, %v, want %v", got, err, key)
	}
	foreign := map[string]Request{
		"client": &tvstatsv1.ListSelectionsRequest{ClientId: 2, PageToken: token, Kind: tvstatsv1.SelectionKind_SELECTION_KIND_CHANNELS},
		"filter": &tvstatsv1.ListSelectionsRequest{ClientId: 1, PageToken: token},
		"method": &tvstatsv1.ListChannelSortingsRequest{ClientId: 1, PageToken: token},
	}
	for name, request := range foreign {
		if got, err := opened[store.ResultKey](t, p, request); err == nil {
			t.Errorf("another %s: got %v", name, got)
		}
	}
	if got, err := opened[store.ResultKey](t, seals(2), next); err == nil {
		t.Errorf("a service with another key takes it: %v", got)
	}
}

// TestPageTokenHidesItsKey: the last item of a page may be one that the caller may not see.
func TestPageTokenHidesItsKey(t *testing.T) {
	t.Parallel()
	p, request := seals(1), &tvstatsv1.ListSelectionsRequest{ClientId: 1}
	key := store.ResultKey{CreatedAt: 1_700_000_000_123, ID: "0b1e"}
	token := sealed(t, p, request, key)
	content, err := tokenEncoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{tokenFor(key), "1700000000123", "0b1e"} {
		if bytes.Contains(content, []byte(secret)) {
			t.Errorf("a token shows %q", secret)
		}
	}
	request.PageToken = token
	if got, err := opened[store.ResultKey](t, p, request); err != nil || *got != key {
		t.Errorf("got %v, %v, want %v", got, err, key)
	}
}

func TestPageTokenAlteredAnywhere(t *testing.T) {
	t.Parallel()
	p, request := seals(1), &tvstatsv1.ListTariffsRequest{ClientId: 1}
	token := sealed(t, p, request, int32(17))
	for i := range token {
		for _, c := range "A_\n" {
			request.PageToken = token[:i] + string(c) + token[i+1:]
			if got, err := opened[int32](t, p, request); err == nil && request.PageToken != token {
				t.Errorf("%q: got %v", request.PageToken, *got)
			}
		}
	}
	made := tokenEncoding.EncodeToString(append(sealOf(nil, queryOf(request), []byte("17")), "17"...))
	for _, broken := range []string{"x", made, token[1:], token[:len(token)-1], token + "A", token + "\n", strings.Repeat("A", 1<<16)} {
		request.PageToken = broken
		_, err := opened[int32](t, p, request)
		rpctest.CheckViolations(t, err, []string{"page_token: "})
	}
}

// FuzzPageToken: no token but one that the service made for the query is taken.
func FuzzPageToken(f *testing.F) {
	p := seals(1)
	request := func(token string) *tvstatsv1.ListProgrammesRequest {
		return &tvstatsv1.ListProgrammesRequest{
			ClientId: 1, Channels: []int32{3, 4}, StartTo: timestamppb.New(time.UnixMilli(1_700_000_000_000)), PageToken: token,
		}
	}
	f.Add(sealed(f, p, request(""), store.ResultKey{CreatedAt: 1, ID: "0b1e"}))
	f.Add("")
	f.Add("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAG51bGw")
	f.Fuzz(func(t *testing.T, token string) {
		key, err := opened[store.ResultKey](t, p, request(token))
		switch {
		case token == "":
			if key != nil || err != nil {
				t.Errorf("no token: got %v, %v", key, err)
			}
		case err != nil:
			rpctest.CheckViolations(t, err, []string{"page_token: "})
		default:
			if again := sealed(t, p, request(""), *key); again != token {
				t.Errorf("%q was read as %v, whose token is %q", token, *key, again)
			}
		}
	})
}
