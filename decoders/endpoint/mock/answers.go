package mock

import (
	"strings"
	"unicode"
)

// A Task is a prompt and its right answer.
type Task struct {
	Prompt   string // as a suite has it: what a server is asked holds it
	Solution string // goes on with the prompt
	Chat     string // the answer in a chat
}

// Answers returns a Config.Answer that knows tasks. Asked for a task's prompt itself it gives the solution; asked in other words around
// the prompt, as a chat does, the answer of a chat. right is the share of the tasks, spread over them evenly, whose answer is right: the
// others get one that says so. What it does not know it answers with a sentence.
func Answers(tasks []Task, right float64) func(prompt string) string {
	return func(prompt string) string {
		best := -1
		for i, t := range tasks {
			if inner := strings.TrimSpace(t.Prompt); strings.Contains(prompt, inner) && (best < 0 || len(inner) > len(strings.TrimSpace(tasks[best].Prompt))) {
				best = i
			}
		}
		if best < 0 {
			return "This server knows no answer to that, and says so in a sentence of a few words."
		}
		t := tasks[best]
		switch {
		case int(right*float64(best+1)) == int(right*float64(best)):
			return "    raise NotImplementedError('a wrong answer')\n"
		case prompt == t.Prompt:
			return t.Solution
		}
		return t.Chat
	}
}

// mostPiece is the most characters of a token, without the blanks before it.
const mostPiece = 4

// pieces cuts a text into the server's tokens: blanks and up to four characters that are none.
func pieces(text string) (out []string) {
	var one strings.Builder
	n := 0
	for _, r := range text {
		if n == mostPiece || n > 0 && unicode.IsSpace(r) {
			out, n = append(out, one.String()), 0
			one.Reset()
		}
		one.WriteRune(r)
		if !unicode.IsSpace(r) {
			n++
		}
	}
	if one.Len() > 0 {
		out = append(out, one.String())
	}
	return out
}

// Tokens is how many tokens the server counts in a text.
func Tokens(text string) int { return len(pieces(text)) }
