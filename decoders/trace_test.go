package decoders

import (
	"reflect"
	"testing"
	"time"

	"tandem/record"
)

func TestTrace(t *testing.T) {
	step := func(at time.Duration, commits ...record.Commit) record.Step {
		return record.Step{At: at, Commits: commits}
	}
	for _, c := range []struct {
		name     string
		trace    record.Trace
		useful   []int32
		stop     record.Stop
		readable []time.Duration
	}{
		{"out of order", record.Trace{step(1, record.Commit{Pos: 1, Token: 5}), step(2, record.Commit{Pos: 0, Token: 4}),
			step(3, record.Commit{Pos: 2, Token: eos}, record.Commit{Pos: 3, Token: 7})},
			[]int32{4, 5}, record.StopEOS, []time.Duration{2, 2, 3, 3}},
		{"a commit is replaced", record.Trace{step(1, record.Commit{Pos: 0, Token: 5}), step(4, record.Commit{Pos: 0, Token: 6})},
			[]int32{6}, record.StopLength, []time.Duration{4}},
		{"a gap", record.Trace{step(1, record.Commit{Pos: 0, Token: 5}, record.Commit{Pos: 2, Token: eos})},
			[]int32{5}, record.StopLength, []time.Duration{1}},
		{"empty output", record.Trace{step(1, record.Commit{Pos: 0, Token: eos})}, []int32{}, record.StopEOS, []time.Duration{1}},
		{"nothing", nil, nil, record.StopLength, []time.Duration{}},
	} {
		ends := []int32{eos}
		if got := Useful(c.trace, ends); !reflect.DeepEqual(got, c.useful) {
			t.Errorf("%s: useful %v", c.name, got)
		}
		if got := Stopped(c.trace, ends); got != c.stop {
			t.Errorf("%s: stop %s", c.name, got)
		}
		if got := Readable(c.trace); !reflect.DeepEqual(got, c.readable) {
			t.Errorf("%s: readable %v", c.name, got)
		}
	}
}
