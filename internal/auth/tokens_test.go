package auth_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tvstats/tvstats/internal/auth"
)

func TestNewTokensAreFoundAndCover(t *testing.T) {
	t.Parallel()
	var file strings.Builder
	tokens := map[string]auth.Principal{}
	for i, role := range auth.Roles {
		principal := auth.Principal{Name: fmt.Sprint("caller-", i), Role: role}
		if role != auth.Operator {
			principal.Clients = []int32{7, 3}
		}
		token, line, err := auth.NewToken(principal)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(line, token) || tokens[token].Name != "" {
			t.Fatalf("the token %s stands in the line %s, or came before", token, line)
		}
		fmt.Fprintln(&file, line)
		tokens[token] = principal
	}
	parsed, err := auth.ParseTokens([]byte(file.String()))
	if err != nil {
		t.Fatal(err)
	}
	for token, want := range tokens {
		got, err := parsed.Find(token)
		if err != nil || got.Name != want.Name || got.Role != want.Role {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
		for client, covered := range map[int32]bool{3: true, 7: true, 5: want.Role == auth.Operator, 0: want.Role == auth.Operator} {
			if got.Covers(client) != covered {
				t.Errorf("%s covers client %d: %v", want.Role, client, !covered)
			}
		}
		for _, wrong := range []string{"", token[:len(token)-1], token + "x", strings.ToUpper(token)} {
			if got, err := parsed.Find(wrong); !errors.Is(err, auth.ErrUnauthenticated) {
				t.Errorf("%q is read as %+v", wrong, got)
			}
		}
	}
	if (*auth.Principal)(nil).Covers(1) {
		t.Error("nobody covers client 1")
	}
}

const digest = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae" // of foo

func TestErrorsNameTheEntry(t *testing.T) {
	t.Parallel()
	const good = "- {name: good, sha256: " + digest + ", role: reader, clients: [1]}\n"
	for entry, want := range map[string]string{
		"- {name: '', sha256: " + digest + ", role: reader, clients: [1]}":                    `entry 2 (""): name must be`,
		"- {name: 'a b', sha256: " + digest + ", role: reader, clients: [1]}":                 `entry 2 ("a b"): name must be`,
		"- {name: a, sha256: abc, role: reader, clients: [1]}":                                `entry 2 ("a"): sha256 must be the 64`,
		"- {name: a, sha256: " + digest + ", role: admin, clients: [1]}":                      `entry 2 ("a"): role "admin" does not exist; there are [gateway backend operator reader support]`,
		"- {name: a, sha256: " + digest + ", role: reader}":                                   `entry 2 ("a"): a reader needs clients`,
		"- {name: a, sha256: " + digest + ", role: operator, clients: [1]}":                   `entry 2 ("a"): an operator may act for every client`,
		"- {name: a, sha256: " + digest + ", role: reader, clients: [0]}":                     `entry 2 ("a"): clients holds 0`,
		"- {name: good, sha256: " + strings.Repeat("0", 64) + ", role: reader, clients: [1]}": `entry 2 ("good"): an entry before has the same name`,
		"- {name: a, sha256: " + digest + ", role: reader, clients: [1]}":                     `entry 2 ("a"): an entry before has the same sha256`,
		"- {name: a, sha256: " + digest + ", rolle: reader, clients: [1]}":                    `rolle`,
		"- {name: a, sha256: " + digest + ", role: reader, clients: [3000000000]}":            `3000000000`,
		"tokens: 1": `it must be a YAML list`,
	} {
		if _, err := auth.ParseTokens([]byte(good + entry)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", entry, err, want)
		}
	}
}

func TestNoTokensLetNobodyIn(t *testing.T) {
	t.Parallel()
	tokens, err := auth.ParseTokens([]byte("[]"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tokens.Find(""); !errors.Is(err, auth.ErrUnauthenticated) {
		t.Errorf("got %v", err)
	}
	for _, file := range []string{"", "\n", " ", "# a: comment\n", "---\n", "null"} {
		if _, err := auth.ParseTokens([]byte(file)); err == nil {
			t.Errorf("%q: no error", file)
		}
	}
}

// FuzzParseTokens: whatever the file holds, it is refused or gives principals that are valid.
func FuzzParseTokens(f *testing.F) {
	f.Add([]byte("- {name: a, sha256: " + digest + ", role: reader, clients: [1, 2]}\n"))
	f.Add([]byte("- &a {name: a, sha256: " + digest + ", role: operator}\n- *a\n"))
	f.Add([]byte("- name: a\n  clients: [1, x]\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		tokens, err := auth.ParseTokens(file)
		if err != nil {
			return
		}
		if principal, err := tokens.Find("foo"); err == nil {
			if err := principal.Validate(); err != nil || !slices.IsSorted(principal.Clients) {
				t.Errorf("%q gives %+v: %v", file, principal, err)
			}
		}
	})
}
