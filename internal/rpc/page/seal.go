package page

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"slices"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Seal is an interceptor that lets in only tokens of pages that the service made for the very query, and gives out no
// others. A token is base64url(seal, masked key): the seal is an HMAC-SHA-256 over the query and the key of the last item of the page
// before, and begins the AES-CTR stream that masks the key, which may be of an item that the caller may not see. A token carries no
// authority: a request is checked as if it had none.
type Seal struct {
	// Secret returns the key of the seals, the same in all replicas and after a restart.
	Secret func(context.Context) ([]byte, error)
}

var tokenEncoding = base64.RawURLEncoding.Strict()

// Unary is the interceptor of calls that are no streams.
func (p Seal) Unary(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	page, ok := req.(Request)
	if !ok {
		return handler(ctx, req)
	}
	query := queryOf(page)
	if page.GetPageToken() != "" {
		if err := p.open(ctx, query, page); err != nil {
			return nil, err
		}
	}
	response, err := handler(ctx, req)
	if list, ok := response.(proto.Message); ok && err == nil {
		err = p.close(ctx, query, list.ProtoReflect())
	}
	return response, err
}

// open replaces the token of a request by what is in it.
func (p Seal) open(ctx context.Context, query []byte, page Request) error {
	content, err := tokenEncoding.DecodeString(page.GetPageToken())
	if err != nil || len(content) < sha256.Size || tokenEncoding.EncodeToString(content) != page.GetPageToken() {
		return errPageToken
	}
	secret, err := p.Secret(ctx)
	if err != nil {
		return err
	}
	seal, key := content[:sha256.Size], content[sha256.Size:]
	mask(secret, seal, key)
	if !hmac.Equal(seal, sealOf(secret, query, key)) {
		return errPageToken
	}
	message := page.ProtoReflect()
	message.Set(message.Descriptor().Fields().ByName("page_token"), protoreflect.ValueOfString(string(key)))
	return nil
}

// close seals the token of a response, if there is a further page.
func (p Seal) close(ctx context.Context, query []byte, list protoreflect.Message) error {
	field := list.Descriptor().Fields().ByName("next_page_token")
	key := list.Get(field).String()
	if key == "" {
		return nil
	}
	secret, err := p.Secret(ctx)
	if err != nil {
		return err
	}
	seal := sealOf(secret, query, []byte(key))
	sealed := slices.Concat(seal, []byte(key))
	mask(secret, seal, sealed[sha256.Size:])
	list.Set(field, protoreflect.ValueOfString(tokenEncoding.EncodeToString(sealed)))
	return nil
}

// mask hides a key, or shows a hidden one. A seal is of one key only, so that no two keys are hidden by the same stream.
func mask(secret, seal, key []byte) {
	of := hmac.New(sha256.New, secret)
	of.Write([]byte("mask")) // shorter than anything that is sealed
	block, err := aes.NewCipher(of.Sum(nil))
	if err != nil {
		panic(err) // the length is one of AES
	}
	cipher.NewCTR(block, seal[:aes.BlockSize]).XORKeyStream(key, key)
}

// queryOf is what pages of one list have in common: the request's method, and all its fields but those that move from page to
// page.
func queryOf(page Request) []byte {
	query := proto.Clone(page).ProtoReflect()
	fields := query.Descriptor().Fields()
	for _, name := range []protoreflect.Name{"page_size", "page_token"} {
		query.Clear(fields.ByName(name))
	}
	filters, err := proto.MarshalOptions{Deterministic: true}.Marshal(query.Interface())
	if err != nil {
		panic(err) // it has just been unmarshalled
	}
	return append([]byte(query.Descriptor().FullName()+"\x00"), filters...)
}

// sealOf is the seal of a key. Of the query only the hash goes in, whose length is fixed, so that no part of one can pass for
// a part of the other.
func sealOf(secret, query, key []byte) []byte {
	hash := sha256.Sum256(query)
	mac := hmac.New(sha256.New, secret)
	mac.Write(hash[:])
	mac.Write(key)
	return mac.Sum(nil)
}
