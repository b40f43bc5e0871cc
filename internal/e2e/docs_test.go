package e2e

import (
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/commands"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
	"github.com/tvstats/tvstats/internal/store/mongolog/mongotest"
)

// continuesREADME marks a page whose commands go on where the first session of the README has ended.
const continuesREADME = "<!-- continues README.md -->\n"

// TestDocs runs the commands of each page below docs, in their order, with a service of its own.
func TestDocs(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatalf("there are no pages: %v", err)
	}
	for _, name := range pages {
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			text := page(t, name)
			if !strings.Contains(text, "<!-- session -->") && !strings.Contains(text, "```console\n") {
				return
			}
			c := newConsole(t)
			switch {
			case filepath.Base(name) == "mongodb.md":
				useMongoDB(t, c)
			case strings.HasPrefix(text, continuesREADME):
				runPage(t, c, readme(t))
			default:
				if said, err := c.serve(t, "tvstats serve --schedule off"); err != nil { // no jobs but those of the page
					t.Fatalf("%v: %s", err, said)
				}
			}
			runPage(t, c, text)
			if _, again, found := strings.Cut(text, "\n## Jobs\n"); found { // now there are several
				again, _, _ = strings.Cut(again, "\n## ")
				runPage(t, c, again)
			}
		})
	}
}

func useMongoDB(t *testing.T, c *console) {
	t.Helper()
	uri, err := url.Parse(mongotest.URI(t))
	if err != nil {
		t.Fatal(err)
	}
	if uri.User != nil {
		t.Skip("the page has a MongoDB without users")
	}
	c.useMongoDB(uri)
}

// ownCommand is a command line of the program in a block of a page; pipes and redirections end it.
var ownCommand = regexp.MustCompile(`(?m)^(?:\$ )?(?:go run \./server|tvstats) ([^|>&\n]*?)(?: 2?[|>&]|$)`)

// TestCommandsOfThePagesExist parses all command lines of the program in the pages, those included that are not run as
// they stand.
func TestCommandsOfThePagesExist(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, name := range append(pages, "../../README.md") {
		page, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range regexp.MustCompile("(?s)```(?:sh|console)\n(.*?)```").FindAllStringSubmatch(string(page), -1) {
			for _, line := range ownCommand.FindAllStringSubmatch(strings.ReplaceAll(block[1], "\\\n", ""), -1) {
				found++
				split := exec.CommandContext(t.Context(), "sh", "-c", `printf '%s\0' `+line[1])
				split.Env = append(os.Environ(), "TVSTATS_DATA_DIR=data", "BACKUP=backups") // which the pages set before
				words, err := split.Output()
				if err != nil {
					t.Fatal(err)
				}
				args := strings.FieldsFunc(string(words), func(r rune) bool { return r == 0 })
				if _, err := commands.NewParser(&commands.Program{}).Parse(args); err != nil && !strings.Contains(block[1], err.Error()) { // the page may show it
					t.Errorf("%s: %s: %v", name, line[0], err)
				}
			}
		}
	}
	if found < 8 {
		t.Errorf("only %d commands were found", found)
	}
}

// TestTargetsAndBenchmarksOfThePagesExist finds what the pages say to run where it is defined.
func TestTargetsAndBenchmarksOfThePagesExist(t *testing.T) {
	t.Parallel()
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"../../README.md", "../../CONTRIBUTING.md", "../../docs/operation.md", "../../docs/serving.md", "../../docs/scaling.md", "../../docs/mongodb.md"} {
		page := page(t, name)
		for _, targets := range regexp.MustCompile("`make ([a-z -]+)").FindAllStringSubmatch(page, -1) {
			for target := range strings.FieldsSeq(targets[1]) {
				if !strings.Contains(string(makefile), "\n"+target+":") {
					t.Errorf("%s: there is no target %s", name, target)
				}
			}
		}
		for _, bench := range regexp.MustCompile(`go test (\./\S+) .*-bench '?(\w+)`).FindAllStringSubmatch(page, -1) {
			if output, err := exec.CommandContext(t.Context(), "grep", "-rE", "func Benchmark\\w*"+bench[2], "../../"+bench[1]).CombinedOutput(); err != nil {
				t.Errorf("%s: %s has no benchmark %s: %v %s", name, bench[1], bench[2], err, output)
			}
		}
	}
}

// TestGrpcurlPageHasEveryMethod compares the page with what is served.
func TestGrpcurlPageHasEveryMethod(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/grpcurl.md")
	if err != nil {
		t.Fatal(err)
	}
	for service, info := range rpctest.Registered(t).GetServiceInfo() {
		for _, method := range info.Methods {
			if strings.HasPrefix(service, "tvstats.") && !strings.Contains(string(page), service+"/"+method.Name) {
				t.Errorf("the page lacks %s/%s", service, method.Name)
			}
		}
	}
}

