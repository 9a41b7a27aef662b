//go:build linux

package sandbox

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"

	"tandem/record"
)

// TestProtocol judges what only the conversation decides: what crosses, and how it arrives on the other side.
func TestProtocol(t *testing.T) {
	r := runner(t)
	for _, c := range []struct {
		name, source, test string // the test's lines; f is the candidate
		want               record.Result
		detail             string // a part of the detail
	}{
		{"every type comes back", "def f(x): return x", `
			import math
			from collections import Counter, OrderedDict, defaultdict, deque
			for x in [None, True, False, 0, 1, -1, 127, 128, -128, -129, 2**63, -2**2000, 0.1, -0.0, float('inf'), 1j, -0.0j,
			          '', 'é\0😀', '\ud800', b'', b'\xff', bytearray(b'x'), ..., range(1, 10, 3), range(10**30), [], [1, [2, (3,)]],
			          (), set(), {1, 'a', (2,)}, frozenset({1}), {}, {1: 'a', (1, 2): [3], None: {}}, deque([1, 2]),
			          list(range(-99, 99)), [0.5, math.inf] * 99, (2**62,) * 99, [2**63] * 99, [1, 1.0] * 99, [True, 1] * 99,
			          OrderedDict([(2, 1), (1, 2)]), Counter('hello'), defaultdict(int, {1: 2}), int, ValueError, len]:
			    y = f(x)
			    assert type(y) is type(x) and y == x and repr(y).replace('None', repr(int)) == repr(x).replace('None', repr(int)), (x, y)
			assert math.isnan(f(math.nan))`, record.Pass, ""},
		{"a cycle does not go in", "def f(x): return x", "x = []; x.append(x); f(x)", record.SandboxError, "cyclic data"},
		{"deep data is the program's fault", "def f(x):\n    for _ in range(90): x = [x]\n    return x", "f(f(0))", record.RuntimeError, "RecursionError"},
		{"an object does not go in", "def f(x): return x", "f(object())", record.SandboxError, "beside"},
		{"eval does not go in", "def f(x): return x('1 + 1')", "f(eval)", record.SandboxError, "beside"},
		{"a list changed in place", "def f(x): x.sort(); x.append([0]); del x[0]", "x = [3, 1, 2]; y = x; assert f(x) is None; assert y == [2, 3, [0]]", record.Pass, ""},
		{"a matrix changed in place", "def f(x): x[0][0] = 9; x[1], x[2] = x[2], x[1]", "r = [1]; x = [r, [2], [3]]; f(x); assert r == [9] and x == [[9], [3], [2]]", record.Pass, ""},
		{"a dictionary changed in place", "def f(x): x['b'] = x.pop('a'); x['c'].add(1)", "s = set(); x = {'a': 1, 'c': s}; f(x); assert x == {'b': 1, 'c': {1}} and s == {1}", record.Pass, ""},
		{"a named argument changed in place", "def f(x, *, y): y += b'!'", "b = bytearray(b'a'); f(1, y=b); assert b == b'a!'", record.Pass, ""},
		{"one list given twice", "def f(x, y): x.append(1)", "x = []; f(x, x); assert x == [1]", record.Pass, ""},
		{"arguments are left alone", "def f(x): return sorted(x)", "x = [2, 1]; assert f(x) == [1, 2] and x == [2, 1]", record.Pass, ""},
		{"an object left in an argument", "def f(x): x.append(object())", "x = []; f(x); assert len(x) == 1 and x[0] and x[0] != 1", record.Pass, ""},
		{"a cycle left in an argument", "def f(x): x.append(x)", "f([])", record.Fail, "left cyclic data in an argument"},
		{"an object as an answer", "import re\ndef f(x): return re.match('a', x)", "assert f('a') and not f('b') and f('a') is not None and f('a') != 1 != f('a')", record.Pass, ""},
		{"an object that says that it is false", "class E:\n    def __bool__(self): return False\ndef f(): return E()", "assert f() is not None and not f()", record.Pass, ""},
		{"an object used as what it is not", "class E(int): pass\ndef f(): return E(5)", "assert f() + 1 == 6", record.RuntimeError, "TypeError"},
		{"a named tuple", "from collections import namedtuple\ndef f(): return namedtuple('P', 'a b')(1, [2])", "assert f() == (1, [2])", record.Pass, ""},
		{"a default", "from collections import defaultdict\ndef f():\n    d = defaultdict(list)\n    d[1].append(2)\n    return d", "d = f(); assert d[1] == [2] and d[0] == []", record.Pass, ""},
		{"an object that is compared", "from fractions import Fraction\ndef f(): return Fraction(1)", "assert f() == 1", record.Fail, "object of type Fraction, which equals nothing here"},
		{"too many functions", "def f(): return [lambda: i for i in range(20000)]", "assert f()", record.RuntimeError, "too many functions"},
		{"an object goes home", "class P:\n    def __init__(self, a): self.a = a\ndef f(x): return x[0].a", "p = P(3); assert f([p]) == 3 == f((p,))", record.Pass, ""},
		{"defaults and names", "def f(a, b=2, *c, d=4, **e): return [a, b, c, d, e]", "assert f(1, d=5, z=6) == [1, 2, (), 5, {'z': 6}]", record.Pass, ""},
		{"a callback", "def f(g, x): return [g(g(n)) for n in x]", "assert f(lambda n: 2 * n, [1, 2]) == [4, 8]", record.Pass, ""},
		{"a callback that changes", "def f(g):\n    x = [1]\n    g(x)\n    return x", "assert f(lambda x: x.append(2)) == [1, 2]", record.Pass, ""},
		{"a callback that raises", "def f(g):\n    try: g()\n    except KeyError as e: return e.args", "def g(): raise KeyError(7)\nassert f(g) == (7,)", record.Pass, ""},
		{"a callback that calls the candidate", "def f(g, n): return g(n) if n else 0", "assert f(lambda n: 1 + f(lambda n: 5, n - 1), 3) == 6", record.Pass, ""},
		{"a callback without end", "def f(g): return g()", "f(lambda: f(lambda: g()))\ndef g(): return f(g)\nf(g)", record.RuntimeError, ""},
		{"a builtin as an argument", "def f(g, x): return sorted(x, key=g) if g is len else g", "assert f(len, ['aa', 'b']) == ['b', 'aa'] and f(int, 0) is int", record.Pass, ""},
		{"a function as an answer", "def f(a):\n    return lambda b: a + b", "g = f(1); assert g(2) == 3 and f(g) != 0", record.Pass, ""},
		{"a function there and back", "def f(g): return g", "g = lambda: 1; assert f(g) is g", record.Pass, ""},
		{"an iterator as an argument", "def f(x): return sum(x)", "assert f(iter([1, 2])) == 3 and f(n for n in (4, 5)) == 9", record.Pass, ""},
		{"iterators as answers", "def f(): return [map(str, [1]), zip([1], [2]), {1: 2}.items(), {1: 2}.values(), {1: 2}.keys()]",
			"m, z, i, v, k = f(); assert next(m) == '1' and list(z) == [(1, 2)] and list(i) == [(1, 2)] and list(v) == [2] and k == {1}", record.Pass, ""},
		{"a long iterator", "def f(): return iter(range(10**9))", "assert sum(1 for _ in f()) == 10**9", record.RuntimeError, "100000 items at most"},
		{"a wanted exception", "def f(x): raise ValueError('no', x)", "try: f(1)\nexcept ValueError as e: assert e.args == ('no', 1)\nelse: assert False", record.Pass, ""},
		{"an exception of its own", "class E(LookupError): pass\ndef f(x): raise E(object())", "import unittest\nunittest.TestCase().assertRaises(LookupError, f, 1)", record.Pass, ""},
		{"an exception that takes more", "def f(): b'\\xff'.decode()", "try: f()\nexcept UnicodeDecodeError as e: assert e.start == 0", record.Pass, ""},
		{"an exception caught by everything", "import os\ndef f(x):\n    x.append(x)\n    return x", "try: f([])\nexcept BaseException: pass", record.Fail, "cyclic data"},
		{"an end caught by everything", "import os\ndef f(): os._exit(0)", "try: f()\nexcept BaseException: pass", record.RuntimeError, "ended before the test did"},
		{"an exception that would end a loop", "def f(x): raise StopIteration", "assert all(map(f, [1, 2]))", record.RuntimeError, "StopIteration"},
		{"assertions of the candidate", "def f(x): assert x > 1, 'too small'", "f(1)", record.Fail, "f(1)"},
		{"a helper of the program", "def g(x): return x + 1\ndef f(x): return x", "assert g(f(1)) == 2", record.Pass, ""},
		{"a helper of the setup", "def helper(x): return 0\ndef f(x): return x", "assert helper(f(1)) == 101", record.Pass, ""},
		{"a helper that is missing", "def f(x): return x", "assert g(f(1)) == 2", record.RuntimeError, "name 'g' is not defined"},
		{"the entry point by its name", "def f(x): return x", "assert solution_name(1) == 1", record.RuntimeError, "solution_name"},
		{"a test that prints", "def f(x): return x", "print('V' * 99999); import sys; sys.stdout.flush()", record.Pass, ""},
		{"a line at which the parser gives up", "x = 1\ndef f(x):\n    return x x\n", "f(1)", record.SyntaxError, "invalid syntax (line 3)"},
		{"a null byte", "def f(x): return x\x00", "f(1)", record.SyntaxError, "null bytes"},
		{"a test that does not compile", "def f(x): return x", "assert (", record.SandboxError, "SyntaxError"},
		{"an entry point and a helper that the test redefines", "def f(x): return g(x)\ndef g(x): return x", "def g(x): return 0\nassert f(1) == 1 and g(1) == 0", record.Pass, ""},
		{"a test that breaks its process", "def f(x): return x", "import os; os.abort()", record.RuntimeError, "broke"},
		{"a test that needs memory", "def f(x): return x", "bytearray(1 << 33)", record.MemoryLimit, ""},
		{"a test that takes its time", "def f(x): return x", "f(1)\nwhile True: pass", record.TimeLimit, "wall time"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			lines := strings.Split(strings.ReplaceAll(c.test, "\n\t\t\t", "\n"), "\n")
			program := Program{Source: c.source + "\n", Setup: "def helper(x):\n    return x + 100\ndef f(x):\n    '''The prompt's.'''\n",
				Test: "def check(f):\n    " + strings.Join(lines, "\n    ") + "\n", EntryPoint: "f"}
			limits := Limits{}
			if c.want == record.TimeLimit {
				limits = Limits{CPU: 1e9, Wall: 2e9}
			}
			out, err := r.Run(t.Context(), program, limits)
			if err != nil || out.Result != c.want || !strings.Contains(out.Detail, c.detail) {
				t.Errorf("%s (%s) %v, want %s (%s)", out.Result, out.Detail, err, c.want, c.detail)
			}
		})
	}
}

