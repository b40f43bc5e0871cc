package deploy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// image is what the steps of a Dockerfile make, each stage a folder in the place of a container.
type image struct {
	stages     map[string]string // folders, by name; the last one is ""
	root       string            // of the stage at hand
	workdir    string
	arguments  []string // of the build, NAME=value
	env        []string
	volume     string
	ports      []string
	user       string
	entrypoint []string
	health     []string
}

// instructions splits a Dockerfile into its steps.
func instructions(dockerfile string) []string {
	text := regexp.MustCompile(`(?m)^#.*\n`).ReplaceAllString(dockerfile, "")
	return strings.FieldsFunc(strings.ReplaceAll(text, "\\\n", " "), func(r rune) bool { return r == '\n' })
}

// step does a step as an engine would.
func (i *image) step(t *testing.T, line string) {
	t.Helper()
	instruction, rest, _ := strings.Cut(line, " ")
	words := strings.Fields(rest)
	switch instruction {
	case "FROM":
		i.root, i.workdir = t.TempDir(), "/"
		name := ""
		if len(words) == 3 && words[1] == "AS" {
			name = words[2]
		}
		i.stages[name] = i.root
	case "ARG":
		i.arguments = append(i.arguments, rest+"=9.9.9")
	case "WORKDIR":
		i.workdir = rest
		i.folder(t, rest)
	case "COPY":
		i.copied(t, words)
	case "RUN":
		command := exec.CommandContext(t.Context(), "sh", "-c", rest)
		command.Dir, command.Env = filepath.Join(i.root, i.workdir), append(os.Environ(), i.arguments...)
		output(t, command)
	case "ENV":
		i.env = append(i.env, words...)
	case "VOLUME":
		i.volume = rest
	case "EXPOSE":
		i.ports = words
	case "USER":
		i.user = rest
	case "HEALTHCHECK":
		_, command, _ := strings.Cut(rest, " CMD ")
		i.health = list(t, command)
	case "ENTRYPOINT":
		i.entrypoint = list(t, rest)
	default:
		t.Fatalf("the test cannot do %s", line)
	}
}

func (i *image) folder(t *testing.T, name string) string {
	t.Helper()
	made := filepath.Join(i.root, name)
	if err := os.MkdirAll(made, 0o755); err != nil { //nolint:gosec // the image's user reads it
		t.Fatal(err)
	}
	return made
}

// copied does COPY, from the sources but for what .dockerignore names, or from an earlier stage.
func (i *image) copied(t *testing.T, words []string) {
	t.Helper()
	from, owner := "", ""
	for len(words) > 0 && strings.HasPrefix(words[0], "--") {
		switch flag, value, _ := strings.Cut(words[0], "="); flag {
		case "--from":
			from = i.stages[value]
		case "--chown":
			owner = value
		default:
			t.Fatalf("the test cannot do %s", words[0])
		}
		words = words[1:]
	}
	wanted, to := words[:len(words)-1], words[len(words)-1]
	if from == "" {
		ignored := strings.Fields(file(t, "../.dockerignore"))
		sources(t, i.folder(t, i.workdir), func(name string) bool {
			in := func(folder string) bool { return name == folder || strings.HasPrefix(name, folder+"/") }
			return !slices.ContainsFunc(ignored, in) && (wanted[0] == "." || slices.Contains(wanted, name))
		})
		return
	}
	i.folder(t, filepath.Dir(to))
	output(t, exec.CommandContext(t.Context(), "cp", "-r", "--preserve=mode", filepath.Join(from, wanted[0]), filepath.Join(i.root, to)))
	if owner != "" && os.Geteuid() == 0 {
		output(t, exec.CommandContext(t.Context(), "chown", "-R", strings.ReplaceAll(owner, "nonroot", nonroot), filepath.Join(i.root, to)))
	}
}

// nonroot is the number of the base image's user of that name, and of its group.
const nonroot = "65532"

