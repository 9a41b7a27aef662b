package evals

import (
	"encoding/json"
	"fmt"
	"math/big"
	"reflect"
	"strings"
	"testing"

	"tandem/datasets"
)

func withAnswer(kind datasets.Kind, answer string) datasets.Example {
	text, _ := json.Marshal(answer)
	return datasets.Example{Kind: kind, Answer: text}
}

func TestNumbers(t *testing.T) {
	for _, c := range []struct {
		right, answer string
		want          bool
	}{
		{"18", "She makes 9 * 2 = 18.\n#### 18", true},
		{"18", "#### 18.0", true},
		{"18", "#### $18", true},
		{"1800", "#### 1,800 dollars", true},
		{"1,800", "It is 1800.", true},
		{"18", "The answer is \\boxed{18}.", true},
		{"18", "So 20 - 2 = 18", true},
		{"3", "5-3", true},
		{"-3", "#### -3", true},
		{"0.5", "#### .5", true},
		{"18", "#### 19", false},
		{"18", "18 is near, but\n#### 17", false},
		{"18", "First \\boxed{18}, then \\boxed{17}.", false},
		{"18", "#### eighteen, not 17", false},
		{"18", "no number", false},
		{"18", "", false},
		{"1", "#### " + strings.Repeat("1", 10_000), false},
	} {
		if wrong := judgeNumber(withAnswer(datasets.Number, c.right), c.answer); (wrong == "") != c.want {
			t.Errorf("%.40q for %s: %q", c.answer, c.right, wrong)
		}
	}
}

func TestSudoku(t *testing.T) {
	task := withAnswer(datasets.Sudoku, "1000\n0002\n4003\n0000")
	for _, c := range []struct{ answer, wrong string }{
		{"1234\n3412\n4123\n2341", ""},
		{" 1 2 3 4\n3412\r\n\n4123\n2341\n", ""},
		{"1234\n3412\n4123", "3 rows"},
		{"2134\n3412\n4123\n1341", "given 1 in row 1"},
		{"1234\n3412\n4123\n2342", "occurs twice"},
		{"1234\n1432\n4123\n2341", "occurs twice"},
		{"1234\n3412\n4123\n23415", "row 4 is no row"},
		{"1234\n3412\n4123\n2340", "digits from 1 to 4"},
		{"", "0 rows"},
	} {
		if wrong := judgeSudoku(task, c.answer); c.wrong == "" && wrong != "" || !strings.Contains(wrong, c.wrong) {
			t.Errorf("%q: %q, want %q", c.answer, wrong, c.wrong)
		}
	}
}

func TestCountdown(t *testing.T) {
	task := withAnswer(datasets.Countdown, "15,44,79,50")
	for _, c := range []struct{ answer, wrong string }{
		{"44-15=29,79-29=50", ""},
		{" 44 - 15 = 29, 79 - 29 = 50\n", ""},
		{"44-15=29", "1 steps"},
		{"44-15=28,79-28=51", "44-15=28 is wrong"},
		{"44-44=0,79-0=79", "there is no 44 left"},
		{"44-15=29,29+79=108", "does not reach 50"},
		{"44/0=50,79-29=50", "there is no 0"},
		{"so 44-15=29,79-29=50", "is no step"},
		{"", "is no step"},
	} {
		wrong := judgeCountdown(task, c.answer)
		if c.wrong == "" && wrong != "" || c.wrong != "" && wrong == "" || c.answer != "" && !strings.Contains(wrong, c.wrong) {
			t.Errorf("%q: %q, want %q", c.answer, wrong, c.wrong)
		}
	}
	if holds("1", "/", "0", "0") || !holds("7", "/", "2", "3") == false {
		t.Error("division")
	}
}

// TestPlanningTruth: the published outputs pass, and the next task's fail.
func TestPlanningTruth(t *testing.T) {
	for _, name := range []string{"sudoku-4x4", "countdown-3", "countdown-4", "countdown-5"} {
		t.Run(name, func(t *testing.T) {
			tasks := public(t, name).Tasks
			for i, task := range tasks {
				if wrong := kinds[task.Kind].judge(task, task.CanonicalSolution); wrong != "" {
					t.Errorf("%s: %s", task.TaskID, wrong)
				}
				other := tasks[(i+1)%len(tasks)]
				if other.CanonicalSolution != task.CanonicalSolution && kinds[task.Kind].judge(task, other.CanonicalSolution) == "" && name != "sudoku-4x4" {
					t.Errorf("%s: the solution of %s passes", task.TaskID, other.TaskID)
				}
			}
		})
	}
}

