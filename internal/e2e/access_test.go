package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/app"
	"github.com/tvstats/tvstats/internal/auth"
	"github.com/tvstats/tvstats/internal/commands"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
)

// guarded is a service that needs tokens, and one for each role.
type guarded struct {
	*testServer
	file   string               // of the tokens
	lines  []string             // of the file, as it is at first
	tokens map[auth.Role]string // of client 1; the stranger's is of client 2
}

// stranger is a backend of another client.
const stranger auth.Role = "stranger"

func startGuarded(t *testing.T, change ...func(*app.Config)) *guarded {
	t.Helper()
	g := &guarded{file: filepath.Join(t.TempDir(), "tokens.yaml"), tokens: map[auth.Role]string{}}
	for _, principal := range []auth.Principal{
		{Name: "gateway", Role: auth.Gateway, Clients: []int32{1}},
		{Name: "backend", Role: auth.Backend, Clients: []int32{1}},
		{Name: "reader", Role: auth.Reader, Clients: []int32{1}},
		{Name: "support", Role: auth.Support, Clients: []int32{1}},
		{Name: "operator", Role: auth.Operator},
		{Name: "stranger", Role: auth.Backend, Clients: []int32{2}},
	} {
		token, line, err := auth.NewToken(principal)
		if err != nil {
			t.Fatal(err)
		}
		g.lines = append(g.lines, line)
		g.tokens[auth.Role(principal.Name)] = token
	}
	g.write(t, strings.Join(g.lines, "\n"))
	g.testServer = start(t, append(change, func(cfg *app.Config) { cfg.AuthFile = g.file })...)
	return g
}

