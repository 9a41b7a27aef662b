package evals

import (
	"encoding/json"
	"fmt"
	"math/big"
	"regexp"
	"strings"

	"tandem/datasets"
)

// numberStops end an answer: the next question of a base model that goes on asking itself.
var numberStops = []string{"\nQuestion:", "\nQ:", "<|endoftext|>"}

var (
	marked = regexp.MustCompile(`####\s*([^\n]*)`)
	boxed  = regexp.MustCompile(`\\boxed\{([^{}]*)\}`)
	number = regexp.MustCompile(`[-+]?(?:(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+)`)
)

// maxDigits bounds a number, so that a long row of digits costs nothing.
const maxDigits = 100

// finalNumber is the number that an answer ends in: behind the last "####", in the last \boxed{}, else the last one at
// all. Thousands are separated by commas, and a currency sign, a percent sign or a unit counts for nothing.
func finalNumber(answer string) (*big.Rat, bool) {
	for _, mark := range []*regexp.Regexp{marked, boxed} {
		if all := mark.FindAllStringSubmatch(answer, -1); len(all) > 0 {
			return lastNumber(all[len(all)-1][1], true)
		}
	}
	return lastNumber(answer, false)
}

// lastNumber is the first or the last number of a text.
func lastNumber(text string, first bool) (value *big.Rat, ok bool) {
	for _, at := range number.FindAllStringIndex(text, -1) {
		digits := strings.ReplaceAll(text[at[0]:at[1]], ",", "")
		if len(digits) > maxDigits {
			continue
		}
		if at[0] > 0 && strings.ContainsAny(digits[:1], "+-") && isDigit(text[at[0]-1]) {
			digits = digits[1:] // "5-3" ends in 3
		}
		if v, good := new(big.Rat).SetString(digits); good {
			if value, ok = v, true; first {
				return value, ok
			}
		}
	}
	return value, ok
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// judgeNumber compares the answer's final number with the right one, exactly.
func judgeNumber(task datasets.Example, answer string) string {
	var right string
	if err := json.Unmarshal(task.Answer, &right); err != nil {
		return "the task's answer is no text: " + err.Error()
	}
	want, ok := lastNumber(right, true)
	if !ok {
		return fmt.Sprintf("the task's answer %q is no number", right)
	}
	got, ok := finalNumber(answer)
	switch {
	case !ok:
		return "it holds no number"
	case got.Cmp(want) != 0:
		return fmt.Sprintf("it ends in %s, the answer is %s", got.RatString(), want.RatString())
	}
	return ""
}