// TestSetup: a task whose own code does not run is no fault of the program.
func TestSetup(t *testing.T) {
	r := runner(t)
	for setup, detail := range map[string]string{"import no_such_module": "no_such_module", "def f(": "SyntaxError"} {
		out, err := r.Run(t.Context(), Program{Source: "def f(): pass", Setup: setup, Test: "def check(f): pass", EntryPoint: "f"}, Limits{})
		if err != nil || out.Result != record.SandboxError || !strings.Contains(out.Detail, detail) {
			t.Errorf("%q: %+v, %v", setup, out, err)
		}
	}
}

// TestBeside: a test that makes the candidate's objects runs beside it, marked, and a forged verdict is none.
func TestBeside(t *testing.T) {
	r := runner(t)
	test := "def check(candidate):\n    assert candidate(Node(2), Node(3)) == expected\n"
	node := "class Node:\n    def __init__(self, n): self.n = n\n"
	for source, want := range map[string]record.Result{
		"def add(a, b):\n    return a.n + b.n\n":                          record.Pass,
		"def add(a, b):\n    return a.n - b.n\n":                          record.Fail,
		"def add(a, b):\n    return Node(5)\n":                            record.Fail,
		"import os\ndef add(a, b):\n    os._exit(0)\n":                    record.RuntimeError,
		"import os\ndef add(a, b):\n    os.write(4, b'\\4\\0\\0\\0pass')": record.RuntimeError,
		"import os\nos.close(4)\ndef add(a, b):\n    return 5\n":          record.RuntimeError,
		"def add(a, b:\n":                        record.SyntaxError,
		"def add(a, b):\n    while True: pass\n": record.TimeLimit,
	} {
		program := Program{Source: node + source, Setup: "expected = 5", Test: test, EntryPoint: "add", Beside: true}
		out, err := r.Run(t.Context(), program, Limits{CPU: 1e9})
		if err != nil || out.Result != want || !out.Beside {
			t.Errorf("%q: %+v, %v, want %s", source, out, err, want)
		}
	}
}

