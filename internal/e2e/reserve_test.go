package e2e

import (
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/tvstats/tvstats/internal/rpc/rpctest"
)

// TestProbesWithoutDescriptors takes all descriptors of a service of its own by opening connections to gRPC: probes and metrics
// respond nevertheless, again and again.
func TestProbesWithoutDescriptors(t *testing.T) {
	t.Parallel()
	p := newFaultyProgram(t)
	p.start(0)
	const most = 120
	limited := exec.CommandContext(t.Context(), "prlimit", fmt.Sprint("--pid=", p.process.Process.Pid), fmt.Sprint("--nofile=", most))
	if output, err := limited.CombinedOutput(); err != nil {
		p.end(syscall.SIGKILL)
		t.Skipf("the limit of a process cannot be set here: %v: %s", err, output)
	}
	for range 2 * most {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", p.address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() }) //nolint:errcheck // it only takes a descriptor
	}
	address := "http://" + regexp.MustCompile(`http=(\S+)`).FindStringSubmatch(p.log.String())[1]
	http.DefaultClient.CloseIdleConnections()
	for range 5 {
		rpctest.WantAnswer(t, address+"/healthz", http.StatusOK, "alive\n")
		rpctest.WantAnswer(t, address+"/readyz", http.StatusOK, "ready\n")
		if code, body := rpctest.Get(t, address+"/metrics"); code != http.StatusOK || !strings.Contains(body, "tvstats_open_streams") {
			t.Errorf("/metrics: %d", code)
		}
		http.DefaultClient.CloseIdleConnections()
	}
	p.end(syscall.SIGKILL)
}
