//go:build linux

package sandbox

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"tandem/record"
)

// notPass stands for a result that depends on the version of Python or on the tier.
const notPass record.Result = "anything but pass"

// A hostile program, and what the judge must say of it. The body is that of add(a, b); the usual test wants a + b.
// A program that pokes at the sandbox answers right only if it was held.
type hostile struct {
	name, source string
	want         record.Result
	needs        Tier   // the weakest that stops it; empty: any
	test         string // instead of addTest
	slow         bool   // runs into a limit of time
	alone        bool   // would take the others' processes
}

// body is a program whose add is lines.
func body(lines ...string) string {
	return "import os, sys, time\ndef add(a, b):\n    " + strings.Join(lines, "\n    ") + "\n"
}

// held is a program that answers right if poke raises an OSError, wrong if it gets through.
func held(poke string) string {
	return body("try:", "    "+poke, "except OSError:", "    return a + b", "return 0")
}

// hostilePrograms are those of the tables below. The best tier is tried with all, another with the quick ones that
// concern it: the protocol is the same for all tiers.
func hostilePrograms(best bool) []hostile {
	if !best {
		return slices.DeleteFunc(slices.Concat(honest, files, escapes, spies), func(p hostile) bool { return p.slow })
	}
	return slices.Concat(honest, exits(), objects, patches, spies, writers, hogs, clocks, files, escapes, values)
}

var honest = []hostile{
	{name: "right", source: "def add(a, b):\n    return a + b\n", want: record.Pass},
	{name: "right with a main block", source: body("return a + b") + "if __name__ == '__main__':\n    1 / 0\n", want: record.Pass},
	{name: "right by another name", source: "import operator\nadd = operator.add\n", want: record.Pass},
	{name: "right from a cache", source: "import functools\n@functools.lru_cache\n" + "def add(a, b):\n    return a + b\n", want: record.Pass},
	{name: "wrong", source: body("return a - b"), want: record.Fail},
	{name: "nothing", source: "", want: record.RuntimeError},
	{name: "other name", source: "def plus(a, b):\n    return a + b\n", want: record.RuntimeError},
	{name: "syntax", source: "def add(a, b:\n    return a + b\n", want: record.SyntaxError},
	{name: "null byte", source: "def add(a, b):\n    return a + b\x00\n", want: record.SyntaxError},
	{name: "nested too deep to compile", source: "x = " + strings.Repeat("(", 5000) + strings.Repeat(")", 5000), want: notPass},
	{name: "syntax at run time", source: "eval('1 +')\n", want: record.RuntimeError},
	{name: "exception", source: body("raise ValueError('no')"), want: record.RuntimeError},
	{name: "exception at import", source: "raise ValueError('no')\n", want: record.RuntimeError},
	{name: "exception of its own", source: "class E(KeyError): pass\n" + body("raise E(1, object())"), want: record.RuntimeError},
	{name: "reads stdin", source: body("return int(input())"), want: record.RuntimeError},
}

// exits are the ways to end a process, in all the places where a program can.
func exits() (list []hostile) {
	for _, way := range []struct{ name, code string }{
		{"exit", "exit(0)"}, {"sys.exit", "sys.exit(0)"}, {"os._exit", "os._exit(0)"}, {"SystemExit", "raise SystemExit(0)"},
		{"SIGKILL", "os.kill(os.getpid(), 9)"}, {"abort", "os.abort()"}, {"exec", "os.execv('/bin/true', ['true'])"},
	} {
		function := "import os, sys, time, atexit, threading\ndef leave():\n    " + way.code + "\n"
		wrong := "def add(a, b):\n    return 0\n"
		list = append(list,
			hostile{name: way.name + " at import", source: function + wrong + "leave()\n", want: record.RuntimeError},
			hostile{name: way.name + " in the function", source: function + "def add(a, b):\n    leave()\n", want: record.RuntimeError},
			hostile{name: way.name + " in atexit", source: function + wrong + "atexit.register(leave)\n", want: record.Fail},
			hostile{name: way.name + " in a thread", want: notPass,
				source: function + "def add(a, b):\n    threading.Thread(target=leave).start()\n    time.sleep(0.05)\n"},
			hostile{name: way.name + " after the first answer", want: notPass,
				source: function + "n = 0\ndef add(a, b):\n    global n\n    n += 1\n    return a + b if n == 1 else leave()\n"})
	}
	return list
}

const equal = "    def __eq__(s, o): return True\n    def __ne__(s, o): return False\n    def __hash__(s): return 0\n"

