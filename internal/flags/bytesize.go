package flags

import (
	"fmt"
	"strconv"
	"strings"
)

// ByteSize is a number of bytes, written as people write it: 512KiB, 4MiB, 2GiB, or without a unit.
type ByteSize int64

// Units of sizes.
const (
	Kibibyte ByteSize = 1 << 10
	Mebibyte ByteSize = 1 << 20
	Gibibyte ByteSize = 1 << 30
)

// units go from large to small; the text of a size uses the first that divides it.
var units = []struct {
	suffix string
	size   ByteSize
}{{"GiB", Gibibyte}, {"MiB", Mebibyte}, {"KiB", Kibibyte}, {"B", 1}, {"", 1}}

// UnmarshalText reads a size; the command line calls it.
func (b *ByteSize) UnmarshalText(text []byte) error {
	for _, unit := range units {
		number, found := strings.CutSuffix(string(text), unit.suffix)
		if !found {
			continue
		}
		n, err := strconv.ParseInt(number, 10, 32)
		if err != nil || n < 0 {
			break
		}
		*b = ByteSize(n) * unit.size
		return nil
	}
	return fmt.Errorf("%q is no size; allowed are a whole number and one of B, KiB, MiB, GiB, for example 4MiB", text)
}

// String is the size with its largest unit that leaves no fraction.
func (b ByteSize) String() string {
	for _, unit := range units {
		if b != 0 && b%unit.size == 0 {
			return strconv.FormatInt(int64(b/unit.size), 10) + unit.suffix
		}
	}
	return "0B"
}
