package flags

import (
	"testing"
)

func TestByteSize(t *testing.T) {
	for text, bytes := range map[string]ByteSize{
		"0": 0, "1": 1, "17B": 17, "64KiB": 64 << 10, "4MiB": 4 << 20, "2GiB": 2 << 30, "2147483647GiB": 2147483647 << 30,
	} {
		var got, again ByteSize
		if err := got.UnmarshalText([]byte(text)); err != nil || got != bytes {
			t.Errorf("%s: got %d, %v, want %d", text, got, err, bytes)
		}
		if err := again.UnmarshalText([]byte(got.String())); err != nil || again != got {
			t.Errorf("%s: written as %s it is read as %d, %v", text, got, again, err)
		}
	}
}