var objects = []hostile{
	{name: "always equal", source: "class E:\n" + equal + body("return E()"), want: record.Fail},
	{name: "int that is always equal", source: "class E(int):\n" + equal + body("return E(1)"), want: record.Fail},
	{name: "float that is always equal", source: "class E(float):\n" + equal + body("return E(1)"), want: record.Fail},
	{name: "str that is always equal", source: "class E(str):\n" + equal + body("return E('')"), want: record.Fail},
	{name: "list that is always equal", source: "class E(list):\n" + equal + body("return E()"), want: record.Fail},
	{name: "list of always equal", source: "class E:\n" + equal + body("return [E()]"), want: record.Fail},
	{name: "key that is always equal", source: "class E(int):\n" + equal + body("return {E(1): 2}"), want: record.Fail},
	{name: "iterator of always equal", source: "class E:\n" + equal + body("return iter([E()])"), want: record.Fail},
	{name: "class that is always equal", source: "class M(type):\n" + equal + "class E(metaclass=M): pass\n" + body("return E"), want: record.Fail},
	{name: "object that claims to be an int", source: "class E:\n    __class__ = int\n    __add__ = __sub__ = __rsub__ = lambda s, o: 0\n" + equal + body("return E()"), want: record.Fail},
	{name: "callable that is always equal", source: "class E:\n    def __call__(s): return 5\n" + equal + body("return E()"), want: record.Fail},
	{name: "class named Counter", source: "class Counter(dict):\n" + equal + "Counter.__module__ = 'collections'\n" + body("return Counter()"), want: record.Fail},
	{name: "huge repr and len", source: "class E:\n    def __repr__(s): return 'x' * 10**9\n    def __len__(s): return sys.maxsize\n" + body("return E()"), want: record.Fail},
	{name: "exception with a hostile text", source: "class S(str):\n    def __str__(s): os._exit(0)\nclass E(ValueError):\n    def __str__(s): os._exit(0)\n" + body("raise E(S())"), want: record.RuntimeError},
	{name: "argument that is always equal", source: "class E:\n" + equal + "def add(a):\n    a[0] = E()\n", want: record.Fail,
		test: "def check(candidate):\n    x = [1]\n    candidate(x)\n    assert x == [2]\n"},
}

var patches = []hostile{
	{name: "patched builtins", want: notPass, source: body("return 0") + "import builtins\nbuiltins.AssertionError = ValueError\nbuiltins.abs = builtins.len = lambda x: 0\n" +
		"builtins.all = builtins.isinstance = lambda *a: True\nbuiltins.type = builtins.dict = None\n",
		test: "def check(candidate):\n    assert all([abs(candidate(2, 3) - 5) < 1e-6])\n"},
	{name: "patched math and json", want: record.Fail, source: "import math, json\nmath.isclose = lambda *a, **k: True\njson.loads = json.dumps = lambda *a: 5\n" + body("return 0"),
		test: "import math, json\ndef check(candidate):\n    assert math.isclose(candidate(2, 3), 5) and json.loads('1') == 1\n"},
	{name: "trace", source: "import sys, threading\nsys.settrace(lambda *a: None)\nthreading.setprofile(lambda *a: None)\n" + body("return 0"), want: record.Fail},
	{name: "profile that exits", source: "import os, sys\ndef add(a, b):\n    sys.setprofile(lambda *a: os._exit(0))\n    return 0\n", want: record.RuntimeError},
	{name: "patched protocol", source: "import __main__\n__main__.send = lambda *a: os._exit(0)\n" + body("return 0"), want: record.RuntimeError},
	{name: "functions offered under the test's names", source: body("return 0") + "check = print = AssertionError = range = lambda *a: 0\n", want: record.Fail},
	{name: "excepthook", source: "import os, sys\nsys.excepthook = lambda *a: os._exit(0)\n" + body("raise ValueError"), want: record.RuntimeError},
}

// secretTest wants a number that stands nowhere else.
const secretTest = "def check(candidate):\n    assert candidate(lambda x: x) == 90210731689\n"

// spy is a program that searches the texts of an expression for the secret.
func spy(texts string) string {
	return "import gc, glob, os, re, sys\ndef texts():\n    " + texts + "\ndef add(f):\n" +
		"    for text in texts():\n        found = re.search('9021073' + r'\\d{4}', str(text))\n        if found:\n            return int(found[0])\n"
}

const readAll = "\n        try:\n            with open(name, 'rb') as f: yield f.read(1 << 22)\n        except (OSError, ValueError): pass\n"

