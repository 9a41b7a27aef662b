package evals

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem/datasets"
	"tandem/evals/sandbox"
	"tandem/record"
)

// all says that every task is judged, which takes half an hour; by default it is a fixed choice of them.
var all = os.Getenv("TANDEM_ALL_TASKS") != ""

// public loads a public suite or skips.
func public(t testing.TB, name string) datasets.Suite {
	t.Helper()
	source, ok := datasets.Find(name)
	if !ok {
		t.Fatalf("no suite %s", name)
	}
	cache, err := datasets.CacheDir()
	if err != nil {
		t.Skip(err)
	}
	suite, err := source.Load(cache)
	if errors.Is(err, datasets.ErrNotFetched) {
		t.Skipf("the files of %s are not in %s: %s may name another folder", name, cache, datasets.DataVariable)
	}
	if err != nil {
		t.Fatal(err)
	}
	return suite
}

// realJudge returns the sandbox or skips.
func realJudge(t testing.TB) Judge {
	t.Helper()
	judge, err := sandbox.New(sandbox.Options{})
	if errors.Is(err, sandbox.ErrNoPython) || errors.Is(err, sandbox.ErrNoSandbox) {
		t.Skipf("no judge here: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return judge
}

// judgeEach judges one answer to each task, on all processors, and returns the verdicts.
func judgeEach(t testing.TB, tasks []datasets.Example, cpu time.Duration, judge Judge, answer func(datasets.Example) string) []record.Verdict {
	return judgePrograms(t, tasks, cpu, judge, func(i int) string { return kinds[tasks[i].Kind].answer(tasks[i], answer(tasks[i])) })
}

// judgePrograms judges one program for each task, on all processors, and returns the verdicts.
func judgePrograms(t testing.TB, tasks []datasets.Example, cpu time.Duration, judge Judge, program func(i int) string) []record.Verdict {
	verdicts := make([]record.Verdict, len(tasks))
	queue := make(chan int)
	var group sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for i := range queue {
				v, _, err := Verdict(context.Background(), tasks[i], program(i), judge, sandbox.Limits{CPU: max(cpu, 6*time.Second)}, 1)
				if err != nil {
					t.Error(err)
				}
				verdicts[i] = v
			}
		})
	}
	for i := range tasks {
		queue <- i
	}
	close(queue)
	group.Wait()
	return verdicts
}

// TestCanonicalSolutions: the published solution of every task passes.
func TestCanonicalSolutions(t *testing.T) {
	if testing.Short() {
		t.Skip("hundreds of programs")
	}
	for _, c := range []struct {
		suite string
		every int // judged by default: the first task and each so manieth after it
	}{
		{"humaneval", 1}, {"humaneval-plus", 12}, {"humaneval-plus-mini", 3}, {"mbpp", 10}, {"mbpp-sanitized", 10},
		{"infilling-single-line", 40}, {"infilling-multi-line", 150}, {"infilling-random-span", 40}, {"infilling-random-span-light", 8},
	} {
		t.Run(c.suite, func(t *testing.T) {
			judge, suite := realJudge(t), public(t, c.suite)
			var tasks []datasets.Example
			for i, task := range suite.Tasks {
				if all || i%c.every == 0 || task.Beside {
					tasks = append(tasks, task)
				}
			}
			passed := 0
			for i, v := range judgeEach(t, tasks, suite.CPU, judge, func(e datasets.Example) string { return e.CanonicalSolution }) {
				if v.Result == record.Pass {
					passed++
				} else {
					t.Errorf("%s: %s: %s", tasks[i].TaskID, v.Result, v.Detail)
				}
			}
			t.Logf("%d of %d pass", passed, len(tasks))
		})
	}
}

// TestEmptyInfills counts the floor that the catalogue states.
func TestEmptyInfills(t *testing.T) {
	if !all {
		t.Skip("thousands of programs: set TANDEM_ALL_TASKS")
	}
	for _, name := range []string{"infilling-single-line", "infilling-multi-line", "infilling-random-span", "infilling-random-span-light"} {
		suite, passed := public(t, name), 0
		for _, v := range judgeEach(t, suite.Tasks, 3*time.Second, realJudge(t), func(datasets.Example) string { return "" }) {
			if v.Result == record.Pass {
				passed++
			}
		}
		if passed != suite.Floor {
			t.Errorf("%s: an empty middle passes %d of %d, the catalogue says %d", name, passed, len(suite.Tasks), suite.Floor)
		}
	}
}