// TestSeed: the order of a set in the candidate depends on the seed, and on nothing else.
func TestSeed(t *testing.T) {
	r := runner(t)
	program := Program{Source: "def f(): return ''.join({'a', 'b', 'c', 'd', 'e', 'f'})", EntryPoint: "f"}
	orders := map[string]bool{}
	for seed := range uint32(4) {
		var detail [2]string
		for i := range detail {
			program.Seed, program.Test = seed, "def check(f): raise ValueError(f())"
			out, err := r.Run(t.Context(), program, Limits{})
			if err != nil {
				t.Fatal(err)
			}
			detail[i] = out.Detail
		}
		if orders[detail[0]] = true; detail[0] != detail[1] {
			t.Errorf("seed %d: %q", seed, detail)
		}
	}
	if len(orders) == 1 {
		t.Errorf("four seeds, one order: %v", orders)
	}
}

// TestGarbage sends frames of random bytes, and valid ones with some bytes changed, as a candidate's answers. None is a
// pass, and none is the sandbox's fault.
func TestGarbage(t *testing.T) {
	r := runner(t)
	random := rand.New(rand.NewPCG(1, 2))
	valid := []byte("L\x03\x00\x00\x00s\x06\x00\x00\x00returni\x01\x00\x00\x00\x05D\x00\x00\x00\x00")
	for i := range 40 {
		frame := bytes.Clone(valid)
		if i%2 == 0 {
			frame = make([]byte, random.IntN(64))
			for i := range frame {
				frame[i] = byte(random.Uint32())
			}
		} else {
			for range 1 + random.IntN(3) {
				frame[random.IntN(len(frame))] = "LTSDGisfnop\x00\x01\xff"[random.IntN(14)]
			}
		}
		if bytes.Equal(frame, valid) {
			continue
		}
		text := binary.LittleEndian.AppendUint32(nil, uint32(len(frame)))
		source := "import os\ndef f():\n    os.write(4, bytes.fromhex('" + hexed(append(text, frame...)) + "'))\n    os._exit(0)\n"
		out, err := r.Run(t.Context(), Program{Source: source, Test: "def check(f):\n    assert f() == 5\n    f()", EntryPoint: "f"}, Limits{})
		if err != nil || out.Result == record.Pass || out.Result == record.SandboxError {
			t.Errorf("%q: %+v, %v", frame, out, err)
		}
	}
}

