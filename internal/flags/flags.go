// Package flags checks what every command line has: numbers within bounds, addresses. An error names the flag, what came
// and what is allowed.
package flags

import (
	"cmp"
	"fmt"
	"net"
)

// Within refuses a value that is not between least and most, both included.
func Within[T cmp.Ordered](flag string, value, least, most T) error {
	if value < least || value > most {
		return fmt.Errorf("%s=%v: allowed are %v to %v", flag, value, least, most)
	}
	return nil
}

// Address refuses what is not a host and a port.
func Address(flag, value string) error {
	if _, _, err := net.SplitHostPort(value); err != nil {
		return fmt.Errorf("%s=%q: allowed is host:port, for example 127.0.0.1:50051", flag, value)
	}
	return nil
}

// Off is what an address is where nothing is to listen.
const Off = "off"

// AddressOrOff refuses what is neither a host and a port nor Off.
func AddressOrOff(flag, value string) error {
	if value == Off {
		return nil
	}
	if err := Address(flag, value); err != nil {
		return fmt.Errorf("%w, or %s", err, Off)
	}
	return nil
}

// Directory refuses an empty name, which elsewhere means the current directory.
func Directory(flag, name string) error {
	if name == "" {
		return fmt.Errorf("%s is empty: name a directory", flag)
	}
	return nil
}
