package e2e

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/tvstats/tvstats/internal/rpc/rpctest"
)

// mongoexport plays the program of that name on a collection of one view, whose fields are called as the pages say.
const mongoexport = `#!/bin/sh
echo '{"_id":{"$oid":"65e1"},"user":{"$numberLong":"11"},"channel":2,"begin":{"$date":"2026-03-01T20:00:00Z"},'"$LENGTH"',"note":"x"}'
`

// TestMongoexportOfThePages runs the commands of the pages that bring in what mongoexport writes.
func TestMongoexportOfThePages(t *testing.T) {
	t.Parallel()
	tools := t.TempDir()
	if err := os.WriteFile(tools+"/mongoexport", []byte(mongoexport), 0o700); err != nil { //nolint:gosec // it is run
		t.Fatal(err)
	}
	const length, end = `"duration":600.0`, `"end":{"$date":"2026-03-01T20:10:00Z"}`
	byEnd := strings.NewReplacer("watched_seconds=duration", "at=end")
	for _, name := range []string{"old-module.md", "import.md"} {
		text := strings.ReplaceAll(page(t, "../../docs/"+name), "\n   ", "\n") // commands of a list's items, too
		if name == "old-module.md" && !strings.Contains(text, "`--column at=end`") {
			t.Errorf("%s does not say how documents with an end are read", name)
		}
		imports := 0
		for _, block := range regexp.MustCompile("(?s)```sh\n(mongoexport .*?)```").FindAllStringSubmatch(text, -1) {
			for field, commands := range map[string]string{length: block[1], end: byEnd.Replace(block[1])} {
				run := exec.CommandContext(rpctest.Context(t), "sh", "-euc", commands)
				run.Dir = t.TempDir()
				run.Env = append(os.Environ(), "PATH="+tools+":"+programFolder(t)+":"+os.Getenv("PATH"), programEnv+"=1", "LENGTH="+field,
					"TVSTATS_SERVER="+startTestServer(t))
				output, err := run.CombinedOutput()
				if err != nil || strings.Contains(commands, "tvstats import") && !strings.Contains(string(output), "\n  accepted 1\n") {
					t.Errorf("%s: %s%v: %s", name, commands, err, output)
				}
				imports += strings.Count(string(output), "\n  accepted 1\n")
			}
		}
		if imports < 2 {
			t.Errorf("%s: only %d imports were run", name, imports)
		}
	}
}
