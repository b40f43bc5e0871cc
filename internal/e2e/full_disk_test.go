package e2e

import (
	"net/http"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tvstats/tvstats/internal/faultydisk"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
)

// TestFullDiskIsNotReady: /readyz says that the disk is full from the first report that could not be written until there is
// room again, without a report or a restart.
func TestFullDiskIsNotReady(t *testing.T) {
	t.Parallel()
	p := newFaultyProgram(t)
	p.start(0)
	probe := "http://" + regexp.MustCompile(`http=(\S+)`).FindStringSubmatch(p.log.String())[1] + "/readyz"
	rpctest.WantAnswer(t, probe, http.StatusOK, "ready\n")
	p.disk(faultydisk.Full)
	if err := sendEvents(t.Context(), p.address, killBatch(0, 0, 100, time.Now().Add(-time.Hour)).GetEvents(), 100); err == nil {
		t.Fatal("reports were acknowledged on a full disk")
	}
	code, body := rpctest.Get(t, probe)
	if code != http.StatusServiceUnavailable || !strings.Contains(body, "cannot be written to") {
		t.Errorf("on a full disk: %d %q", code, body)
	}
	p.disk(faultydisk.Normal)
	for ctx := rpctest.Context(t); code != http.StatusOK && ctx.Err() == nil; {
		code, body = rpctest.Get(t, probe)
	}
	if code != http.StatusOK {
		t.Errorf("with room again: %d %q", code, body)
	}
	p.end(syscall.SIGTERM)
}