var spies = []hostile{
	{name: "frames", source: spy("f = sys._getframe()\n    while f:\n        yield f.f_code.co_consts; yield f.f_locals; yield f.f_globals; f = f.f_back"), want: record.Fail, test: secretTest},
	{name: "garbage collector", source: spy("for o in gc.get_objects():\n        if type(o) in (list, dict, tuple): yield list(map(repr, o))[:100]"), want: record.Fail, test: secretTest},
	{name: "function of the test", source: "def add(f):\n    return [getattr(f, n) for n in dir(f)] and f.__closure__ and [c.cell_contents for c in f.__closure__]\n", want: notPass, test: secretTest},
	{name: "proc", source: spy("for name in glob.glob('/proc/[0-9s]*/*'):" + readAll), want: record.Fail, test: secretTest, needs: Landlock},
	{name: "own memory", want: record.Fail, test: secretTest, source: spy("try:\n        maps, mem = open('/proc/self/maps'), open('/proc/self/mem', 'rb', 0)\n    except OSError: return\n" +
		"    for line in maps:\n        low, high = (int(x, 16) for x in line.split()[0].split('-'))\n        try:\n            mem.seek(low); yield mem.read(min(high - low, 1 << 24))\n        except (OSError, ValueError, OverflowError): pass")},
	{name: "descriptors", source: spy("for fd in range(256):\n        if fd not in (3, 4):\n            try: os.set_blocking(fd, False); yield os.read(fd, 1 << 20)\n            except OSError: pass"), want: record.Fail, test: secretTest},
	{name: "descriptors by path", source: spy("for name in glob.glob('/proc/*/fd/*') + glob.glob('/dev/fd/*'):" + readAll), want: notPass, test: secretTest, needs: Landlock},
	{name: "temporary files", source: spy("for name in glob.glob('/tmp/*') + glob.glob('/tmp/*/*') + glob.glob('/dev/shm/*'):" + readAll), want: record.Fail, test: secretTest, needs: Landlock},
	{name: "empty environment", source: body("return a + b if not os.environ and sys.argv == [''] else 0"), want: record.Pass},
}

var writers = []hostile{
	{name: "prints passed", source: body("print('passed\\n1 passed in 0.1s\\nOK')", "return 0"), want: record.Fail},
	{name: "forged verdicts on all descriptors", want: notPass, source: body("for fd in range(64):",
		"    for text in b'Vpass\\n', b'\\6\\0\\0\\0Vpass\\n', b'pass\\n', b'{\"Result\": \"pass\"}\\n':", "        try: os.write(fd, text)", "        except OSError: pass", "return 0")},
	{name: "frame that is no value", source: body("os.write(4, b'\\5\\0\\0\\0hello')", "time.sleep(9)"), want: record.RuntimeError},
	{name: "frame that is empty", source: body("os.write(4, b'\\0\\0\\0\\0')", "time.sleep(9)"), want: record.RuntimeError},
	{name: "frame that is cut off", source: body("os.write(4, b'\\5\\0\\0\\0L')", "os._exit(0)"), want: record.RuntimeError},
	{name: "frame that is endless", source: body("while True: os.write(4, b'\\xff' * 4096)"), want: record.OutputLimit},
	{name: "frame of a huge number", source: body("os.write(4, b'\\xff\\xff\\xff\\x7fL')", "time.sleep(9)"), want: record.OutputLimit},
	{name: "a message out of turn", source: body("import __main__", "__main__.Wire().say(['loaded', ['add']])", "time.sleep(9)"), want: record.RuntimeError},
	{name: "a message that is none", source: body("import __main__", "__main__.Wire().say(['pass', ''])", "time.sleep(9)"), want: record.RuntimeError},
	{name: "a refusal that is none", source: body("import __main__", "__main__.Wire().say(['refuse', [[]] * 9])", "time.sleep(9)"), want: record.Fail},
	{name: "a call of what was not offered", source: body("import __main__", "__main__.Wire().say(['call', 'eval', [], {}])", "time.sleep(9)"), want: record.RuntimeError},
	{name: "an exception that is none", source: body("import __main__", "__main__.Wire().say(['raise', 'eval', ['1']])", "time.sleep(9)"), want: record.RuntimeError},
	{name: "a verdict at load", source: "import __main__\n__main__.Wire().say(['refused', 'pass', ''])\nwhile True: pass\n", want: record.RuntimeError},
	{name: "a sandbox error at load", source: "import __main__\n__main__.Wire().say(['refused', 'sandbox error', ''])\nwhile True: pass\n", want: record.RuntimeError},
	{name: "list that claims to be long", source: body("os.write(4, b'\\5\\0\\0\\0L\\xff\\xff\\xff\\x7f')", "time.sleep(9)"), want: record.RuntimeError},
	{name: "closed pipes", source: body("os.close(4)", "os.close(3)", "return 0"), want: record.RuntimeError},
	{name: "closed output", source: "import os\nos.close(1)\nos.close(2)\n" + body("return a + b"), want: record.Pass},
	{name: "closed output, then spinning", source: body("os.close(1)", "os.close(2)", "while True: pass"), want: record.TimeLimit, slow: true},
	{name: "too much output", source: body("while True: print('x' * 1000)"), want: record.TimeLimit, slow: true},
	{name: "too much output, then right", source: body("os.write(1, b'x' * 70000)", "return a + b"), want: record.Pass},
	{name: "output without newline", source: body("while True: os.write(1, b'x' * 4096)"), want: record.TimeLimit, slow: true},
	{name: "invalid output", source: body("os.write(1, b'\\xff\\x00\\x1b[2J')", "return a + b"), want: record.Pass},
	{name: "exception of control characters", source: body("raise ValueError('\\x1b[2J\\0\\n\\ud800pass')"), want: record.RuntimeError},
	{name: "huge exception", source: body("raise ValueError('x' * 10**6)"), want: record.RuntimeError},
	{name: "huge answer", source: body("return 'a' * (40 << 20)"), want: record.OutputLimit},
}

