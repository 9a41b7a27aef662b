//go:build linux

package sandbox

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem/record"
)

// lingering is a program that puts a marked child into a session of its own, if it may, and then answers.
func lingering(mark, end string) string {
	return body("if os.fork() == 0:", "    try: os.setsid()", "    except OSError: pass", "    if os.fork() == 0:",
		"        os.execv(sys.executable, [sys.executable, '-c', 'import time; time.sleep(50)', '"+mark+"'])",
		"    os._exit(0)", "time.sleep(0.3)", end)
}

// TestNothingIsLeft: after programs that leave children and files behind, and after Close, there is no process, no
// listening port, no shared memory and no file that was not there before.
func TestNothingIsLeft(t *testing.T) {
	pythons, err := findPythons("")
	if err != nil {
		t.Skipf("no judge here: %v", err)
	}
	for i, tier := range tiers[:len(tiers)-1] { // nothing in the last holds a child that moves into a session of its own
		t.Run(string(tier), func(t *testing.T) {
			folder := temporary(t)
			ports, before := listening(t), processes(t, launcherName)
			memory, _ := os.ReadFile("/proc/sysvipc/shm")
			r, err := probe(tiers[i:i+1], pythons)
			if err != nil {
				t.Skip(err)
			}
			mark := "tandem-left-" + strconv.Itoa(os.Getpid())
			for _, end := range []string{"return a + b", "os._exit(0)", "while True: pass"} {
				run(t, r, lingering(mark, end), Limits{CPU: time.Second})
			}
			run(t, r, "import ctypes\n"+body("[open(str(i), 'w') for i in range(50)]", "ctypes.CDLL(None).shmget(0, 4096, 0o1600)", "return a + b"), Limits{})
			waitGone(t, mark, nil)
			r.Close()
			waitGone(t, launcherName, before)
			if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
				t.Errorf("files are left: %v %v", left, err)
			}
			if now, _ := os.ReadFile("/proc/sysvipc/shm"); string(now) != string(memory) {
				t.Errorf("shared memory is left:\n%s", now)
			}
			left := slices.DeleteFunc(listening(t), func(port string) bool { return slices.Contains(ports, port) })
			for tries := 0; len(left) > 0 && tries < 200; tries++ { // other tests' servers come and go, one that is left stays
				time.Sleep(100 * time.Millisecond)
				now := listening(t)
				left = slices.DeleteFunc(left, func(port string) bool { return !slices.Contains(now, port) })
			}
			if len(left) > 0 {
				t.Errorf("ports %v are left, before %v", left, ports)
			}
		})
	}
}

// TestCloseWaits: when Close returns, no folder is left of processes that were being ended.
func TestCloseWaits(t *testing.T) {
	for _, best := range runners(t) {
		folder := temporary(t)
		r := &Runner{plan: best.plan}
		if out := run(t, r, body("os._exit(0)"), Limits{}); out.Result != record.RuntimeError {
			t.Errorf("%s: %+v", r.Tier(), out)
		}
		r.Close()
		if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
			t.Errorf("%s: files are left: %v %v", r.Tier(), left, err)
		}
	}
}

// TestRemove: a folder goes although something that is about to end writes to it.
func TestRemove(t *testing.T) {
	temporary(t)
	f, err := newFolder()
	if err != nil {
		t.Fatal(err)
	}
	writing, ended := make(chan bool), make(chan error)
	go func() {
		close(writing)
		var err error
		for i, until := 0, time.Now().Add(100*time.Millisecond); err == nil && time.Now().Before(until); i++ {
			err = os.Mkdir(filepath.Join(f.path, strconv.Itoa(i)), 0o700)
		}
		ended <- err
	}()
	<-writing
	f.remove()
	<-ended
	if _, err := os.Stat(f.path); !os.IsNotExist(err) {
		t.Errorf("the folder is left: %v", err)
	}
}

