// Package flags is what Tandem's command line adds to kong's: errors in plain words, least values, and a file of flags (Config).
package flags

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"
)

// wordings turn what kong says of a wrong command line, in the words of a parser, into plainer ones.
var wordings = []struct {
	of  *regexp.Regexp
	say string
}{
	{regexp.MustCompile(`: expected \w+ value but got "EOL" \(<EOL>\)`), ` wants a value`},
	{regexp.MustCompile(`: expected \w+ value but got "([^"]*)" \((?:short|long) flag\); perhaps try (\S+=)"?([^"]*)"?\?`),
		` wants a value, and $1 looks like a flag: write $2$3`},
	{regexp.MustCompile(`: expected a valid 64 bit u?int but got ("[^"]*")`), ` wants a whole number, not $1`},
	{regexp.MustCompile(`: expected a float but got ("[^"]*") \(string\)`), ` wants a number, not $1`},
	{regexp.MustCompile(`: expected duration but got ("[^"]*"): .*`), ` wants a time such as 10s, not $1`},
	{regexp.MustCompile(`must be one of (?:"",)?(.*) but got `), `must be one of $1, not `},
}

// Parse parses a command line into the verb and flags of target, a pointer to a kong grammar. The result is nil where --help or
// --version said all that was asked for. Numbers of a flag with the tag least:"N" are N or more.
func Parse(target any, stdout, stderr io.Writer, args []string, options ...kong.Option) (parsed *kong.Context, err error) {
	type exit struct{} // carries kong's wish to exit out of its parser
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(exit); !ok {
				panic(r)
			}
			parsed, err = nil, nil
		}
	}()
	parser, err := kong.New(target, append(options, kong.Writers(stdout, stderr), kong.Configuration(load), kong.Exit(func(int) { panic(exit{}) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}))...)
	if err != nil {
		return nil, err
	}
	parser.Model.HelpFlag.Help = "Print this help and leave."
	if len(args) == 0 {
		args = []string{"--help"}
	}
	if parsed, err = parser.Parse(args); err != nil {
		return nil, wrong(parser, args, err)
	}
	return parsed, checkLeast(parsed.Flags())
}

// checkLeast names the flag that is below its least value.
func checkLeast(flags []*kong.Flag) error {
	for _, f := range flags {
		if !f.Tag.Has("least") {
			continue
		}
		least, err := strconv.Atoi(f.Tag.Get("least"))
		if err != nil {
			return fmt.Errorf("--%s: tag least: %w", f.Name, err)
		}
		values, list := f.Target.Interface().([]int)
		if !list {
			values = []int{int(f.Target.Int())}
		}
		if len(values) == 0 {
			return fmt.Errorf("--%s must be at least one number", f.Name)
		}
		if value := slices.Min(values); value < least {
			return fmt.Errorf("--%s must be at least %d, not %d", f.Name, least, value)
		}
	}
	return nil
}

// wrong says in plain words what kong found wrong with a command line, and whose help to look at.
func wrong(parser *kong.Kong, args []string, err error) error {
	text := err.Error()
	for _, w := range wordings {
		text = w.of.ReplaceAllString(text, w.say)
	}
	return fmt.Errorf("%s; see `%s %s--help`", text, parser.Model.Name, verb(parser, args))
}

// verb is the verb that a command line begins with, of one word or two, and a space behind each; empty where there is none.
func verb(parser *kong.Kong, args []string) (verb string) {
	at := parser.Model.Node
	for _, arg := range args {
		i := slices.IndexFunc(at.Children, func(child *kong.Node) bool { return child.Name == arg })
		if i < 0 {
			break
		}
		at, verb = at.Children[i], verb+arg+" "
	}
	return verb
}

// Given are the names of the flags that stand on the command line.
func Given(parsed *kong.Context) (names []string) {
	for _, at := range parsed.Path {
		if at.Flag != nil {
			names = append(names, at.Flag.Name)
		}
	}
	return names
}

// Join lists names for a flag's text.
func Join[T ~string](names []T, separator string) string {
	var parts []string
	for _, name := range names {
		parts = append(parts, string(name))
	}
	return strings.Join(parts, separator)
}