func list(t *testing.T, text string) (words []string) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &words); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return words
}

// base puts what the program needs of the base image into the folder: the libraries of this machine.
func (i *image) base(t *testing.T) {
	t.Helper()
	libraries := output(t, exec.CommandContext(t.Context(), "ldd", filepath.Join(i.root, i.entrypoint[0])))
	for _, library := range regexp.MustCompile(`(/\S+) \(0x`).FindAllStringSubmatch(libraries, -1) {
		i.folder(t, filepath.Dir(library[1]))
		output(t, exec.CommandContext(t.Context(), "cp", "--dereference", library[1], filepath.Join(i.root, library[1])))
	}
	output(t, exec.CommandContext(t.Context(), "chmod", "1777", i.folder(t, "/tmp")))
}

// dockerRun is the line of the page that starts the image.
func dockerRun(t *testing.T) (env, published []string, volume string) {
	t.Helper()
	block := regexp.MustCompile(`(?m)^docker run --detach (.*)\\\n(.*) tvstats$`).FindStringSubmatch(file(t, "../docs/install.md"))
	if block == nil {
		t.Fatal("the page does not say how to run the image")
	}
	flags := regexp.MustCompile(`--(\w+) (\S+)`)
	for _, flag := range flags.FindAllStringSubmatch(block[1]+block[2], -1) {
		switch flag[1] {
		case "env":
			env = append(env, flag[2])
		case "publish":
			published = append(published, flag[2])
		case "volume":
			_, volume, _ = strings.Cut(flag[2], ":")
		}
	}
	return env, published, volume
}

// TestImage does the steps of the Dockerfile in folders and starts what they make as the page says: with nothing but that,
// as the image's user. The health check is red before and after, and green while it serves.
func TestImage(t *testing.T) {
	dist(t)
	made := image{stages: map[string]string{}}
	for _, line := range instructions(file(t, "Dockerfile")) {
		made.step(t, line)
	}
	env, published, volume := dockerRun(t)
	if volume != made.volume {
		t.Errorf("the page keeps %s, the image's data are in %s", volume, made.volume)
	}
	for _, publish := range published {
		if port := publish[strings.LastIndex(publish, ":")+1:]; !slices.Contains(made.ports, port) || !strings.HasPrefix(publish, "127.0.0.1:") {
			t.Errorf("the page publishes %s", publish)
		}
	}
	if made.user != "nonroot" {
		t.Errorf("the image runs as %s", made.user)
	}
	made.base(t)
	command := func(words []string) string {
		return fmt.Sprintf("env -i '%s' \"$(command -v chroot)\" --userspec=%s:%s %s %s", strings.Join(append(made.env, env...), "' '"),
			nonroot, nonroot, made.root, strings.Join(words, " "))
	}
	processes, devices := made.folder(t, "/proc"), made.folder(t, "/dev")
	printed := inside(t, `
mount --bind /proc `+processes+`
mount --bind /dev `+devices+`
log=$(mktemp); trap 'rm "$log"' EXIT
! `+command(made.health)+` || exit 1
`+command(append(made.entrypoint, "version"))+`
`+command(made.entrypoint)+` 2>"$log" &
serves=$!
timeout 120 tail --pid $serves -n +1 -f "$log" | grep -m 1 msg=serving || { cat "$log"; exit 1; }
`+command(made.health)+`
kill $serves; wait $serves
! `+command(made.health)+` || exit 1
ls -ln `+made.root+made.volume)
	for _, want := range []string{"\ntvstats 9.9.9, commit ", "\nready\n", " " + nonroot + " " + nonroot + " ", "tvstats.duckdb"} {
		if !strings.Contains(printed, want) {
			t.Errorf("there is no %q in\n%s", want, printed)
		}
	}
	if strings.Count(printed, "\nready\n") != 1 || !bytes.Contains([]byte(printed), []byte("127.0.0.1:50051")) {
		t.Errorf("the health check says\n%s", printed)
	}
}