var hogs = []hostile{
	{name: "memory at once", source: body("return 'a' * 10**12"), want: record.MemoryLimit},
	{name: "memory slowly", source: body("x = []", "while True: x.append(bytearray(1 << 20))"), want: record.MemoryLimit},
	{name: "memory at import", source: "x = bytearray(1 << 40)\n", want: record.MemoryLimit},
	{name: "mmap", source: "import mmap\n" + held("m = mmap.mmap(-1, 1 << 34)"), want: record.Pass},
	{name: "bigint", source: body("return len(str(7 ** (7 ** 9)))"), want: notPass, slow: true},
	{name: "bigint as an answer", source: body("return 1 << (8 << 20)"), want: record.Fail},
	{name: "recursion", source: body("return add(a, b)"), want: notPass},
	{name: "deep recursion", source: "import sys\nsys.setrecursionlimit(10**9)\n" + body("return add(a, b)"), want: notPass},
	{name: "regex", source: "import re\n" + body("return re.match('(a*)*b', 'a' * 40)"), want: record.TimeLimit, slow: true},
	{name: "fork bomb", source: body("while True:", "    try: os.fork()", "    except OSError: time.sleep(0.1)"), want: record.TimeLimit, needs: Seccomp, slow: true, alone: true},
	{name: "thread bomb", want: notPass, source: "import threading\n" + body("while True: threading.Thread(target=time.sleep, args=(9,)).start()"), alone: true},
	{name: "small values that grow", want: record.Fail, source: body("n = 1 << 16",
		"os.write(4, (5 * n + 26).to_bytes(4, 'little') + b'L\\3\\0\\0\\0s\\6\\0\\0\\0return' + b'L' + n.to_bytes(4, 'little') + b'S\\0\\0\\0\\0' * n + b'D\\0\\0\\0\\0')", "time.sleep(9)")},
	{name: "values of equal hashes", source: body("return {i * ((1 << 61) - 1) for i in range(3000)}"), want: record.Fail},
}

var clocks = []hostile{
	{name: "endless loop", source: body("while True: pass"), want: record.TimeLimit, slow: true},
	{name: "endless loop at import", source: "while True: pass\n", want: record.TimeLimit, slow: true},
	{name: "endless sleep", source: body("time.sleep(100)"), want: record.TimeLimit, slow: true},
	{name: "loop that catches all", source: body("while True:", "    try:", "        while True: pass", "    except BaseException: pass"), want: record.TimeLimit, slow: true},
	{name: "ignored signals", source: "import signal\n[signal.signal(n, signal.SIG_IGN) for n in (1, 2, 14, 15, 24)]\n" + body("while True: pass"), want: record.TimeLimit, slow: true},
	{name: "reset timers and limits", want: record.TimeLimit, slow: true, source: "import resource, signal\nsignal.setitimer(signal.ITIMER_REAL, 0)\n" +
		"try: resource.setrlimit(resource.RLIMIT_CPU, (99, 99))\nexcept ValueError: pass\n" + body("while True: pass")},
	{name: "stops itself", source: body("os.kill(os.getpid(), 19)", "time.sleep(100)"), want: notPass, slow: true}, // where signals are refused it fails at once
	{name: "generator that never yields", source: body("while True:", "    if False: yield"), want: record.TimeLimit, slow: true, test: "def check(candidate):\n    assert list(candidate(1, 2)) == []\n"},
}

