// Package page cuts lists into pages, and makes and reads the tokens that lead from one to the next.
package page

import (
	"encoding/json"
	"iter"
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/tvstats/tvstats/internal/rpc/fault"
)

// MaxSize is the largest page_size that is granted, and MaxBytes where a page of large items ends early: with it
// a response stays within what gRPC takes by default.
const (
	MaxSize  = 1000
	MaxBytes = 3 << 20
)

// Request is a request for a page of a list.
type Request interface {
	proto.Message
	GetPageSize() int32
	GetPageToken() string
}

// ClientRequest is a request for a page of a list of one client.
type ClientRequest interface {
	Request
	GetClientId() int32
}

// Size is how many items the page may have; byDefault where the request does not say it.
func Size(req Request, byDefault int) int {
	if req.GetPageSize() == 0 {
		return byDefault
	}
	return min(int(req.GetPageSize()), MaxSize)
}

// Of makes a response's page of the items from the page's first on, and the token for the page after it, which is
// empty where nothing is left. key is an item's place in the list.
func Of[T any, P proto.Message, K any](
	limit int, items []T, toProto func(T) P, key func(T) K,
) (page []P, next string) {
	page, next, _ = From(limit, func(yield func(T, error) bool) {
		for _, item := range items {
			if !yield(item, nil) {
				return
			}
		}
	}, toProto, key)
	return page, next
}

// From is Of for items that are read one after the other: no more of them than the page has room for, and one.
func From[T any, P proto.Message, K any](
	limit int, items iter.Seq2[T, error], toProto func(T) P, key func(T) K,
) (page []P, next string, err error) {
	bytes := 0
	var last T
	for item, failed := range items {
		if failed != nil {
			return nil, "", failed
		}
		message := toProto(item)
		bytes += proto.Size(message)
		if len(page) > 0 && (len(page) == limit || bytes > MaxBytes) {
			return page, tokenFor(key(last)), nil
		}
		page, last = append(page, message), item
	}
	return page, "", nil
}

// InOrder is Of for items that are in memory whole and have an order: it sorts them, and begins after the given place.
func InOrder[T any, P proto.Message, K any](
	req Request, byDefault int, items []T, after *K, order func(a, b K) int, toProto func(T) P, key func(T) K,
) (page []P, next string) {
	slices.SortFunc(items, func(a, b T) int { return order(key(a), key(b)) })
	if after != nil {
		first, _ := slices.BinarySearchFunc(items, *after, func(item T, after K) int {
			if order(key(item), after) <= 0 {
				return -1
			}
			return 1
		})
		items = items[first:]
	}
	return Of(Size(req, byDefault), items, toProto, key)
}

// Within the service a token is the key of the last item of the page before, as JSON. Seal makes it one that callers can
// neither make nor change.
func tokenFor[K any](key K) string {
	encoded, err := json.Marshal(key)
	if err != nil {
		panic(err) // keys are numbers and strings
	}
	return string(encoded)
}

// After reads the request's token: the key of the last item of the page before, or nil for the first page.
func After[K any](req Request) (*K, error) {
	if req.GetPageToken() == "" {
		return nil, nil
	}
	key := new(K)
	if json.Unmarshal([]byte(req.GetPageToken()), key) != nil {
		return nil, errPageToken
	}
	return key, nil
}

var errPageToken = fault.InvalidArgument("page_token", "it is none that this query returned; "+
	"take next_page_token of the page before and leave the other fields as they were, or begin without a token")

// ByID is Of for a list that is in memory whole, by ascending id.
func ByID[T any, P proto.Message](
	req Request, byDefault int, items []T, toProto func(T) P, id func(T) int32,
) (page []P, next string, err error) {
	after, err := After[int32](req)
	if err != nil {
		return nil, "", err
	}
	if after != nil {
		items = slices.DeleteFunc(items, func(item T) bool { return id(item) <= *after })
	}
	page, next = Of(Size(req, byDefault), items, toProto, id)
	return page, next, nil
}
