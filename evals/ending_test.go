package evals

import (
	"math/rand/v2"
	"strings"
	"testing"

	"tandem/datasets"
	"tandem/record"
)

var completionInfo = record.PromptInfo{Name: CompletionPrompt, Answer: string(Completion)}

func ending(t testing.TB, info record.PromptInfo, task datasets.Example) Ending {
	e, err := newEnding(info, task)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// cutOf is what an ending leaves of a text.
func cutOf(e Ending, text string) string {
	at, _ := e.Cut(text)
	return text[:at]
}

// overAt is how many bytes of a text an ending must see, byte by byte, until it says that the answer is over; -1: all do not do.
func overAt(e Ending, text string) int {
	for i := range len(text) {
		if e.Add(text[i : i+1]) {
			return i + 1
		}
	}
	return -1
}

func TestEndingOfCompletions(t *testing.T) {
	task := datasets.Example{EntryPoint: "f"}
	for _, c := range []struct {
		text string
		seen string // as much as must be seen; all of text: it is not over
		cut  string
	}{
		{"    return 1\n\ndef g():\n", "    return 1\n\ndef", "    return 1\n"},
		{"    return 1\n", "    return 1\n", "    return 1\n"},
		{"    a\n# c\n    b\n# d\n\n  # e\nx = 1\n", "    a\n# c\n    b\n# d\n\n  # e\nx", "    a\n# c\n    b"},
		{"    a\n# c\n", "    a\n# c\n", "    a"},
		{"    a\n# c\n   ", "    a\n# c\n   ", "    a"},
		{"    a\n# c\nclass B", "    a\n# c\nc", "    a"},
		{"    a\n# c\n    b\nclass B", "    a\n# c\n    b\nclass", "    a\n# c\n    b"},
		{"    a\n```\nmore", "    a\n```", "    a"},
	} {
		e := ending(t, completionInfo, task)
		at := overAt(e, c.text)
		if at < 0 {
			at = len(c.text)
		}
		if c.text[:at] != c.seen || cutOf(e, c.text) != c.cut {
			t.Errorf("%q is over at %q and cut to %q; want %q and %q", c.text, c.text[:at], cutOf(e, c.text), c.seen, c.cut)
		}
	}
}

// What ends a decoding early changes no answer: the part that was seen is cut as the whole is, however the text comes in.
func TestEndingChangesNoAnswer(t *testing.T) {
	lines := []string{"    x = 1\n", "# c\n", "  # d\n", "\n", "   ", "def g():\n", "print(1)\n", "class A:\n", "y = 2\n", "@a\n", "if x:\n", "```\n", "\t", "#", "de", "f\n", "    return x"}
	random := rand.New(rand.NewPCG(1, 2))
	task, over := datasets.Example{EntryPoint: "f"}, 0
	for range 20000 {
		var text strings.Builder
		for range 1 + random.IntN(8) {
			text.WriteString(lines[random.IntN(len(lines))])
		}
		whole := text.String()
		e := ending(t, completionInfo, task)
		want := cutOf(e, whole)
		for at := 0; at < len(whole); {
			n := min(1+random.IntN(5), len(whole)-at)
			at += n
			if e.Add(whole[at-n : at]) {
				over++
				if got := cutOf(e, whole[:at]); got != want {
					t.Fatalf("%q was over at %q, whose answer is %q and not %q", whole, whole[:at], got, want)
				}
				break
			}
		}
	}
	if over < 5000 {
		t.Errorf("only %d texts ended early", over)
	}
}

func TestEndingOfChats(t *testing.T) {
	task := datasets.Example{EntryPoint: "f", Prompt: "def f():\n"}
	chat := record.PromptInfo{Name: "chat", Answer: string(Chat)}
	begun := record.PromptInfo{Name: "own", Answer: string(Chat), Assistant: "Sure:\n```python\n"}
	evalPlus := record.PromptInfo{Name: "evalplus", Answer: string(Chat), Assistant: evalPlusAssistant, Stops: []string{"\n```\n"}}
	for _, c := range []struct {
		info            record.PromptInfo
		text, seen, cut string
	}{
		{chat, "Sure:\n```python\ndef f():\n    pass\n```\nIt works.", "Sure:\n```python\ndef f():\n    pass\n```\n", "Sure:\n```python\ndef f():\n    pass\n```\n"},
		{chat, "```\npip install x\n```\n```python\ndef f():\n    '''\n    ```\n    '''\n```\nx", "```\npip install x\n```\n```python\ndef f():\n    '''\n    ```\n    '''\n```\n",
			"```\npip install x\n```\n```python\ndef f():\n    '''\n    ```\n    '''\n```\n"},
		{chat, "```python\ndef g(): pass\n```\nno more", "", ""},
		{chat, "no code", "", ""},
		{begun, "def f(): pass\n```\nx", "def f(): pass\n```\n", "def f(): pass\n```\n"},
		{evalPlus, "def f(): pass\n```\nx", "def f(): pass\n```\n", "def f(): pass"},
		{chat, "```python\ndef f(): pass\n```\n", "```python\ndef f(): pass\n```\n", "```python\ndef f(): pass\n```\n"}, // nothing is left to cut
	} {
		e := ending(t, c.info, task)
		at := overAt(e, c.text)
		if _, ends := e.Cut(c.text); ends != (at >= 0) {
			t.Errorf("%s: %q ends: %t; seen byte by byte it is over at %d", c.info.Name, c.text, ends, at)
		}
		if at < 0 {
			at, c.cut, c.seen = len(c.text), c.text, c.text
		}
		if c.text[:at] != c.seen || cutOf(e, c.text) != c.cut {
			t.Errorf("%s: %q is over at %q and cut to %q", c.info.Name, c.text, c.text[:at], cutOf(e, c.text))
		}
	}
}

// An answer is found by the prompt that it answers.
func TestAnswerOf(t *testing.T) {
	var x Extractor
	defer x.Close()
	code := datasets.Example{EntryPoint: "f", Prompt: "import math\n\ndef f():\n"}
	number := datasets.Example{Kind: datasets.Number}
	for _, c := range []struct {
		task             datasets.Example
		info             record.PromptInfo
		completion, want string
	}{
		{code, record.PromptInfo{}, "    return 1\ndef g", code.Prompt + "    return 1"},
		{code, record.PromptInfo{Answer: "chat"}, "Here:\n```python\ndef f():\n    return 2\n```\nmore", "import math\n\ndef f():\n    return 2\n"},
		{code, record.PromptInfo{Answer: "chat", Assistant: evalPlusAssistant, Stops: []string{"\n```\n"}}, "def f():\n    return 3\n```\nmore", "import math\n\ndef f():\n    return 3"},
		{code, record.PromptInfo{Answer: "completion", Stops: lmEvalStops}, "    return 4\n```\nmore", code.Prompt + "    return 4\n"},
		{number, record.PromptInfo{Answer: "chat"}, "First 3\nQuestion: then\n#### 5<|im_end|>", "First 3\nQuestion: then\n#### 5"},
		{datasets.Example{Kind: datasets.Sudoku}, record.PromptInfo{Answer: "chat"}, "So:\n```\n1234\n\n3412\n```\nDone.", "1234\n\n3412"},
	} {
		if got, _, err := x.answerOf(c.task, c.info, c.completion); err != nil || got != c.want {
			t.Errorf("%+v, %q: %q, %v; want %q", c.info, c.completion, got, err, c.want)
		}
	}
}
