//go:build linux

package sandbox

import (
	"compress/gzip"
	"context"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem/datasets"
	"tandem/datasets/basics"
	"tandem/record"
)

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

// TestVerdicts runs right, wrong and hostile programs with every tier that works here. A body is that of add(a, b).
func TestVerdicts(t *testing.T) {
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
		t.Run(string(tier), func(t *testing.T) {
			for _, p := range programs {
				if p.tier != "" && !tier.AtLeast(p.tier) || p.name == "fork bomb" && os.Geteuid() == 0 && !r.plan.OtherUID {
					continue // rlimits do not count root's processes
				}
				t.Run(p.name, func(t *testing.T) {
					if p.name != "fork bomb" && p.name != "daemon" { // they would take each other's processes
						t.Parallel()
					}
					out := run(t, r, p.source, Limits{CPU: time.Second, Wall: 4 * time.Second, Memory: 256 << 20, Output: 1 << 16})
					if out.Result != p.want && (p.want != notPass || out.Result == record.Pass) {
						t.Errorf("%s (%s), want %s", out.Result, out.Detail, p.want)
					}
					if out.Tier != tier || strings.ContainsAny(out.Detail, "\n\x00") {
						t.Errorf("tier %s, detail %q", out.Tier, out.Detail)
					}
				})
			}
		})
	}
}

// notPass stands for a result that depends on the version of Python.
const notPass record.Result = "anything but pass"

type hostile struct {
	name, source string
	want         record.Result
	tier         Tier // the weakest that stops it; empty: any
}

func body(lines ...string) string {
	return "import os, sys, time\ndef add(a, b):\n    " + strings.Join(lines, "\n    ") + "\n"
}

