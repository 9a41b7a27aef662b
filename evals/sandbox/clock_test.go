//go:build linux

package sandbox

import (
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"tandem/record"
)

// busy keeps every processor busy until the end of the test, so that a program gets a fraction of one.
func busy(t *testing.T) {
	t.Helper()
	for range 3 * runtime.NumCPU() {
		neighbour := exec.Command("sh", "-c", "while :; do :; done")
		if err := neighbour.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			neighbour.Process.Kill()
			neighbour.Wait()
		})
	}
}

// TestClock: a program that sleeps or computes longer than the limit fails, and one that does so for less passes, however
// busy the machine is. What T does, and the wait for it, is not the program's.
func TestClock(t *testing.T) {
	const compute = "def compute(seconds):\n    end = time.thread_time() + seconds\n    while time.thread_time() < end: pass\n"
	calls := func(n string) string {
		return "def check(candidate):\n    for i in range(" + n + "): assert candidate(i, 1) == i + 1\n"
	}
	r := runner(t)
	busy(t)
	for _, p := range []struct {
		name, source, test string
		want               record.Result
	}{
		{"sleeps too long", body("time.sleep(1.3)", "return a + b"), addTest, record.TimeLimit},
		{"sleeps too long at import", "import time\ntime.sleep(1.3)\n" + body("return a + b"), addTest, record.TimeLimit},
		{"sleeps too long in pieces", body("for _ in range(15): time.sleep(0.1)", "return a + b"), addTest, record.TimeLimit},
		{"sleeps too long in several calls", body("time.sleep(0.2)", "return a + b"), calls("8"), record.TimeLimit},
		{"waits for ever", "import threading\n" + body("threading.Lock().acquire() and threading.Event().wait()"), addTest, record.TimeLimit},
		{"computes and sleeps too long", compute + body("compute(0.7)", "time.sleep(0.7)", "return a + b"), addTest, record.TimeLimit},
		{"child that spins", body("if os.fork() == 0:", "    while True: pass", "os.wait()"), addTest, record.TimeLimit},
		{"sleeps", body("time.sleep(0.6)", "return a + b"), "def check(candidate):\n    assert candidate(2, 3) == 5\n", record.Pass},
		{"computes", compute + body("compute(0.3)", "return a + b"), addTest, record.Pass},
		{"computes in a thread", "import threading\n" + compute + body("t = threading.Thread(target=compute, args=(0.3,))", "t.start()", "t.join()", "return a + b"), addTest, record.Pass},
		{"computes in a child", compute + body("if os.fork() == 0:", "    compute(0.3)", "    os._exit(0)", "os.wait()", "return a + b"), addTest, record.Pass},
		{"waits for a slow test", body("return a + b"), "import time\ndef check(candidate):\n    for i in range(3):\n        assert candidate(i, 1) == i + 1\n        time.sleep(0.6)\n", record.Pass},
		{"is called often", body("return a + b"), calls("1000"), record.Pass},
		{"calls back often", "def add(f, b):\n    return sum(f(1) for _ in range(1000))\n", "def check(candidate):\n    assert candidate(lambda x: x, 0) == 1000\n", record.Pass},
		{"writes much", body("for _ in range(1 << 8): os.write(1, b'x' * (1 << 16))", "return a + b"), addTest, record.Pass},
		{"a large answer", body("return 'a' * (8 << 20)"), "def check(candidate):\n    assert len(candidate(2, 3)) == 8 << 20\n", record.Pass},
	} {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			program := Program{Source: "import time\n" + p.source, Test: p.test, EntryPoint: "add"}
			out, err := r.Run(t.Context(), program, Limits{CPU: time.Second, Wall: 5 * time.Minute})
			if err != nil || out.Result != p.want || strings.Contains(out.Detail, "wall") {
				t.Errorf("%s (%s) %v, want %s", out.Result, out.Detail, err, p.want)
			}
		})
	}
}

// TestOutput: a right program may write as much as it likes to either stream; the two ends of it are kept.
func TestOutput(t *testing.T) {
	r := runner(t)
	for _, stream := range []string{"1", "2"} {
		out := run(t, r, body("os.write("+stream+", b'begin')", "for _ in range(16): os.write("+stream+", b'x' * (1 << 20))",
			"os.write("+stream+", b'end')", "return a + b"), Limits{})
		if out.Result != record.Pass || !strings.HasPrefix(out.Output, "beginx") || !strings.HasSuffix(out.Output, "xend") {
			t.Errorf("%s (%s), %.10q", out.Result, out.Detail, out.Output)
		}
		if n := len(out.Output); n < 2*keptOutput || n > 2*keptOutput+9 {
			t.Errorf("%d bytes are kept", n)
		}
	}
}

// TestBothEnds: what is kept is the beginning and the end, and takes little memory, however much is written.
func TestBothEnds(t *testing.T) {
	var b bothEnds
	var want strings.Builder
	chunk := strings.Repeat("0123456789", 999)
	for range 2000 {
		b.Write([]byte(chunk))
		want.WriteString(chunk)
		if want.Len() <= 2*keptOutput && b.String() != want.String() {
			t.Fatalf("of %d bytes some are lost", want.Len())
		}
	}
	whole := want.String()
	if b.String() != whole[:keptOutput]+"\n...\n"+whole[len(whole)-keptOutput:] {
		t.Error("what is kept is not the two ends")
	}
	if n := cap(b.first) + cap(b.last); n > 8*keptOutput {
		t.Errorf("%d bytes of memory", n)
	}
}
