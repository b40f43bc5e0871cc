package auth

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Tokens are those in force. It is not changed once it is made.
type Tokens struct {
	digests    [][sha256.Size]byte
	principals []Principal // by the same index
}

// entry is one token in the file.
type entry struct {
	Name    string  `yaml:"name"`
	SHA256  string  `yaml:"sha256"`
	Role    Role    `yaml:"role"`
	Clients []int32 `yaml:"clients,flow,omitempty"`
}

// errEmpty is for a file without any list.
var errEmpty = errors.New("it is empty; it must be a YAML list of {name, sha256, role, clients}, [] to let nobody in")

// ParseTokens reads a file of tokens: a YAML list of {name, sha256, role, clients}. The error names every entry that is
// wrong. The list [] lets nobody in; a file without any is
// wrong: editors and disks that are full leave such files behind.
func ParseTokens(file []byte) (*Tokens, error) {
	var entries []entry
	if len(bytes.TrimSpace(file)) == 0 {
		return nil, errEmpty
	}
	if err := yaml.Load(file, &entries, yaml.WithKnownFields()); err != nil {
		return nil, fmt.Errorf("it must be a YAML list of {name, sha256, role, clients}: %w", err)
	}
	if entries == nil { // comments alone
		return nil, errEmpty
	}
	tokens, wrong := &Tokens{}, []error(nil)
	for i, e := range entries {
		if err := tokens.add(e); err != nil {
			wrong = append(wrong, fmt.Errorf("entry %d (%.64q): %w", i+1, e.Name, err))
		}
	}
	return tokens, errors.Join(wrong...)
}

func (t *Tokens) add(e entry) error {
	principal := Principal{Name: e.Name, Role: e.Role, Clients: e.Clients}
	if err := principal.Validate(); err != nil {
		return err
	}
	digest, err := hex.DecodeString(e.SHA256)
	if err != nil || len(digest) != sha256.Size {
		return errors.New("sha256 must be the 64 hexadecimal digits of the token's SHA-256")
	}
	if slices.ContainsFunc(t.principals, func(p Principal) bool { return p.Name == e.Name }) {
		return errors.New("an entry before has the same name; the log could not distinguish them")
	}
	if slices.Contains(t.digests, [sha256.Size]byte(digest)) {
		return errors.New("an entry before has the same sha256; give each its own token")
	}
	slices.Sort(principal.Clients)
	t.digests, t.principals = append(t.digests, [sha256.Size]byte(digest)), append(t.principals, principal)
	return nil
}

var validName = regexp.MustCompile(`^[A-Za-z0-9_.@-]{1,64}$`)

// Validate says what is wrong with a principal that is to get a token.
func (p *Principal) Validate() error {
	switch {
	case !validName.MatchString(p.Name):
		return errors.New("name must be 1 to 64 of A-Z a-z 0-9 _ . @ -")
	case !slices.Contains(Roles, p.Role):
		return fmt.Errorf("role %.32q does not exist; there are %v", p.Role, Roles)
	case p.Role == Operator && len(p.Clients) > 0:
		return errors.New("an operator may act for every client; leave clients out, or choose another role")
	case p.Role != Operator && len(p.Clients) == 0:
		return fmt.Errorf("a %s needs clients: the ids of those that it may act for", p.Role)
	}
	for _, id := range p.Clients {
		if id <= 0 {
			return fmt.Errorf("clients holds %d; ids are positive", id)
		}
	}
	return nil
}

// Find returns whose token it is, or ErrUnauthenticated. It takes as long for any token: the caller can conclude nothing from
// the time about how near a guess was.
func (t *Tokens) Find(token string) (*Principal, error) {
	digest := sha256.Sum256([]byte(token))
	found := -1
	for i := range t.digests {
		found = subtle.ConstantTimeSelect(subtle.ConstantTimeCompare(t.digests[i][:], digest[:]), i, found)
	}
	if found < 0 {
		return nil, ErrUnauthenticated
	}
	return &t.principals[found], nil
}

// NewToken makes a token for the principal and the line that puts it in force in the file. The token is 256 random bits
// and stands nowhere else; the line does not give it away.
func NewToken(p Principal) (token, line string, err error) {
	if err := p.Validate(); err != nil {
		return "", "", err
	}
	secret := make([]byte, 32)
	rand.Read(secret) // it never fails
	token = "tvstats_" + base64.RawURLEncoding.EncodeToString(secret)
	clients := ""
	if len(p.Clients) > 0 {
		clients = ", clients: " + strings.ReplaceAll(fmt.Sprint(p.Clients), " ", ", ")
	}
	return token, fmt.Sprintf("- {name: %q, sha256: %x, role: %s%s}", p.Name, sha256.Sum256([]byte(token)), p.Role, clients), nil
}