var files = []hostile{
	{name: "reads passwords", source: held("open('/etc/shadow').read()"), want: record.Pass, needs: Landlock},
	{name: "reads passwords by a symbolic link", source: held("os.symlink('/etc/shadow', 'x'); open('x').read()"), want: record.Pass, needs: Landlock},
	{name: "symbolic link out of the folder", source: held("os.symlink('/', 'root'); open('root/usr/tandem-was-here', 'w')"), want: record.Pass, needs: Landlock},
	{name: "writes to the system", source: held("open('/usr/tandem-was-here', 'w')"), want: record.Pass, needs: Landlock},
	{name: "writes to the root", source: held("open('/tandem-was-here', 'w')"), want: record.Pass, needs: Landlock},
	{name: "writes to home", source: held("open(os.path.expanduser('~root') + '/tandem-was-here', 'w')"), want: record.Pass, needs: Landlock},
	{name: "writes to the data sets", source: held("open(" + fmt.Sprintf("%q", dataFolder()) + " + '/tandem-was-here', 'w')"), want: record.Pass, needs: Landlock},
	{name: "writes to its interpreter", source: held("open(os.__file__, 'a')"), want: record.Pass, needs: Landlock},
	{name: "sparse file", source: held("f = open('big', 'wb'); f.truncate(1 << 40)"), want: record.Pass, needs: Seccomp},
	{name: "fills the folder", source: held("[open(str(i), 'wb').write(bytes(8 << 20)) for i in range(99)]"), want: record.Pass, needs: NamespacesSeccomp},
	{name: "a million files", source: held("[open(str(i), 'w').close() for i in range(10**6)]"), want: record.Pass, needs: NamespacesSeccomp},
	{name: "fifo", source: body("os.mkfifo('pipe')", "open('pipe').read()"), want: record.TimeLimit, slow: true},
}

// dataFolder is where a judge's own files lie.
func dataFolder() string {
	dir, err := os.Getwd()
	if err != nil {
		return "/"
	}
	return dir
}

// socket is a program that answers right if it gets no socket of the family and kind.
func socket(family, kind string) string {
	return "import socket\n" + held(fmt.Sprintf("socket.socket(socket.%s, socket.%s)", family, kind))
}

