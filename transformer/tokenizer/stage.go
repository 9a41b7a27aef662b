package tokenizer

import (
	"errors"
	"fmt"

	"github.com/dlclark/regexp2/v2"
)

// A stage of the pre-tokenizer calls do for the pieces of text, in order; together they are the text.
type stage func(text string, do func(piece string))

// scan makes a stage of a hand-written scanner.
func scan(next splitter) stage {
	return func(text string, do func(string)) {
		for text != "" {
			n := next(text)
			do(text[:n])
			text = text[n:]
		}
	}
}

// newStage makes a stage of a Split component: by hand for the known patterns, through regexp2, which can look
// ahead, for others.
func newStage(c component) (stage, error) {
	if c.Pattern.Regex == nil {
		return nil, errors.New("pre-tokenizer Split by a plain string is not supported; by a Regex it is")
	}
	// Isolated matches and inverted, removed gaps are the same when the matches cover the text.
	if c.Behavior != "Isolated" && !(c.Behavior == "Removed" && c.Invert) {
		return nil, fmt.Errorf("pre-tokenizer Split with behavior %q is not supported; Isolated is", c.Behavior)
	}
	if next, ok := scanners[*c.Pattern.Regex]; ok {
		return scan(next), nil
	}
	if c.Behavior != "Isolated" || c.Invert {
		return nil, fmt.Errorf("pre-tokenizer Split inverted with the pattern %q is not supported", *c.Pattern.Regex)
	}
	// A match fails only at a limit of time, which regexp2 has none of by default, or of its stack, which is lifted here.
	re, err := regexp2.Compile(*c.Pattern.Regex, regexp2.OptionMaxBacktrackingStackSize(-1))
	if err != nil {
		return nil, fmt.Errorf("pre-tokenizer Split: pattern %q: %w", *c.Pattern.Regex, err)
	}
	return func(text string, do func(string)) { isolate(re, text, do) }, nil
}

// isolate calls do for each match and for what lies between two matches.
func isolate(re *regexp2.Regexp, text string, do func(string)) {
	from := 0
	emit := func(to int) {
		if to > from {
			do(text[from:to])
			from = to
		}
	}
	matches, err := re.FindAllStringIndex(text, -1)
	if err != nil { // re has no limits, so this is a fault of regexp2; going on would give wrong tokens
		panic(fmt.Sprintf("tokenizer: pattern %q on a text of %d bytes: %v", re, len(text), err))
	}
	for _, m := range matches {
		emit(m[0])
		emit(m[1])
	}
	emit(len(text))
}
