package replica

import (
	"fmt"

	"github.com/klauspost/compress/zstd"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/tvstats/tvstats/internal/store"
)

// Format is the number of the format of entries that this program writes, and the greatest that it reads.
const Format = 1

// maxEntry bounds an entry's operations, compressed: a document of the log holds at most 16 MiB. largeArguments is the size of
// arguments, not compressed, from which on they are stored beside an entry that would be larger.
const (
	maxEntry       = 12 << 20
	largeArguments = 1 << 20
)

// gatherBytes is how much is gathered for an entry before it is compressed; a single operation may have more.
const gatherBytes = 8 << 20

// operation is a change of the store, as it travels.
type operation struct {
	id        string // random; the same operation in two entries counts once
	method    string // of methods
	arguments []byte
	part      string // where the arguments are stored instead, compressed; "" = here
}

// The fields of a list of operations, and of one.
const (
	fieldOperation protowire.Number = 1

	fieldID        protowire.Number = 1
	fieldMethod    protowire.Number = 2
	fieldArguments protowire.Number = 3
	fieldPart      protowire.Number = 4
)

var (
	compressor, _   = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1)) // without options that could be wrong
	decompressor, _ = zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(1<<30))
)

// encode is the operations as an entry holds them.
func encode(operations []operation) []byte {
	var all []byte
	for _, op := range operations {
		var one []byte
		one = protowire.AppendString(protowire.AppendTag(one, fieldID, protowire.BytesType), op.id)
		one = protowire.AppendString(protowire.AppendTag(one, fieldMethod, protowire.BytesType), op.method)
		if op.part == "" {
			one = protowire.AppendBytes(protowire.AppendTag(one, fieldArguments, protowire.BytesType), op.arguments)
		} else {
			one = protowire.AppendString(protowire.AppendTag(one, fieldPart, protowire.BytesType), op.part)
		}
		all = protowire.AppendBytes(protowire.AppendTag(all, fieldOperation, protowire.BytesType), one)
	}
	return compressor.EncodeAll(all, nil)
}

// decode reads the operations of an entry. One that another version wrote, with what this one does not know, stops a replica:
// to ignore it would make replicas differ.
func decode(entry Entry) ([]operation, error) {
	if entry.Format == formatSeeding {
		return nil, fmt.Errorf("%w: a state is being loaded into the log; where that was broken off, begin it again", store.ErrUnavailable)
	}
	if entry.Format > Format {
		return nil, fmt.Errorf("%w: entry %d of the log has format %d, this program knows up to %d; run the newer version here, too",
			store.ErrNewerSchema, entry.Position, entry.Format, Format)
	}
	all, err := decompressor.DecodeAll(entry.Operations, nil)
	if err != nil {
		return nil, fmt.Errorf("entry %d of the log: %w: %w", entry.Position, errUnreadable, err)
	}
	var operations []operation
	err = eachField(all, func(field protowire.Number, one []byte) error {
		if field != fieldOperation {
			return errUnreadable
		}
		var op operation
		operations = append(operations, op)
		return eachField(one, operations[len(operations)-1].set)
	})
	if err != nil {
		return nil, fmt.Errorf("entry %d of the log: %w", entry.Position, err)
	}
	return operations, nil
}

func (op *operation) set(field protowire.Number, value []byte) error {
	switch field {
	case fieldID:
		op.id = string(value)
	case fieldMethod:
		op.method = string(value)
	case fieldArguments:
		op.arguments = value
	case fieldPart:
		op.part = string(value)
	default:
		return errUnreadable
	}
	return nil
}

// eachField goes through the fields of a message, all of which hold bytes.
func eachField(b []byte, use func(protowire.Number, []byte) error) error {
	for len(b) > 0 {
		field, kind, n := protowire.ConsumeTag(b)
		if n < 0 || kind != protowire.BytesType {
			return errUnreadable
		}
		value, m := protowire.ConsumeBytes(b[n:])
		if m < 0 {
			return errUnreadable
		}
		if err := use(field, value); err != nil {
			return err
		}
		b = b[n+m:]
	}
	return nil
}