var escapes = []hostile{
	{name: "daemon", source: body("if os.fork() == 0:", "    time.sleep(100)", "return a + b"), want: record.Pass, needs: Seccomp, alone: true},
	{name: "double-forked daemon", source: body("if os.fork() == 0:", "    try: os.setsid()", "    except OSError: pass", "    if os.fork() == 0: time.sleep(100)", "    os._exit(0)", "return a + b"), want: record.Pass, needs: Seccomp, alone: true},
	{name: "daemon that answers", source: body("if os.fork() == 0:", "    time.sleep(0.5)", "    return a + b", "os._exit(0)"), want: record.RuntimeError, needs: NamespacesSeccomp, alone: true},
	{name: "tcp", source: socket("AF_INET", "SOCK_STREAM"), want: record.Pass, needs: Seccomp},
	{name: "udp", source: socket("AF_INET", "SOCK_DGRAM"), want: record.Pass, needs: Seccomp},
	{name: "tcp of version 6", source: socket("AF_INET6", "SOCK_STREAM"), want: record.Pass, needs: Seccomp},
	{name: "unix socket", source: socket("AF_UNIX", "SOCK_STREAM"), want: record.Pass, needs: Seccomp},
	{name: "netlink", source: socket("AF_NETLINK", "SOCK_RAW"), want: record.Pass, needs: Seccomp},
	{name: "names of hosts", source: "import socket\n" + held("socket.getaddrinfo('example.com', 80)"), want: record.Pass, needs: Seccomp},
	{name: "localhost", source: "import socket\n" + held("socket.create_connection(('127.0.0.1', 22), 1)"), want: record.Pass, needs: Seccomp},
	{name: "metadata address", source: "import socket\n" + held("socket.create_connection(('169.254.169.254', 80), 1)"), want: record.Pass, needs: Seccomp},
	{name: "ptrace of the parent", source: "import ctypes\n" + body("return a + b if ctypes.CDLL(None).ptrace(16, os.getppid(), 0, 0) == -1 else 0"), want: record.Pass, needs: Seccomp},
	{name: "nested user namespace", source: "import ctypes\n" + body("return a + b if ctypes.CDLL(None).unshare(0x10000000) == -1 else 0"), want: record.Pass, needs: Seccomp},
	{name: "mount", source: "import ctypes\n" + body("return a + b if ctypes.CDLL(None).mount(b'x', b'/tmp', b'tmpfs', 0, None) == -1 else 0"), want: record.Pass, needs: Seccomp},
	{name: "io_uring", source: "import ctypes\n" + body("return a + b if ctypes.CDLL(None).syscall(425, 8, ctypes.create_string_buffer(200)) == -1 else 0"), want: record.Pass, needs: Seccomp},
	{name: "bpf", source: "import ctypes\n" + body("return a + b if ctypes.CDLL(None).syscall(321, 0, ctypes.create_string_buffer(200), 72) == -1 else 0"), want: record.Pass, needs: Seccomp},
	{name: "calls of another architecture", source: "import ctypes, mmap\n" + body("m = mmap.mmap(-1, 4096, prot=7)",
		"m.write(bytes.fromhex('53b867010000bb02000000b90100000031d2cd805bc3'))",                                                         // socket(2, 1, 0) by int 0x80
		"fd = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(m)))()", "return a + b if fd >= 0 else 0"), want: notPass, needs: Seccomp},
	{name: "kills its parent", source: body("try: os.kill(os.getppid(), 9)", "except OSError: pass", "time.sleep(0.2)", "return 0"), want: record.Fail, needs: Seccomp},
	{name: "kills everything", source: body("try: os.kill(-1, 9)", "except OSError: pass", "time.sleep(0.2)", "return 0"), want: notPass, needs: Seccomp},
	{name: "kills by pidfd", source: body("try:", "    import signal", "    signal.pidfd_send_signal(os.pidfd_open(os.getppid()), 9)", "except (OSError, AttributeError): pass", "time.sleep(0.2)", "return 0"), want: record.Fail, needs: Seccomp},
	{name: "limits of its parent", source: "import resource\n" + body("try: resource.prlimit(os.getppid(), resource.RLIMIT_CPU, (0, 0))", "except (OSError, PermissionError): return a + b"), want: record.Pass, needs: Seccomp},
	{name: "signals by a descriptor", source: "import fcntl\n" + held("r, w = os.pipe(); fcntl.fcntl(r, 8, os.getppid())"), want: record.Pass, needs: Seccomp},
	{name: "chroot", source: held("os.chroot('/')"), want: record.Pass, needs: Seccomp},
}

// given is a test of one value that add returns.
func given(condition string) string {
	return "import math\ndef check(candidate):\n    x = candidate(2, 3)\n    assert " + condition + "\n"
}

var values = []hostile{
	{name: "generator", source: body("yield a", "yield b"), want: record.Pass, test: given("list(x) == [2, 3]")},
	{name: "endless generator", source: "import itertools\n" + body("return itertools.count(a)"), want: record.Pass, test: given("[next(x), next(x)] == [2, 3]")},
	{name: "not a number", source: body("return float('nan')"), want: record.Pass, test: given("math.isnan(x) and x != x")},
	{name: "not a number, compared", source: body("return float('nan')"), want: record.Fail},
	{name: "negative zero", source: body("return -0.0"), want: record.Pass, test: given("math.copysign(1, x) == -1")},
	{name: "True for 1", source: body("return True"), want: record.Pass, test: given("x == 1 and type(x) is bool and x is True")},
	{name: "cyclic list", source: body("x = []", "x.append(x)", "return x"), want: record.Fail},
	{name: "cyclic dictionary", source: body("x = {}", "x[1] = [x]", "return x"), want: record.Fail},
	{name: "deep list", source: body("x = []", "for _ in range(10**5): x = [x]", "return x"), want: record.RuntimeError},
	{name: "big integer", source: body("return -10**400 * a"), want: record.Pass, test: given("x == -2 * 10 ** 400")},
	{name: "lone surrogate", source: body("return '\\ud800'"), want: record.Pass, test: given("x == '\\ud800'")},
	{name: "answer in the test's hands", source: body("return [1]"), want: record.Fail, test: "def check(candidate):\n    x = candidate(2, 3)\n    x.append(2)\n    assert candidate(2, 3) == x\n"},
}
