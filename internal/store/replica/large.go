package replica

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/tvstats/tvstats/internal/store"
)

// An operation that makes an entry too large has its arguments stored as a part, which the entry names. The part's name begins with
// the position of that entry: it goes when the base has passed it, as the entry does. After a lost race it is stored anew, since the
// part of a lower position may go while the entry still counts.

// operationPart stands in the names of such parts after the position.
const operationPart = "-operation-"

// operationsFor encodes the operations of the entry for the position, with what is too large for it stored beside.
func (s *Store) operationsFor(position uint64, operations []operation) ([]byte, error) {
	encoded := encode(operations)
	if len(encoded) <= maxEntry {
		return encoded, nil
	}
	for i, op := range operations {
		if len(op.arguments) < largeArguments {
			continue
		}
		name := fmt.Sprintf("%020d%s%s", position, operationPart, uuid.NewString())
		if err := s.log.PutPart(s.work, name, bytes.NewReader(compressor.EncodeAll(op.arguments, nil))); err != nil {
			return nil, err
		}
		operations[i] = operation{id: op.id, method: op.method, part: name}
	}
	return encode(operations), nil
}

// argumentsOf returns what the method is applied with.
func (s *Store) argumentsOf(ctx context.Context, op operation) ([]byte, error) {
	if op.part == "" {
		return op.arguments, nil
	}
	content, err := s.log.Part(ctx, op.part)
	if errors.Is(err, store.ErrNotFound) { // it went since the entry was read: a checkpoint holds what it did
		return nil, fmt.Errorf("%w: the arguments of %s: %s", store.ErrUnavailable, op.method, err.Error())
	}
	if err != nil {
		return nil, fmt.Errorf("read the arguments of %s: %w", op.method, err)
	}
	compressed, err := io.ReadAll(content)
	if err := errors.Join(err, content.Close()); err != nil {
		return nil, fmt.Errorf("read the arguments of %s: %w", op.method, err)
	}
	arguments, err := decompressor.DecodeAll(compressed, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", errUnreadable, op.part, err)
	}
	return arguments, nil
}

// ofEntry returns the position of the entry that a part has arguments of, and whether it is such a part.
func ofEntry(name string) (position uint64, is bool) {
	before, _, is := strings.Cut(name, operationPart)
	position, err := strconv.ParseUint(before, 10, 64)
	return position, is && err == nil
}