// temporary makes a new folder the one for temporary files, and lets every user id enter it.
func temporary(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	for _, dir := range []string{folder, filepath.Dir(folder)} {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// TestLeftovers: a new judge removes the folders of dead ones, and nothing else.
func TestLeftovers(t *testing.T) {
	folder, outside := temporary(t), t.TempDir()
	precious := filepath.Join(outside, "precious")
	if err := os.WriteFile(precious, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	in := func(name string) string { return filepath.Join(folder, name) }
	for _, name := range []string{folderPrefix + "dead/deep", folderPrefix + "empty", "tandem-sandboxes", "other"} {
		if err := os.MkdirAll(in(name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	stay := []string{"other", "tandem-sandboxes", folderPrefix + "link"}
	if os.Geteuid() == 0 {
		stay = append(stay, folderPrefix+"strange")
		if err := os.Mkdir(in(folderPrefix+"strange"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(in(folderPrefix+"strange"), 12345, 12345); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(in(folderPrefix+"dead"), firstUID, firstUID); err != nil {
			t.Fatal(err)
		}
	}
	for _, link := range []string{folderPrefix + "link", folderPrefix + "dead/link"} {
		if err := os.Symlink(outside, in(link)); err != nil {
			t.Fatal(err)
		}
	}
	live, err := newFolder()
	if err != nil {
		t.Fatal(err)
	}
	stay = append(stay, filepath.Base(live.path))
	runner(t)
	var left []string
	entries, _ := os.ReadDir(folder)
	for _, entry := range entries {
		left = append(left, entry.Name())
	}
	slices.Sort(stay)
	if !slices.Equal(left, stay) {
		t.Errorf("left are %q, want %q", left, stay)
	}
	if _, err := os.Stat(precious); err != nil {
		t.Error(err)
	}
	live.remove()
}

// TestKilledJudge: a judge that is killed in the middle of a run leaves no process behind, and no folder after the start of
// the next.
func TestKilledJudge(t *testing.T) {
	for _, r := range runners(t) {
		if !r.Tier().AtLeast(Seccomp) {
			continue
		}
		t.Run(string(r.Tier()), func(t *testing.T) {
			folder := temporary(t)
			mark := "tandem-orphan-" + strconv.Itoa(os.Getpid())
			judge := exec.Command(os.Args[0], "-test.run", "^TestHelperJudge$", "-test.v")
			judge.Env = append(os.Environ(), "SANDBOX_HELPER="+mark, "SANDBOX_TIER="+string(r.Tier()))
			out, err := judge.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := judge.Start(); err != nil {
				t.Fatal(err)
			}
			for lines := bufio.NewScanner(out); lines.Scan() && lines.Text() != "judging"; {
			}
			for deadline := time.Now().Add(time.Minute); len(processes(t, mark)) == 0; time.Sleep(20 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatal("the program did not start its child")
				}
			}
			judge.Process.Kill()
			judge.Wait()
			waitGone(t, mark, nil)
			removeLeftovers()
			if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
				t.Errorf("files are left: %v %v", left, err)
			}
		})
	}
}

// TestHelperJudge is not a test: it is the judge that TestKilledJudge kills.
func TestHelperJudge(t *testing.T) {
	mark := os.Getenv("SANDBOX_HELPER")
	if mark == "" {
		t.Skip("only for TestKilledJudge")
	}
	pythons, err := findPythons("")
	if err != nil {
		t.Fatal(err)
	}
	r, err := probe([]Tier{Tier(os.Getenv("SANDBOX_TIER"))}, pythons)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("\njudging")
	run(t, r, lingering(mark, "time.sleep(40)"), Limits{CPU: time.Minute})
}

// TestTwoJudges: one judge's fork storms and memory hogs do not change another's verdicts.
func TestTwoJudges(t *testing.T) {
	stormy, calm := runner(t), runner(t)
	if os.Geteuid() == 0 && !stormy.plan.OtherUID || !stormy.Tier().AtLeast(NamespacesSeccomp) {
		t.Skipf("tier %s does not count a program's processes apart", stormy.Tier())
	}
	var storms sync.WaitGroup
	for _, lines := range [][]string{{"while True:", "    try: os.fork()", "    except OSError: time.sleep(0.1)"}, {"x = []", "while True: x.append(bytes(1 << 16))"}} {
		storms.Go(func() { run(t, stormy, body(lines...), Limits{CPU: time.Second, Memory: 256 << 20}) })
	}
	for i := range 10 {
		if out := run(t, calm, body("if os.fork() == 0: os._exit(0)", "os.wait()", "return a + b"), Limits{CPU: 9 * time.Second}); out.Result != record.Pass {
			t.Errorf("run %d: %+v", i, out)
		}
	}
	storms.Wait()
}

// TestSamplesAreApart: what a program writes, to its folder, to Python's caches and to every temporary place, is not
// there for the next one, which runs in the same tier by the same judge.
func TestSamplesAreApart(t *testing.T) {
	for _, r := range runners(t) {
		if !r.Tier().AtLeast(Landlock) {
			continue
		}
		places := "for d in ['.', '/tmp', '/var/tmp', '/dev/shm', sys.prefix, os.path.dirname(os.__file__), os.path.dirname(os.__file__) + '/__pycache__']:"
		poison := body(places, "    for f in ['sitecustomize.py', 'usercustomize.py', 'math.py', 'typing.py', 'poison.pyc']:",
			"        try: open(d + '/' + f, 'x').write('raise SystemExit')", "        except OSError: pass", "return a + b")
		check := "import math, typing\n" + body(places, "    for f in ['sitecustomize.py', 'usercustomize.py', 'math.py', 'typing.py', 'poison.pyc']:",
			"        try:", "            if open(d + '/' + f).read() == 'raise SystemExit': return d", "        except OSError: pass",
			"return a + b if os.listdir('.') == [] else 0")
		for i, source := range []string{poison, check} {
			if out := run(t, r, source, Limits{}); out.Result != record.Pass {
				t.Errorf("%s, program %d: %+v", r.Tier(), i, out)
			}
		}
	}
}

// TestSignalsStayInside: no program can signal a process of the same user, in any tier that refuses signals.
func TestSignalsStayInside(t *testing.T) {
	for _, r := range runners(t) {
		if !r.Tier().AtLeast(Seccomp) {
			continue
		}
		stranger := exec.Command("sleep", "60")
		if err := stranger.Start(); err != nil {
			t.Fatal(err)
		}
		run(t, r, body("try: os.kill("+strconv.Itoa(stranger.Process.Pid)+", 15)", "except OSError: pass", "return a + b"), Limits{})
		stranger.Process.Kill()
		if err := stranger.Wait(); err == nil || err.Error() != "signal: killed" {
			t.Errorf("%s: the program reached another process: %v", r.Tier(), err)
		}
	}
}

// processes are the ids of those with an argument that is mark; of launchers, those that this program has started.
func processes(t *testing.T, mark string) (pids []string) {
	t.Helper()
	paths, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		line, err := os.ReadFile(path)
		if err != nil || !slices.Contains(strings.Split(string(line), "\x00"), mark) {
			continue
		}
		pid := strings.Split(path, "/")[2]
		stat, _ := os.ReadFile("/proc/" + pid + "/stat")
		_, fields, _ := strings.Cut(string(stat), ") ") // state, parent, …
		if mark == launcherName && !strings.HasPrefix(fields[min(2, len(fields)):], strconv.Itoa(os.Getpid())+" ") {
			continue
		}
		pids = append(pids, pid)
	}
	return pids
}

// waitGone waits until no process has the mark but those that are to stay.
func waitGone(t *testing.T, mark string, stay []string) {
	t.Helper()
	left := func() []string {
		return slices.DeleteFunc(processes(t, mark), func(pid string) bool { return slices.Contains(stay, pid) })
	}
	for deadline := time.Now().Add(time.Minute); len(left()) > 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s still runs: %v", mark, left())
		}
	}
}

// listening are the local addresses with a listening TCP socket.
func listening(t *testing.T) (ports []string) {
	t.Helper()
	for _, path := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(text)) {
			if fields := strings.Fields(line); len(fields) > 3 && fields[3] == "0A" {
				ports = append(ports, fields[1])
			}
		}
	}
	slices.Sort(ports)
	return ports
}
