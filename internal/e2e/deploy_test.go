package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/app"
	"github.com/tvstats/tvstats/internal/commands"
)

// deployed reads a file for operators.
func deployed(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "deploy", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// alertRules is the part of Prometheus' rule files that is used.
type alertRules struct {
	Groups []struct {
		Rules []struct {
			Alert, Expr string
			Annotations struct{ Summary, Action string }
		}
	}
}

// dashboard is the part of Grafana's dashboards that is checked.
type dashboard struct {
	Panels []struct {
		ID      int
		Title   string
		Targets []struct{ Expr string }
	}
}

// TestOperatorsAskForMetricsThatExist compares what alerts and dashboard query with /metrics of a running service on which
// nothing has happened yet.
func TestOperatorsAskForMetricsThatExist(t *testing.T) {
	t.Parallel()
	var rules alertRules
	if err := yaml.Unmarshal(deployed(t, "prometheus-alerts.yml"), &rules); err != nil {
		t.Fatal(err)
	}
	var board, onWall dashboard
	if err := errors.Join(json.Unmarshal(deployed(t, "grafana-dashboard.json"), &board), json.Unmarshal(deployed(t, "grafana-wall.json"), &onWall)); err != nil {
		t.Fatal(err)
	}
	asked := map[string]string{} // expressions, by what asks
	for _, rule := range rules.Groups[0].Rules {
		asked[rule.Alert] = rule.Expr
		if rule.Annotations.Summary == "" || rule.Annotations.Action == "" {
			t.Errorf("%s does not say what is wrong and what to do", rule.Alert)
		}
	}
	for _, panel := range append(board.Panels, onWall.Panels...) {
		for _, target := range panel.Targets {
			asked[panel.Title] += target.Expr + "\n"
		}
	}
	if len(asked) < 22 {
		t.Errorf("only %d alerts and panels were read", len(asked))
	}
	embedded, onLog := start(t), start(t, onMongoDB(t)) // what is of replicas only is there with a log only
	served := scraped(t, "http://"+probes(t, embedded)+"/metrics") + scraped(t, "http://"+probes(t, onLog)+"/metrics")
	if strings.Contains(served, "tvstats_wall_") {
		t.Error("/metrics shows figures of clients that nobody named")
	}
	wall, _ := startWall(t)
	served += scrapedWall(t, wall)
	if strings.Contains(served, "tvstats_log_entries NaN") || !strings.Contains(served, "tvstats_replica_days_differ_total 0\n") {
		t.Error("the log could not be asked, or what differs does not begin at 0")
	}
	metric := regexp.MustCompile(`\b(?:tvstats|grpc_server|process)_[a-z_]+`)
	for name, expr := range asked {
		found := metric.FindAllString(expr, -1)
		if len(found) == 0 && expr != `up{job="tvstats"} == 0` {
			t.Errorf("%s asks for no metric: %s", name, expr)
		}
		for _, m := range found {
			if !strings.Contains(served, "\n"+m+"{") && !strings.Contains(served, "\n"+m+" ") {
				t.Errorf("%s asks for %s, which does not exist", name, m)
			}
		}
		if strings.Count(expr, "(") != strings.Count(expr, ")") || strings.Count(expr, "{") != strings.Count(expr, "}") {
			t.Errorf("%s: the brackets do not match: %s", name, expr)
		}
	}
}

func scraped(t *testing.T, url string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close() //nolint:errcheck // it was only read
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return "\n" + string(text)
}

// TestOperatorsSetVariablesThatExist: a setting that is misspelt in these files would be ignored silently.
func TestOperatorsSetVariablesThatExist(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, node := range commands.NewParser(&commands.Program{}).Model.Leaves(false) {
		for _, flag := range node.Flags {
			for _, env := range flag.Envs {
				known[env] = true
			}
		}
	}
	page, err := os.ReadFile("../../docs/operation.md")
	if err != nil {
		t.Fatal(err)
	}
	install, err := os.ReadFile("../../docs/install.md")
	if err != nil {
		t.Fatal(err)
	}
	files := bytes.Join([][]byte{
		deployed(t, "tvstats.service"), deployed(t, "tvstats.default"), deployed(t, "Dockerfile"), deployed(t, "compose.yaml"), page, install,
	}, nil)
	for _, variable := range regexp.MustCompile(`\b(?:TVSTATS|MONGODB)_[A-Z_]+[A-Z]`).FindAllString(string(files), -1) {
		if !known[variable] {
			t.Errorf("%s is no setting", variable)
		}
	}
	module, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindSubmatch(module)[1]
	if !bytes.Contains(deployed(t, "Dockerfile"), append([]byte("FROM golang:"), version...)) {
		t.Errorf("the Dockerfile does not build with Go %s", version)
	}
}

// TestBackupAndRestore runs the commands of the page on operation. systemctl is played: the service runs in this process.
func TestBackupAndRestore(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/operation.md")
	if err != nil {
		t.Fatal(err)
	}
	server := start(t)
	request := &tvstatsv1.CreateChannelSortingByPopularityRequest{
		ClientIds: []int32{1}, DaysNumber: 1, Criterion: tvstatsv1.Criterion_CRITERION_WATCH_TIME,
		AsOf: timestamppb.New(time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)),
	}
	load := func(seconds string) {
		file := writeFile(t, csvHeader+"\n1,2,2026-03-01T20:00:00Z,"+seconds+"\n")
		if out, complaints, code := shell(t, server, "import viewing --client-id=1 "+file); code != commands.ExitDone {
			t.Fatalf("%s%s", out, complaints)
		}
	}
	load("60")
	want := storedRanking(t, server, calledResult(t, server, request))
	folder, restarted := t.TempDir(), func(c *app.Config) { c.DataDir = server.dir }
	command := func(mark string) {
		t.Helper()
		block := regexp.MustCompile("(?s)<!-- " + mark + " -->\n```sh\n(.*?)```").FindSubmatch(page)
		run := exec.CommandContext(t.Context(), "sh", "-euc", "systemctl() { :; }\n"+string(block[1]))
		run.Env = append(os.Environ(), "TVSTATS_DATA_DIR="+server.dir, "BACKUP="+folder, "TVSTATS_SERVER="+server.address,
			programEnv+"=1", "PATH="+programFolder(t)+":"+os.Getenv("PATH"))
		if output, err := run.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, output)
		}
	}
	command("backup")
	load("600") // is lost with what comes now
	if proto.Equal(storedRanking(t, server, calledResult(t, server, request)), want) {
		t.Fatal("what came after the backup changed nothing")
	}
	if err := server.stop(); err != nil {
		t.Fatal(err)
	}
	command("restore")
	server = start(t, restarted)
	if got := storedRanking(t, server, calledResult(t, server, request)); !proto.Equal(got, want) {
		t.Errorf("restored: %v, want %v", got, want)
	}
}
