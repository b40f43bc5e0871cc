package deploy

import (
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/tvstats/tvstats/internal/store/mongolog/mongotest"
)

// service is the part of a compose file's services that is checked.
type service struct {
	Image       string
	Build       struct{ Context, Dockerfile string }
	Command     []string
	Environment map[string]string
	Ports       []string
	Volumes     []string
	DependsOn   any `yaml:"depends_on"` // names, or what is waited for by name
	Healthcheck struct{ Test []string }
}

func composed(t *testing.T) map[string]service {
	t.Helper()
	var project struct {
		Services map[string]service
		Volumes  map[string]any
	}
	read(t, "compose.yaml", &project)
	for name, s := range project.Services {
		for _, volume := range s.Volumes {
			from, _, _ := strings.Cut(volume, ":")
			_, declared := project.Volumes[from]
			if _, err := os.Stat(from); !declared && (!strings.HasPrefix(from, "./") || err != nil) {
				t.Errorf("%s: there is no %s", name, from)
			}
		}
	}
	return project.Services
}

func read(t *testing.T, name string, into any) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(file(t, name)), into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// TestComposeFitsTheSchema holds the file to the schema that the Compose specification publishes.
func TestComposeFitsTheSchema(t *testing.T) {
	t.Parallel()
	check, err := filepath.Abs("../.tools/check-jsonschema/bin/check-jsonschema")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(check); err != nil {
		t.Skip("check-jsonschema is not there; `make test-dist` installs it")
	}
	output(t, exec.CommandContext(t.Context(), check, "--builtin-schema", "vendor.compose-spec", "compose.yaml"))
}

// TestComposeFitsTogether: what one service says of another is so.
func TestComposeFitsTogether(t *testing.T) {
	t.Parallel()
	services, ports := composed(t), strings.Fields(regexp.MustCompile(`(?m)^EXPOSE (.*)$`).FindStringSubmatch(file(t, "Dockerfile"))[1])
	for name, s := range services {
		for _, port := range s.Ports {
			if !strings.HasPrefix(port, "127.0.0.1:") {
				t.Errorf("%s: %s can be reached from elsewhere", name, port)
			}
			if inner := port[strings.LastIndex(port, ":")+1:]; name == "tvstats" && !slices.Contains(ports, inner) {
				t.Errorf("the image does not expose %s", inner)
			}
		}
		if s.Image == "tvstats" && (s.Build.Context != ".." || s.Build.Dockerfile != "deploy/Dockerfile") {
			t.Errorf("%s is built of %v", name, s.Build)
		}
	}
	host := func(what, address string) {
		name, port, _ := strings.Cut(address, ":")
		if _, there := services[name]; !there {
			t.Errorf("%s: there is no service %s", what, name)
		}
		if name == "tvstats" && !slices.Contains(ports, port) {
			t.Errorf("%s: the image does not expose %s", what, port)
		}
	}
	var scraping struct {
		Rules  []string `yaml:"rule_files"`
		Scrape []struct {
			Job    string                       `yaml:"job_name"`
			Static []struct{ Targets []string } `yaml:"static_configs"`
		} `yaml:"scrape_configs"`
	}
	read(t, "prometheus.yml", &scraping)
	host("prometheus.yml", scraping.Scrape[0].Static[0].Targets[0])
	if job := `up{job="` + scraping.Scrape[0].Job + `"}`; !strings.Contains(file(t, scraping.Rules[0]), job) {
		t.Errorf("no alert rule asks for %s", job)
	}
	host("boxes", services["boxes"].Environment["TVSTATS_SERVER"])
	var sources struct{ Datasources []struct{ URL, Type string } }
	read(t, "grafana/datasources.yml", &sources)
	host("grafana/datasources.yml", strings.TrimPrefix(sources.Datasources[0].URL, "http://"))
	var boards struct {
		Providers []struct{ Options struct{ Path string } }
	}
	read(t, "grafana/dashboards.yml", &boards)
	for board, name := range map[string]string{"grafana-dashboard.json": "tvstats.json", "grafana-wall.json": "tvstats-wall.json"} {
		if at := boards.Providers[0].Options.Path + "/" + name; !strings.Contains(file(t, "compose.yaml"), "./"+board+":"+at+":ro") {
			t.Errorf("%s is not mounted at %s", board, at)
		}
	}
}

// TestComposeRuns runs the services of ours as the file says, in its order, with a stand-in for MongoDB.
func TestComposeRuns(t *testing.T) {
	program, services := unpacked(t), composed(t)
	uri, err := url.Parse(mongotest.URI(t))
	if err != nil {
		t.Fatal(err)
	}
	address := freeAddress(t) // other tests run beside this one
	command := func(name string, words ...string) string {
		settings := []string{
			"TVSTATS_DATA_DIR=" + filepath.Join(filepath.Dir(program), "data"), "TVSTATS_LISTEN=" + address, "TVSTATS_SERVER=" + address,
			"TVSTATS_HTTP_LISTEN=127.0.0.1:0", "TVSTATS_WEB_LISTEN=127.0.0.1:0",
		}
		for key, value := range services[name].Environment {
			value = strings.ReplaceAll(value, "tvstats:50051", address)
			settings = append(settings, key+"="+regexp.MustCompile(`^mongodb://.*`).ReplaceAllLiteralString(value, uri.String()))
		}
		return "env '" + strings.Join(settings, "' '") + "' " + program + " " + strings.Join(words, " ")
	}
	boxes := strings.ReplaceAll(strings.Join(services["boxes"].Command, " "), "--boxes=300", "--boxes=20")
	run := exec.CommandContext(t.Context(), "sh", "-euc", command("migrate", services["migrate"].Command...)+`
log=$(mktemp)
`+command("tvstats", services["tvstats"].Command...)+` 2>"$log" &
serves=$!
trap 'kill $serves; wait $serves; rm "$log"' EXIT
timeout 120 tail --pid $serves -n +1 -f "$log" | grep -m 1 msg=serving
`+command("tvstats", services["tvstats"].Healthcheck.Test[2:]...)+`
`+command("boxes", boxes)+` >"$log.boxes" 2>&1 &
watch=$!
timeout 120 tail --pid $watch -n +1 -f "$log.boxes" | grep -m 1 'go on watching' || { cat "$log.boxes"; exit 1; }
kill $watch; wait $watch; cat "$log.boxes"; rm "$log.boxes"`)
	printed := output(t, run)
	for _, want := range []string{"\nDone.\n", " store=\"mongodb ", "\nready\n", "catalog of client 1 pushed"} {
		if !strings.Contains(printed, want) {
			t.Errorf("there is no %q in\n%s", want, printed)
		}
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close() //nolint:errcheck // nobody has connected
	return listener.Addr().String()
}
