//go:build linux

package sandbox

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem/datasets"
	"tandem/datasets/basics"
	"tandem/record"
)

// AtLeast reports whether t isolates as strongly as other.
func (t Tier) AtLeast(other Tier) bool { return t.rank() <= other.rank() }

func TestMain(m *testing.M) {
	Main()
	os.Exit(m.Run())
}

// runner is the best sandbox of this machine.
func runner(t testing.TB) *Runner {
	t.Helper()
	r, err := New(Options{})
	if errors.Is(err, ErrNoPython) {
		t.Skipf("no judge here: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

const addTest = "def check(candidate):\n    assert candidate(2, 3) == 5\n    assert candidate(-1, 1) == 0\n"

func run(t *testing.T, r *Runner, source string, limits Limits) Outcome {
	t.Helper()
	out, err := r.Run(t.Context(), Program{Source: source, Test: addTest, EntryPoint: "add"}, limits)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestVerdicts runs right, wrong and hostile programs with every tier that works here.
func TestVerdicts(t *testing.T) {
	for i, r := range runners(t) {
		t.Run(string(r.Tier()), func(t *testing.T) {
			for _, p := range hostilePrograms(i == 0) {
				if p.needs != "" && !r.Tier().AtLeast(p.needs) || p.name == "fork bomb" && os.Geteuid() == 0 && !r.plan.OtherUID {
					continue // rlimits do not count root's processes
				}
				t.Run(p.name, func(t *testing.T) {
					if !p.alone {
						t.Parallel()
					}
					p.judge(t, r)
				})
			}
		})
	}
}

// runners are those of every tier that works here, the best first.
func runners(t *testing.T) (list []*Runner) {
	best := runner(t)
	t.Log(best.Explain())
	pythons, err := findPythons("")
	if err != nil {
		t.Fatal(err)
	}
	for i, tier := range tiers {
		r, err := probe(tiers[i:i+1], pythons)
		if err != nil {
			t.Logf("%s: %v", tier, err)
			continue
		}
		t.Cleanup(func() { r.Close() })
		list = append(list, r)
	}
	return list
}

// judge runs the program and checks what is said of it.
func (p hostile) judge(t *testing.T, r *Runner) {
	test := addTest
	if p.test != "" {
		test = p.test
	}
	limits := Limits{CPU: time.Second, Memory: 256 << 20}
	out, err := r.Run(t.Context(), Program{Source: p.source, Test: test, EntryPoint: "add"}, limits)
	if err != nil {
		t.Fatal(err)
	}
	if out.Result != p.want && (p.want != notPass || out.Result == record.Pass || out.Result == record.SandboxError) {
		t.Errorf("%s (%s), want %s", out.Result, out.Detail, p.want)
	}
	if out.Tier != r.Tier() || out.Beside || out.Detail != oneLine(out.Detail) {
		t.Errorf("tier %s, beside %v, detail %q", out.Tier, out.Beside, out.Detail)
	}
}

// TestCancel: a cancelled context ends a run, and the next one has what it needs.
func TestCancel(t *testing.T) {
	r := runner(t)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := r.Run(ctx, Program{Source: body("while True: pass"), Test: addTest, EntryPoint: "add"}, Limits{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if out := run(t, r, body("return a + b"), Limits{}); out.Result != record.Pass {
		t.Errorf("afterwards: %+v", out)
	}
}

// TestCanonicalSolutions judges all tasks of the embedded suite.
func TestCanonicalSolutions(t *testing.T) {
	judgeSuite(t, basics.Suite())
}

// TestHumanEval judges HumanEval's canonical solutions where the file is at hand.
func TestHumanEval(t *testing.T) {
	f := public(t, "humaneval/HumanEval.jsonl.gz")
	text, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	suite, err := datasets.Read("humaneval", text)
	if err != nil {
		t.Fatal(err)
	}
	judgeSuite(t, suite)
}

// TestMBPP judges MBPP's canonical solutions where the file is at hand. Of 974, the tests of three make objects of the
// solution's own classes, and that of one uses a module that the solution imports.
func TestMBPP(t *testing.T) {
	beside := map[int]bool{367: true, 601: true, 927: true}
	defined := regexp.MustCompile(`(?m)^def\s+(\w+)`)
	var programs []Program
	var names []string
	for decoder := json.NewDecoder(public(t, "mbpp/mbpp.jsonl")); decoder.More(); {
		var task struct {
			TaskID        int      `json:"task_id"`
			Code          string   `json:"code"`
			TestSetupCode string   `json:"test_setup_code"`
			TestList      []string `json:"test_list"`
		}
		if err := decoder.Decode(&task); err != nil {
			t.Fatal(err)
		}
		p := Program{Source: task.Code, Setup: task.TestSetupCode, Beside: beside[task.TaskID]}
		if task.TaskID == 596 {
			p.Setup += "\nimport sys\n"
		}
		p.Test = "def check(candidate):\n    " + strings.Join(task.TestList, "\n    ") + "\n"
		for _, name := range defined.FindAllStringSubmatch(task.Code, -1) {
			if regexp.MustCompile(`\b` + name[1] + `\s*\(`).MatchString(task.TestList[0]) {
				p.EntryPoint = name[1]
			}
		}
		programs, names = append(programs, p), append(names, fmt.Sprintf("MBPP/%d", task.TaskID))
	}
	if len(programs) != 974 {
		t.Errorf("%d tasks", len(programs))
	}
	judgeAll(t, programs, names)
}

// public opens a file of a public suite, or skips where it was not fetched.
func public(t *testing.T, path string) *os.File {
	cache, err := datasets.CacheDir()
	if err != nil {
		t.Skip(err)
	}
	f, err := os.Open(filepath.Join(cache, path))
	if err != nil {
		t.Skipf("the suite's file is not here, %s may name another folder: %v", datasets.DataVariable, err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func judgeSuite(t *testing.T, suite datasets.Suite) {
	var programs []Program
	var names []string
	for _, task := range suite.Tasks {
		names = append(names, task.TaskID)
		programs = append(programs, Program{Source: task.Prompt + task.CanonicalSolution, Setup: task.Prompt, Test: task.Test, EntryPoint: task.EntryPoint})
	}
	judgeAll(t, programs, names)
}

// judgeAll judges programs that must pass.
func judgeAll(t *testing.T, programs []Program, names []string) {
	r := runner(t)
	var wait sync.WaitGroup
	slots := make(chan struct{}, 2)
	for i, p := range programs {
		wait.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			out, err := r.Run(t.Context(), p, Limits{CPU: 10 * time.Second})
			if err != nil || out.Result != record.Pass || out.Beside != p.Beside {
				t.Errorf("%s: %s %s %v", names[i], out.Result, out.Detail, err)
			}
		})
	}
	wait.Wait()
}

func TestNewRefuses(t *testing.T) {
	if _, err := New(Options{Python: "no-such-python"}); !errors.Is(err, ErrNoPython) {
		t.Errorf("no python: %v", err)
	}
	if _, err := New(Options{Minimum: "castle"}); err == nil || !strings.Contains(err.Error(), "unknown tier") {
		t.Errorf("unknown tier: %v", err)
	}
	if _, err := probe(tiers, []interpreter{{Path: "/bin/false"}}); !errors.Is(err, ErrNoSandbox) {
		t.Errorf("no tier: %v", err)
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := New(Options{}); !errors.Is(err, ErrNoPython) {
		t.Errorf("an empty PATH: %v", err)
	}
}

func BenchmarkRun(b *testing.B) {
	r := runner(b)
	for b.Loop() {
		if _, err := r.Run(b.Context(), Program{Source: "def add(a, b):\n    return a + b\n", Test: addTest, EntryPoint: "add"}, Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}
