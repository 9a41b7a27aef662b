package evals

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"tandem/datasets"
	"tandem/internal/golden"
	"tandem/record"
)

// extractPrompt is the prompt of the cases that have none of their own.
const extractPrompt = "import math\nfrom typing import List\n\ndef helper(x):\n    return x + 1\n\ndef f(x):\n    \"\"\"Double.\"\"\"\n"

// extractor returns an Extractor, or skips where nothing can parse.
func extractor(t testing.TB) *Extractor {
	t.Helper()
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("python3 parses the answers and is not installed")
	}
	x := &Extractor{}
	t.Cleanup(func() { x.Close() })
	return x
}

// TestExtractCases runs the table of testdata/extract: a file a case, with its mode and the note that is wanted at the
// top, then the text and the program.
func TestExtractCases(t *testing.T) {
	x := extractor(t)
	for _, file := range caseFiles(t) {
		a, head, part := readCase(t, file)
		task := datasets.Example{Prompt: part["prompt"], EntryPoint: "f", Test: "…", Kind: datasets.Kind(head["kind"])}
		answer, note, err := x.Extract(task, part["text"], Mode(head["mode"]), head["whole"] != "")
		if err != nil {
			t.Fatal(err)
		}
		if golden.Update() {
			head["note"] = note
			a.Comment = nil
			for _, key := range slices.Sorted(maps.Keys(head)) {
				if head[key] != "" {
					a.Comment = append(a.Comment, key+": "+head[key]+"\n"...)
				}
			}
			a.Files[len(a.Files)-1].Data = []byte(answer)
			if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if answer != part["want"] || note != head["note"] {
			t.Errorf("%s:\n%s\nnote %q, want\n%s\nnote %q", file, answer, note, part["want"], head["note"])
		}
	}
}

func caseFiles(t *testing.T) []string {
	files, _ := filepath.Glob("testdata/extract/*.txtar")
	if len(files) < 30 {
		t.Fatalf("%d cases", len(files))
	}
	return files
}

// readCase reads a case: its archive, the fields at its top, and its parts.
func readCase(t *testing.T, file string) (a *txtar.Archive, head, part map[string]string) {
	a, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, part = map[string]string{}, map[string]string{"prompt": extractPrompt}
	for line := range strings.Lines(string(a.Comment)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		head[key] = value
	}
	for _, f := range a.Files {
		part[f.Name] = string(f.Data)
	}
	return a, head, part
}

// wrongCases are those of testdata/extract whose text is no right answer in its mode.
var wrongCases = []string{"auto-eos-in-string", "auto-eos-mask", "auto-mask", "auto-mask-in-string", "auto-prose-behind", "auto-tabs", "auto-truncated",
	"chat-mask", "chat-no-code", "completion-mask", "verbatim-eos", "verbatim-fence"}

// TestExtractedProgramsJudged: what is taken from a right answer passes, and nothing passes once the answer computes
// something else.
func TestExtractedProgramsJudged(t *testing.T) {
	if testing.Short() {
		t.Skip("a hundred programs")
	}
	x, judge := extractor(t), realJudge(t)
	var answers []string
	var tasks []datasets.Example
	files := caseFiles(t)
	for _, file := range files {
		_, head, part := readCase(t, file)
		task := datasets.Example{Prompt: part["prompt"], EntryPoint: "f", Kind: datasets.Kind(head["kind"]),
			Test: "def check(candidate):\n    assert candidate(2) == 4 and candidate(-3) == -6\n"}
		wrong := strings.NewReplacer("2 * x", "3 * x", "2 * number", "3 * number", "x + x", "x + 1", "x, x", "x, 1", "y + x", "y", "y += x", "y += 1",
			"mul(2, x)", "mul(3, x)", "partial(mul, 2)", "partial(mul, 3)").Replace(part["text"])
		for _, text := range []string{part["text"], wrong} {
			answer, _, err := x.Extract(task, text, Mode(head["mode"]), head["whole"] != "")
			if err != nil {
				t.Fatal(err)
			}
			answers, tasks = append(answers, answer), append(tasks, task)
		}
	}
	for i, v := range judgePrograms(t, tasks, 0, judge, func(i int) string { return answers[i] }) {
		name := strings.TrimSuffix(filepath.Base(files[i/2]), ".txtar")
		want := i%2 == 0 && !slices.Contains(wrongCases, name)
		if got := v.Result == record.Pass; got != want || v.Result == record.SandboxError {
			t.Errorf("%s, right %t: %s: %s:\n%s", name, i%2 == 0, v.Result, v.Detail, answers[i])
		}
	}
}

// TestStrippedSolutions: the published solutions pass without the blanks around them, without any common indent, and
// with the rest that a chat model or a tokenizer puts around them.
func TestStrippedSolutions(t *testing.T) {
	if testing.Short() {
		t.Skip("hundreds of programs")
	}
	x, judge, suite := extractor(t), realJudge(t), public(t, "humaneval")
	var answers []string
	var tasks []datasets.Example
	for i, task := range suite.Tasks {
		body := task.CanonicalSolution
		text := []string{strings.TrimSpace(body), reindented(body, ""), strings.TrimPrefix(body, " "), "```python\n" + strings.TrimSpace(body) + "\n```\n",
			strings.TrimSpace(body) + "<|im_end|>\n", "```\n" + reindented(task.Prompt+body, "  ") + "```<|endoftext|>",
			strings.TrimSpace(body) + "\n\n# Test it:\nprint(f("}[i%7]
		answer, note, err := x.Extract(task, text, Auto, false)
		if err != nil || note == "" && text != body {
			t.Errorf("%s: note %q, %v", task.TaskID, note, err)
		}
		answers, tasks = append(answers, answer), append(tasks, task)
	}
	for i, v := range judgePrograms(t, tasks, suite.CPU, judge, func(i int) string { return answers[i] }) {
		if v.Result != record.Pass {
			t.Errorf("%s: %s: %s:\n%s", tasks[i].TaskID, v.Result, v.Detail, answers[i])
		}
	}
}

// TestParserSurvives: a text that Python's parser cannot take is no program, and the next one is parsed as ever.
func TestParserSurvives(t *testing.T) {
	x := extractor(t)
	for _, c := range []struct{ name, text string }{
		{"brackets", strings.Repeat("(", 100_000)},
		{"minuses", strings.Repeat("-", 500_000) + "1"},
		{"attributes", "a" + strings.Repeat(".a", 300_000)},
		{"additions", "1" + strings.Repeat("+1", 300_000)},
		{"indents", deepIndents(200)},
		{"zero bytes", "def f():\n\x00"},
		{"too long", strings.Repeat("#", maxText+1)},
		{"not UTF-8", "\xff\xfe(("},
	} {
		p, err := x.parse(c.text, "f")
		if err != nil || p.OK && c.name != "attributes" && c.name != "additions" {
			t.Errorf("%s: %+v, %v", c.name, p, err)
		}
		if p, err := x.parse("def f():\n    return 1\n", "f"); err != nil || !p.OK || !p.Defines {
			t.Errorf("after %s: %+v, %v", c.name, p, err)
		}
	}
	x.cmd.Process.Kill()
	if p, err := x.parse("1", "f"); err != nil || p.OK || p.Why == "" {
		t.Errorf("killed within: %+v, %v", p, err)
	}
	if p, err := x.parse("1", "f"); err != nil || !p.OK {
		t.Errorf("after it was killed: %+v, %v", p, err)
	}
}

func deepIndents(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(" ", i) + "if 1:\n")
	}
	return b.String()
}

