// Package flags is what Tandem's command line adds to kong's: errors in plain words, and a file of flags (Config).
package flags

import (
	"fmt"
	"regexp"
	"slices"

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

// Wrong says in plain words what kong found wrong with a command line, and whose help to look at.
func Wrong(parser *kong.Kong, args []string, err error) error {
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
