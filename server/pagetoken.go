package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"iter"
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// maxPageSize is the largest page_size that is granted, and maxPageBytes where a page of large items ends early: with it
// a response stays within what gRPC takes by default.
const (
	maxPageSize  = 1000
	maxPageBytes = 3 << 20
)

// pageRequest is a request for a page of a list.
type pageRequest interface {
	proto.Message
	GetPageSize() int32
	GetPageToken() string
}

// clientPage is a request for a page of a list of one client.
type clientPage interface {
	pageRequest
	GetClientId() int32
}

func pageSize(req pageRequest, byDefault int) int {
	if req.GetPageSize() == 0 {
		return byDefault
	}
	return min(int(req.GetPageSize()), maxPageSize)
}

// pageOf makes a response's page of the items from the page's first on, and the token for the page after it, which is
// empty where nothing is left. key is an item's place in the list.
func pageOf[T any, P proto.Message, K any](
	req pageRequest, limit int, items []T, toProto func(T) P, key func(T) K,
) (page []P, next string) {
	page, next, _ = pageFrom(req, limit, func(yield func(T, error) bool) {
		for _, item := range items {
			if !yield(item, nil) {
				return
			}
		}
	}, toProto, key)
	return page, next
}

// pageFrom is pageOf for items that are read one after the other: no more of them than the page has room for, and one.
func pageFrom[T any, P proto.Message, K any](
	req pageRequest, limit int, items iter.Seq2[T, error], toProto func(T) P, key func(T) K,
) (page []P, next string, err error) {
	bytes := 0
	var last T
	for item, failed := range items {
		if failed != nil {
			return nil, "", failed
		}
		message := toProto(item)
		bytes += proto.Size(message)
		if len(page) > 0 && (len(page) == limit || bytes > maxPageBytes) {
			return page, tokenFor(req, key(last)), nil
		}
		page, last = append(page, message), item
	}
	return page, "", nil
}

// pageInOrder is pageOf for items that are in memory whole and have an order: it sorts them, and begins after the given place.
func pageInOrder[T any, P proto.Message, K any](
	req pageRequest, items []T, after *K, order func(a, b K) int, toProto func(T) P, key func(T) K,
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
	return pageOf(req, pageSize(req, defaultRows), items, toProto, key)
}

// A token is base64url(checksum, key): the key of the last item of the page before, and a checksum of the key and of the
// query, so that a token which was altered or belongs to another query is told. It carries no authority: a request is
// checked as if it had none.
const checksumSize = 12

var tokenEncoding = base64.RawURLEncoding.Strict()

func tokenFor[K any](req pageRequest, key K) string {
	encoded, err := json.Marshal(key)
	if err != nil {
		panic(err) // keys are numbers and strings
	}
	return tokenEncoding.EncodeToString(append(checksum(req, encoded), encoded...))
}

// pageAfter reads the request's token: the key of the last item of the page before, or nil for the first page.
func pageAfter[K any](req pageRequest) (*K, error) {
	token := req.GetPageToken()
	if token == "" {
		return nil, nil
	}
	content, err := tokenEncoding.DecodeString(token)
	if err != nil || len(content) < checksumSize || tokenEncoding.EncodeToString(content) != token {
		return nil, errPageToken
	}
	key := new(K)
	sum, encoded := content[:checksumSize], content[checksumSize:]
	if !slices.Equal(sum, checksum(req, encoded)) || json.Unmarshal(encoded, key) != nil {
		return nil, errPageToken
	}
	return key, nil
}

var errPageToken = invalidArgument("page_token", "it is none that this query was answered with; "+
	"take next_page_token of the page before and leave the other fields as they were, or begin without a token")

// checksum binds a key to the request's method and filters: all its fields but those that move from page to page.
func checksum(req pageRequest, key []byte) []byte {
	query := proto.Clone(req).ProtoReflect()
	fields := query.Descriptor().Fields()
	for _, name := range []protoreflect.Name{"page_size", "page_token"} {
		query.Clear(fields.ByName(name))
	}
	filters, err := proto.MarshalOptions{Deterministic: true}.Marshal(query.Interface())
	if err != nil {
		panic(err) // it has just been unmarshalled
	}
	hash := sha256.New()
	for _, part := range [][]byte{[]byte(query.Descriptor().FullName()), filters, key} {
		sum := sha256.Sum256(part)
		hash.Write(sum[:])
	}
	return hash.Sum(nil)[:checksumSize]
}

// pageByID is pageOf for a list that is in memory whole, by ascending id.
func pageByID[T any, P proto.Message](
	req pageRequest, items []T, toProto func(T) P, id func(T) int32,
) (page []P, next string, err error) {
	after, err := pageAfter[int32](req)
	if err != nil {
		return nil, "", err
	}
	if after != nil {
		items = slices.DeleteFunc(items, func(item T) bool { return id(item) <= *after })
	}
	page, next = pageOf(req, pageSize(req, defaultEntities), items, toProto, id)
	return page, next, nil
}