func hexed(data []byte) string {
	const digits = "0123456789abcdef"
	var out strings.Builder
	for _, b := range data {
		out.WriteByte(digits[b>>4])
		out.WriteByte(digits[b&15])
	}
	return out.String()
}

// TestWire runs wire.py's decoder over a hundred thousand mutilated encodings: it returns plain data or raises an
// Exception, and what it returns is encoded and decoded again unchanged.
func TestWire(t *testing.T) {
	pythons, err := findPythons("")
	if err != nil {
		t.Skipf("no judge here: %v", err)
	}
	cmd := exec.Command(pythons[0].Path, "-S", "-c", framesPy+wirePy+fuzzPy, "-1")
	cmd.Stderr = os.Stderr
	if out, err := cmd.Output(); err != nil || string(out) != "done\n" {
		t.Errorf("%s %v", out, err)
	}
}

const fuzzPy = `
import random
random.seed(1)
wire = Wire()
wire.offered[0] = main = lambda: 0
seeds = [wire.encode(x) for x in ([1, 'a', (2.5, None), {1: [True]}], {3, 'b'}, iter([1]), {1: 2}.items(), range(9), main, len, 1j, [1] * 64, (0.5,) * 64)]
for _ in range(100_000):
    data = bytearray(random.choice(seeds))
    for _ in range(random.randrange(1, 4)):
        data[random.randrange(len(data))] = random.choice(b"ALTSZQDOU#kveGHNE?ifcsbyrnop\0\1\2\5\377")
    try:
        value = wire.decode(bytes(data))
    except Exception:
        continue
    wire.stubs.clear()
    if not any(tag in data for tag in b"GHSZopkve#f"):
        assert repr(wire.decode(wire.encode(value))) == repr(value), (data, value)
print("done")
`

// FuzzFrame: a stream is read as frames or refused, and a frame that was read was there.
func FuzzFrame(f *testing.F) {
	f.Add([]byte("\x05\x00\x00\x00hello"))
	f.Add([]byte("\xff\xff\xff\xff"))
	f.Add([]byte("\x00\x00\x00\x01 "))
	f.Fuzz(func(t *testing.T, stream []byte) {
		frame, err := readFrame(bytes.NewReader(stream), 1<<20)
		if err != nil {
			if !errors.Is(err, errFrame) && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("%q: %v", stream, err)
			}
			return
		}
		var again bytes.Buffer
		if err := writeFrame(&again, frame); err != nil || !bytes.HasPrefix(stream, again.Bytes()) {
			t.Errorf("%q was read as %q", stream, frame)
		}
	})
}

// FuzzVerdict: no text without the nonce is a verdict, and no other result than the known ones is.
func FuzzVerdict(f *testing.F) {
	f.Add([]byte("secretpass\n"), "secret")
	f.Add([]byte("pass"), "n")
	f.Fuzz(func(t *testing.T, text []byte, nonce string) {
		nonce = "0123456789" + nonce
		if v, err := readNonce(text, nonce); err == nil && v.result == record.Pass && string(text) != nonce+"pass" && !strings.HasPrefix(string(text), nonce+"pass\n") {
			t.Errorf("%q passes", text)
		}
	})
}

// FuzzReport: whatever a launcher or what stands in for it says, the report is read or refused.
func FuzzReport(f *testing.F) {
	f.Add([]byte(`{"Result":"time limit"}`))
	f.Add([]byte(`{"Result":"pass"}`))
	f.Add([]byte(`{"Err":"x"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if r, err := readReport(text, "", nil); err == nil && (!json.Valid(text) || r.Result == record.Pass) {
			t.Errorf("%q is a report", text)
		}
	})
}
