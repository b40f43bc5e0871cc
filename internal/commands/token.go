package commands

import (
	"fmt"
	"os"

	"github.com/tvstats/tvstats/internal/auth"
)

// tokenCommand makes a token.
type tokenCommand struct {
	Name    string    `required:"" help:"Who will carry it: 1 to 64 of A-Z a-z 0-9 _ . @ -; the log names calls by it."`
	Role    auth.Role `required:"" help:"gateway (StreamEvents only), backend (everything of its clients), operator (everything), reader (reads only, of its clients) or support (reads only, with single view sessions)."`
	Clients []int32   `help:"Ids of the clients that it may act for, comma-separated; required but for an operator, who may act for all."`
}

// Run prints the token, which is kept nowhere, and then the line that puts it in force.
func (c *tokenCommand) Run() error {
	token, line, err := auth.NewToken(auth.Principal{Name: c.Name, Role: c.Role, Clients: c.Clients})
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "The token, shown only now, and the line for the file that --auth-file names:")
	fmt.Println(token)
	fmt.Println(line)
	return nil
}
