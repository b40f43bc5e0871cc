package e2e

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/tvstats/tvstats/internal/app"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
)

// What a page has in a block that is marked console: commands, whose quotes may span lines, and what they print.
var (
	consoleCommand = regexp.MustCompile(`(?m)^\$ ((?:'[^']*'|\\\n|[^'\n])*)\n((?:[^$\n].*\n|\n)*)`)
	consoleServes  = regexp.MustCompile(`^(?:go run \./server|tvstats serve)(?: --[^|]*)?$`)
)

// console is where a reader types the commands of a page: one directory, and at most one server, which ends when another
// one is started. Of a page's addresses and ids it knows what they are here.
type console struct {
	dir     string
	address string // of gRPC, whichever server runs
	web     string // of its console
	env     []string
	exports string   // every export so far, since each command has a shell of its own
	here    []string // pairs of what the page says and what that is here
	server  *exec.Cmd
}

// newConsole has an empty directory, and addresses to listen on.
func newConsole(t *testing.T) *console {
	t.Helper()
	c := &console{dir: t.TempDir(), address: freeAddress(t), web: freeAddress(t)}
	metrics, port := freeAddress(t), func(address string) string { return address[strings.LastIndex(address, ":"):] }
	c.env = append(sessionEnv(t, c.address), "TVSTATS_LISTEN="+c.address, "TVSTATS_HTTP_LISTEN="+metrics, "TVSTATS_WEB_LISTEN="+c.web)
	c.here = []string{port(readmeAddress), port(c.address), ":9464", port(metrics), port(app.DefaultWebListen), port(c.web), "/srv/tvstats/", c.dir + "/"}
	t.Cleanup(func() { c.stop(t) })
	return c
}

// run runs the commands of a block in their order. What fails must be shown to fail.
func (c *console) run(t *testing.T, block string) {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil && strings.Contains(block, "$ openssl ") {
		t.Logf("a block of the page is not run: %v", err)
		return
	}
	for _, line := range consoleCommand.FindAllStringSubmatch(block, -1) {
		here := strings.NewReplacer(c.here...)
		command, want := here.Replace(line[1]), here.Replace(line[2])
		if strings.HasPrefix(command, "export ") {
			c.exports += command + "\n"
			continue
		}
		execute := c.finish
		if consoleServes.MatchString(command) {
			execute = c.serve
		}
		got, err := execute(t, command)
		if err != nil && want == "" {
			t.Fatalf("%s: %v\n%s", command, err, got)
		}
		if want != "" && stable(got) != stable(want) {
			t.Errorf("%s prints\n%s\nthe page says\n%s", command, got, want)
		}
		c.rename(want, got)
	}
}

// rename notes which ids the page's are here: its next commands use them.
func (c *console) rename(want, got string) {
	ids := changingID.FindAllString(got, -1)
	for i, id := range changingID.FindAllString(want, -1) {
		if i < len(ids) {
			c.here = append(c.here, id, ids[i])
		}
	}
}

// finish runs a command to its end.
func (c *console) finish(t *testing.T, command string) (string, error) {
	output, err := c.shell(rpctest.Context(t), command).CombinedOutput()
	return string(output), err
}

// serve starts a server and returns what it logs until it serves, or all that it says where it refuses to.
func (c *console) serve(t *testing.T, command string) (string, error) {
	c.stop(t)
	server := c.shell(context.WithoutCancel(t.Context()), "exec "+command) // it is stopped in order, after the test as well
	log, err := server.StderrPipe()
	if err != nil {
		return "", err
	}
	if err := server.Start(); err != nil {
		return "", err
	}
	var said strings.Builder
	for lines := bufio.NewScanner(log); lines.Scan(); {
		fmt.Fprintln(&said, lines.Text())
		if strings.Contains(lines.Text(), "msg=serving") {
			go io.Copy(io.Discard, log) //nolint:errcheck // until the process ends
			c.server = server
			return said.String(), nil
		}
	}
	return said.String(), server.Wait()
}

// stop stops the server, if one runs.
func (c *console) stop(t *testing.T) {
	t.Helper()
	if c.server == nil {
		return
	}
	if err := c.server.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := c.server.Wait(); err != nil {
		t.Errorf("the server ended with %v", err)
	}
	c.server = nil
}

func (c *console) shell(ctx context.Context, command string) *exec.Cmd {
	shell := exec.CommandContext(ctx, "sh", "-c", c.exports+command)
	shell.Dir, shell.Env = c.dir, c.env
	return shell
}

// useMongoDB puts an empty database in the place of the page's.
func (c *console) useMongoDB(uri *url.URL) {
	host, port := uri.Hostname(), cmp.Or(uri.Port(), "27017")
	c.env = append(c.env, "MONGODB_NAME="+strings.TrimPrefix(uri.Path, "/"))
	c.here = append(c.here, "127.0.0.1:39077/tvstats", net.JoinHostPort(host, port)+uri.Path,
		"MONGODB_HOST=127.0.0.1", "MONGODB_HOST="+host, "MONGODB_PORT=39077", "MONGODB_PORT="+port)
}
