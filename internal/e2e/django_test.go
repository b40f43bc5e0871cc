package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tvstats/tvstats/internal/rpc/rpctest"
)

// pythonVenv finds an environment that `make test-python` makes.
func pythonVenv(t *testing.T, name string) string {
	t.Helper()
	python, err := filepath.Abs(filepath.Join("..", "..", ".tools", name, "bin", "python"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(python); err != nil {
		t.Skipf("%s is not there; `make test-python` makes it", name)
	}
	return python
}

// TestDjango runs the tests of the Django app in its example project, against a service of its own.
func TestDjango(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"django-oldest", "django-newest"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			python := pythonVenv(t, name)
			command := exec.CommandContext(rpctest.Context(t), python, "manage.py", "test", "--no-input", "test_django_tvstats")
			command.Dir = "../../clients/django/example"
			command.Env = append(os.Environ(), "PYTHONPATH=..:../tests:../../../gen/python", "PYTHONDONTWRITEBYTECODE=1",
				"TVSTATS_SERVER="+startTestServer(t), "DATABASE="+filepath.Join(t.TempDir(), "db.sqlite3"))
			output, err := command.CombinedOutput()
			if err != nil || !strings.Contains(string(output), "\nOK\n") {
				t.Fatalf("%v: %s", err, output)
			}
		})
	}
}

// TestPythonClient runs the session of the page for the middleware with the oldest grpcio that the client supports and the newest.
func TestPythonClient(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"client-oldest", "client-newest"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			runMiddlewarePython(t, pythonVenv(t, name))
		})
	}
}
