package rpctest

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// WantAnswer checks the code of a response to a GET and how its body begins.
func WantAnswer(t *testing.T, url string, code int, text string) {
	t.Helper()
	got, body := Get(t, url)
	if got != code || !strings.HasPrefix(body, text) {
		t.Errorf("%s: got %d %q, want %d %q", url, got, body, code, text)
	}
}

// Get returns the code and the body of a response to a GET.
func Get(t *testing.T, url string) (code int, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close() //nolint:errcheck // only read
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(content)
}
