package cli

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/alecthomas/kong"
)

// flagNames finds the flags that a message speaks of.
var flagNames = regexp.MustCompile(`--[A-Za-z0-9][A-Za-z0-9_-]*`)

// FlagHelp is the help of those flags and arguments of a command that a message is about.
func FlagHelp(command *kong.Node, message string) string {
	var help strings.Builder
	shown := map[string]bool{}
	for _, name := range flagNames.FindAllString(message, -1) {
		flag := (&arguments{node: command}).find(strings.TrimPrefix(name, "--"))
		if flag == nil || shown[flag.Name] {
			continue
		}
		shown[flag.Name] = true
		fmt.Fprintf(&help, "  %s\n      %s\n", flag.String(), kong.DefaultHelpValueFormatter(flag.Value))
	}
	for _, argument := range command.Positional {
		if name := "<" + argument.Name + ">"; strings.Contains(message, name) {
			fmt.Fprintf(&help, "  %s\n      %s\n", name, kong.DefaultHelpValueFormatter(argument))
		}
	}
	return help.String()
}
