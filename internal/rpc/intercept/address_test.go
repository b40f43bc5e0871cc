package intercept

import (
	"net"
	"strconv"
	"strings"
	"testing"
)

func TestAddressKey(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"192.0.2.1:1234": "192.0.2.1", "[::ffff:192.0.2.1]:1": "192.0.2.1", "[2001:db8:1:2:3::4]:5": "2001:db8:1:2::/64",
		"[fe80::1%lo]:5": "fe80::/64",
	} {
		host, port, err := net.SplitHostPort(address)
		if err != nil {
			t.Fatal(err)
		}
		number, err := strconv.Atoi(port)
		if err != nil {
			t.Fatal(err)
		}
		ip, zone, _ := strings.Cut(host, "%")
		if got := addressKey(&net.TCPAddr{IP: net.ParseIP(ip), Port: number, Zone: zone}); got != want {
			t.Errorf("%s: got %s, want %s", address, got, want)
		}
	}
}
