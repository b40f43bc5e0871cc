// Package deploy holds what operators install besides the program, and the tests of it.
package deploy

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

// distEnv names the folder that `make dist` has filled. Tests that need it take minutes, and run in `make test-dist`.
const distEnv = "TVSTATS_DIST"

func dist(t *testing.T) string {
	t.Helper()
	folder := os.Getenv(distEnv)
	if folder == "" {
		t.Skip("`make test-dist` runs this")
	}
	return folder
}

// matching finds the one file of a folder that has such a name.
func matching(t *testing.T, folder, pattern string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(folder, pattern))
	if err != nil || len(found) != 1 {
		t.Fatalf("%s has %v, want one %s (%v)", folder, found, pattern, err)
	}
	return found[0]
}

// TestControlIsReadable: dpkg-deb takes each line of the package's description for a field that does not begin with a space.
func TestControlIsReadable(t *testing.T) {
	t.Parallel()
	readable := regexp.MustCompile(`^([A-Z][A-Za-z-]*:)? \S`)
	for line := range strings.Lines(file(t, "package/control")) {
		if !readable.MatchString(line) {
			t.Errorf("neither a field nor the rest of one: %q", line)
		}
	}
}

// output runs a command to its end and returns all that it printed.
func output(t *testing.T, command *exec.Cmd) string {
	t.Helper()
	printed, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", command.Args, err, printed)
	}
	return string(printed)
}

func file(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// unpacked is the program of the tarball for this machine.
func unpacked(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	output(t, exec.CommandContext(t.Context(), "tar", "-xzf", matching(t, dist(t), "tvstats-*-linux-"+runtime.GOARCH+".tar.gz"),
		"-C", folder, "--strip-components=1"))
	return filepath.Join(folder, "tvstats")
}

// TestDistIsReproducible makes everything once more, of a copy of the sources in another folder, in another time zone, by
// somebody whose files nobody else may read, and compares the checksums. Compiled packages come from Go's cache unless
// GOCACHE names an empty folder, as it should before a release.
func TestDistIsReproducible(t *testing.T) {
	first := dist(t)
	copied := sources(t, t.TempDir(), func(string) bool { return true })
	git := strings.TrimSpace(output(t, exec.CommandContext(t.Context(), "git", "rev-parse", "--absolute-git-dir")))
	again := exec.CommandContext(t.Context(), "sh", "-euc", `umask 077; chmod -R go= .; exec deploy/dist "$(deploy/version)"`)
	again.Dir = copied
	again.Env = append(os.Environ(), "GIT_DIR="+git, "GIT_WORK_TREE="+copied, "GIT_OPTIONAL_LOCKS=0", "TZ=Asia/Kathmandu", "GOFLAGS=")
	output(t, again)
	want, got := file(t, filepath.Join(first, "SHA256SUMS")), file(t, filepath.Join(copied, "dist", "SHA256SUMS"))
	if got != want {
		t.Errorf("made again:\n%s\nwant\n%s", got, want)
	}
	check := exec.CommandContext(t.Context(), "sha256sum", "--check", "--quiet", "SHA256SUMS")
	check.Dir = first
	output(t, check)
}

// sources copies what git knows or would add, and the filter lets through, into a folder, which it returns.
func sources(t *testing.T, folder string, wanted func(name string) bool) string {
	t.Helper()
	list := exec.CommandContext(t.Context(), "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	list.Dir = ".."
	for name := range strings.SplitSeq(strings.TrimRight(output(t, list), "\x00"), "\x00") {
		if !wanted(name) {
			continue
		}
		from := filepath.Join("..", name)
		info, err := os.Stat(from)
		if errors.Is(err, os.ErrNotExist) {
			continue // deleted, and not committed yet
		}
		if err != nil {
			t.Fatal(err)
		}
		to := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil { //nolint:gosec // a user of its own reads it
			t.Fatal(err)
		}
		if err := os.WriteFile(to, []byte(file(t, from)), info.Mode()); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// TestProgramOfTheTarball needs the C library alone, and says which version it is.
func TestProgramOfTheTarball(t *testing.T) {
	program := unpacked(t)
	version := strings.TrimSpace(output(t, exec.CommandContext(t.Context(), "./version")))
	if got := output(t, exec.CommandContext(t.Context(), program, "version")); !strings.HasPrefix(got, "tvstats "+version+", commit ") {
		t.Errorf("the program says %q, the sources are %s", got, version)
	}
	needed := output(t, exec.CommandContext(t.Context(), "objdump", "-p", program))
	for _, library := range regexp.MustCompile(`NEEDED +(\S+)`).FindAllStringSubmatch(needed, -1) {
		if !regexp.MustCompile(`^(libc|libm|libdl|libpthread|ld-linux.*)\.so`).MatchString(library[1]) {
			t.Errorf("the program needs %s", library[1])
		}
	}
	if where, err := filepath.Abs(".."); err != nil || bytes.Contains([]byte(file(t, program)), []byte(where+"/")) {
		t.Errorf("the program names the folder in which it was built (%v)", err)
	}
}

// TestComponents compares the list of components with what the program says of itself.
func TestComponents(t *testing.T) {
	program := unpacked(t)
	list := file(t, matching(t, dist(t), "tvstats-*-linux-"+runtime.GOARCH+".cdx.json"))
	notices := file(t, filepath.Join(filepath.Dir(program), "NOTICES"))
	modules := regexp.MustCompile(`(?m)^\tdep\t(\S+)\t(\S+)`).FindAllStringSubmatch(output(t, exec.CommandContext(t.Context(), "go", "version", "-m", program)), -1)
	if len(modules) < 20 {
		t.Fatalf("only %d modules", len(modules))
	}
	for _, module := range modules {
		if !strings.Contains(list, "pkg:golang/"+strings.ReplaceAll(module[1], "+", "%2B")+"@"+module[2]) {
			t.Errorf("the list of components lacks %s %s", module[1], module[2])
		}
		if !strings.Contains(notices, "=== "+module[1]+" "+module[2]+": ") {
			t.Errorf("NOTICES lacks the licence of %s", module[1])
		}
	}
}

// TestDebianPackageHas lists what the package brings, where to, and whose it is.
func TestDebianPackageHas(t *testing.T) {
	list := output(t, exec.CommandContext(t.Context(), "dpkg-deb", "--contents", matching(t, dist(t), "tvstats_*_"+runtime.GOARCH+".deb")))
	for _, want := range []string{
		`-rwxr-xr-x root/root .* \./usr/bin/tvstats`, `-rw-r--r-- root/root .* \./usr/lib/systemd/system/tvstats\.service`,
		`-rw-r--r-- root/root .* \./etc/default/tvstats`, `-rw-r--r-- root/root .* \./usr/share/doc/tvstats/NOTICES`,
	} {
		if !regexp.MustCompile("(?m)^" + want + "$").MatchString(list) {
			t.Errorf("the package has no %s:\n%s", want, list)
		}
	}
}