func TestParseCalls(t *testing.T) {
	for _, c := range []struct {
		text string
		want []call
	}{
		{"[]", nil},
		{"f()", []call{{"f", map[string]any{}}}},
		{"[a.b(x=1, y=-2.5,)]", []call{{"a.b", map[string]any{"x": big.NewInt(1), "y": -2.5}}}},
		{"[f(s='it\\'s', t=\"a\" 'b', u=\"\"\"c\nd\"\"\")]", []call{{"f", map[string]any{"s": "it's", "t": "ab", "u": "c\nd"}}}},
		{"[f(l=[1, [True, None]], d={'k': (1, 2)}, e=(3), n=1_000)]", []call{{"f", map[string]any{
			"l": []any{big.NewInt(1), []any{true, nil}}, "d": map[string]any{"k": tuple{big.NewInt(1), big.NewInt(2)}}, "e": big.NewInt(3), "n": big.NewInt(1000)}}}},
		{"[f(v=some.name), g(x='\\u00e9')] # done", []call{{"f", map[string]any{"v": "some.name"}}, {"g", map[string]any{"x": "é"}}}},
	} {
		got, err := parseCalls(c.text)
		if err != nil || fmt.Sprint(got) != fmt.Sprint(c.want) && !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, %v", c.text, got, err)
		}
	}
	for _, c := range []struct{ text, want string }{
		{"[f(1)]", "not named"}, {"[f(x=1, x=2)]", "x twice"}, {"[f(x=1)", "ends within"}, {"[f(x=)]", "unexpected"},
		{"f(x=1) and more", "unexpected"}, {"[f(x='a)]", "no end"}, {"[f(x=__import__('os'))]", "unexpected"},
		{"[f(x=" + strings.Repeat("[", 1000), "within each other"}, {"[f(x=1+2)]", "unexpected"}, {"[f(x=b'a')]", "prefix"},
		{"[f(x=" + strings.Repeat("1", 1000) + ")]", "digits"}, {"[f(x=1) g(y=2)]", "unexpected"}, {"2", "unexpected"},
	} {
		if _, err := parseCalls(c.text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.40s: %v, want %q", c.text, err, c.want)
		}
	}
}

// TestCallForms: the same calls in JSON, and BFCL's rules of types, one case a rule.
func TestCallForms(t *testing.T) {
	answer := `{"functions":[{"name":"f","parameters":{"properties":{"n":{"type":"integer"},"x":{"type":"float"},"s":{"type":"string"},
		"t":{"type":"tuple"},"a":{"type":"array"},"d":{"type":"dict"},"b":{"type":"boolean"}},"required":["n"]}}],
		"calls":[{"f":{"n":[5],"x":["",2.0],"s":["","San Francisco, CA"],"t":["",[1,2]],"a":["",[1,2]],"d":["",{"k":[1,2],"o":["",3]}],"b":["",true]}}]}`
	task := datasets.Example{Kind: datasets.Calls, Answer: json.RawMessage(answer)}
	for text, right := range map[string]bool{
		"[f(n=5)]": true, "f(n=5)": true,
		`[{"name": "f", "arguments": {"n": 5}}]`: true, `{"name": "f", "parameters": {"n": 5}}`: true, `[{"f": {"n": 5}}]`: true,
		"[f(n=5, x=2)]": true, "[f(n=5.0)]": false, "[f(n='5')]": false, "[f()]": false, "[f(n=6)]": false,
		"[f(n=5, s='san francisco ca')]": true, "[f(n=5, s='Oakland')]": false,
		"[f(n=5, t=(1, 2))]": true, "[f(n=5, t=[1, 2])]": true, "[f(n=5, a=(1, 2))]": false, "[f(n=5, a=[2, 1])]": false,
		"[f(n=5, d={'k': 2})]": true, "[f(n=5, d={'k': 3})]": false, "[f(n=5, d={'o': 3})]": false, "[f(n=5, d={'k': 1, 'z': 1})]": false,
		"[f(n=5, b=True)]": true, "[f(n=5, b=1)]": false, "[f(n=5, b=False)]": false,
		"[g(n=5)]": false, "[f(n=5), f(n=5)]": false, "": false, `[{"name": "f"}]`: false, "null": false,
	} {
		if wrong := judgeCalls(task, text); (wrong == "") != right {
			t.Errorf("%s: %q", text, wrong)
		}
	}
}

// FuzzCalls: whatever the text, reading calls ends, and what is read from JSON's or Python's form is a call with a name.
func FuzzCalls(f *testing.F) {
	f.Add("[f(a=1, b='x', c=[{}, (1,)])]")
	f.Add(`[{"name": "f", "arguments": {"a": 1e999}}]`)
	f.Add("f(x='\\x4")
	task := datasets.Example{Kind: datasets.Calls, Answer: json.RawMessage(`{"functions":[{"name":"f","parameters":{"properties":{"a":{"type":"any"}}}}],"calls":[{"f":{"a":["",1,1.5,[],{"k":[1]}]}}]}`)}
	f.Fuzz(func(t *testing.T, text string) {
		calls, err := parseCalls(text)
		for _, c := range calls {
			if err == nil && c.name == "" {
				t.Errorf("a call without a name in %q", text)
			}
		}
		for _, k := range kinds {
			if k.judge != nil {
				k.judge(task, text)
			}
		}
		judgeNumber(withAnswer(datasets.Number, "1"), text)
		judgeSudoku(withAnswer(datasets.Sudoku, text), text)
		judgeCountdown(withAnswer(datasets.Countdown, text), text)
	})
}
