package catalog

import (
	"testing"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

func TestTimeZones(t *testing.T) {
	for zone, valid := range map[string]bool{
		"": true, "UTC": true, "America/Argentina/Buenos_Aires": true,
		"Local": false, "Europe/Atlantis": false, "../../etc/passwd": false, "/etc/localtime": false, "UTC+3": false,
	} {
		if _, err := clientOf(&tvstatsv1.Client{TimeZone: zone}, 1); (err == nil) != valid {
			t.Errorf("%q: got %v", zone, err)
		}
	}
}