// TestPythonSamplesAreTyped checks the Python examples, and those in pages, together with the generated client.
func TestPythonSamplesAreTyped(t *testing.T) {
	t.Parallel()
	samples, err := filepath.Glob("../../docs/middleware/*.py")
	if err != nil || len(samples) == 0 {
		t.Fatalf("there are no examples: %v", err)
	}
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	for _, name := range append(pages, "../../README.md") {
		page, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for i, block := range regexp.MustCompile("(?s)```python\n(.*?)```").FindAllSubmatch(page, -1) {
			sample := filepath.Join(folder, fmt.Sprintf("%s_%d.py", strings.TrimSuffix(filepath.Base(name), ".md"), i))
			if err := os.WriteFile(sample, block[1], 0o600); err != nil {
				t.Fatal(err)
			}
			samples = append(samples, sample)
		}
	}
	tool(t, "venv/bin/mypy")
	command := exec.CommandContext(rpctest.Context(t), tool(t, "venv/bin/python"),
		append([]string{"-m", "mypy", "--strict", "--cache-dir", t.TempDir()}, samples...)...)
	command.Env = append(os.Environ(), "MYPYPATH=../../gen/python")
	if output, err := command.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, output)
	}
}

// TestDjangoAppIsTyped checks the Django app, as strictly as Django without types allows.
func TestDjangoAppIsTyped(t *testing.T) {
	t.Parallel()
	tool(t, "venv/bin/mypy")
	command := exec.CommandContext(rpctest.Context(t), tool(t, "venv/bin/python"), "-m", "mypy", "--cache-dir", t.TempDir())
	command.Dir, command.Env = "../../clients/django", append(os.Environ(), "MYPYPATH=../../gen/python")
	if output, err := command.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, output)
	}
}

// TestPythonPackageInstalls installs the client as the middleware does, and uses what was installed.
func TestPythonPackageInstalls(t *testing.T) {
	t.Parallel()
	python, source, installed := tool(t, "venv/bin/python"), t.TempDir(), t.TempDir()
	if err := os.CopyFS(source, os.DirFS("../../gen/python")); err != nil { // building leaves files behind
		t.Fatal(err)
	}
	pip := exec.CommandContext(rpctest.Context(t), python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-deps",
		"--retries", "0", "--timeout", "10", "--target", installed, source)
	if output, err := pip.CombinedOutput(); err != nil {
		if strings.Contains(string(output), "No matching distribution found for setuptools") {
			t.Skip("pip cannot reach a package index for the build")
		}
		t.Fatalf("%v: %s", err, output)
	}
	if _, err := os.Stat(filepath.Join(installed, "tvstats", "v1", "py.typed")); err != nil {
		t.Error(err)
	}
	use := exec.CommandContext(rpctest.Context(t), python, "../../docs/middleware/push_catalog.py")
	use.Env = append(os.Environ(), "PYTHONPATH="+installed, "PYTHONDONTWRITEBYTECODE=1", "TVSTATS_SERVER="+startTestServer(t))
	if output, err := use.CombinedOutput(); err != nil || !strings.HasPrefix(string(output), "pushed 6\n") {
		t.Errorf("%v: %s", err, output)
	}
}

// TestOtherLanguages runs the programs of the pages for PHP and JavaScript, and compares what they print.
func TestOtherLanguages(t *testing.T) {
	t.Parallel()
	for language, name := range map[string]string{"js": "javascript.md", "php": "php.md"} {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			text := page(t, "../../docs/"+name)
			run := regexp.MustCompile("[Aa]s `(\\S+)` it is run by\\s`TVSTATS_WEB=http://127.0.0.1:8080 (\\S+) (\\S+)`").FindStringSubmatch(text)
			if len(run) == 0 || run[1] != run[3] {
				t.Fatalf("the page does not say how its program is run: %v", run)
			}
			tool, err := exec.LookPath(run[2])
			if err != nil {
				t.Skipf("%s is not installed", run[2])
			}
			s := start(t)
			catalog := &tvstatsv1.SyncRequest{ClientId: 1, Channels: []*tvstatsv1.Channel{
				{ChannelId: 7, Name: "News", Number: 1}, {ChannelId: 8, Name: "Sport", Number: 2},
			}}
			if _, err := oneRequest(s.Sync(rpctest.Context(t)))(catalog); err != nil {
				t.Fatal(err)
			}
			began := time.Date(2026, 3, 1, 20, 0, 0, 0, time.UTC)
			hour := &tvstatsv1.StreamEventsRequest{Events: []*tvstatsv1.ViewEvent{{
				ClientId: 1, AccountId: 1, DeviceUid: "box", Device: "mag250", ChannelId: 7,
				StartedAt: timestamppb.New(began), At: timestamppb.New(began.Add(time.Hour)),
			}}}
			if _, err := oneRequest(s.StreamEvents(rpctest.Context(t)))(hour); err != nil {
				t.Fatal(err)
			}
			session := regexp.MustCompile("(?s)```" + language + "\n(.*?)```.*?```text\n(.*?)```").FindStringSubmatch(text)
			command := exec.CommandContext(rpctest.Context(t), tool, put(t, t.TempDir(), run[1], []byte(session[1])))
			command.Env = append(os.Environ(), "TVSTATS_WEB="+s.web)
			if output, err := command.CombinedOutput(); err != nil || string(output) != session[2] {
				t.Errorf("%v: %s", err, output)
			}
		})
	}
}
