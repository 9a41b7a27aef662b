package main

import "regexp"

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

// plainly says a parser's error in plain words.
func plainly(err error) string {
	text := err.Error()
	for _, w := range wordings {
		text = w.of.ReplaceAllString(text, w.say)
	}
	return text
}
