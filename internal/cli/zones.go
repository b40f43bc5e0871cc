package cli

import (
	"fmt"
	"time"
)

// timeZone is a flag that names a zone; its location is nil where it was not given.
type timeZone struct{ location *time.Location }

// UnmarshalText reads the flag.
func (z *timeZone) UnmarshalText(text []byte) error {
	location, err := time.LoadLocation(string(text))
	if err != nil || len(text) == 0 || string(text) == "Local" {
		return fmt.Errorf("%q is no time zone; allowed are UTC and names such as Europe/London", text)
	}
	z.location = location
	return nil
}