var programs = []hostile{
	{"right", "def add(a, b):\n    return a + b\n", record.Pass, ""},
	{"right with a main block", "def add(a, b):\n    return a + b\nif __name__ == '__main__':\n    1 / 0\n", record.Pass, ""},
	{"wrong", "def add(a, b):\n    return a - b\n", record.Fail, ""},
	{"nothing", "", record.RuntimeError, ""},
	{"other name", "def plus(a, b):\n    return a + b\n", record.RuntimeError, ""},
	{"syntax", "def add(a, b:\n    return a + b\n", record.SyntaxError, ""},
	{"exception", body("raise ValueError('no')"), record.RuntimeError, ""},
	{"exception at import", "raise ValueError('no')\n", record.RuntimeError, ""},

	{"os._exit", body("os._exit(0)"), record.RuntimeError, ""},
	{"os._exit at import", "import os\nos._exit(0)\n", record.RuntimeError, ""},
	{"sys.exit", body("sys.exit(0)"), record.RuntimeError, ""},
	{"SystemExit at import", "raise SystemExit(0)\n", record.RuntimeError, ""},
	{"kill itself", body("os.kill(os.getpid(), 9)"), record.RuntimeError, ""},
	{"exit in a thread", "import os, threading\nthreading.Thread(target=lambda: os._exit(0)).start()\nimport time\ntime.sleep(1)\n", record.RuntimeError, ""},
	{"atexit", "import atexit, os\natexit.register(lambda: os.write(4, b'pass'))\n" + body("return 0"), record.Fail, ""},

	{"always equal", "class E:\n    def __eq__(s, o): return True\n" + body("return E()"), record.Fail, ""},
	{"int that is always equal", "class E(int):\n    def __eq__(s, o): return True\n    __hash__ = int.__hash__\n" + body("return E(1)"), record.Fail, ""},
	{"list of always equal", "class E:\n    def __eq__(s, o): return True\n" + body("return [E()]"), record.Fail, ""},
	{"patched builtins", "import builtins\nbuiltins.AssertionError = ValueError\nbuiltins.all = lambda *a: True\n" + body("return 0"), record.Fail, ""},
	{"trace", "import sys\nsys.settrace(lambda *a: None)\n" + body("return 0"), record.Fail, ""},
	{"forged verdict", body("os.write(4, b'\\n\\0\\0\\0npass\\n')", "os._exit(0)"), record.RuntimeError, ""},
	{"prints passed", body("print('passed')", "return 0"), record.Fail, ""},
	{"closed verdict", body("os.close(4)", "return 0"), record.RuntimeError, ""},

	{"endless loop", body("while True: pass"), record.TimeLimit, ""},
	{"endless sleep", body("time.sleep(100)"), record.TimeLimit, ""},
	{"loop that catches all", body("while True:", "    try:", "        while True: pass", "    except BaseException: pass"), record.TimeLimit, ""},
	{"ignored signals", "import signal\n[signal.signal(n, signal.SIG_IGN) for n in (2, 14, 15, 24)]\n" + body("while True: pass"), record.TimeLimit, ""},
	{"stops itself", body("os.kill(os.getpid(), 19)", "time.sleep(100)"), notPass, ""}, // where signals are refused it fails at once
	{"output", body("while True: print('x' * 1000)"), record.OutputLimit, ""},
	{"output without newline", body("while True: os.write(1, b'x' * 4096)"), record.OutputLimit, ""},
	{"invalid output", body("os.write(1, b'\\xff\\x00\\x1b[2J')", "return a + b"), record.Pass, ""},
	{"memory at once", body("return 'a' * 10**12"), record.MemoryLimit, ""},
	{"memory slowly", body("x = []", "while True: x.append(bytearray(1 << 20))"), record.MemoryLimit, ""},
	{"recursion", body("return add(a, b)"), notPass, ""},
	{"deep recursion", "import sys\nsys.setrecursionlimit(10**9)\n" + body("return add(a, b)"), notPass, ""},
	{"regex", "import re\n" + body("return re.match('(a*)*b', 'a' * 40)"), record.TimeLimit, ""},

	{"daemon", body("if os.fork() == 0:", "    time.sleep(100)", "return a + b"), record.Pass, Seccomp},
	{"fork bomb", body("while True:", "    try: os.fork()", "    except OSError: time.sleep(0.1)"), record.TimeLimit, Seccomp},
	{"network", "import socket\n" + body("try: socket.create_connection(('127.0.0.1', 22), 1)", "except PermissionError: return a + b"), record.Pass, Seccomp},
	{"ptrace", "import ctypes\n" + body("assert ctypes.CDLL(None).ptrace(16, 1, 0, 0) == -1", "return a + b"), record.Pass, Seccomp},
	{"namespaces", "import ctypes\n" + body("assert ctypes.CDLL(None).unshare(0x10000000) == -1", "return a + b"), record.Pass, Seccomp},
	{"calls of another architecture", "import ctypes, mmap\n" + body("m = mmap.mmap(-1, 4096, prot=7)",
		"m.write(bytes.fromhex('53b867010000bb02000000b90100000031d2cd805bc3'))", // socket(2, 1, 0) by int 0x80
		"fd = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(m)))()",
		"return a + b if fd >= 0 else 0"), notPass, Seccomp},
	{"reads passwords", body("try: open('/etc/shadow').read()", "except OSError: return a + b"), record.Pass, Landlock},
	{"writes to the system", body("try: open('/usr/tandem-was-here', 'w')", "except OSError: return a + b"), record.Pass, Landlock},
	{"writes to tmp's parent", body("try: open('/tandem-was-here', 'w')", "except OSError: return a + b"), record.Pass, Landlock},
	{"huge file", body("try:", "    with open('big', 'wb') as f: f.truncate(1 << 40)", "except OSError: return a + b"), record.Pass, Seccomp},
	{"kills its parent", body("try: os.kill(os.getppid(), 9)", "except OSError: pass", "time.sleep(0.2)", "return 0"), record.Fail, Namespaces},
	{"empty environment", body("return a + b if not os.environ else 0"), record.Pass, ""},
}

