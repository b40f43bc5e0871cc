package cli

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// arguments is a command line on its way into the form that the parser reads.
type arguments struct {
	node *kong.Node // the command so far
	read []string   // in the parser's form
}

// Arguments writes a command line as the parser reads it. Long flags may stand behind one dash, as old pages print them, and
// with - or _ between their words; numbers of a list behind spaces; --settings alone; and a negative number, or a length of
// time like -7d, behind a flag. A first word that is no command is an error that suggests one.
func Arguments(app *kong.Application, args []string) ([]string, error) {
	if err := knownCommand(app.Node, args); err != nil {
		return nil, err
	}
	a := &arguments{node: app.Node}
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if arg == "--" {
			a.read = append(a.read, args[i:]...)
			break
		}
		if !strings.HasPrefix(arg, "-") || arg == "-" {
			a.word(arg)
			continue
		}
		i += a.flag(arg, args[i+1:])
	}
	return a.read, nil
}

// word takes what is no flag: the name of a command, or a value.
func (a *arguments) word(arg string) {
	for _, child := range a.node.Children {
		if child.Name == arg || slices.Contains(child.Aliases, arg) {
			a.node = child
		}
	}
	a.read = append(a.read, arg)
}

// ago is a length of time before now: -7d.
var ago = regexp.MustCompile(`^-\d+[smhdw]$`)

// negative is what looks like a flag and is a value, since no flag begins with a digit: such a length of time, or a number below 0.
var negative = regexp.MustCompile(`^-\d+([.,]-?\d+)*[smhdw]?$`)

// flag takes a flag with those of the arguments behind it that are its value, and returns how many these are.
func (a *arguments) flag(arg string, behind []string) (taken int) {
	name, value, valued := strings.Cut(strings.TrimLeft(arg, "-"), "=")
	flag := a.find(name)
	if flag == nil {
		a.read = append(a.read, arg)
		return 0
	}
	long := "--" + flag.Name
	switch {
	case valued:
	case flag.IsBool() || flag.IsCounter():
		a.read = append(a.read, long) // the parser sees itself whether a value follows
		return 0
	case len(behind) > 0 && (!strings.HasPrefix(behind[0], "-") || behind[0] == "-" || negative.MatchString(behind[0])):
		value, valued, taken = behind[0], true, 1
	case flag.Name == "settings": // old lines have it with anything, and with nothing
		valued = true
	}
	if !valued {
		a.read = append(a.read, long)
		return 0
	}
	if flag.IsSlice() {
		for numbers(flag) && taken < len(behind) && taken > 0 && digits.MatchString(behind[taken]) {
			value += "," + behind[taken]
			taken++
		}
		value = joined(flag, value)
	}
	a.read = append(a.read, long+"="+value)
	return taken
}

// find is the flag of a name, with - or _ between its words, of the command or one above it.
func (a *arguments) find(name string) *kong.Flag {
	wanted := canonical(name)
	for node := a.node; node != nil; node = node.Parent {
		flags := node.Flags
		if node.DefaultCmd != nil {
			flags = slices.Concat(flags, node.DefaultCmd.Flags)
		}
		for _, flag := range flags {
			if canonical(flag.Name) == wanted || slices.ContainsFunc(flag.Aliases, func(alias string) bool { return canonical(alias) == wanted }) {
				return flag
			}
		}
	}
	return nil
}

func canonical(flag string) string { return strings.ReplaceAll(flag, "_", "-") }

// digits are numbers of a list.
var digits = regexp.MustCompile(`^[0-9, ]+$`)

// numbers reports whether the flag is a list of numbers.
func numbers(flag *kong.Flag) bool {
	return flag.Target.Type().Elem().Kind() != reflect.String && flag.Target.Type().Elem().Kind() != reflect.Struct
}

// joined is a list without the spaces that people put around its commas, or in place of them.
func joined(flag *kong.Flag, value string) string {
	if numbers(flag) && digits.MatchString(value) {
		return strings.Join(strings.FieldsFunc(value, func(r rune) bool { return r == ' ' || r == ',' }), ",")
	}
	if flag.Tag.Sep != ',' {
		return value
	}
	parts := strings.Split(value, ",")
	for i, part := range parts {
		parts[i] = strings.TrimSpace(part)
	}
	return strings.Join(parts, ",")
}

// knownCommand refuses a first word that is no command, which would be read as an argument of the default one.
func knownCommand(root *kong.Node, args []string) error {
	if len(args) == 0 || strings.HasPrefix(args[0], "-") {
		return nil
	}
	best, least := "", len(args[0])/2+1
	for _, child := range root.Children {
		if child.Name == args[0] || slices.Contains(child.Aliases, args[0]) {
			return nil
		}
		if d := distance(canonical(args[0]), canonical(child.Name)); d < least {
			best, least = child.Name, d
		}
	}
	if best != "" {
		return fmt.Errorf("there is no command %q, did you mean %q?", args[0], best)
	}
	return fmt.Errorf("there is no command %q", args[0])
}

// distance is how many letters are to be changed, added or left out to make one word of the other.
func distance(from, to string) int {
	row := make([]int, len(to)+1)
	for i := range row {
		row[i] = i
	}
	for i := range len(from) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(to) {
			change := diagonal
			if from[i] != to[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(to)]
}