func (g *guarded) write(t *testing.T, content string) {
	t.Helper()
	if err := os.WriteFile(g.file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// as is a context for calls with the token of the role.
func (g *guarded) as(t *testing.T, role auth.Role) context.Context {
	t.Helper()
	return withToken(rpctest.Context(t), g.tokens[role])
}

func withToken(ctx context.Context, token string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
}

func TestWhoIsLetIn(t *testing.T) {
	t.Parallel()
	g := startGuarded(t)
	for _, c := range []struct {
		name string
		ctx  context.Context
		code codes.Code // of a read, of a write and of a stream of events
		more [2]codes.Code
	}{
		{"nobody", rpctest.Context(t), codes.Unauthenticated, [2]codes.Code{codes.Unauthenticated, codes.Unauthenticated}},
		{"a wrong token", withToken(rpctest.Context(t), "tvstats_wrong"), codes.Unauthenticated, [2]codes.Code{codes.Unauthenticated, codes.Unauthenticated}},
		{"an empty token", withToken(rpctest.Context(t), ""), codes.Unauthenticated, [2]codes.Code{codes.Unauthenticated, codes.Unauthenticated}},
		{"another scheme", metadata.AppendToOutgoingContext(rpctest.Context(t), "authorization", "Basic "+g.tokens[auth.Operator]),
			codes.Unauthenticated, [2]codes.Code{codes.Unauthenticated, codes.Unauthenticated}},
		{"gateway", g.as(t, auth.Gateway), codes.PermissionDenied, [2]codes.Code{codes.PermissionDenied, codes.OK}},
		{"reader", g.as(t, auth.Reader), codes.OK, [2]codes.Code{codes.PermissionDenied, codes.PermissionDenied}},
		{"backend", g.as(t, auth.Backend), codes.OK, [2]codes.Code{codes.OK, codes.OK}},
		{"operator", g.as(t, auth.Operator), codes.OK, [2]codes.Code{codes.OK, codes.OK}},
	} {
		_, err := g.ListClients(c.ctx, &tvstatsv1.ListClientsRequest{})
		wantCode(t, c.name+" reads", err, c.code)
		_, err = oneRequest(g.Sync(c.ctx))(&tvstatsv1.SyncRequest{ClientId: 1})
		wantCode(t, c.name+" writes", err, c.more[0])
		_, err = oneRequest(g.StreamEvents(c.ctx))(oneEvent())
		wantCode(t, c.name+" streams", err, c.more[1])
	}
}

// oneRequest sends a request on a stream and returns its response.
func oneRequest[Q, R any](stream grpc.BidiStreamingClient[Q, R], err error) func(*Q) (*R, error) {
	return func(request *Q) (*R, error) {
		if err != nil {
			return nil, err
		}
		_ = stream.Send(request) // where it fails, Recv says why
		return stream.Recv()
	}
}

func wantCode(t *testing.T, what string, err error, code codes.Code) {
	t.Helper()
	if status.Code(err) != code {
		t.Errorf("%s: got %v, want %v", what, err, code)
	}
	if code == codes.Unauthenticated || code == codes.PermissionDenied {
		rpctest.WantStatus(t, err, code, map[codes.Code]string{
			codes.Unauthenticated: "UNAUTHENTICATED", codes.PermissionDenied: "PERMISSION_DENIED",
		}[code])
	}
}

func TestHealthIsOpenAndReflectionIsNot(t *testing.T) {
	t.Parallel()
	g := startGuarded(t)
	if _, err := healthv1.NewHealthClient(g.conn).Check(rpctest.Context(t), &healthv1.HealthCheckRequest{}); err != nil {
		t.Error(err)
	}
	list := &reflectionv1.ServerReflectionRequest{MessageRequest: &reflectionv1.ServerReflectionRequest_ListServices{}}
	_, err := oneRequest(reflectionv1.NewServerReflectionClient(g.conn).ServerReflectionInfo(rpctest.Context(t)))(list)
	wantCode(t, "reflection without a token", err, codes.Unauthenticated)
	for _, role := range auth.Roles {
		if _, err := oneRequest(reflectionv1.NewServerReflectionClient(g.conn).ServerReflectionInfo(g.as(t, role)))(list); err != nil {
			t.Errorf("reflection as %s: %v", role, err)
		}
	}
}

// TestTokensAreReadAgain: a new file is in force at once, for streams that are open too; a broken one is not.
func TestTokensAreReadAgain(t *testing.T) {
	t.Parallel()
	g := startGuarded(t)
	ctx := g.as(t, auth.Backend)
	stream, err := g.StreamEvents(ctx)
	if _, err := oneRequest(stream, err)(oneEvent()); err != nil {
		t.Fatal(err)
	}
	g.write(t, "- {name: broken")
	if _, err := g.ListClients(ctx, &tvstatsv1.ListClientsRequest{}); err != nil {
		t.Errorf("with a broken file: %v", err)
	}
	if _, err := oneRequest(stream, nil)(oneEvent()); err != nil {
		t.Errorf("with a broken file: %v", err)
	}
	complaints := g.log.Find(t, "a changed file cannot be used; what was read before stays in force")
	if len(complaints) != 1 || !strings.Contains(fmt.Sprint(complaints[0]["error"]), "YAML") {
		t.Errorf("logged %v", complaints)
	}
	token, line, err := auth.NewToken(auth.Principal{Name: "new", Role: auth.Operator})
	if err != nil {
		t.Fatal(err)
	}
	g.write(t, line)
	_, err = oneRequest(stream, nil)(oneEvent())
	wantCode(t, "an open stream of a token that was withdrawn", err, codes.Unauthenticated)
	_, err = g.ListClients(ctx, &tvstatsv1.ListClientsRequest{})
	wantCode(t, "a token that was withdrawn", err, codes.Unauthenticated)
	if _, err := g.ListClients(withToken(rpctest.Context(t), token), &tvstatsv1.ListClientsRequest{}); err != nil {
		t.Errorf("the new token: %v", err)
	}
}

func TestAuthFileThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "tokens.yaml")
	for _, c := range []struct{ file, content, want string }{
		{file, "- {name: a, role: reader}", `entry 1 ("a"): a reader needs clients`},
		{file, "", "it is empty; it must be a YAML list"},
		{file + ".missing", "", "no such file"},
		{filepath.Dir(file), "", "is a directory"},
	} {
		if err := os.WriteFile(file, []byte(c.content), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg := app.DefaultConfig()
		cfg.AuthFile, cfg.DataDir = c.file, t.TempDir()
		err := app.Serve(rpctest.Context(t), cfg, cfg.Logger(&rpctest.Log{}), time.Now, func(app.Addresses) {})
		if err == nil || !strings.Contains(err.Error(), "--auth-file="+c.file+": ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
}

// TestAudit: the log says who called what on which client with which outcome, and nothing of what was in it.
func TestAudit(t *testing.T) {
	t.Parallel()
	g := startGuarded(t)
	_, err := g.GetAccount(g.as(t, auth.Reader), &tvstatsv1.GetAccountRequest{ClientId: 2, AccountId: 987654321})
	wantCode(t, "foreign client", err, codes.PermissionDenied)
	batch := oneEvent()
	batch.Events[0].DeviceUid = "secret-box"
	stream, err := g.StreamEvents(g.as(t, auth.Gateway))
	if _, err := oneRequest(stream, err)(batch); err != nil {
		t.Fatal(err)
	}
	if err := g.stop(); err != nil { // after it the log is complete
		t.Fatal(err)
	}
	outcomes := map[string]string{}
	for _, line := range g.log.Find(t, "finished call") {
		outcomes[fmt.Sprint(line["grpc.method"])] = fmt.Sprint(line["caller"], line["role"], line["clients"], line["grpc.code"])
		if line["peer.address"] == nil {
			t.Errorf("no address in %v", line)
		}
	}
	if got, want := outcomes["GetAccount"], "readerreader[2]PermissionDenied"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := outcomes["StreamEvents"], "gatewaygateway[1]Unavailable"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for _, secret := range append([]string{"987654321", "secret-box"}, g.tokens[auth.Reader], g.tokens[auth.Gateway]) {
		if strings.Contains(g.log.String(), secret) {
			t.Errorf("%s is in the log", secret)
		}
	}
}

func TestTokenCommand(t *testing.T) {
	t.Parallel()
	code, output := runProgram(t, "token", "--name=gw", "--role=gateway", "--clients=2,1")
	printed := strings.Split(strings.TrimSpace(output), "\n")
	if code != commands.ExitDone || len(printed) != 3 {
		t.Fatalf("exit code %d with %q", code, output)
	}
	tokens, err := auth.ParseTokens([]byte(printed[2]))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := tokens.Find(printed[1]); err != nil || got.Name != "gw" || got.Role != auth.Gateway || !slices.Equal(got.Clients, []int32{1, 2}) {
		t.Errorf("got %+v, %v", got, err)
	}
	if code, output := runProgram(t, "token", "--name=gw", "--role=reader"); code != commands.ExitRefused || !strings.Contains(output, "a reader needs clients") {
		t.Errorf("exit code %d with %q", code, output)
	}
}
