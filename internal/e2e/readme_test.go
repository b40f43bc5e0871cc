package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tvstats/tvstats/internal/app"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
)

// readmeAddress is where the README's server listens.
const readmeAddress = "127.0.0.1:50051"

// readmeSession is a command of the README and what it prints.
var (
	readmeSession = regexp.MustCompile("(?s)<!-- session -->\n```sh\n(.*?)```\n\n```[a-z]+\n(.*?)```\n")
	pythonSession = regexp.MustCompile("(?s)```python\n(.*?)```\n\n```text\n(.*?)```\n")
	changing      = regexp.MustCompile(`"(sortingId|selectionId|jobId|createdAt)": "[^"]+"`)
	changingID    = regexp.MustCompile(`\b[0-9a-f]{8}-[0-9a-f-]{27}\b`) // in what is printed for people
	changingText  = regexp.MustCompile(`\btime=\S+|\btvstats_[\w-]{43}|\bsha256: [0-9a-f]{64}|[\d,]+ records are\b`)
)

// TestREADME runs what the README has to be typed, in its order, with grpcurl and the program itself, and compares what is
// printed: the server of its first block is that of the sessions.
func TestREADME(t *testing.T) {
	c := newConsole(t)
	if blocks := runPage(t, c, readme(t)); blocks < 4 {
		t.Fatalf("only %d blocks of commands were found", blocks)
	}
}

// runPage runs sessions and console blocks in their order, and returns how many there are.
func runPage(t *testing.T, c *console, page string) int {
	t.Helper()
	blocks := regexp.MustCompile(readmeSession.String()+"|(?s:```console\n(.*?)```\n)").FindAllStringSubmatch(page, -1)
	for _, block := range blocks {
		if block[3] != "" {
			c.run(t, block[3])
		} else {
			runSession(t, c.address, strings.ReplaceAll(block[1], app.DefaultWebListen, c.web), block[2])
		}
	}
	return len(blocks)
}

func runSession(t *testing.T, address, script, want string) {
	t.Helper()
	command := exec.CommandContext(rpctest.Context(t), "sh", "-c", strings.ReplaceAll(script, readmeAddress, address))
	command.Dir, command.Env = "../..", sessionEnv(t, address)
	compareSession(t, command, want)
}

// sessionEnv is the environment of a page's commands, which find what `make tools` installs and the program itself.
func sessionEnv(t *testing.T, address string) []string {
	t.Helper()
	path := []string{
		filepath.Dir(tool(t, "bin/grpcurl")), filepath.Dir(tool(t, "venv/bin/python")), programFolder(t), os.Getenv("PATH"),
	}
	return append(os.Environ(), "PATH="+strings.Join(path, ":"), "PYTHONPATH=gen/python", "PYTHONDONTWRITEBYTECODE=1",
		"TVSTATS_SERVER="+address, programEnv+"=1")
}

// goOfThePages is what `go` does in a page, but for building and fetching: what runs is this test binary, and grpcurl is the
// one of the tools.
const goOfThePages = `#!/bin/sh
case "$*" in
"run ./server"*) shift 2; exec tvstats "$@" ;;
"env GOPATH") echo "$HOME/go" ;;
"build -o $3 ./server") mkdir -p "$(dirname "$3")"; exec ln -s "$(dirname "$0")/tvstats" "$3" ;;
"install github.com/fullstorydev/grpcurl/cmd/grpcurl@$GRPCURL_VERSION") exec ln -s "$GRPCURL" "$HOME/go/bin/grpcurl" ;;
*) echo "the pages' go cannot $*" >&2; exit 2 ;;
esac
`

// programFolder is a folder in which this test binary is called tvstats, and `go run ./server` runs it.
func programFolder(t *testing.T) string {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if err := os.Symlink(program, filepath.Join(folder, "tvstats")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "go"), []byte(goOfThePages), 0o700); err != nil { //nolint:gosec // it is run
		t.Fatal(err)
	}
	return folder
}

// TestSetUpOfTheREADME: what the first session calls is found by the shell once the commands before it were run.
func TestSetUpOfTheREADME(t *testing.T) {
	t.Parallel()
	setUp := regexp.MustCompile("(?s)<!-- setup -->\n```sh\n(.*?)```").FindStringSubmatch(readme(t))
	version := regexp.MustCompile(`(?m)^GRPCURL_VERSION +:= (\S+)`).FindStringSubmatch(page(t, "../../Makefile"))
	programs, home := programFolder(t), t.TempDir() // the shell is to find nothing of the first but go
	command := exec.CommandContext(rpctest.Context(t), "sh", "-euc", strings.ReplaceAll(setUp[1], "go ", programs+"/go ")+"command -v tvstats; command -v grpcurl; tvstats version")
	command.Env = append(os.Environ(), "HOME="+home, "PATH=/usr/bin:/bin", "GRPCURL_VERSION="+version[1], "GRPCURL="+tool(t, "bin/grpcurl"), programEnv+"=1")
	output, err := command.CombinedOutput()
	if want := home + "/go/bin/tvstats\n" + home + "/go/bin/grpcurl\ntvstats "; err != nil || !strings.HasPrefix(string(output), want) {
		t.Errorf("%v: %s; want %s", err, output, want)
	}
	if !strings.Contains(page(t, "../../docs/grpcurl.md"), "/cmd/grpcurl@"+version[1]+"`") {
		t.Errorf("docs/grpcurl.md installs another grpcurl than %s", version[1])
	}
}

// TestMiddlewarePython runs the session in one piece of the page for the middleware, with the stubs in gen/python.
func TestMiddlewarePython(t *testing.T) { runMiddlewarePython(t, tool(t, "venv/bin/python")) }

func runMiddlewarePython(t *testing.T, python string) {
	t.Helper()
	address := startTestServer(t)
	s := pythonSession.FindStringSubmatch(page(t, "../../docs/middleware.md"))
	if s == nil {
		t.Fatal("the page has no session in Python")
	}
	command := exec.CommandContext(rpctest.Context(t), python, "-c", strings.ReplaceAll(s[1], readmeAddress, address))
	command.Env = append(os.Environ(), "PYTHONPATH=../../gen/python")
	compareSession(t, command, s[2])
}

func compareSession(t *testing.T, command *exec.Cmd, want string) {
	t.Helper()
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", command.Args, err, output)
	}
	if got := stable(string(output)); got != stable(want) {
		t.Errorf("%v prints\n%s\nthe README says\n%s", command.Args, output, want)
	}
}

// stable leaves out what differs from run to run: ids, times of creation and of logging, tokens and their digests, how much a
// reader has in store, and white space in JSON.
func stable(output string) string {
	output = changingText.ReplaceAllString(changing.ReplaceAllString(output, `"$1": ""`), "")
	return strings.Join(strings.Fields(changingID.ReplaceAllString(output, "ID")), " ")
}

func readme(t *testing.T) string { return page(t, "../../README.md") }

func page(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// tool finds what `make tools` installs.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", "..", ".tools", name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Skipf("%s is not there; `make tools` installs it", name)
	}
	return path
}
