package e2e

import (
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/app"
	"github.com/tvstats/tvstats/internal/auth"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
)

// waiting are streams of the guarded service on which nobody sends anything: intake, a push and somebody who watches a job.
func waiting(t *testing.T, g *guarded) map[string]func() error {
	t.Helper()
	ctx := g.as(t, auth.Backend)
	if _, err := oneRequest(g.Sync(ctx))(&tvstatsv1.SyncRequest{ClientId: 1}); err != nil {
		t.Fatal(err)
	}
	events, err := g.StreamEvents(g.as(t, auth.Gateway))
	if _, err := oneRequest(events, err)(oneEvent()); err != nil {
		t.Fatal(err)
	}
	push, err := g.Sync(ctx)
	if _, err := oneRequest(push, err)(&tvstatsv1.SyncRequest{ClientId: 1}); err != nil {
		t.Fatal(err)
	}
	started, err := g.StartJob(ctx, commandRequest(t, rpctest.ValidChannelSelection()))
	if err != nil {
		t.Fatal(err)
	}
	job, err := g.WatchJob(g.as(t, auth.Reader), &tvstatsv1.WatchJobRequest{JobId: started.GetJob().GetJobId()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := job.Recv(); err != nil {
		t.Fatal(err)
	}
	return map[string]func() error{"StreamEvents": next(events), "Sync": next(push), "WatchJob": next(job)}
}

func next[R any](stream interface{ Recv() (*R, error) }) func() error {
	return func() error {
		_, err := stream.Recv()
		return err
	}
}

// TestRevokedTokensEndIdleStreams within a second, whatever they do or do not.
func TestRevokedTokensEndIdleStreams(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lines func(old []string) []string
		codes map[string]codes.Code
	}{
		"nobody is left": {func([]string) []string { return []string{"[]"} }, map[string]codes.Code{
			"StreamEvents": codes.Unauthenticated, "Sync": codes.Unauthenticated, "WatchJob": codes.Unauthenticated,
		}},
		"one client less": {func(old []string) []string {
			return strings.Split(strings.ReplaceAll(strings.Join(old, "\n"), "[1]", "[3]"), "\n")
		}, map[string]codes.Code{"WatchJob": codes.PermissionDenied}},
		"another role": {func(old []string) []string {
			return strings.Split(strings.ReplaceAll(strings.Join(old, "\n"), "role: gateway", "role: reader"), "\n")
		}, map[string]codes.Code{"StreamEvents": codes.PermissionDenied}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := startGuarded(t, func(cfg *app.Config) { cfg.JobWorkers = 0 })
			streams := waiting(t, g)
			revoked := time.Now()
			g.write(t, strings.Join(c.lines(g.lines), "\n"))
			for stream, code := range c.codes {
				wantCode(t, stream, streams[stream](), code)
			}
			if took := time.Since(revoked); took > 10*time.Second {
				t.Errorf("the streams ended after %v", took) // within a second, on a machine that has time for it
			}
		})
	}
}

// TestUnusableTokenFilesRevokeNothing: what an editor or a full disk leaves behind changes nothing.
func TestUnusableTokenFilesRevokeNothing(t *testing.T) {
	t.Parallel()
	g := startGuarded(t)
	ctx := g.as(t, auth.Gateway)
	stream, err := g.StreamEvents(ctx)
	for _, content := range []string{"", " \n", "# nothing yet\n", "- {name: broken"} {
		g.write(t, content)
		if _, err := oneRequest(stream, err)(oneEvent()); err != nil {
			t.Errorf("with the file %q: %v", content, err)
		}
		if _, err := g.ListClients(g.as(t, auth.Reader), &tvstatsv1.ListClientsRequest{}); err != nil {
			t.Errorf("with the file %q: %v", content, err)
		}
	}
}
