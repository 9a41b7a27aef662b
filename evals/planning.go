package evals

import (
	"encoding/json"
	"fmt"
	"math/big"
	"regexp"
	"strings"

	"tandem/datasets"
)

// planningStops end an answer: a blank line, as between the prompt's examples.
var planningStops = []string{"\n\n", "\nInput:", "<|endoftext|>"}

// input is the puzzle of a planning task.
func input(task datasets.Example) string {
	var text string
	if json.Unmarshal(task.Answer, &text) != nil {
		return ""
	}
	return text
}

// judgeSudoku checks the four rows of an answer by the rules: any right grid will do, not only the published one.
func judgeSudoku(task datasets.Example, answer string) string {
	given := strings.Fields(input(task))
	var rows []string
	for line := range strings.Lines(answer) {
		if row := strings.Join(strings.Fields(line), ""); row != "" {
			rows = append(rows, row)
		}
	}
	if len(rows) != 4 || len(given) != 4 {
		return fmt.Sprintf("%d rows, not 4", len(rows))
	}
	var row, column, box [4][5]bool
	for r := range 4 {
		if len(rows[r]) != 4 || len(given[r]) != 4 {
			return fmt.Sprintf("row %d is no row of 4 digits", r+1)
		}
		for c := range 4 {
			d, g := int(rows[r][c]-'0'), given[r][c]
			if d < 1 || d > 4 {
				return fmt.Sprintf("row %d holds something else than the digits from 1 to 4", r+1)
			}
			if g != '0' && g != rows[r][c] {
				return fmt.Sprintf("the given %c in row %d, column %d was changed", g, r+1, c+1)
			}
			b := r/2*2 + c/2
			if row[r][d] || column[c][d] || box[b][d] {
				return fmt.Sprintf("the %d in row %d, column %d occurs twice in its row, column or box", d, r+1, c+1)
			}
			row[r][d], column[c][d], box[b][d] = true, true, true
		}
	}
	return ""
}

// step is one line of a countdown: a number, an operation, a number, the result.
var step = regexp.MustCompile(`^(-?\d{1,18})([-+*/])(-?\d{1,18})=(-?\d{1,18})$`)

// judgeCountdown replays the steps: each takes two numbers that are there and puts its result there; in the end the
// target alone is left.
func judgeCountdown(task datasets.Example, answer string) string {
	numbers := strings.Split(strings.TrimSpace(input(task)), ",")
	target := numbers[len(numbers)-1]
	there := map[string]int{}
	for _, n := range numbers[:len(numbers)-1] {
		there[n]++
	}
	steps := strings.Split(strings.Join(strings.Fields(answer), ""), ",")
	if len(steps) != len(numbers)-2 {
		return fmt.Sprintf("%d steps, %d numbers need %d", len(steps), len(numbers)-1, len(numbers)-2)
	}
	for _, text := range steps {
		m := step.FindStringSubmatch(text)
		if m == nil {
			return fmt.Sprintf("%.40q is no step", text)
		}
		for _, n := range []string{m[1], m[3]} {
			if there[n]--; there[n] < 0 {
				return fmt.Sprintf("%s: there is no %s left", text, n)
			}
		}
		if !holds(m[1], m[2], m[3], m[4]) {
			return fmt.Sprintf("%s is wrong", text)
		}
		there[m[4]]++
	}
	if there[target] == 0 {
		return "it does not reach " + target
	}
	return ""
}

// holds is true of a op b = c, exactly; a division by zero holds never.
func holds(a, op, b, c string) bool {
	var x, y, z, got big.Rat
	x.SetString(a)
	y.SetString(b)
	z.SetString(c)
	switch op {
	case "+":
		got.Add(&x, &y)
	case "-":
		got.Sub(&x, &y)
	case "*":
		got.Mul(&x, &y)
	case "/":
		if y.Sign() == 0 {
			return false
		}
		got.Quo(&x, &y)
	}
	return got.Cmp(&z) == 0
}