// TestWrongSolutionsFail: a program that does nothing passes no task, an empty one neither.
func TestWrongSolutionsFail(t *testing.T) {
	if testing.Short() {
		t.Skip("dozens of programs")
	}
	for _, c := range []struct{ suite, answer string }{
		{"humaneval", "    return None\n"}, {"humaneval-plus-mini", "    pass\n"}, {"mbpp", "x = 1\n"}, {"mbpp-sanitized", ""},
	} {
		judge, suite := realJudge(t), public(t, c.suite)
		var tasks []datasets.Example
		for i := 0; i < len(suite.Tasks); i += 20 {
			tasks = append(tasks, suite.Tasks[i])
		}
		for i, v := range judgeEach(t, tasks, suite.CPU, judge, func(datasets.Example) string { return c.answer }) {
			if v.Result == record.Pass || v.Result == record.SandboxError {
				t.Errorf("%s: %s", tasks[i].TaskID, v.Result)
			}
		}
	}
}

// pythonValue writes a value as Python does; an allowed dict lists the values of each key.
func pythonValue(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		return map[bool]string{true: "True", false: "False"}[v]
	case []any:
		var items []string
		for _, item := range v {
			items = append(items, pythonValue(item))
		}
		return "[" + strings.Join(items, ", ") + "]"
	case map[string]any:
		var items []string
		for key, choices := range v {
			if list, ok := choices.([]any); ok && list[0] != any("") {
				items = append(items, pythonValue(key)+": "+pythonValue(list[0]))
			}
		}
		return "{" + strings.Join(items, ", ") + "}"
	default:
		text, _ := json.Marshal(v)
		return string(text)
	}
}

// truthCalls writes the calls that are allowed, each argument with its first value.
func truthCalls(t *testing.T, task datasets.Example) []string {
	var want datasets.CallsAnswer
	if err := json.Unmarshal(task.Answer, &want); err != nil {
		t.Fatal(err)
	}
	var calls []string
	for _, allowed := range want.Calls {
		for name, parameters := range allowed {
			var arguments []string
			for parameter, texts := range parameters {
				choices, err := decodeAll(texts)
				if err != nil {
					t.Fatal(err)
				}
				for _, choice := range choices {
					if choice != any("") {
						arguments = append(arguments, parameter+"="+pythonValue(choice))
						break
					}
				}
			}
			calls = append(calls, name+"("+strings.Join(arguments, ", ")+")")
		}
	}
	return calls
}

// TestCallsTruth: the allowed calls pass in any order, and each of them mutated fails.
func TestCallsTruth(t *testing.T) {
	for _, name := range []string{"bfcl-simple", "bfcl-multiple", "bfcl-parallel"} {
		t.Run(name, func(t *testing.T) {
			for _, task := range public(t, name).Tasks {
				calls := truthCalls(t, task)
				reversed := []string{}
				for _, c := range calls {
					reversed = append([]string{c}, reversed...)
				}
				for _, right := range []string{
					"[" + strings.Join(calls, ", ") + "]", "```python\n[" + strings.Join(reversed, ",\n ") + "]\n```",
				} {
					if wrong := judgeCalls(task, right); wrong != "" {
						t.Errorf("%s: %s: %s", task.TaskID, right, wrong)
					}
				}
				all := strings.Join(calls, ", ")
				for kind, text := range map[string]string{
					"none":              "[]",
					"one more":          "[" + all + ", " + calls[0] + "]",
					"another name":      "[x" + all + "]",
					"unknown parameter": "[" + strings.TrimSuffix(all, ")") + ", no_such_parameter=1)]",
					"another value":     "[" + mutate(all) + "]",
					"no end":            "[" + all,
					"prose":             "I would call " + all,
				} {
					if judgeCalls(task, text) == "" {
						t.Errorf("%s, %s: passes: %s", task.TaskID, kind, text)
					}
				}
			}
		})
	}
}

// mutate changes the first value to one that is nowhere allowed.
func mutate(calls string) string {
	before, _, _ := strings.Cut(calls, "=")
	return before + "=\"no such value\")"
}

// TestPromptsArePinned: a changed byte in any prompt changes scores, so it must be meant. The hash is over all prompts of
// a suite as they are asked, each with a zero byte behind it.
func TestPromptsArePinned(t *testing.T) {
	for name, want := range map[string]string{
		"humaneval": "4e821ee58dd4", "humaneval-plus": "b8bcef717427", "mbpp": "3368c6f7f362", "mbpp-3shot": "ee79e8520de3", "mbpp-test": "d48a8ba314cf", "mbpp-sanitized": "c8e528470354", "mbpp-sanitized-3shot": "84f276e745ae",
		"infilling-single-line": "24fde87f626d", "bfcl-simple": "18c14a2adc2b", "bfcl-multiple": "7259937e4540", "bfcl-parallel": "001c3d94f41e", "sudoku-4x4": "8b3235a8a92c", "countdown-3": "0fa95d3e2eb2",
	} {
		t.Run(name, func(t *testing.T) {
			h := sha256.New()
			for _, task := range public(t, name).Tasks {
				io.WriteString(h, Ask(task)+"\x00")
			}
			if got := hex.EncodeToString(h.Sum(nil))[:12]; got != want {
				t.Errorf("its prompts have the hash %s, not %s", got, want)
			}
		})
	}
}
