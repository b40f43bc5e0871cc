package intercept

import (
	"slices"
	"testing"

	"github.com/tvstats/tvstats/internal/rpc/rpctest"
)

// TestEveryMethodHasItsPermissions: no new method can be forgotten, and none that is gone is left over.
func TestEveryMethodHasItsPermissions(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for service, info := range rpctest.Registered(t).GetServiceInfo() {
		for _, method := range info.Methods {
			name := "/" + service + "/" + method.Name
			known[name] = true
			if _, inTable := permissions[name]; inTable == slices.Contains(publicMethods, name) {
				t.Errorf("%s must be in the table of permissions or open, and not both", name)
			}
		}
	}
	for name := range permissions {
		if !known[name] {
			t.Errorf("%s is in the table of permissions and does not exist", name)
		}
	}
}
