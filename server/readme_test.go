package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// readmeAddress is where the README's server listens.
const readmeAddress = "127.0.0.1:50051"

// readmeSession is a command of the README and what it prints.
var (
	readmeSession = regexp.MustCompile("(?s)<!-- session -->\n```sh\n(.*?)```\n\n```[a-z]+\n(.*?)```\n")
	pythonSession = regexp.MustCompile("(?s)```python\n(.*?)```\n\n```text\n(.*?)```\n")
	changing      = regexp.MustCompile(`"(sortingId|selectionId|jobId|createdAt)": "[^"]+"`)
	changingID    = regexp.MustCompile(`\b[0-9a-f]{8}-[0-9a-f-]{27}\b`) // in what is printed for people
)

// TestREADME runs the first session of the README, with grpcurl and the program itself, and compares what is printed.
func TestREADME(t *testing.T) {
	address := startTestServer(t)
	if sessions := runSessions(t, address, readme(t)); sessions < 5 {
		t.Fatalf("the README has %d commands", sessions)
	}
}

// runSessions runs the commands of a page against a server, in their order, and answers how many there are.
func runSessions(t *testing.T, address, page string) int {
	t.Helper()
	path := []string{
		filepath.Dir(tool(t, "bin/grpcurl")), filepath.Dir(tool(t, "venv/bin/python")), programFolder(t), os.Getenv("PATH"),
	}
	sessions := readmeSession.FindAllStringSubmatch(page, -1)
	for _, s := range sessions {
		command := exec.CommandContext(testContext(t), "sh", "-c", strings.ReplaceAll(s[1], readmeAddress, address))
		command.Dir = ".."
		command.Env = append(os.Environ(), "PATH="+strings.Join(path, ":"), "PYTHONPATH=gen/python", "PYTHONDONTWRITEBYTECODE=1",
			"TVSTATS_SERVER="+address, programEnv+"=1")
		compareSession(t, command, s[2])
	}
	return len(sessions)
}

// programFolder is a folder in which this test binary is called tvstats.
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
	return folder
}

// TestREADMEPython runs the Python session of the README with the stubs in gen/python.
func TestREADMEPython(t *testing.T) {
	python := tool(t, "venv/bin/python")
	address := startTestServer(t)
	s := pythonSession.FindStringSubmatch(readme(t))
	if s == nil {
		t.Fatal("the README has no session in Python")
	}
	command := exec.CommandContext(testContext(t), python, "-c", strings.ReplaceAll(s[1], readmeAddress, address))
	command.Env = append(os.Environ(), "PYTHONPATH=../gen/python")
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

// stable leaves out what differs from run to run: ids, times of creation, and white space in JSON.
func stable(output string) string {
	output = changing.ReplaceAllString(output, `"$1": ""`)
	return strings.Join(strings.Fields(changingID.ReplaceAllString(output, "ID")), " ")
}

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// tool finds what `make tools` installs.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", ".tools", name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Skipf("%s is not there; `make tools` installs it", name)
	}
	return path
}
