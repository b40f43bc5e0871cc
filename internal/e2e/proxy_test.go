package e2e

import (
	"bufio"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"testing"

	"github.com/tvstats/tvstats/internal/app"
	"github.com/tvstats/tvstats/internal/store/mongolog/mongotest"
)

// proxy stands between the service and its database: the program in toxiproxy/, which is a module of its own.
type proxy struct {
	t        testing.TB
	listen   string
	commands io.Writer
	outcomes *bufio.Reader
}

// mongoProxy stands between the service and a migrated database. It does not listen yet.
func mongoProxy(t *testing.T) (between *proxy, direct func(*app.Config)) {
	t.Helper()
	program := tool(t, "toxiproxy")
	direct = onMongoDB(t)
	p := &proxy{t: t, listen: freeAddress(t)}
	command := exec.CommandContext(t.Context(), program, p.listen, mongotest.Server(t).Host)
	in, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()     // it ends then
		_ = command.Wait() // where the test ended first, it was killed
	})
	p.commands, p.outcomes = in, bufio.NewReader(out)
	return p, direct
}

// do has the program do something and returns what it prints.
func (p *proxy) do(command string) string {
	p.t.Helper()
	if _, err := fmt.Fprintln(p.commands, command); err != nil {
		p.t.Fatal(err)
	}
	outcome, err := p.outcomes.ReadString('\n')
	name, ok := strings.CutPrefix(strings.TrimSuffix(outcome, "\n"), "ok ")
	if err != nil || !ok {
		p.t.Fatalf("%s: %q, %v", command, outcome, err)
	}
	return name
}

// start begins to listen.
func (p *proxy) start() {
	p.t.Helper()
	p.do("start")
}

// stop stops to listen and ends all connections.
func (p *proxy) stop() {
	p.t.Helper()
	p.do("stop")
}

// harm adds a toxic, as JSON, which stays until the returned function is called.
func (p *proxy) harm(toxic string) (end func()) {
	p.t.Helper()
	name := p.do("add " + toxic)
	return func() {
		p.t.Helper()
		p.do("remove " + name)
	}
}
