package e2e

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/tvstats/tvstats/internal/commands"
)

// TestServingNamesEveryFlag compares the tables of flags in the pages with the flags that there are, and the defaults in them
// with those that hold. docs/serving.md has every flag.
func TestServingNamesEveryFlag(t *testing.T) {
	t.Parallel()
	flags := map[string]*kong.Flag{}
	for _, command := range commands.NewParser(&commands.Program{}).Model.Leaves(false) {
		if command.Name == "serve" {
			for _, flag := range command.Flags {
				flags["--"+flag.Name] = flag
			}
		}
	}
	for _, name := range []string{"serving.md", "security.md"} {
		var named []string
		for _, row := range regexp.MustCompile("(?m)^\\| (`--.*?) \\| (.*?) ?\\|").FindAllStringSubmatch(page(t, "../../docs/"+name), -1) {
			first, defaults := quoted(row[1]), quoted(row[2])
			for i, flag := range first {
				switch known, exists := flags[flag]; {
				case !exists:
					t.Errorf("%s: there is no flag %s", name, flag)
				case len(defaults) == len(first) && defaults[i] != cmp.Or(known.Default, known.PlaceHolder):
					t.Errorf("%s: %s is %s by default, the page says %s", name, flag, cmp.Or(known.Default, known.PlaceHolder), defaults[i])
				}
			}
			named = append(named, first...)
		}
		for flag := range flags {
			if name == "serving.md" && flag != "--help" && !slices.Contains(named, flag) {
				t.Errorf("%s lacks %s", name, flag)
			}
		}
		if len(named) < 10 {
			t.Errorf("%s: only %d flags were found", name, len(named))
		}
	}
}

// quoted are the parts of a cell between backticks.
func quoted(cell string) (parts []string) {
	for i, part := range strings.Split(cell, "`") {
		if i%2 == 1 {
			parts = append(parts, part)
		}
	}
	return parts
}
