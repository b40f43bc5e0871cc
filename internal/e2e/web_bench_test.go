package e2e

import (
	"io"
	"net/http"
	"strings"
	"testing"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/app"
)

// BenchmarkHTTP compares a small call over gRPC with the same over HTTP with JSON.
func BenchmarkHTTP(b *testing.B) {
	s := start(b, func(c *app.Config) { c.TokenRequests, c.AddressRequests = 0, 0 })
	b.Run("gRPC", func(b *testing.B) {
		for b.Loop() {
			if _, err := s.ListClients(b.Context(), &tvstatsv1.ListClientsRequest{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("JSON", func(b *testing.B) {
		for b.Loop() {
			request, err := http.NewRequestWithContext(b.Context(), http.MethodPost, s.web+tvstatsv1.Catalog_ListClients_FullMethodName, strings.NewReader("{}"))
			if err != nil {
				b.Fatal(err)
			}
			request.Header.Set("Content-Type", "application/json")
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, response.Body); err != nil || response.StatusCode != http.StatusOK {
				b.Fatal(response.Status, err)
			}
			if err := response.Body.Close(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
