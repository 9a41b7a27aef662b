package basics

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tandem/datasets"
)

// judge.py runs each program given to it, in one process: the generator's own programs need no sandbox.
//
//go:embed testdata/judge.py
var judge string

// runPython returns a verdict for each program: "passed", "wrong" (an assert failed) or the error.
func runPython(t *testing.T, programs []string) []string {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not installed: the solutions are not run")
	}
	verdicts, err := verdictsOf(python, programs)
	if err != nil {
		t.Fatal(err)
	}
	return verdicts
}

// verdictsOf runs judge.py. An error holds what python3 said of it.
func verdictsOf(python string, programs []string) ([]string, error) {
	in, err := json.Marshal(programs)
	if err != nil {
		return nil, err
	}
	var out, complaint bytes.Buffer
	cmd := exec.Command(python, "-I", "-c", judge)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(in), &out, &complaint
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("python3: %w: %s", err, complaint.String())
	}
	var verdicts []string
	if err := json.Unmarshal(out.Bytes(), &verdicts); err != nil || len(verdicts) != len(programs) {
		return nil, fmt.Errorf("python3 gave %d verdicts for %d programs: %v: %.200q %s", len(verdicts), len(programs), err, out.String(), complaint.String())
	}
	return verdicts, nil
}

// TestJudge: a program's limit is one of processor time, so that a busy machine changes no verdict, and where there are no
// verdicts the error says why.
func TestJudge(t *testing.T) {
	got := runPython(t, []string{"import time\ntime.sleep(0.3)", "assert 1 == 2", "while True: pass", "1 / 0", "x = 1"})
	want := []string{"passed", "wrong", "timeout", "ZeroDivisionError('division by zero')", "passed"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	_, err := verdictsOf("python3", []string{"raise SystemExit('no reason')"})
	if err == nil || !strings.Contains(err.Error(), "exit status 1: no reason") {
		t.Errorf("a judge that ended: %v", err)
	}
}

func program(task datasets.Example, body string) string {
	return task.Prompt + body + "\n" + task.Test + "\ncheck(" + task.EntryPoint + ")\n"
}

// TestCanonicalSolutionsPass compares the operations' Go evaluators with Python, far beyond the suite.
func TestCanonicalSolutionsPass(t *testing.T) {
	tasks := append(Generate(seed, size), Dev(seed, size)...)
	tasks = append(tasks, Generate(11, 1500)...)
	programs := make([]string, len(tasks))
	for i, task := range tasks {
		programs[i] = program(task, task.CanonicalSolution)
	}
	for i, verdict := range runPython(t, programs) {
		if verdict != "passed" {
			t.Errorf("task %d: %s\n%s", i, verdict, programs[i])
		}
	}
}

// TestTrainingDocumentsAreTrue runs completions of the training text on the example in their docstrings.
func TestTrainingDocumentsAreTrue(t *testing.T) {
	examples := regexp.MustCompile(`(?m)^    (?:>>> |Example: |For example, )?(\w+\(.*\))(?:\n    | == | returns | -> )(.*?)\.?$`)
	var programs []string
	for document := range Corpus(4) {
		m := examples.FindStringSubmatch(document.Prompt)
		if m == nil {
			t.Fatalf("no worked example in\n%s", document.Prompt)
		}
		programs = append(programs, document.Prompt+document.Completion+"\nassert "+m[1]+" == "+m[2]+"\n")
		if len(programs) == 2000 {
			break
		}
	}
	for i, verdict := range runPython(t, programs) {
		if verdict != "passed" {
			t.Errorf("%s\n%s", verdict, programs[i])
		}
	}
}

// TestMutantsFail: a test must notice wrong solutions. For each task of the suite at least three of the mutants of its
// solution give a wrong value; those that merely crash do not count.
func TestMutantsFail(t *testing.T) {
	const want = 3
	tasks := Suite().Tasks
	var programs []string
	var owner []int
	for i, task := range tasks {
		for _, mutant := range mutants(task.CanonicalSolution) {
			programs = append(programs, program(task, mutant))
			owner = append(owner, i)
		}
	}
	killed, all, verdicts := make([]int, len(tasks)), 0, make([][]string, len(tasks))
	for i, verdict := range runPython(t, programs) {
		verdicts[owner[i]] = append(verdicts[owner[i]], verdict)
		if verdict == "wrong" {
			killed[owner[i]]++
			all++
		}
	}
	for i, n := range killed {
		if n < want {
			t.Errorf("%s: %d mutants give a wrong value, want %d; the verdicts are %q", tasks[i].TaskID, n, want, verdicts[i])
		}
	}
	t.Logf("%d of %d mutants give a wrong value", all, len(programs))
}

// swaps are the exchanges that a mutant makes in one place.
var swaps = [][2]string{
	{" + ", " - "}, {" - ", " + "}, {" * ", " + "}, {" ** ", " * "}, {" % ", " // "}, {" // ", " % "},
	{" += ", " -= "}, {" -= ", " += "}, {" == ", " != "}, {" != ", " == "}, {" > ", " <= "}, {" < ", " >= "},
	{" >= ", " < "}, {" <= ", " > "}, {" and ", " or "}, {" or ", " and "}, {" not in ", " in "}, {" in \"", " not in \""},
	{"max(", "min("}, {"min(", "max("}, {"if ", "if not "}, {"abs(", "("}, {"sorted(", "list("},
}

var number = regexp.MustCompile(`\b\d+\b`)

// mutants returns variants of a body, each with one change: an operator swapped, a constant raised, a statement
// dropped.
func mutants(body string) []string {
	var out []string
	for _, swap := range swaps {
		for at := 0; ; {
			i := strings.Index(body[at:], swap[0])
			if i < 0 {
				break
			}
			at += i + len(swap[0])
			out = append(out, body[:at-len(swap[0])]+swap[1]+body[at:])
		}
	}
	for _, at := range number.FindAllStringIndex(body, -1) {
		n, _ := strconv.Atoi(body[at[0]:at[1]])
		out = append(out, body[:at[0]]+strconv.Itoa(n+1)+body[at[1]:])
	}
	lines := strings.SplitAfter(body, "\n")
	for i, line := range lines {
		text := strings.TrimLeft(line, " ")
		if text != "" && !strings.HasSuffix(text, ":\n") {
			dropped := strings.Repeat(" ", len(line)-len(text)) + "pass\n"
			out = append(out, strings.Join(lines[:i], "")+dropped+strings.Join(lines[i+1:], ""))
		}
	}
	return out
}
