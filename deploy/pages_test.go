package deploy

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// links are those of a page that name a file, without the part of it that they name.
func links(page string) (targets []string) {
	for _, link := range regexp.MustCompile(`\]\(([^)#: ]+)(?:#[^)]*)?\)`).FindAllStringSubmatch(page, -1) {
		targets = append(targets, link[1])
	}
	return targets
}

// TestLinksOfThePages: each leads to a file of the sources.
func TestLinksOfThePages(t *testing.T) {
	t.Parallel()
	if found := checkLinks(t, "..", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "docs", "clients/django"); found < 100 {
		t.Errorf("only %d links were found", found)
	}
}

// checkLinks looks for the target of each link in the pages below a folder, and returns how many links there are.
func checkLinks(t *testing.T, folder string, below ...string) (found int) {
	t.Helper()
	for _, start := range below {
		err := filepath.WalkDir(filepath.Join(folder, start), func(name string, _ fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(name) != ".md" {
				return err
			}
			for _, target := range links(file(t, name)) {
				found++
				if _, err := os.Stat(filepath.Join(filepath.Dir(name), target)); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	return found
}

// TestPagesAreShipped: tarball and package have every page, with all that their links lead to, and what the settings name.
func TestPagesAreShipped(t *testing.T) {
	made, unpackedDeb := dist(t), t.TempDir()
	output(t, exec.CommandContext(t.Context(), "dpkg-deb", "-x", matching(t, made, "tvstats_*_"+runtime.GOARCH+".deb"), unpackedDeb))
	pages, err := filepath.Glob("../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{filepath.Dir(unpacked(t)), unpackedDeb + "/usr/share/doc/tvstats"} {
		if found := checkLinks(t, folder, "."); found < 100 {
			t.Errorf("only %d links were found", found)
		}
		for _, page := range append(pages, "../README.md", "../CHANGELOG.md") {
			name := filepath.Join(folder, strings.TrimPrefix(page, "../"))
			shipped := links(file(t, name))
			for _, target := range links(file(t, page)) {
				if strings.HasSuffix(target, ".png") && !slices.Contains(shipped, target) {
					t.Errorf("%s does not show %s", name, target)
				}
			}
		}
		for _, page := range regexp.MustCompile(`docs/[a-z-]+\.md`).FindAllString(file(t, "tvstats.default"), -1) {
			if _, err := os.Stat(filepath.Join(folder, page)); err != nil {
				t.Errorf("the settings name a page: %v", err)
			}
		}
	}
}