// TestNoPython: without python3 a completion is still cut, and what must be parsed is an error that says so.
func TestNoPython(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	x := &Extractor{}
	task := datasets.Example{Prompt: "def f():\n", EntryPoint: "f"}
	if _, _, err := x.Extract(task, "    return 1", Auto, false); err == nil || !strings.Contains(err.Error(), "python3") {
		t.Errorf("got %v", err)
	}
	if answer, _, err := x.Extract(task, "    return 1", Completion, false); err != nil || answer != "def f():\n    return 1" {
		t.Errorf("%q, %v: a completion needs no parser", answer, err)
	}
}

// FuzzExtractor: whatever the text, every mode gives an answer, takes no line that is not in prompt or text, and names a
// mask.
func FuzzExtractor(f *testing.F) {
	f.Add("```python\ndef f(x):\n    return 1\n```\n", false)
	f.Add("    return <|mask|>\n", true)
	f.Add("~~~\n  x\n ~~~~\n```", true)
	f.Add("def f(x):\n\treturn (", false)
	f.Add("y = x\n    return y</s>\n<|im_end|>", false)
	f.Add("```\nf = lambda x: g(x)\n```\n```\nimport g\n```", false)
	f.Add("```\nf = lambda x: g(x)\n```\n```\nimport g", false)
	x := extractor(f)
	task := datasets.Example{Prompt: extractPrompt, EntryPoint: "f", Test: "…"}
	f.Fuzz(func(t *testing.T, text string, whole bool) {
		have := map[string]bool{"": true}
		for line := range strings.Lines(extractPrompt + "\n" + text) {
			have[strings.TrimSpace(line)] = true
		}
		for _, stop := range codeStops { // the line that a cut ends in
			have[strings.TrimSpace(untilStop(text, []string{stop}))] = true
		}
		for _, mode := range []Mode{Auto, Verbatim, Chat, Completion} {
			answer, note, err := x.Extract(task, text, mode, whole)
			if err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(strings.TrimPrefix(answer, extractPrompt)) {
				if !have[strings.TrimSpace(line)] && !strings.Contains(text, strings.TrimSpace(line)) {
					t.Errorf("%s: line %q is new in the answer to %q", mode, line, text)
				}
			}
			if _, special := untilSpecial(text); (mode == Verbatim || mode == Chat) && !strings.Contains(note, special) {
				t.Errorf("%s: %s is not named in %q", mode, special, note)
			}
			if mode != Completion && maskNote(text) != "" && !strings.Contains(note, "mask") {
				t.Errorf("%s: a mask is not named in %q", mode, note)
			}
		}
	})
}
