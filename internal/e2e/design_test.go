package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestFilesOfThePagesExist: a file that a page for engineers names is there, and so is a function that stands behind it.
func TestFilesOfThePagesExist(t *testing.T) {
	t.Parallel()
	named := regexp.MustCompile("`((?:internal|proto|server|sender)/[\\w/]+\\.\\w+)`(?:\\s+\\(`(\\w+)`\\))?")
	for page, least := range map[string]int{"docs/life.md": 40, "CONTRIBUTING.md": 20} {
		text, err := os.ReadFile("../../" + page)
		if err != nil {
			t.Fatal(err)
		}
		found := named.FindAllStringSubmatch(string(text), -1)
		if len(found) < least {
			t.Errorf("%s names %d files, want %d or more", page, len(found), least)
		}
		for _, match := range found {
			source, err := os.ReadFile("../../" + match[1])
			if err != nil {
				t.Errorf("%s: %v", page, err)
				continue
			}
			if name := match[2]; name != "" && !regexp.MustCompile(`(?m)^(func (\([^)]*\) )?|var |\t)`+name+`\b`).Match(source) {
				t.Errorf("%s: %s has no %s", page, match[1], name)
			}
		}
	}
}

// TestDesignPages: each says what was decided, why, what was rejected and what repeats it; the index has each, and the tests and
// benchmarks are there.
func TestDesignPages(t *testing.T) {
	t.Parallel()
	index, err := os.ReadFile("../../docs/design/README.md")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob("../../docs/design/[a-z]*.md")
	if err != nil || len(pages) < 10 {
		t.Fatalf("got %d pages, %v", len(pages), err)
	}
	command := regexp.MustCompile(`go test \./(internal/[\w/]+)(?: -run '?([\w^$]+)'?)?(?: -bench '?([\w$.]+)'?)?`)
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(page)
		if !strings.Contains(string(index), "("+name+")") {
			t.Errorf("the index lacks %s", name)
		}
		for _, part := range []string{"**Decision.**", "**Rejected.**", "**Measure again.**"} {
			if !strings.Contains(string(text), part) {
				t.Errorf("%s lacks %s", name, part)
			}
		}
		commands := command.FindAllStringSubmatch(string(text), -1)
		if len(commands) == 0 {
			t.Errorf("%s has no command that repeats its numbers", name)
		}
		for _, c := range commands {
			tests := testsOf(t, "../../"+c[1])
			for kind, chosen := range map[string]string{"Test": c[2], "Benchmark": c[3]} {
				if chosen == "" || chosen == "^$" {
					continue
				}
				if !regexp.MustCompile(`(?m)^func ` + kind + `\w*` + chosen).MatchString(tests) {
					t.Errorf("%s: %s has no %s %s", name, c[1], kind, chosen)
				}
			}
		}
	}
}

// testsOf are the texts of the package's tests.
func testsOf(t *testing.T, dir string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s has no tests: %v", dir, err)
	}
	var all strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all.WriteString(strings.ReplaceAll(string(text), "(", "\n(")) // a name ends its line, as -bench Name$ means it
	}
	return all.String()
}
