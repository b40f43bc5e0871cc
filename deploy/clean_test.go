package deploy

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"
)

// cleanTree is a new Debian without anything of ours, as a folder, which `make test-dist` makes where it can.
func cleanTree(t *testing.T) string {
	t.Helper()
	made := filepath.Join("..", ".tools", "debian")
	if _, err := os.Stat(filepath.Join(made, "bin")); err != nil {
		t.Skip("there is no clean Debian: `make test-dist` makes one as root, with debootstrap and a mirror")
	}
	tree := filepath.Join(t.TempDir(), "tree")
	output(t, exec.CommandContext(t.Context(), "cp", "--archive", "--reflink=auto", made, tree))
	return tree
}

// inside runs a script with a network of its own, in which every port is free, and with processes of its own, which end
// with it. It needs root.
func inside(t *testing.T, script string, args ...string) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root makes namespaces")
	}
	for _, tool := range []string{"unshare", "ip"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	return output(t, exec.CommandContext(ctx, "unshare", append([]string{
		"--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-euc", "ip link set lo up\n" + script, "sh",
	}, args...)...))
}

// systemctl plays systemd for one unit: it starts what the unit says, as the user that it says, with the settings of the
// files that it names, and returns once that serves or has ended.
const systemctl = `#!/bin/sh
set -eu
unit=/usr/lib/systemd/system/tvstats.service
[ -e "$unit" ] || unit=/etc/systemd/system/tvstats.service
value() { sed -n "s/^$1=-\{0,1\}//p" "$unit"; }
start() {
	set -a; eval "$(value Environment)"; . "$(value EnvironmentFile)"; set +a
	install -d -o "$(value User)" -g "$(value Group)" -m "$(value StateDirectoryMode)" "/var/lib/$(value StateDirectory)"
	: >/run/log
	cd /
	setpriv --reuid "$(value User)" --regid "$(value Group)" --clear-groups sh -c "exec $(value ExecStart)" 2>>/run/log >&2 </dev/null &
	echo $! >/run/pid
	timeout 120 tail --pid $! -n +1 -f /run/log | grep -m 1 msg=serving
}
stop() { kill "$(cat /run/pid)"; tail --pid "$(cat /run/pid)" -f /dev/null; rm /run/pid; }
case "$1" in
daemon-reload) ;;
enable) start ;;
disable) stop ;;
restart) stop; start ;;
*) echo "nobody plays systemctl $1" >&2; exit 2 ;;
esac
`

// install runs the commands of a section of the page in a clean Debian, in a folder that has what was made and nothing else.
func install(t *testing.T, section string) {
	t.Helper()
	made, tree := dist(t), cleanTree(t)
	output(t, exec.CommandContext(t.Context(), "cp", "-r", made, filepath.Join(tree, "downloads")))
	for name, text := range map[string]string{"usr/bin/systemctl": systemctl, "run/systemd/system/.keep": ""} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(tree, name)), 0o755); err != nil { //nolint:gosec // another user runs it
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(tree, name), []byte(text), 0o755); err != nil { //nolint:gosec // it is run
			t.Fatal(err)
		}
	}
	blocks := regexp.MustCompile("(?s)<!-- "+section+" -->\n```sh\n(.*?)```").FindAllStringSubmatch(file(t, "../docs/install.md"), -1)
	if len(blocks) == 0 {
		t.Fatalf("the page has no commands for %s", section)
	}
	script := "cd /downloads\n"
	for _, block := range blocks {
		script += strings.ReplaceAll(block[1], "amd64", runtime.GOARCH)
	}
	script += `stat -c 'data of %U, %a' /var/lib/tvstats /var/lib/tvstats/tvstats.duckdb
tr '\0' '\n' </proc/$(cat /run/pid)/environ | grep ^TVSTATS_`
	printed := inside(t, `mount --bind /proc "$1/proc"; mount --bind /dev "$1/dev"; exec chroot "$1" env -i PATH=/usr/local/bin:/usr/bin:/usr/sbin:/bin:/sbin HOME=/root sh -euxc "$2"`, tree, script)
	for _, want := range []string{
		"\nready\n", "\ndata of tvstats, 700\n", "\ndata of tvstats, 6", // of the store's file: its user alone writes it
		"\nTVSTATS_DATA_DIR=/var/lib/tvstats", "\nTVSTATS_RETENTION_DAYS=400\n",
	} {
		if !strings.Contains(printed, want) {
			t.Errorf("there is no %q in\n%s", want, printed)
		}
	}
}

// TestInstallTarball and TestInstallDebianPackage do what the page says on a new machine.
func TestInstallTarball(t *testing.T)       { install(t, "tarball") }
func TestInstallDebianPackage(t *testing.T) { install(t, "debian") }
