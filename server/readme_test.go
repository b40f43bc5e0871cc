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
	changing      = regexp.MustCompile(`"(sortingId|selectionId|createdAt)": "[^"]+"`)
)

// TestREADME runs the first session of the README, with grpcurl, and compares what is printed.
func TestREADME(t *testing.T) {
	grpcurl := tool(t, "bin/grpcurl")
	address := startTestServer(t)
	sessions := readmeSession.FindAllStringSubmatch(readme(t), -1)
	if len(sessions) < 5 {
		t.Fatalf("the README has %d commands with grpcurl", len(sessions))
	}
	for _, s := range sessions {
		command := exec.CommandContext(testContext(t), "sh", "-c", strings.ReplaceAll(s[1], readmeAddress, address))
		command.Env = append(os.Environ(), "PATH="+filepath.Dir(grpcurl)+":"+os.Getenv("PATH"))
		compareSession(t, command, s[2])
	}
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
	return strings.Join(strings.Fields(changing.ReplaceAllString(output, `"$1": ""`)), " ")
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