// TestNothingIsLeft: a program that leaves a child and files behind does not leave them behind the run.
func TestNothingIsLeft(t *testing.T) {
	r := runner(t)
	if !r.Tier().AtLeast(Seccomp) {
		t.Skipf("tier %s cannot hold a child that moves into a session of its own", r.Tier())
	}
	mark := "tandem-left-" + strings.ToLower(t.Name())
	out := run(t, r, body("if os.fork() == 0:", "    try: os.setsid()", "    except OSError: pass",
		"    os.execv(sys.executable, [sys.executable, '-c', 'import time; time.sleep(50)', '"+mark+"'])",
		"time.sleep(0.3)", "return a + b"), Limits{})
	if out.Result != record.Pass && out.Result != record.Fail {
		t.Logf("%s: %s", out.Result, out.Detail)
	}
	deadline := time.Now().Add(2 * time.Second)
	for running(t, mark) {
		if time.Now().After(deadline) {
			t.Fatal("the child still runs")
		}
		time.Sleep(20 * time.Millisecond)
	}
	left, err := os.ReadDir(os.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range left {
		if info, err := e.Info(); err == nil && strings.HasPrefix(e.Name(), "tandem-sandbox-") && time.Since(info.ModTime()) > time.Minute {
			t.Errorf("%s is left", e.Name())
		}
	}
}

// TestSignalsStayInside: no program can signal a process of the same user, in any tier that refuses signals.
func TestSignalsStayInside(t *testing.T) {
	runner(t) // skips where there is no judge
	pythons, err := findPythons("")
	if err != nil {
		t.Fatal(err)
	}
	for _, tier := range tiers[:len(tiers)-1] {
		r, err := probe([]Tier{tier}, pythons)
		if err != nil {
			t.Logf("%s: %v", tier, err)
			continue
		}
		stranger := exec.Command("sleep", "60")
		if err := stranger.Start(); err != nil {
			t.Fatal(err)
		}
		pid := strconv.Itoa(stranger.Process.Pid)
		run(t, r, body("try: os.kill("+pid+", 15)", "except OSError: pass", "return a + b"), Limits{})
		stranger.Process.Kill()
		if err := stranger.Wait(); err == nil || err.Error() != "signal: killed" {
			t.Errorf("%s: the program reached another process: %v", tier, err)
		}
	}
}

func running(t *testing.T, mark string) bool {
	t.Helper()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if line, err := os.ReadFile("/proc/" + e.Name() + "/cmdline"); err == nil && strings.Contains(string(line), mark+"\x00") {
			return true
		}
	}
	return false
}

// TestCanonicalSolutions judges all tasks of the embedded suite.
func TestCanonicalSolutions(t *testing.T) {
	judgeAll(t, basics.Suite())
}

// TestHumanEval judges HumanEval's canonical solutions where the file is at hand.
func TestHumanEval(t *testing.T) {
	const path = "../../../shared/data/humaneval/HumanEval.jsonl.gz"
	f, err := os.Open(path)
	if err != nil {
		t.Skipf("HumanEval is not here: %v", err)
	}
	defer f.Close()
	text, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	suite, err := datasets.Read("humaneval", text)
	if err != nil {
		t.Fatal(err)
	}
	judgeAll(t, suite)
}

func judgeAll(t *testing.T, suite datasets.Suite) {
	r := runner(t)
	var wait sync.WaitGroup
	slots := make(chan struct{}, 2)
	for _, task := range suite.Tasks {
		wait.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			out, err := r.Run(t.Context(), Program{Source: task.Prompt + task.CanonicalSolution, Setup: task.Prompt, Test: task.Test, EntryPoint: task.EntryPoint}, Limits{})
			if err != nil || out.Result != record.Pass {
				t.Errorf("%s: %s %s %v", task.TaskID, out.Result, out.Detail, err)
			}
		})
	}
	wait.Wait()
}

func TestCancel(t *testing.T) {
	r := runner(t)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := r.Run(ctx, Program{Source: body("while True: pass"), Test: addTest, EntryPoint: "add"}, Limits{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestNewRefuses(t *testing.T) {
	if _, err := New(Options{Python: "no-such-python"}); !errors.Is(err, ErrNoPython) {
		t.Errorf("no python: %v", err)
	}
	if _, err := New(Options{Minimum: "castle"}); err == nil || !strings.Contains(err.Error(), "unknown tier") {
		t.Errorf("unknown tier: %v", err)
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
